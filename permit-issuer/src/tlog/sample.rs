//! A large log of made-up entries, for measurements.

use std::path::Path;

use serde_json::{Value, json};
use verifier_core::merkle::rfc6962::leaf_hash;

use super::note::{Head, NoteKey, Role, SignedHead};
use super::tiles::{Tiles, WIDTH, beside, replace};
use super::tree::{self, Hash};
use crate::error::{Error, Result};
use crate::keys::Seed;

/// Writes a log of `entries` entries of about 500 bytes into `directory`, signed by a public key that nobody should trust.
///
/// # Errors
/// When there is a file in the way or the disk refuses.
pub fn write_sample(directory: &Path, entries: u64) -> Result<Value> {
    let key = NoteKey::new("bench.invalid/log", Role::Log, Seed::public_fixture("bench log")?)?;
    let tiles = Tiles::new(directory.join("log"));
    let count = usize::try_from(entries).map_err(|_| Error::refused("log.size", "too many entries"))?;
    let mut leaves: Vec<Hash> = Vec::with_capacity(count);
    for number in 0..count.div_ceil(WIDTH) {
        let bundle: Vec<Vec<u8>> = (number * WIDTH..count.min((number + 1) * WIDTH)).map(entry).collect();
        leaves.extend(bundle.iter().map(|entry| leaf_hash(entry)));
        tiles.write_entries(number, &bundle)?;
    }
    tiles.write_hashes(&leaves, 0)?;
    let head = Head { origin: key.public().name.clone(), size: entries, root: tree::root(&leaves) };
    tiles.set_checkpoint(&SignedHead::sign(head, &key).to_text())?;
    let vkey = directory.join("log.vkey");
    replace(&vkey, &beside(&vkey, ".new"), (key.public().to_text() + "\n").as_bytes())?;
    Ok(json!({"entries": entries, "path": directory}))
}

/// One entry: the shape of a chain entry, with a payload.
fn entry(number: usize) -> Vec<u8> {
    let payload = "x".repeat(360);
    format!(
        r#"{{"event_id":"gev_{number:09}","payload_json":{{"note":"{payload}"}},"record_hash":"{number:064x}","sequence_number":{number}}}"#
    )
    .into_bytes()
}
