//! What can go wrong between a stored byte and its reader.

use std::fmt;
use std::io;

use crate::bytes::{LimitExceeded, Resource};

use super::Container;

/// The input cannot be listed at all.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system refused.
    Io(io::Error),
    /// A limit was reached while listing.
    Limit(LimitExceeded),
    /// The path is neither a regular file nor a directory.
    NotRegular,
    /// The container contradicts itself, so that two readers could see different members.
    Malformed {
        /// What the content was taken for.
        container: Container,
        /// What is wrong.
        reason: &'static str,
    },
    /// A member that was to be opened as a container cannot be read.
    Read(ReadError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "{error}"),
            Self::Limit(limit) => write!(formatter, "{limit}"),
            Self::NotRegular => formatter.write_str("neither a regular file nor a directory"),
            Self::Malformed { container, reason } => write!(formatter, "{container}: {reason}"),
            Self::Read(error) => write!(formatter, "{error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match ReadError::from(error) {
            ReadError::Io(error) => Self::Io(error),
            ReadError::Limit(limit) => Self::Limit(limit),
            other => Self::Read(other),
        }
    }
}

impl From<LimitExceeded> for OpenError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

/// The content of one entry cannot be delivered. Bytes handed out before the error are not evidence.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The operating system refused.
    Io(io::Error),
    /// A limit was reached; nothing beyond it was read.
    Limit(LimitExceeded),
    /// The file is not the one that was listed, or it shrank while it was read.
    Changed,
    /// The stored form is damaged.
    Damaged(&'static str),
    /// The entry was listed, but its content is not read.
    Refused(Refusal),
}

/// Why a listed entry has no readable content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Encrypted in its container.
    Encrypted,
    /// Stored with a compression method that is not read here.
    Method(u16),
    /// Several members carry this name.
    DuplicateName,
    /// The member is described twice, differently.
    Contradiction,
    /// Not a regular file.
    NotRegular,
    /// The operating system did not let us look at it.
    Inaccessible(io::ErrorKind),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "{error}"),
            Self::Limit(limit) => write!(formatter, "{limit}"),
            Self::Changed => formatter.write_str("the file changed after it was listed"),
            Self::Damaged(reason) => formatter.write_str(reason),
            Self::Refused(refusal) => write!(formatter, "{refusal}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted => formatter.write_str("the member is encrypted"),
            Self::Method(method) => write!(formatter, "compression method {method} is not supported"),
            Self::DuplicateName => formatter.write_str("several members carry this name"),
            Self::Contradiction => formatter.write_str("the archive describes the member in two ways"),
            Self::NotRegular => formatter.write_str("not a regular file"),
            Self::Inaccessible(kind) => write!(formatter, "cannot be looked at: {kind}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(typed) => typed,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<LimitExceeded> for ReadError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit(limit)
    }
}

impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => error,
            ReadError::Limit(limit) if limit.resource == Resource::FileBytes => {
                Self::new(io::ErrorKind::FileTooLarge, ReadError::Limit(limit))
            }
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

/// The limit that a reader of this module reported through an `io::Error`, if that is what it carries.
#[must_use]
pub fn limit_exceeded(error: &io::Error) -> Option<LimitExceeded> {
    match error.get_ref()?.downcast_ref::<ReadError>()? {
        ReadError::Limit(limit) => Some(*limit),
        _ => None,
    }
}
