//! Excerpts: some permit records of an export, with what ties them to a signed tree head. A format of this project.
//!
//! ```text
//! { "format": "keel.excerpt/v1",
//!   "excerpt": {
//!     "source": { "name": …, "sha256": "sha256:…", "bytes": N, "records": N },      what it was cut from
//!     "key_manifest": { … },                                                        optional, as beside the export
//!     "trees": [ { "of": "entries" | "records", "indexes": [N, …], "hashes": ["base64", …], "head": "…" } ] },
//!   "bundle_type": "audit_export_bundle", "schema_version": 2, "include_chain_entries": true,
//!   "chain_entries": [ … ],                                                         where the export has them at its top
//!   "records": [ … ] }
//! ```
//!
//! Records and entries are the export's own bytes. A tree names its leaves in the order in which they stand in the file,
//! top-level entries before those of records; `hashes` is their [multiproof](crate::merkle::multiproof) in the order of
//! their indexes, `head` a signed tree head (C2SP tlog-checkpoint).
//!
//! | tree | leaf | who signs the head |
//! | --- | --- | --- |
//! | entries | the canonical form of a chain entry, payload included (spec 01 section 2) | the transparency log that has the export |
//! | records | the canonical form of a whole record, permit object and usage included | who made the excerpt |
//!
//! The head of a tree of records has one extension line, `keel.excerpt.records/v1 sha256:…` with the digest of the export.
//! Its signature covers that line, so that such a head cannot pass for a log's, or a log's for one.

use serde::Deserialize;

use crate::bytes::base64;
use crate::json::Value;
use crate::merkle::rfc6962::Hash;

/// The value of `format`.
pub const FORMAT: &str = "keel.excerpt/v1";
/// Begins the extension line of the head of a tree of records.
pub const RECORDS_LINE: &str = "keel.excerpt.records/v1";
/// Members of the file.
const MEMBERS: [&str; 7] = [
    "format",
    "excerpt",
    "bundle_type",
    "schema_version",
    "include_chain_entries",
    "chain_entries",
    "records",
];

/// What ties an excerpt to its export.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excerpt {
    /// The export, by the word of the one who made the excerpt.
    pub source: Source,
    /// The key manifest beside the export; its bytes are in the file, see [`Self::key_manifest`].
    #[serde(default)]
    #[serde(rename = "key_manifest")]
    _key_manifest: Option<serde::de::IgnoredAny>,
    /// At most one of each kind.
    pub trees: Vec<Tree>,
}

/// The export that an excerpt was cut from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the file.
    pub name: String,
    /// Digest of its bytes as stored.
    pub sha256: String,
    /// How many bytes that is.
    pub bytes: u64,
    /// Its records.
    pub records: u64,
}

/// What the leaves of a tree are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Chain entries, in a transparency log.
    Entries,
    /// Whole records, in a tree that was made for the excerpt.
    Records,
}

impl Of {
    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Records => "records",
        }
    }
}

/// The proof of the leaves of one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// What the leaves are.
    pub of: Of,
    /// Where they stand in the tree, one for each leaf in the order of the file.
    pub indexes: Vec<u64>,
    /// The multiproof.
    #[serde(deserialize_with = "hashes")]
    pub hashes: Vec<Hash>,
    /// The signed tree head.
    pub head: String,
}

fn hashes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let hash = |text: &String| base64::decode(text).and_then(|hash| hash.try_into().ok());
    let read: Option<Vec<Hash>> = texts.iter().map(hash).collect();
    read.ok_or_else(|| serde::de::Error::custom("a hash is not base64 of 32 bytes"))
}

impl Excerpt {
    /// Reads the member `excerpt` of a file with these members.
    ///
    /// # Errors
    /// What is missing, unknown or of another form.
    pub fn read<'n>(member: Value<'_>, names: impl IntoIterator<Item = &'n str>) -> Result<Self, String> {
        if let Some(unknown) = names.into_iter().find(|name| !MEMBERS.contains(name)) {
            return Err(format!("the member {unknown:?} is none of an excerpt"));
        }
        let excerpt: Self =
            serde_json::from_slice(member.raw()).map_err(|error| format!("excerpt: {error}"))?;
        let kind = |of: Of| excerpt.trees.iter().filter(|tree| tree.of == of).count();
        if kind(Of::Entries) > 1 || kind(Of::Records) > 1 {
            return Err("there are two trees of one kind".to_owned());
        }
        let digest = excerpt.source.sha256.strip_prefix("sha256:");
        if digest.and_then(|digest| crate::bytes::hex::decode::<32>(digest.as_bytes())).is_none() {
            return Err("source.sha256 is no digest".to_owned());
        }
        Ok(excerpt)
    }

    /// The tree of this kind.
    #[must_use]
    pub fn tree(&self, of: Of) -> Option<&Tree> {
        self.trees.iter().find(|tree| tree.of == of)
    }

    /// The key manifest that the file holds, as it stands there.
    #[must_use]
    pub fn key_manifest(member: Value<'_>) -> Option<&[u8]> {
        member.present("key_manifest").filter(|value| value.is_object()).map(Value::raw)
    }
}

impl Source {
    /// The extension line that the head of a tree of its records has.
    #[must_use]
    pub fn records_line(&self) -> String {
        format!("{RECORDS_LINE} {}", self.sha256)
    }
}
