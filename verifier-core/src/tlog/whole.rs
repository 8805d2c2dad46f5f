//! The check of a whole log: its files against the root of a head.
//!
//! Every entry is hashed; stored tiles are compared with what they should be, level by level; the root is built from the
//! hashes of the leaves. Workers take a bundle of 256 entries each and leave one hash, so what is done in order is small,
//! and memory does not grow with the log.
//!
//! A log may be published without its entries. The leaves are then taken from the tiles, and the answer says so: the
//! root still follows from them, and what the entries say was not seen.

use std::num::NonZeroUsize;

use super::tiles::{ENTRIES, File, Files, LEVELS, LogProblem, WIDTH, perfect, read, tile, width_of};
use crate::merkle::rfc6962::{CompactRange, Hash, leaf_hash};

/// Bundles that are hashed at one time, for each worker.
const BATCH: u64 = 64;

/// What a check of a whole log looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries that were there and were hashed.
    pub entries: u64,
    /// Entries that were not there, so that only their hashes are known.
    pub without: u64,
    /// The first bundle of entries that is not there.
    pub first: Option<File>,
}

/// Checks the files of a log of `size` entries against the root of its head.
///
/// # Errors
/// The first [`LogProblem`] in the order of entries.
pub fn check_log(
    files: &dyn Files,
    size: u64,
    root: &Hash,
    workers: NonZeroUsize,
) -> Result<Checked, LogProblem> {
    if size > ENTRIES {
        return Err(LogProblem::Size(size));
    }
    let mut checked = Checked::default();
    let mut range = CompactRange::default();
    let mut levels = vec![Level::default(); usize::try_from(LEVELS).unwrap_or(0)];
    let bundles = size.div_ceil(WIDTH);
    let share = BATCH.saturating_mul(u64::try_from(workers.get()).unwrap_or(1));
    let mut next = 0;
    while next < bundles {
        let numbers: Vec<u64> = (next..bundles.min(next.saturating_add(share))).collect();
        let done = crate::par::map(workers, &numbers, |number| bundle(files, *number, size));
        for (number, bundle) in numbers.iter().zip(done) {
            let bundle = bundle?;
            if bundle.has_entries {
                checked.entries += bundle.width;
            } else {
                checked.without += bundle.width;
                let missing = File::Entries { number: *number, width: bundle.width };
                checked.first = checked.first.or(Some(missing));
            }
            match bundle.hashes {
                Hashes::Full(top) => {
                    range.push_subtree(WIDTH.trailing_zeros(), top);
                    climb(files, &mut levels, top, size)?;
                }
                Hashes::Partial(hashes) => hashes.into_iter().for_each(|hash| range.push(hash)),
            }
        }
        next = next.saturating_add(share);
    }
    for (level, rest) in (1..).zip(&levels) {
        if !rest.hashes.is_empty() {
            compare(files, level, rest.number, &rest.hashes, size)?;
        }
    }
    let computed = range.root();
    if computed == *root { Ok(checked) } else { Err(LogProblem::Root(computed)) }
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

/// What a worker leaves of 256 entries.
struct Bundle {
    width: u64,
    has_entries: bool,
    hashes: Hashes,
}

enum Hashes {
    /// The root over 256 leaves.
    Full(Hash),
    /// The last leaves of the log.
    Partial(Vec<Hash>),
}

/// Hashes the entries of a bundle and compares them with their tile.
fn bundle(files: &dyn Files, number: u64, size: u64) -> Result<Bundle, LogProblem> {
    let width = width_of(number, size);
    let (has_entries, hashes) = match entries(files, number, width) {
        Ok(hashes) => {
            compare(files, 0, number, &hashes, size)?;
            (true, hashes)
        }
        Err(LogProblem::Missing(_)) => (false, tile(files, 0, number, size)?.1),
        Err(problem) => return Err(problem),
    };
    let hashes = if width == WIDTH { Hashes::Full(perfect(hashes)) } else { Hashes::Partial(hashes) };
    Ok(Bundle { width, has_entries, hashes })
}

/// The leaf hashes of one bundle of entries.
fn entries(files: &dyn Files, number: u64, width: u64) -> Result<Vec<Hash>, LogProblem> {
    let (file, bytes) =
        read(files, File::Entries { number, width }, |width| File::Entries { number, width })?;
    let mut hashes = Vec::with_capacity(256);
    let mut rest = bytes.as_slice();
    for _ in 0..file.width() {
        let entry = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let Some((entry, after)) = entry else { return Err(LogProblem::Length(file)) };
        rest = after;
        // A full bundle in the place of a partial one has entries that the head does not have yet.
        if u64::try_from(hashes.len()).is_ok_and(|count| count < width) {
            hashes.push(leaf_hash(entry));
        }
    }
    if rest.is_empty() { Ok(hashes) } else { Err(LogProblem::Length(file)) }
}

/// Compares a stored tile with what it should be.
fn compare(files: &dyn Files, level: u32, number: u64, hashes: &[Hash], size: u64) -> Result<(), LogProblem> {
    let (file, stored) = tile(files, level, number, size.checked_shr(8 * level).unwrap_or(0))?;
    for ((stored, hash), at) in stored.iter().zip(hashes).zip(0..) {
        if stored != hash {
            return Err(LogProblem::Hash(file, at));
        }
    }
    if stored.len() == hashes.len() { Ok(()) } else { Err(LogProblem::Length(file)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::tiles::memory::{Memory, log};

    fn workers(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn whole_logs_hold_at_every_kind_of_size() {
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 66_000] {
            let (files, root) = log(size);
            for count in [1, 3] {
                let checked = check_log(&files, size, &root, workers(count)).unwrap();
                assert_eq!(checked, Checked { entries: size, ..Checked::default() }, "{size}");
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
            if name.contains("entries") {
                let checked = judge(None).unwrap();
                assert!(checked.without > 0 && checked.entries + checked.without == size, "{name}");
                assert_eq!(checked.first.map(File::path).as_ref(), Some(name));
            } else {
                assert!(matches!(judge(None), Err(LogProblem::Missing(_))), "{name}");
            }
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(matches!(judge(Some(longer)), Err(LogProblem::Length(_))), "{name}");
            assert!(judge(Some(bytes[..bytes.len() - 1].to_vec())).is_err(), "{name}");
            assert!(judge(Some(Vec::new())).is_err(), "{name}");
            let mut other = bytes.clone();
            *other.last_mut().unwrap() ^= 1;
            assert!(matches!(judge(Some(other)), Err(LogProblem::Hash(..))), "{name}");
        }
    }

    /// Without entries the tiles alone have to give the root, and every hash in them counts.
    #[test]
    fn tiles_alone_give_the_root() {
        let size = 600;
        let (mut files, root) = log(size);
        files.0.retain(|name, _| !name.contains("entries"));
        let checked = check_log(&files, size, &root, workers(2)).unwrap();
        assert_eq!((checked.entries, checked.without), (0, size));
        for name in files.0.keys() {
            let mut changed = files.clone();
            changed.0.get_mut(name).unwrap()[3] ^= 1;
            assert!(check_log(&changed, size, &root, workers(2)).is_err(), "{name}");
        }
    }

    /// Once a full file exists the partial one may vanish.
    #[test]
    fn a_full_file_stands_for_a_partial_one() {
        let (older, root) = log(300);
        let (newer, _) = log(600);
        let mut files = newer.0;
        files.insert("tile/1/000.p/1".to_owned(), older.0["tile/1/000.p/1"].clone());
        assert!(check_log(&Memory(files.clone()), 300, &root, workers(1)).is_ok());
        files.get_mut("tile/entries/001").unwrap().push(0);
        assert!(check_log(&Memory(files), 300, &root, workers(1)).is_err(), "it is whole or refused");
    }
}
