//! From bytes to a working paper and back.

use std::fmt;

use super::{FORMAT, Workpaper};
use crate::bytes::{Blob, hex};
use crate::canon::{self, Profile};
use crate::crypto::sha256;
use crate::json::{AnomalyKind, Document, ParserLimits};

/// Why bytes are no working paper.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadError {
    /// They are no JSON, or beyond a limit.
    Json(String),
    /// A member is repeated, or a text is none: two readers may see two papers.
    Ambiguous(&'static str),
    /// Another format.
    Format(String),
    /// A member is missing, unknown or of another form.
    Shape(String),
    /// The same paper is spelled otherwise, from this byte on.
    NotCanonical(usize),
}

/// Signatures that a paper may have.
const SIGNATURES: usize = 32;

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) | Self::Shape(why) => formatter.write_str(why),
            Self::Ambiguous(what) => write!(formatter, "the file holds {what}"),
            Self::NotCanonical(at) => {
                write!(
                    formatter,
                    "from byte {at} on it is not spelled as a working paper with this content is"
                )
            }
            Self::Format(found) => write!(formatter, "the format is {found:?}, not {FORMAT}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl Workpaper {
    /// Reads a working paper. Its signatures are not checked.
    ///
    /// # Errors
    /// [`LoadError`] says why the bytes are none.
    pub fn load(blob: &Blob, limits: ParserLimits) -> Result<Self, LoadError> {
        let document =
            Document::parse(blob.clone(), limits).map_err(|error| LoadError::Json(error.to_string()))?;
        for (kind, _) in document.anomalies() {
            return Err(LoadError::Ambiguous(match kind {
                AnomalyKind::RepeatedMember => "a member twice",
                AnomalyKind::NonFinite => "a number without a finite value",
                AnomalyKind::UnpairedSurrogate => "half of a surrogate pair",
                // Integers keep all their digits here and in the signed form.
                AnomalyKind::UnsafeInteger => continue,
            }));
        }
        let format = document.root().member_text("format").unwrap_or_default();
        if format != FORMAT {
            return Err(LoadError::Format(format.chars().take(80).collect()));
        }
        let list = |name: &str| document.root().member(name).and_then(crate::json::Value::as_array);
        if list("signatures").is_some_and(|list| list.len() > SIGNATURES) {
            return Err(LoadError::Shape(format!("more than {SIGNATURES} signatures")));
        }
        let paper: Self =
            serde_json::from_slice(blob.as_slice()).map_err(|error| LoadError::Shape(error.to_string()))?;
        let subjects = |paper: &Self| {
            let ids = paper.content.marks.iter().map(|mark| (mark.kind, mark.id.clone()));
            ids.collect::<Vec<_>>()
        };
        if !subjects(&paper).is_sorted_by(|one, next| one < next) {
            return Err(LoadError::Shape("marks are out of order, or a subject is marked twice".to_owned()));
        }
        let (own, given) = (paper.to_bytes(), blob.as_slice());
        if own != given {
            let same = own.iter().zip(given).take_while(|(one, other)| one == other).count();
            return Err(LoadError::NotCanonical(same));
        }
        Ok(paper)
    }

    /// The file: sorted members, two blanks of indentation, a final newline.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let value = sorted(serde_json::to_value(self).unwrap_or_default());
        let mut bytes = serde_json::to_vec_pretty(&value).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Hexadecimal SHA-256 of the content's legacy canonical form (spec 01 section 2), which keeps every digit.
    #[must_use]
    pub fn content_digest(&self) -> Option<String> {
        let bytes = serde_json::to_vec(&self.content).ok()?;
        let document = Document::parse(Blob::new(bytes), ParserLimits::default()).ok()?;
        let canonical = canon::to_bytes(Profile::Legacy, document.root()).ok()?;
        Some(hex::encode(&sha256(&canonical)))
    }
}

/// The value with the members of every object in order, whichever map the parser keeps.
fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
