//! Scope: does an export disclose exactly what it says it discloses?

mod bridge;

pub use bridge::{BridgeEntry, StructureError, bridge_rows};
