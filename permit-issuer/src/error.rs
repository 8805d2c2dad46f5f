//! What can go wrong, in two kinds: the caller asked for something that is refused, or the state could not
//! be read or written. A *denied* permit is neither; it is a decision.

use serde_json::{Value, json};

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is not acceptable; nothing was changed.
    #[error("{message} ({code})")]
    Refused {
        /// Stable code for machines.
        code: &'static str,
        /// What is wrong and where.
        message: String,
    },
    /// The database failed.
    #[error("state: {0}")]
    Storage(#[from] rusqlite::Error),
    /// A file failed.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The operating system's word on it.
        source: std::io::Error,
    },
    /// The stored state contradicts itself.
    #[error("state is damaged: {0}")]
    Damaged(String),
}

impl Error {
    /// A refusal.
    pub fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { code, message: message.into() }
    }

    /// A file error with its path.
    pub fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Storage(_) => "state.storage",
            Self::File { .. } => "file.io",
            Self::Damaged(_) => "state.damaged",
        }
    }

    /// The error as one JSON object, for callers on a pipe.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"error": {"code": self.code(), "message": self.to_string()}})
    }
}

/// The result of everything in this crate that touches input or state.
pub type Result<T, E = Error> = std::result::Result<T, E>;
