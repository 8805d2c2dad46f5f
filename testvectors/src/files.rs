//! The files of a case: stored beside it, shared between cases, or written down as a recipe.
//!
//! A recipe is a list of pieces, each repeated. It keeps files that are large but regular (a thousand copies
//! of one gzip member, 100,000 opening brackets) out of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::case::Case;

/// Where the bytes of one file come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A stored file.
    Stored(PathBuf),
    /// Pieces in order.
    Recipe(Vec<Piece>),
}

/// A part of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes, or the stored file that holds them.
    pub bytes: Result<Vec<u8>, PathBuf>,
    /// How often they stand in a row.
    pub times: u64,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum FileTable {
    /// Names of files beside `case.json`.
    Beside(Vec<String>),
    /// Name in the working folder to source.
    Mapped(BTreeMap<String, Source>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Source {
    /// Path relative to `testvectors/<origin>/`.
    Path(String),
    Pieces(Vec<RawPiece>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPiece {
    text: Option<String>,
    hex: Option<String>,
    path: Option<String>,
    #[serde(default = "once")]
    times: u64,
}

fn once() -> u64 {
    1
}

impl FileTable {
    pub(crate) fn resolve(self, folder: &Path, base: &Path) -> Result<BTreeMap<String, Content>, String> {
        let mut files = BTreeMap::new();
        match self {
            Self::Beside(names) => {
                for name in names {
                    let path = folder.join(inside(&name)?);
                    files.insert(name, Content::Stored(path));
                }
            }
            Self::Mapped(sources) => {
                for (name, source) in sources {
                    inside(&name)?;
                    let content = match source {
                        Source::Path(path) => Content::Stored(base.join(inside(&path)?)),
                        Source::Pieces(pieces) => Content::Recipe(
                            pieces.into_iter().map(|piece| piece.resolve(base)).collect::<Result<_, _>>()?,
                        ),
                    };
                    files.insert(name, content);
                }
            }
        }
        Ok(files)
    }
}

impl RawPiece {
    fn resolve(self, base: &Path) -> Result<Piece, String> {
        let bytes = match (self.text, self.hex, self.path) {
            (Some(text), None, None) => Ok(text.into_bytes()),
            (None, Some(hex), None) => Ok(unhex(&hex).ok_or("hex digits expected")?),
            (None, None, Some(path)) => Err(base.join(inside(&path)?)),
            _ => return Err("a piece has exactly one of text, hex and path".to_owned()),
        };
        Ok(Piece { bytes, times: self.times })
    }
}

/// A case must not read or write outside its folders, whoever wrote it.
fn inside(name: &str) -> Result<&Path, String> {
    let path = Path::new(name);
    if path.components().all(|part| matches!(part, Component::Normal(_))) && !name.is_empty() {
        Ok(path)
    } else {
        Err(format!("{name:?} leaves the folder"))
    }
}

/// Bytes of hexadecimal text.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| if let [high, low] = pair { Some(high << 4 | low) } else { None }).collect()
}

impl Content {
    /// Writes the bytes.
    ///
    /// # Errors
    /// When a stored file cannot be read or the target does not take the bytes.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Stored(path) => out.write_all(&read(path)?),
            Self::Recipe(pieces) => {
                for piece in pieces {
                    let stored;
                    let bytes = match &piece.bytes {
                        Ok(bytes) => bytes,
                        Err(path) => {
                            stored = read(path)?;
                            &stored
                        }
                    };
                    for _ in 0..piece.times {
                        out.write_all(bytes)?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| crate::invalid(path, error))
}

impl Case {
    /// Builds the files and empty folders of the case under `target`.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn write_files(&self, target: &Path) -> io::Result<()> {
        for (name, content) in &self.files {
            let path = target.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = io::BufWriter::new(fs::File::create(path)?);
            content.write_to(&mut file)?;
            file.flush()?;
        }
        for name in &self.empty_dirs {
            fs::create_dir_all(target.join(name))?;
        }
        Ok(())
    }

    /// The bytes of one file of the case.
    ///
    /// # Errors
    /// When the case has no such file, or it cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let content =
            self.files.get(name).ok_or_else(|| crate::invalid(&self.folder, format!("no file {name}")))?;
        let mut bytes = Vec::new();
        content.write_to(&mut bytes)?;
        Ok(bytes)
    }
}
