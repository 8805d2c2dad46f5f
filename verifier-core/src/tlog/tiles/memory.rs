//! A log in memory, written the slow way.

use std::collections::BTreeMap;

use super::{File, Files, LEVELS, WIDTH, width_of};
use crate::merkle::rfc6962::{Hash, leaf_hash, root};

#[derive(Clone)]
pub(in crate::tlog) struct Memory(pub(in crate::tlog) BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, file: File) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(&file.path()).cloned())
    }
}

pub(in crate::tlog) fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

pub(in crate::tlog) fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(&entry(number))).collect()
}

/// The files and the root of a log whose entries are numbers.
pub(in crate::tlog) fn log(size: u64) -> (Memory, Hash) {
    let mut files = BTreeMap::new();
    for number in 0..size.div_ceil(WIDTH) {
        let width = width_of(number, size);
        let mut bytes = Vec::new();
        for at in number * WIDTH..number * WIDTH + width {
            let entry = entry(at);
            bytes.extend_from_slice(&u16::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(&entry);
        }
        files.insert(File::Entries { number, width }.path(), bytes);
    }
    let leaves = leaves(size);
    let mut hashes = leaves.clone();
    for level in 0..LEVELS {
        for (number, tile) in (0..).zip(hashes.chunks(256)) {
            let file = File::Tile { level, number, width: u64::try_from(tile.len()).unwrap() };
            files.insert(file.path(), tile.concat());
        }
        hashes = hashes.chunks_exact(256).map(|tile| root(tile.iter().copied())).collect();
    }
    (Memory(files), root(leaves))
}
