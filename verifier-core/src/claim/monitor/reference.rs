//! Heads that were noted before: a customer's pin, or what the last run accepted. Both have one shape.

use std::fmt;

use crate::bytes::{Blob, hex};
use crate::crypto::prefixed;
use crate::json::{Document, ParserLimits, Value};
use crate::merkle::rfc6962::Hash;

const SCHEMA: &str = "keel.customer_checkpoint_pin.v1";

/// Greatest size: what every JSON reader can hold exactly.
pub(super) const MAX_SIZE: u64 = (1 << 53) - 1;

/// A head of the log that was accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where it comes from, for messages.
    pub source: String,
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// Why a file is no reference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceError {
    /// No JSON, repeated names, or no object.
    NotAnObject,
    /// Another schema than [`Reference`]'s.
    Schema,
    /// No root, or one that is not `sha256:` and 64 lower-case digits.
    Root,
    /// No size, or one that is no integer from 0 to 2^53 − 1.
    Size,
    /// The two spellings of root or size contradict each other.
    Contradiction,
}

impl fmt::Display for ReferenceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAnObject => "it is no JSON object with distinct member names",
            Self::Schema => "its schema is another one than keel.customer_checkpoint_pin.v1",
            Self::Root => "it has no root of the form sha256: and 64 lower-case digits",
            Self::Size => "it has no size from 0 to 2^53 - 1",
            Self::Contradiction => "its two roots or its two sizes contradict each other",
        })
    }
}

impl std::error::Error for ReferenceError {}

impl Reference {
    /// Reads a pin or state file.
    ///
    /// # Errors
    /// [`ReferenceError`]: a file that is there and says nothing usable is never taken for an absent one.
    pub fn parse(source: &str, blob: Blob, limits: ParserLimits) -> Result<Self, ReferenceError> {
        let document = Document::parse(blob, limits).map_err(|_| ReferenceError::NotAnObject)?;
        let root = document.root().as_object().ok_or(ReferenceError::NotAnObject)?;
        if document.anomalies().next().is_some() {
            return Err(ReferenceError::NotAnObject);
        }
        if root.present("schema").is_some_and(|schema| !schema.is_text(SCHEMA)) {
            return Err(ReferenceError::Schema);
        }
        let hash = one_of(root, ["checkpoint_log_root_hash", "root_hash"], |value| hash(value))
            .map_err(|found| found.unwrap_or(ReferenceError::Root))?;
        let size = one_of(root, ["checkpoint_log_tree_size", "tree_size"], |value| size(value))
            .map_err(|found| found.unwrap_or(ReferenceError::Size))?;
        Ok(Self { source: source.to_owned(), size, root: hash })
    }

    /// The text of a state file: members in order of name, two blanks of indentation, a final line end.
    #[must_use]
    pub fn to_state(&self) -> String {
        format!(
            "{{\n  \"checkpoint_log_root_hash\": \"{}\",\n  \"checkpoint_log_tree_size\": {},\n  \"schema\": \"{SCHEMA}\"\n}}\n",
            prefixed(&self.root),
            self.size
        )
    }
}

/// The value under either name. The error is `None` when there is no usable one.
fn one_of<'a, T: PartialEq>(
    root: Value<'a>,
    names: [&str; 2],
    read: impl Fn(Value<'a>) -> Option<T>,
) -> Result<T, Option<ReferenceError>> {
    let mut found = None;
    for value in names.into_iter().filter_map(|name| root.present(name)) {
        let value = read(value).ok_or(None)?;
        if found.as_ref().is_some_and(|other| *other != value) {
            return Err(Some(ReferenceError::Contradiction));
        }
        found = Some(value);
    }
    found.ok_or(None)
}

/// `sha256:` and 64 lower-case digits.
pub(super) fn hash(value: Value<'_>) -> Option<Hash> {
    hex::decode(value.text()?.strip_prefix("sha256:")?.as_bytes())
}

/// An integer from 0 to 2^53 − 1.
pub(super) fn size(value: Value<'_>) -> Option<u64> {
    u64::try_from(value.as_i64()?).ok().filter(|size| *size <= MAX_SIZE)
}
