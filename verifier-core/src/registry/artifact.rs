use std::sync::OnceLock;

use super::{optional, rows};
use crate::bytes::hex;

static TABLE: &str = include_str!("../../data/registry/artifacts.tsv");
static REGISTRIES: &str = include_str!("../../data/registry/registries.tsv");
static PROFILE: &str = include_str!("../../data/registry/legacy_profile.tsv");

/// The profile that applies to packs without pins.
pub(super) const LEGACY_PROFILE: &str = "keel.pre_pinning_default.v0";

/// How the bytes of an artifact are found when a pack names them by path only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At its published path.
    Path,
    /// By id and digest, whatever path is named: registries and earlier recipes share one path.
    Id,
    /// By digest at the published path of its id; the reference verifier allows the digest but lacks the bytes.
    Digest,
}

/// A published semantic artifact, known by its digest. Its bytes are not compiled in, because no rule is
/// read from them.
#[derive(Debug)]
pub struct Artifact {
    /// The id that a reference gives.
    pub id: &'static str,
    /// SHA-256 of the exact bytes.
    pub sha256: [u8; 32],
    /// Length of the bytes.
    pub bytes: u64,
    /// Whether the pair of id and digest may be pinned: this release implements the rule.
    pub allowed: bool,
    /// How the bytes are found.
    pub found: Found,
    /// The `id` member inside the file, if it has one.
    pub own_id: Option<&'static str>,
    /// The `version` member inside the file, if it is text.
    pub version: Option<&'static str>,
    /// The path in the published set.
    pub path: Option<&'static str>,
}

/// Every published artifact.
#[must_use]
pub fn artifacts() -> &'static [Artifact] {
    static PARSED: OnceLock<Vec<Artifact>> = OnceLock::new();
    PARSED.get_or_init(|| {
        rows(TABLE)
            .filter_map(|[id, sha256, bytes, allowed, found, own_id, version, path]| {
                Some(Artifact {
                    id,
                    sha256: hex::decode(sha256.as_bytes())?,
                    bytes: bytes.parse().ok()?,
                    allowed: allowed == "yes",
                    found: match found {
                        "id" => Found::Id,
                        "digest" => Found::Digest,
                        _ => Found::Path,
                    },
                    own_id: optional(own_id),
                    version: optional(version),
                    path: optional(path),
                })
            })
            .collect()
    })
}

/// The artifact with these bytes.
pub(super) fn by_digest(sha256: &[u8; 32]) -> Option<&'static Artifact> {
    artifacts().iter().find(|artifact| artifact.sha256 == *sha256)
}

/// The artifact that this pair may pin.
pub(super) fn allowed(id: &str, sha256: &[u8; 32]) -> Option<&'static Artifact> {
    artifacts().iter().find(|artifact| artifact.allowed && artifact.id == id && artifact.sha256 == *sha256)
}

/// What the published set holds for a reference by path; the digest may still differ from the declared one.
pub(super) fn published(id: &str, declared: Option<&[u8; 32]>, path: &str) -> Option<&'static Artifact> {
    let at_path =
        || artifacts().iter().find(|artifact| artifact.found != Found::Digest && artifact.path == Some(path));
    let same = declared.and_then(|digest| allowed(id, digest)).filter(|artifact| match artifact.found {
        Found::Id => true,
        Found::Path | Found::Digest => artifact.path == Some(path),
    });
    same.or_else(at_path)
}

/// The `version` that a file must carry to be taken for this id; `None` when any will do.
pub(super) fn expected_version(id: &str) -> Option<&'static str> {
    match id {
        "keel.verifier_claim_registry.v0" => Some("verifier-claims.v0"),
        "keel.verifier_claim_registry.v1" => Some("verifier-claims.v1"),
        "keel.verifier_claim_registry.v2" => Some("verifier-claims.v2"),
        "authority-envelope.v0" => Some("authority-envelope.v0"),
        _ => None,
    }
}

/// Whether this artifact is a claim registry that a pack may pin.
pub(super) fn is_registry(artifact: &Artifact) -> bool {
    artifact.allowed && artifact.id.starts_with("keel.verifier_claim_registry.")
}

/// Rows of the claim table that a pinned registry defines, its base included.
pub(super) fn registry_defines(artifact: &Artifact, row: usize) -> bool {
    let defines = |digest: &str| {
        rows(REGISTRIES).any(|[sha256, _version, _count, ranges]: [&str; 4]| {
            sha256 == digest
                && ranges.split(',').any(|range| {
                    let (first, last) = range.split_once('-').unwrap_or((range, range));
                    first.parse().is_ok_and(|first: usize| first <= row)
                        && last.parse().is_ok_and(|last: usize| row <= last)
                })
        })
    };
    let own = hex::encode(&artifact.sha256);
    // version 2 extends exactly the published version 1
    let base = (artifact.id == "keel.verifier_claim_registry.v2")
        .then(|| artifacts().iter().find(|other| other.id == "keel.verifier_claim_registry.v1"))
        .flatten();
    defines(&own) || base.is_some_and(|base| defines(&hex::encode(&base.sha256)))
}

/// One component of the legacy profile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    pub(super) id: &'static str,
    pub(super) sha256: &'static str,
    pub(super) path: &'static str,
}

/// The components of the legacy profile, in report order.
pub(super) fn legacy_components() -> impl Iterator<Item = Component> {
    rows(PROFILE).map(|[id, sha256, path]| Component { id, sha256, path })
}

/// The legacy profile itself.
pub(super) fn legacy_profile() -> Option<&'static Artifact> {
    artifacts().iter().find(|artifact| artifact.id == LEGACY_PROFILE)
}
