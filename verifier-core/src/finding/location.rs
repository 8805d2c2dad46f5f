use std::ops::Range;

use serde::Serialize;

use crate::json::Value;

/// Where in the evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file, as named by the person or the archive; empty for the run as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// RFC 6901 pointer into the decoded document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Byte range in the decoded (decompressed) file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Range<u64>>,
}

impl Location {
    /// A whole file.
    #[must_use]
    pub fn file(name: impl Into<String>) -> Self {
        Self { file: name.into(), pointer: None, bytes: None }
    }

    /// A value in a document that was parsed whole.
    #[must_use]
    pub fn value(file: impl Into<String>, value: Value<'_>) -> Self {
        Self { file: file.into(), pointer: Some(value.pointer()), bytes: Some(value.span()) }
    }

    /// A value in a part of a document: `prefix` is the part's own pointer.
    #[must_use]
    pub fn within(file: impl Into<String>, prefix: &str, value: Value<'_>) -> Self {
        Self {
            file: file.into(),
            pointer: Some(format!("{prefix}{}", value.pointer())),
            bytes: Some(value.span()),
        }
    }

    /// The same file at another pointer.
    #[must_use]
    pub fn pointing(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

/// A labelled value in a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What the value is, such as `expected` or `computed`.
    pub label: &'static str,
    /// The value as text, unescaped; renderers escape it.
    pub value: String,
}
