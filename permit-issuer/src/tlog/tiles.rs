//! A log as files (C2SP tlog-tiles; spec 16 section 16.6).
//!
//! | path | content |
//! | --- | --- |
//! | `checkpoint` | the newest signed tree head |
//! | `tile/<L>/<N>` | nodes (8L, 256N) to (8L, 256N + 255), 32 bytes each |
//! | `tile/entries/<N>` | entries 256N to 256N + 255: u16 big-endian length, bytes |
//! | `….p/<W>` | the first W of them, where there are no more yet |
//!
//! N is written in groups of three digits, all but the last with an `x` before them. Every file is written aside, synced and
//! renamed, so a reader never sees half of one; what a kill leaves out is written by the next append. Partial
//! tiles stay until the full one is there, because older heads need them.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::tree::{self, Hash};
use crate::error::{Error, Result};

/// Entries of a bundle, hashes of a tile.
pub(super) const WIDTH: usize = 256;

/// The files of one log.
#[derive(Debug)]
pub(super) struct Tiles {
    /// What may be published.
    directory: PathBuf,
    /// Where a file is until it is whole; beside the directory, so that nothing else is ever inside.
    aside: PathBuf,
}

impl Tiles {
    pub(super) fn new(directory: PathBuf) -> Self {
        let aside = beside(&directory, ".new");
        Self { directory, aside }
    }

    /// The newest signed tree head.
    pub(super) fn checkpoint(&self) -> Result<Option<String>> {
        let path = self.directory.join("checkpoint");
        match fs::read_to_string(&path) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(&path, error)),
        }
    }

    /// Puts a signed tree head in the place of the one before.
    pub(super) fn set_checkpoint(&self, note: &str) -> Result<()> {
        self.put("checkpoint", note.as_bytes())
    }

    /// Writes the hash tiles over `leaves` that are not there. Full tiles below `settled` leaves are taken for right when
    /// they have the right size.
    pub(super) fn write_hashes(&self, leaves: &[Hash], settled: usize) -> Result<()> {
        let (mut level, mut nodes, mut settled) = (0, leaves.to_vec(), settled);
        while !nodes.is_empty() {
            for (number, tile) in nodes.chunks(WIDTH).enumerate() {
                let path = path(&level.to_string(), number, tile.len());
                let is_settled = (number + 1) * WIDTH <= settled;
                if !(is_settled && self.length(&path) == Some(tile.as_flattened().len())) {
                    self.put(&path, tile.as_flattened())?;
                    self.drop_partial(&path, tile.len())?;
                }
            }
            level += 1;
            nodes = nodes.chunks_exact(WIDTH).map(tree::root).collect();
            settled /= WIDTH;
        }
        Ok(())
    }

    /// The number of the first entry of the first bundle that has to be written: full ones below `settled` entries count as
    /// there when they have a file.
    pub(super) fn first_missing_entry(&self, settled: usize) -> usize {
        let missing =
            (0..settled / WIDTH).find(|number| self.length(&path("entries", *number, WIDTH)).is_none());
        missing.unwrap_or(settled / WIDTH).saturating_mul(WIDTH)
    }

    /// Writes one entry bundle; `false` when an entry is longer than the format can say, and the bundle is left out.
    pub(super) fn write_entries(&self, number: usize, entries: &[Vec<u8>]) -> Result<bool> {
        let mut bundle = Vec::new();
        for entry in entries {
            let Ok(length) = u16::try_from(entry.len()) else { return Ok(false) };
            bundle.extend(length.to_be_bytes());
            bundle.extend(entry);
        }
        let path = path("entries", number, entries.len());
        self.put(&path, &bundle)?;
        self.drop_partial(&path, entries.len())?;
        Ok(true)
    }

    fn length(&self, path: &str) -> Option<usize> {
        fs::metadata(self.directory.join(path)).ok().and_then(|data| usize::try_from(data.len()).ok())
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = self.directory.join(path);
        if fs::read(&path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        replace(&path, &self.aside, bytes)
    }

    /// Partial tiles of a tile that is full.
    fn drop_partial(&self, full: &str, width: usize) -> Result<()> {
        if width < WIDTH {
            return Ok(());
        }
        let partial = self.directory.join(format!("{full}.p"));
        match fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file(&partial, error)),
            _ => Ok(()),
        }
    }
}

/// The path of a directory with something behind its name.
pub(super) fn beside(directory: &Path, end: &str) -> PathBuf {
    let mut name = directory.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Writes a file aside, syncs it and moves it into place; folders are made as needed.
pub(super) fn replace(path: &Path, aside: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
    File::create(aside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(|error| Error::file(aside, error))?;
    fs::rename(aside, path).map_err(|error| Error::file(path, error))?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::file(folder, error))?;
    Ok(())
}

/// The path of a tile.
fn path(level: &str, number: usize, width: usize) -> String {
    let mut digits = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        digits = format!("x{:03}/{digits}", rest % 1000);
        rest /= 1000;
    }
    if width < WIDTH { format!("tile/{level}/{digits}.p/{width}") } else { format!("tile/{level}/{digits}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::bytes::hex;

    fn files(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
        found
    }

    fn names(folder: &Path) -> Vec<String> {
        let start = folder.to_str().unwrap().len() + 1;
        let mut names: Vec<_> = files(folder).into_iter().map(|name| name[start..].to_owned()).collect();
        names.sort();
        names
    }

    /// Spec 16 section 16.6.
    #[test]
    fn published_paths_and_tiles() {
        assert_eq!(path("0", 5, 256), "tile/0/005");
        assert_eq!(path("entries", 1_234_067, 255), "tile/entries/x001/x234/067.p/255");
        assert_eq!(path("1", 1_000, 256), "tile/1/x001/000");
        let folder = tempfile::tempdir().unwrap();
        let tiles = Tiles::new(folder.path().join("log"));
        let entries: Vec<Vec<u8>> = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ]
        .iter()
        .map(|text| {
            (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
        })
        .collect();
        let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf_hash(entry)).collect();
        tiles.write_hashes(&leaves, 0).unwrap();
        assert!(tiles.write_entries(0, &entries).unwrap());
        assert_eq!(names(folder.path()), ["log/tile/0/000.p/8", "log/tile/entries/000.p/8"]);
        let tile = fs::read(folder.path().join("log/tile/0/000.p/8")).unwrap();
        assert_eq!(
            crate::document::sha256_hex(&tile),
            "aea2f1bbb5140fd5f8eacb503fdf54c00c3d860c72588e40233addd416bc8f10"
        );
        let bundle = fs::read(folder.path().join("log/tile/entries/000.p/8")).unwrap();
        assert_eq!(
            hex::encode(&bundle),
            "00000001000001100002202100023031000440414243000850515253545556570010606162636465666768696a6b6c6d6e6f"
        );
        assert!(!tiles.write_entries(0, &[vec![0; 65_536]]).unwrap());
    }

    /// 70 000 leaves: the tiles that the specification counts; growing in steps gives the same full tiles and tops.
    #[test]
    fn a_large_tree() {
        let leaves: Vec<Hash> = (0u32..70_000).map(|number| tree::leaf_hash(&number.to_be_bytes())).collect();
        let folder = tempfile::tempdir().unwrap();
        let tiles = Tiles::new(folder.path().join("once"));
        tiles.write_hashes(&leaves, 0).unwrap();
        let once = names(&folder.path().join("once"));
        assert_eq!(once.iter().filter(|name| name.starts_with("tile/0/")).count(), 274);
        for name in ["tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"] {
            assert!(once.contains(&name.to_owned()), "{name}");
        }
        let top = fs::read(folder.path().join("once/tile/2/000.p/1")).unwrap();
        assert_eq!(top, tree::root(&leaves[..65_536]));
        let steps = Tiles::new(folder.path().join("steps"));
        let mut settled = 0;
        for size in [1, 255, 256, 300, 65_000, 70_000] {
            steps.write_hashes(&leaves[..size], settled).unwrap();
            settled = size;
        }
        let grown = names(&folder.path().join("steps"));
        assert!(once.iter().all(|name| grown.contains(name)));
        assert!(!grown.contains(&"tile/0/000.p/255".to_owned()), "the full tile is there");
        for name in once {
            let read = |log: &str| fs::read(folder.path().join(log).join(&name)).unwrap();
            assert!(read("once") == read("steps"), "{name}");
        }
    }
}
