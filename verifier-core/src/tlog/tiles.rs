//! The files of a log (C2SP tlog-tiles; spec 16.6).
//!
//! ```text
//! tile/<L>/<N>[.p/<W>]        256 (or W) hashes of 32 bytes: the nodes (8L, 256N …)
//! tile/entries/<N>[.p/<W>]    entries 256N …, each u16 big-endian length and bytes
//! N in groups of three digits, all but the last with x before: 1234067 is x001/x234/067
//! ```
//!
//! Nothing in these files is believed: [`super::whole`] rebuilds the root from all of them, [`super::growth`] takes
//! single hashes whose path then has to lead to a signed root.

use std::fmt;

use crate::merkle::rfc6962::{Hash, node_hash};

/// Hashes of a full tile, and entries of a full bundle.
pub(super) const WIDTH: u64 = 256;

/// Most entries of a log that is checked; six levels of tiles would do for 2^48.
pub const ENTRIES: u64 = 1 << 40;
/// Levels of tiles.
pub(super) const LEVELS: u32 = 6;

/// A file of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// Hashes of a level.
    Tile {
        /// The level; level 0 has the leaves.
        level: u32,
        /// Number of the tile.
        number: u64,
        /// Hashes in it.
        width: u64,
    },
    /// Entries.
    Entries {
        /// Number of the bundle.
        number: u64,
        /// Entries in it.
        width: u64,
    },
}

impl File {
    /// Its path in the log's folder.
    #[must_use]
    pub fn path(self) -> String {
        let (kind, number, width) = match self {
            Self::Tile { level, number, width } => (level.to_string(), number, width),
            Self::Entries { number, width } => ("entries".to_owned(), number, width),
        };
        let mut groups = vec![format!("{:03}", number % 1000)];
        let mut rest = number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let partial = if width == WIDTH { String::new() } else { format!(".p/{width}") };
        format!("tile/{kind}/{}{partial}", groups.join("/"))
    }

    /// Hashes or entries in it.
    #[must_use]
    pub fn width(self) -> u64 {
        match self {
            Self::Tile { width, .. } | Self::Entries { width, .. } => width,
        }
    }

    /// Bytes that it may have.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::Tile { width, .. } => width * 32,
            Self::Entries { width, .. } => width * (2 + 65_535),
        }
    }
}

/// Delivers the bytes of a file, `None` when it is not there. Of a file that is longer than [`File::limit`] at least one
/// byte more than that, and no need for more.
pub trait Files: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, file: File) -> Result<Option<Vec<u8>>, String>;
}

/// What is wrong with a log's files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogProblem {
    /// A file is not there.
    Missing(File),
    /// A file cannot be read.
    Unreadable(File, String),
    /// A file has another length than its place in the log wants, or its entries do not fill it.
    Length(File),
    /// A stored hash is not that of what is below it: the file and the hash's number in it.
    Hash(File, u64),
    /// The root over the entries is not that of the head.
    Root(Hash),
    /// The head states more entries than are handled.
    Size(u64),
}

impl fmt::Display for LogProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(file) => write!(formatter, "{} is missing", file.path()),
            Self::Unreadable(file, why) => write!(formatter, "{} cannot be read: {why}", file.path()),
            Self::Length(file) => write!(formatter, "{} is longer or shorter than it must be", file.path()),
            Self::Hash(file, number) => {
                write!(formatter, "hash {number} of {} is not that of what is below it", file.path())
            }
            Self::Root(_) => formatter.write_str("the root over the entries is not that of the head"),
            Self::Size(size) => write!(formatter, "a log of {size} entries is too large to check"),
        }
    }
}

impl std::error::Error for LogProblem {}

/// The root over the 256 hashes of a full tile, or over 2^k of them.
pub(super) fn perfect(mut hashes: Vec<Hash>) -> Hash {
    while hashes.len() > 1 {
        hashes = hashes
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                [single, ..] => *single,
                [] => Hash::default(),
            })
            .collect();
    }
    hashes.first().copied().unwrap_or_default()
}

/// How many of `count` hashes or entries are in the file of this number.
pub(super) fn width_of(number: u64, count: u64) -> u64 {
    count.saturating_sub(number.saturating_mul(WIDTH)).min(WIDTH)
}

/// The hashes of a tile of a level that has `count` hashes, and the file that they were in. A full tile in the place of a
/// partial one has hashes that the head does not have yet; they are left out.
pub(super) fn tile(
    files: &dyn Files,
    level: u32,
    number: u64,
    count: u64,
) -> Result<(File, Vec<Hash>), LogProblem> {
    let width = width_of(number, count);
    let (file, bytes) =
        read(files, File::Tile { level, number, width }, |width| File::Tile { level, number, width })?;
    let (stored, rest) = bytes.as_chunks::<32>();
    let is_full = u64::try_from(stored.len()).is_ok_and(|stored| stored == file.width());
    if !rest.is_empty() || !is_full {
        return Err(LogProblem::Length(file));
    }
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    Ok((file, stored.iter().take(width).copied().collect()))
}

/// Reads a file; where a partial one is not there, the full one that replaced it.
pub(super) fn read(
    files: &dyn Files,
    file: File,
    with: impl Fn(u64) -> File,
) -> Result<(File, Vec<u8>), LogProblem> {
    for file in [file, with(WIDTH)] {
        match files.read(file) {
            Ok(Some(bytes)) => {
                let over = u64::try_from(bytes.len()).map_or(true, |length| length > file.limit());
                return if over { Err(LogProblem::Length(file)) } else { Ok((file, bytes)) };
            }
            Ok(None) => {}
            Err(why) => return Err(LogProblem::Unreadable(file, why)),
        }
    }
    Err(LogProblem::Missing(file))
}

#[cfg(test)]
pub(super) mod memory;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |number, width| File::Tile { level: 2, number, width }.path();
        assert_eq!(path(5, 256), "tile/2/005");
        assert_eq!(path(1_234_067, 256), "tile/2/x001/x234/067");
        assert_eq!(path(0, 8), "tile/2/000.p/8");
        assert_eq!(File::Entries { number: 273, width: 112 }.path(), "tile/entries/273.p/112");
    }

    #[test]
    fn widths_are_those_of_the_specification() {
        // Size 70000: level 0 has 273 full tiles and one of width 112; level 1 has 1 and 17; level 2 one of width 1.
        for (level, number, width) in
            [(0, 272, 256), (0, 273, 112), (0, 274, 0), (1, 0, 256), (1, 1, 17), (2, 0, 1), (3, 0, 0)]
        {
            assert_eq!(width_of(number, 70_000 >> (8 * level)), width, "{level}/{number}");
        }
    }
}
