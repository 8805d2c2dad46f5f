//! The files of a log (C2SP tlog-tiles; spec 16.6), and the check of a whole log.
//!
//! ```text
//! tile/<L>/<N>[.p/<W>]        256 (or W) hashes of 32 bytes: the nodes (8L, 256N …)
//! tile/entries/<N>[.p/<W>]    entries 256N …, each u16 big-endian length and bytes
//! N in groups of three digits, all but the last with x before: 1234067 is x001/x234/067
//! ```
//!
//! Nothing in these files is believed. The check hashes every entry, builds the root from those hashes alone, and
//! compares the stored tiles with what they should be. Memory does not grow with the log.

use std::fmt;
use std::num::NonZeroUsize;

use crate::merkle::rfc6962::{CompactRange, Hash, leaf_hash, node_hash};

/// Hashes of a full tile, and entries of a full bundle.
const WIDTH: u64 = 256;
/// Levels of tiles that a log of 2^48 entries has.
const LEVELS: u32 = 6;
/// Bundles that are hashed at one time, for each worker.
const BATCH: u64 = 16;

/// Most entries that a log is checked for.
pub const ENTRIES: u64 = 1 << 40;

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

    /// Bytes that it may have.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::Tile { width, .. } => width * 32,
            Self::Entries { width, .. } => width * (2 + 65_535),
        }
    }
}

/// Delivers the bytes of a file, `None` when it is not there; at most [`File::limit`] and one more.
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

/// Hashes every entry of a log of `size` entries and compares tiles and root.
///
/// # Errors
/// The first [`LogProblem`] in the order of entries.
pub fn check_log(files: &dyn Files, size: u64, root: &Hash, workers: NonZeroUsize) -> Result<(), LogProblem> {
    if size > ENTRIES {
        return Err(LogProblem::Size(size));
    }
    let mut range = CompactRange::default();
    let mut levels = vec![Level::default(); usize::try_from(LEVELS).unwrap_or(0)];
    let bundles = size.div_ceil(WIDTH);
    let share = BATCH * u64::try_from(workers.get()).unwrap_or(1);
    let mut next = 0;
    while next < bundles {
        let numbers: Vec<u64> = (next..bundles.min(next + share)).collect();
        let hashed = crate::par::map(workers, &numbers, |number| bundle(files, *number, size));
        for (number, hashes) in numbers.iter().zip(hashed) {
            let hashes = hashes?;
            compare(files, 0, *number, &hashes, size)?;
            hashes.iter().for_each(|hash| range.push(*hash));
            if u64::try_from(hashes.len()) == Ok(WIDTH) {
                climb(files, &mut levels, perfect(hashes), size)?;
            }
        }
        next += share;
    }
    for (level, rest) in (1..).zip(&levels) {
        if !rest.hashes.is_empty() {
            compare(files, level, rest.number, &rest.hashes, size)?;
        }
    }
    let computed = range.root();
    if computed == *root { Ok(()) } else { Err(LogProblem::Root(computed)) }
}

/// The roots over the first entries of a log, for sizes in ascending order, from the entries alone.
///
/// # Errors
/// The first [`LogProblem`].
pub fn root_of(files: &dyn Files, sizes: &[u64]) -> Result<Vec<Hash>, LogProblem> {
    let last = sizes.last().copied().unwrap_or(0);
    if last > ENTRIES {
        return Err(LogProblem::Size(last));
    }
    let mut range = CompactRange::default();
    let mut roots = Vec::new();
    let mut wanted = sizes.iter().copied().peekable();
    for number in 0..last.div_ceil(WIDTH) {
        for hash in bundle(files, number, last)? {
            while wanted.next_if(|size| *size == range.size()).is_some() {
                roots.push(range.root());
            }
            range.push(hash);
        }
    }
    while wanted.next_if(|size| *size == range.size()).is_some() {
        roots.push(range.root());
    }
    Ok(roots)
}

/// The hashes of a level above the leaves that do not fill a tile yet.
#[derive(Clone, Debug, Default)]
struct Level {
    number: u64,
    hashes: Vec<Hash>,
}

/// Puts the hash of a full tile into the level above, and on upwards where that fills one.
fn climb(files: &dyn Files, levels: &mut [Level], mut hash: Hash, size: u64) -> Result<(), LogProblem> {
    for (number, level) in (1..).zip(levels) {
        level.hashes.push(hash);
        if u64::try_from(level.hashes.len()) != Ok(WIDTH) {
            return Ok(());
        }
        compare(files, number, level.number, &level.hashes, size)?;
        hash = perfect(std::mem::take(&mut level.hashes));
        level.number += 1;
    }
    Ok(())
}

/// The root over 256 hashes.
fn perfect(mut hashes: Vec<Hash>) -> Hash {
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

fn width_of(number: u64, size: u64) -> u64 {
    size.saturating_sub(number * WIDTH).min(WIDTH)
}

/// The leaf hashes of one bundle of entries.
fn bundle(files: &dyn Files, number: u64, size: u64) -> Result<Vec<Hash>, LogProblem> {
    let width = width_of(number, size);
    let (file, bytes) =
        read(files, File::Entries { number, width }, |width| File::Entries { number, width })?;
    let mut hashes = Vec::with_capacity(256);
    let mut rest = bytes.as_slice();
    for _ in 0..width {
        let entry = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, after)) = entry else { return Err(LogProblem::Length(file)) };
        hashes.push(leaf_hash(entry));
        rest = after;
    }
    // A full bundle in the place of a partial one has entries that the head does not have yet.
    let whole = matches!(file, File::Entries { width: stored, .. } if stored == width);
    if whole && !rest.is_empty() { Err(LogProblem::Length(file)) } else { Ok(hashes) }
}

/// Compares a stored tile with what it should be.
fn compare(files: &dyn Files, level: u32, number: u64, hashes: &[Hash], size: u64) -> Result<(), LogProblem> {
    let count = size.checked_shr(8 * level).unwrap_or(0);
    let width = width_of(number, count);
    if width == 0 {
        return Ok(());
    }
    let (file, bytes) =
        read(files, File::Tile { level, number, width }, |width| File::Tile { level, number, width })?;
    let stored = bytes.as_chunks::<32>();
    let full = u64::try_from(stored.0.len()).is_ok_and(|stored| stored == width || stored == WIDTH);
    if !stored.1.is_empty() || !full {
        return Err(LogProblem::Length(file));
    }
    for ((stored, hash), at) in stored.0.iter().zip(hashes).zip(0..) {
        if stored != hash {
            return Err(LogProblem::Hash(file, at));
        }
    }
    Ok(())
}

/// Reads a file; where a partial one is not there, the full one that replaced it.
fn read(files: &dyn Files, file: File, with: impl Fn(u64) -> File) -> Result<(File, Vec<u8>), LogProblem> {
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::merkle::rfc6962::root;

    struct Memory(BTreeMap<String, Vec<u8>>);

    impl Files for Memory {
        fn read(&self, file: File) -> Result<Option<Vec<u8>>, String> {
            Ok(self.0.get(&file.path()).cloned())
        }
    }

    fn entry(number: u64) -> Vec<u8> {
        format!("entry {number}").into_bytes()
    }

    /// The files of a log, written the slow way.
    fn log(size: u64) -> (Memory, Hash) {
        let mut files = BTreeMap::new();
        let leaves: Vec<Hash> = (0..size).map(|number| leaf_hash(&entry(number))).collect();
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

    fn workers(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |number, width| File::Tile { level: 2, number, width }.path();
        assert_eq!(path(5, 256), "tile/2/005");
        assert_eq!(path(1_234_067, 256), "tile/2/x001/x234/067");
        assert_eq!(path(0, 8), "tile/2/000.p/8");
        assert_eq!(File::Entries { number: 273, width: 112 }.path(), "tile/entries/273.p/112");
    }

    #[test]
    fn whole_logs_hold_at_every_kind_of_size() {
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 66_000] {
            let (files, root) = log(size);
            for count in [1, 3] {
                assert_eq!(check_log(&files, size, &root, workers(count)), Ok(()), "{size}");
            }
            let wrong = leaf_hash(b"other");
            assert!(matches!(check_log(&files, size, &wrong, workers(2)), Err(LogProblem::Root(_))));
        }
        assert_eq!(
            check_log(&log(1).0, u64::MAX, &Hash::default(), workers(1)),
            Err(LogProblem::Size(u64::MAX))
        );
    }

    #[test]
    fn every_file_of_a_log_counts() {
        let size = 600;
        let (files, root) = log(size);
        for name in files.0.keys() {
            let judge = |bytes: Option<Vec<u8>>| {
                let mut changed = files.0.clone();
                match bytes {
                    Some(bytes) => changed.insert(name.clone(), bytes),
                    None => changed.remove(name),
                };
                check_log(&Memory(changed), size, &root, workers(2))
            };
            let bytes = files.0[name].clone();
            assert!(matches!(judge(None), Err(LogProblem::Missing(_))), "{name}");
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(matches!(judge(Some(longer)), Err(LogProblem::Length(_))), "{name}");
            assert!(judge(Some(bytes[..bytes.len() - 1].to_vec())).is_err(), "{name}");
            let mut other = bytes.clone();
            *other.last_mut().unwrap() ^= 1;
            assert!(matches!(judge(Some(other)), Err(LogProblem::Hash(..))), "{name}");
        }
    }

    /// Once a full file exists the partial one may vanish.
    #[test]
    fn a_full_file_stands_for_a_partial_one() {
        let (older, root) = log(300);
        let (newer, _) = log(600);
        let mut files = newer.0;
        files.insert("tile/1/000.p/1".to_owned(), older.0["tile/1/000.p/1"].clone());
        assert_eq!(check_log(&Memory(files), 300, &root, workers(1)), Ok(()));
    }
}
