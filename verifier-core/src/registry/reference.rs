use std::borrow::Cow;

use super::artifact::{self, Artifact, Component};
use crate::archive::{Entry, Siblings, UnsafeName};
use crate::bytes::{Blob, Limits, base64, hex};
use crate::crypto::{prefixed, sha256};
use crate::finding::catalog::{input, pins};
use crate::finding::{Code, Verdict};
use crate::json::{Document, Value};

/// Longest piece of evidence text inside a message, in characters.
const SHOWN: usize = 120;

/// A reference to a semantic artifact: an id, a digest, and bytes given inline or named by a path.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) hash: Option<Cow<'a, str>>,
    content: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    /// Where it stands, as reports print it.
    pub(super) source: String,
    /// The member itself, for the location of a finding.
    pub(super) at: Option<Value<'a>>,
}

/// A reference that does not resolve.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) code: &'static Code,
    pub(super) verdict: Verdict,
    pub(super) message: String,
    /// A further code of ours, when the reference verifier would have gone on.
    pub(super) also: Option<(&'static Code, String)>,
    /// The status to list the reference with; `None` when its bytes were not found.
    pub(super) listed: Option<&'static str>,
}

impl Problem {
    pub(super) fn lacks(code: &'static Code, message: String) -> Self {
        Self { code, verdict: Verdict::InsufficientEvidence, message, also: None, listed: None }
    }

    fn listed(mut self, status: &'static str) -> Self {
        self.listed = Some(status);
        self
    }

    fn also(mut self, code: &'static Code, message: String) -> Self {
        self.also = Some((code, message));
        self
    }
}

impl<'a> Reference<'a> {
    pub(super) fn new(value: Value<'a>, source: String) -> Self {
        Self {
            id: value.member("id").and_then(Value::non_empty_text),
            hash: value.member("hash").and_then(Value::non_empty_text),
            content: value.member("content_b64").and_then(Value::text),
            path: value.member("path").and_then(Value::non_empty_text),
            source,
            at: Some(value),
        }
    }

    pub(super) fn component(component: Component, source: String) -> Self {
        Self {
            id: Some(Cow::Borrowed(component.id)),
            hash: Some(Cow::Owned(format!("sha256:{}", component.sha256))),
            content: None,
            path: Some(Cow::Borrowed(component.path)),
            source,
            at: None,
        }
    }

    /// Finds the bytes, compares their digest with the declared one, and looks the pair up.
    pub(super) fn resolve(
        &self,
        siblings: &dyn Siblings,
        limits: &Limits,
    ) -> Result<&'static Artifact, Problem> {
        let (Some(id), Some(hash)) = (&self.id, &self.hash) else {
            let message = format!("{} must include id and hash", self.source);
            return Err(Problem::lacks(&pins::SEMANTIC_PIN_UNRESOLVED, message));
        };
        let bytes = self.find(id, hash, siblings, limits)?;
        let actual = bytes.digest();
        if prefixed(&actual) != **hash {
            let message =
                format!("{} hash mismatch: declared={} actual={}", shown(id), shown(hash), prefixed(&actual));
            return Err(Problem::lacks(&pins::SEMANTIC_PIN_HASH_MISMATCH, message).listed("hash_mismatch"));
        }
        bytes.is_the_one_called(id, limits).map_err(|reason| {
            let message = format!("{} could not be parsed: {reason}", shown(id));
            Problem::lacks(&pins::SEMANTIC_PIN_UNRESOLVED, message).listed("unresolved")
        })?;
        artifact::allowed(id, &actual).ok_or_else(|| Problem {
            verdict: Verdict::UnverifiableScope,
            ..Problem::lacks(
                &pins::SEMANTIC_PIN_NOT_ALLOWLISTED,
                format!("{} with hash {} is not allowlisted", shown(id), shown(hash)),
            )
            .listed("not_allowlisted")
        })
    }

    fn find(&self, id: &str, hash: &str, siblings: &dyn Siblings, limits: &Limits) -> Result<Bytes, Problem> {
        let unresolved = |reason: String| {
            let message = format!("{} unresolved: {reason}", shown(id));
            Problem::lacks(&pins::SEMANTIC_PIN_UNRESOLVED, message)
        };
        if let Some(content) = &self.content {
            return match base64::decode(content) {
                Some(bytes) => Ok(Bytes::new(Blob::new(bytes))),
                None if base64::decode_lenient(content).is_some() => {
                    let message = format!("content_b64 of {} is not canonical base64", shown(id));
                    Err(unresolved("content_b64 is not canonical base64".to_owned())
                        .also(&pins::SEMANTIC_PIN_SECOND_SPELLING, message))
                }
                None => Err(unresolved("content_b64 is not base64".to_owned())),
            };
        }
        let Some(path) = &self.path else {
            return Err(unresolved("the reference gives neither content_b64 nor path".to_owned()));
        };
        let path = plain_path(path);
        let declared = hash.strip_prefix("sha256:").and_then(|text| hex::decode(text.as_bytes()));
        let published = || artifact::published(id, declared.as_ref(), &path).map(Bytes::Known);
        let no_file = || unresolved(format!("no file and no published artifact at {:?}", shown(&path)));
        match siblings.find(&path) {
            Err(reason) => Err(unsafe_path(no_file(), &path, reason)),
            Ok(None) => published().ok_or_else(no_file),
            Ok(Some(entry)) => {
                let bytes = read(&entry, limits).map_err(unresolved)?;
                // all versions of a registry share one path, so a file with other bytes is not a contradiction
                let other = declared.as_ref() != Some(&bytes.digest());
                let registry = declared
                    .as_ref()
                    .and_then(|digest| artifact::allowed(id, digest))
                    .is_some_and(artifact::is_registry);
                if other && registry { published().ok_or_else(no_file) } else { Ok(bytes) }
            }
        }
    }
}

fn read(entry: &Entry, limits: &Limits) -> Result<Bytes, String> {
    entry
        .read(limits.document_bytes)
        .map(Bytes::new)
        .map_err(|error| format!("{:?} cannot be read: {error}", shown(entry.name())))
}

fn unsafe_path(problem: Problem, path: &str, reason: UnsafeName) -> Problem {
    let message = format!("the path {:?} of a pinned artifact was not followed: {reason}", shown(path));
    problem.also(&input::INPUT_PATH_UNSAFE, message)
}

/// The path without `.` and empty components inside it, which name the same file.
fn plain_path(path: &str) -> Cow<'_, str> {
    let idle = |part: &str| part.is_empty() || part == ".";
    if path.starts_with('/') || !path.split('/').any(idle) {
        return Cow::Borrowed(path);
    }
    Cow::Owned(path.split('/').filter(|part| !idle(part)).collect::<Vec<_>>().join("/"))
}

/// Bytes of an artifact, or the knowledge of them.
enum Bytes {
    Known(&'static Artifact),
    Other(Blob),
}

impl Bytes {
    fn new(blob: Blob) -> Self {
        match artifact::by_digest(&sha256(blob.as_slice())) {
            Some(known) => Self::Known(known),
            None => Self::Other(blob),
        }
    }

    fn digest(&self) -> [u8; 32] {
        match self {
            Self::Known(artifact) => artifact.sha256,
            Self::Other(blob) => blob.sha256(),
        }
    }

    /// Whether the file's own id and version fit the id that it is referred to by.
    fn is_the_one_called(&self, id: &str, limits: &Limits) -> Result<(), String> {
        match self {
            Self::Known(artifact) => fits(id, artifact.own_id, artifact.version),
            Self::Other(blob) => {
                let document =
                    Document::parse(blob.clone(), limits.into()).map_err(|error| error.to_string())?;
                let root = document.root();
                if !root.is_object() {
                    return Err("the top level is not an object".to_owned());
                }
                let (own_id, version) = (root.member_text("id"), root.member_text("version"));
                fits(id, own_id.as_deref(), version.as_deref())
            }
        }
    }
}

fn fits(id: &str, own_id: Option<&str>, version: Option<&str>) -> Result<(), String> {
    if let Some(own_id) = own_id.filter(|own_id| *own_id != id) {
        return Err(format!("the file calls itself {:?}", shown(own_id)));
    }
    match artifact::expected_version(id) {
        Some(expected) if version != Some(expected) => {
            Err(format!("the file's version is {:?} instead of {expected:?}", version.map(shown)))
        }
        _ => Ok(()),
    }
}

/// Evidence text cut to a length that a message can carry.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
