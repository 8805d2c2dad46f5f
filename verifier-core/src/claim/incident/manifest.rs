//! The bundle manifest: version and list of files (spec 06 section 8, checks 2 to 7).
//!
//! ```text
//! { "manifest_version": 2, "files": [ { "name": "…", "schema": "…" | null, "sha256"?: "…", "size"?: n } ] }
//! ```
//!
//! Digests and sizes of files are optional and compared where they are given.

use std::collections::BTreeMap;

use super::{Check, Inner, REQUIRED_FILES};
use crate::archive::{Archive, Entry};
use crate::claim::workflow::{equals_count, report_anomalies};
use crate::finding::catalog::input::INPUT_STRUCTURE_INVALID;
use crate::finding::catalog::workflow::{
    INCIDENT_MANIFEST_CONTRADICTION, INCIDENT_MANIFEST_SCHEMA_INVALID, INCIDENT_MEMBER_DUPLICATED,
    INCIDENT_MEMBER_MISSING, INCIDENT_MEMBER_UNLISTED, INCIDENT_UNKNOWN_MANIFEST_VERSION,
};
use crate::finding::{Finding, Location};
use crate::format::workflow::whole;
use crate::json::{Document, Kind, ParserLimits, Value};

/// Names that a manifest inside the zip may have, in the order in which they count.
const INNER_NAMES: [&str; 2] = ["manifest.json", "bundle_manifest.json"];
/// Members under which a file's digest is stated.
const DIGEST_MEMBERS: [&str; 4] = ["sha256", "content_hash", "digest", "hash"];
/// Members under which a file's size is stated.
const SIZE_MEMBERS: [&str; 4] = ["size", "size_bytes", "byte_size", "bytes"];
/// Longest foreign text that a message repeats, in characters.
const SHOWN_CHARACTERS: usize = 80;

/// The stated version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
    /// By its text.
    Unknown(String),
    /// The manifest itself cannot be read.
    Unreadable,
}

/// A manifest, owned.
pub(super) struct BundleManifest {
    pub(super) version: Version,
    /// A boolean, which the reference takes for the number 1.
    boolean_version: bool,
    pub(super) location: Location,
    files: Result<Vec<ListedFile>, ListError>,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListedFile {
    pub(super) name: String,
    schema: Option<String>,
    /// The stated digest without prefix; `Err` when the value is no text.
    pub(super) digest: Option<Result<String, String>>,
    /// The stated size; `Err` when the value is no count.
    pub(super) size: Option<Result<u128, String>>,
    pub(super) location: Location,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ListError {
    text: String,
    location: Location,
}

impl BundleManifest {
    pub(super) fn read(manifest: Value<'_>, file: &str) -> Self {
        let stated = manifest.member("manifest_version");
        let version = match stated {
            Some(value) if equals_count(value, 2) => Version::Two,
            Some(value) if equals_count(value, 1) || value.as_bool() == Some(true) => Version::One,
            Some(value) => Version::Unknown(clip(value)),
            None => Version::Unknown("None".to_owned()),
        };
        Self {
            version,
            boolean_version: stated.is_some_and(|value| value.kind() == Kind::Bool),
            location: Location::value(file, stated.unwrap_or(manifest)),
            files: read_files(manifest, file),
        }
    }

    /// The row of a file, the last one where a name is repeated.
    pub(super) fn listed(&self, name: &str) -> Option<&ListedFile> {
        self.files.as_ref().ok()?.iter().rev().find(|file| file.name == name)
    }

    fn rows(&self) -> Option<Vec<(&str, Option<&str>)>> {
        let files = self.files.as_ref().ok()?;
        let mut rows: Vec<_> = files.iter().map(|file| (&*file.name, file.schema.as_deref())).collect();
        rows.sort_unstable();
        Some(rows)
    }
}

fn read_files(manifest: Value<'_>, file: &str) -> Result<Vec<ListedFile>, ListError> {
    let fail = |text: String, value| Err(ListError { text, location: Location::value(file, value) });
    let Some(list) = manifest.member("files").and_then(Value::as_array) else {
        return fail("files must be a list".to_owned(), manifest);
    };
    let mut files = Vec::new();
    for (position, item) in list.items().enumerate() {
        if !item.is_object() {
            return fail(format!("files[{position}] must be an object"), item);
        }
        let Some(name) = item.member("name").and_then(Value::non_blank_text) else {
            return fail(format!("files[{position}].name must be a non-empty string"), item);
        };
        let schema = item.present("schema");
        if schema.is_some_and(|schema| schema.kind() != Kind::String) {
            return fail(format!("files[{position}].schema must be a string or null"), item);
        }
        let first = |names: &[&str]| names.iter().find_map(|name| item.present(name));
        files.push(ListedFile {
            name: name.into_owned(),
            schema: schema.and_then(Value::text).map(std::borrow::Cow::into_owned),
            digest: first(&DIGEST_MEMBERS).map(|value| match value.text() {
                Some(text) => Ok(text.strip_prefix("sha256:").unwrap_or(&text).to_owned()),
                None => Err(clip(value)),
            }),
            size: first(&SIZE_MEMBERS).map(|value| whole(value).ok_or_else(|| clip(value))),
            location: Location::value(file, item),
        });
    }
    Ok(files)
}

impl Check<'_> {
    /// Reads the manifest inside the zip; it must be readable when the bundle depends on it.
    pub(super) fn inner_manifest(&mut self, archive: &Archive, needed: bool) -> Inner {
        let Some(entry) = INNER_NAMES.iter().find_map(|name| archive.find(name)) else {
            return Inner::Absent;
        };
        match self.read_inner(entry) {
            Ok(manifest) => Inner::Read(manifest),
            Err(error) => {
                let text = format!("could not read incident bundle manifest: {error}");
                let finding = if needed {
                    Finding::disproves(&INCIDENT_MANIFEST_SCHEMA_INVALID, text)
                } else {
                    Finding::lacks(&INCIDENT_MANIFEST_CONTRADICTION, text)
                };
                self.fails(finding.at(Location::file(self.member_file(entry.name()))));
                Inner::Unreadable
            }
        }
    }

    fn read_inner(&mut self, entry: &Entry) -> Result<BundleManifest, String> {
        let blob = entry.read(self.input.limits.document_bytes).map_err(|error| error.to_string())?;
        let document = Document::parse(blob, ParserLimits::from(self.input.limits))
            .map_err(|error| error.to_string())?;
        let root = document.root();
        if !root.is_object() {
            return Err(format!("{} must be a JSON object", entry.name()));
        }
        let file = self.member_file(entry.name());
        report_anomalies(document.anomalies(), &file, self.out);
        Ok(BundleManifest::read(root, &file))
    }

    /// The unsigned manifest against the one in the signed zip.
    pub(super) fn contradictions(&mut self, outer: &BundleManifest, inner: &BundleManifest) {
        let mut differs = Vec::new();
        if outer.version != inner.version {
            differs.push("manifest_version");
        }
        if let (Some(outer), Some(inner)) = (outer.rows(), inner.rows())
            && outer != inner
        {
            differs.push("files");
        }
        if !differs.is_empty() {
            let text = format!("export manifest and zip state different {}", differs.join(" and "));
            let finding = Finding::disproves(&INCIDENT_MANIFEST_CONTRADICTION, text);
            self.fails(finding.at(outer.location.clone()));
        }
    }

    pub(super) fn unknown_version(&mut self, version: &str, manifest: &BundleManifest) {
        let text = format!("unsupported incident bundle manifest_version={version}");
        let finding = Finding::disproves(&INCIDENT_UNKNOWN_MANIFEST_VERSION, text);
        self.fails(finding.at(manifest.location.clone()));
    }

    /// A boolean version is read by the reference as a number.
    pub(super) fn version_type(&mut self, manifest: &BundleManifest) {
        if manifest.boolean_version {
            let finding = Finding::lacks(&INPUT_STRUCTURE_INVALID, "manifest_version is a boolean");
            self.fails(finding.at(manifest.location.clone()));
        }
    }

    /// The list against the required files and the zip.
    pub(super) fn listing(&mut self, manifest: &BundleManifest, archive: &Archive) {
        let files = match &manifest.files {
            Ok(files) => files,
            Err(ListError { text, location }) => {
                let finding = Finding::disproves(&INCIDENT_MANIFEST_SCHEMA_INVALID, text);
                return self.fails(finding.at(location.clone()));
            }
        };
        let invalid = |text: String, location: &Location| {
            Finding::disproves(&INCIDENT_MANIFEST_SCHEMA_INVALID, text).at(location.clone())
        };
        for (name, schema) in REQUIRED_FILES {
            let listed = manifest.listed(name);
            let place = listed.map_or(&manifest.location, |file| &file.location);
            if listed.and_then(|file| file.schema.as_deref()) != Some(schema) {
                self.fails(invalid(format!("{name} manifest schema must be '{schema}'"), place));
            }
            if archive.find(name).is_none() {
                self.fails(invalid(format!("{name} listed in manifest but missing from zip"), place));
            }
        }
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for file in files {
            let count = seen.entry(&file.name).or_default();
            *count += 1;
            if *count == 2 {
                let text = format!("{:?} is listed several times", file.name);
                let finding = Finding::disproves(&INCIDENT_MEMBER_DUPLICATED, text);
                self.fails(finding.at(file.location.clone()));
            }
            let required = REQUIRED_FILES.iter().any(|(name, _)| *name == file.name);
            if *count == 1 && !required && archive.find(&file.name).is_none() {
                let text = format!("{:?} is listed and not in the zip", file.name);
                let finding = Finding::disproves(&INCIDENT_MEMBER_MISSING, text);
                self.fails(finding.at(file.location.clone()));
            }
        }
        let own = INNER_NAMES.into_iter().find(|name| archive.find(name).is_some());
        for entry in archive.entries() {
            let name = entry.name();
            if !seen.contains_key(name) && own != Some(name) {
                let text = format!("{name:?} is in the zip and not listed");
                let finding = Finding::disproves(&INCIDENT_MEMBER_UNLISTED, text);
                self.fails(finding.at(Location::file(self.member_file(name))));
            }
        }
    }
}

fn clip(value: Value<'_>) -> String {
    String::from_utf8_lossy(value.raw()).chars().take(SHOWN_CHARACTERS).collect()
}
