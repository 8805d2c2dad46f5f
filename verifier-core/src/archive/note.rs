//! What a container holds besides readable entries. Nothing is left out silently.

use std::fmt;

use super::path::escape;

/// Something in the container that is not an entry, or is suspicious about one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// Printable spelling of the name it concerns; empty for the container as a whole.
    pub name: String,
    /// Facts, printable.
    pub detail: String,
}

impl Note {
    pub(super) fn new(kind: NoteKind, name: &[u8], detail: impl Into<String>) -> Self {
        Self { kind, name: escape(name), detail: detail.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(formatter, "{}: {}", self.kind, self.detail)
        } else {
            write!(formatter, "{}: {}: {}", self.name, self.kind, self.detail)
        }
    }
}

/// Kinds of [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoteKind {
    /// A directory without content of its own. The only kind that an ordinary archive has.
    Directory,
    /// A directory member that carries bytes.
    DirectoryContent,
    /// A symbolic link; not followed.
    SymbolicLink,
    /// A hard link; not followed.
    HardLink,
    /// A device, pipe, socket or sparse member.
    SpecialFile,
    /// A name that could leave the folder or that readers take differently; not among the entries.
    UnsafeName,
    /// Several members with one name; the entry of that name is refused.
    DuplicateName,
    /// Names that differ only by case.
    CaseCollision,
    /// One name is a file and also a folder of another.
    FileAndFolder,
    /// Two descriptions of one member disagree; the entry is refused.
    Contradiction,
    /// Encrypted; the entry is refused.
    Encrypted,
    /// Unknown compression method; the entry is refused.
    UnsupportedMethod,
    /// Bytes that belong to no member.
    UnclaimedBytes,
    /// Free text stored beside the members.
    Comment,
    /// Headers that would change later members in some readers.
    GlobalHeader,
    /// The archive ends without its end mark.
    MissingEnd,
    /// The content can also be read as another container.
    SecondReading,
    /// Exists but could not be looked at.
    Unreadable,
}

impl NoteKind {
    /// Whether ordinary archives contain this too, so that it says nothing against the evidence.
    #[must_use]
    pub fn is_ordinary(self) -> bool {
        self == Self::Directory
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Directory => "directory",
            Self::DirectoryContent => "directory with content",
            Self::SymbolicLink => "symbolic link",
            Self::HardLink => "hard link",
            Self::SpecialFile => "special file",
            Self::UnsafeName => "unsafe name",
            Self::DuplicateName => "duplicate name",
            Self::CaseCollision => "names differ only by case",
            Self::FileAndFolder => "name of a file and of a folder",
            Self::Contradiction => "contradicting descriptions",
            Self::Encrypted => "encrypted member",
            Self::UnsupportedMethod => "unsupported compression method",
            Self::UnclaimedBytes => "bytes outside all members",
            Self::Comment => "comment",
            Self::GlobalHeader => "global header",
            Self::MissingEnd => "end mark missing",
            Self::SecondReading => "second reading",
            Self::Unreadable => "unreadable",
        })
    }
}
