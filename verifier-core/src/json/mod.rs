//! JSON as it arrived: an index over the received bytes instead of a tree.
//!
//! RFC 8259 with the reference verifier's reading of the edges (spec 01 section 1). What a tree would lose is
//! kept: the spelling of numbers, the order of members, repeated member names, and the byte range of every
//! value. Inputs on which two readers can disagree are accepted by the parser, recorded as an
//! [`Anomaly`] and reported by name; nothing is guessed:
//!
//! | input | parser | anomaly |
//! | --- | --- | --- |
//! | repeated member name | last one is found by [`Value::member`] | [`AnomalyKind::RepeatedMember`] |
//! | `NaN`, `Infinity`, `-Infinity` | float | [`AnomalyKind::NonFinite`] |
//! | `1e400` | float | [`AnomalyKind::NonFinite`] |
//! | `"\ud800"` alone | string without a text | [`AnomalyKind::UnpairedSurrogate`] |
//! | integer beyond ±(2^53 − 1) | integer, digits kept | [`AnomalyKind::UnsafeInteger`] |
//!
//! Everything else that RFC 8259 forbids, a byte order mark, nesting beyond the limit and integers of
//! more than the limit's digits are a [`JsonError`] with its offset. One node takes 16 bytes. Offsets
//! are `u32`, so a single document held in memory is at most 4 GiB; larger exports are cut into records
//! by [`split`].

mod error;
mod lead;
mod parse;
mod scan;
pub mod split;
mod text;
mod value;

pub use error::{Anomaly, AnomalyKind, JsonError, JsonErrorKind};
pub use parse::{Document, Parser, ParserLimits};
pub use text::decode_string;
pub use value::{Items, Kind, Member, Members, Named, Value, escape_pointer};

#[cfg(test)]
mod tests;
