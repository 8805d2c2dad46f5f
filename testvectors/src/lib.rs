//! Loads the committed test vectors.
//!
//! A case is a folder `<origin>/<artifact>/<case>/` with a `case.json`; the form is written down in
//! `testvectors/README.md`. This crate knows nothing of Keel: it reads expectations, and it rebuilds the files
//! of a case in a folder of the caller. It depends on no other member, so that a fault in them cannot hide
//! itself in the expectations.

mod case;
mod files;

pub use case::{Case, ClaimExpectation, Expect, Origin, Recorded};
pub use files::{Content, Piece};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The `testvectors` folder of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `testvectors/<origin>/` and the top-level data files, relative, with `/`, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn data_files() -> io::Result<Vec<String>> {
    let root = root();
    let mut names = Vec::new();
    for origin in Origin::ALL {
        let folder = root.join(origin.folder());
        if folder.is_dir() {
            collect(&folder, &root, &mut names)?;
        }
    }
    if root.join("divergences.json").is_file() {
        names.push("divergences.json".to_owned());
    }
    names.sort();
    Ok(names)
}

fn collect(folder: &Path, root: &Path, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, root, names)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}

/// An error that says which file it is about.
pub(crate) fn invalid(path: &Path, why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {why}", path.display()))
}
