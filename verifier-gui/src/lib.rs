//! The desktop review: shows what `verifier-core` reports, and decides nothing.
//!
//! Views draw [`state::State`] and send [`Command`]s; [`update::apply`] is the only place that changes the state;
//! verification runs on a thread of its own ([`worker`]). No socket is opened.

mod app;
pub mod browse;
mod command;
pub mod export;
pub mod filter;
pub mod money;
pub mod review;
pub mod settings;
pub mod state;
pub mod table;
mod theme;
pub mod timeline;
pub mod update;
pub mod views;
pub mod worker;

pub use app::App;
pub use command::{Command, CommandSender};
