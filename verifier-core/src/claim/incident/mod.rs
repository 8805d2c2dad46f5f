//! Incident bundles: a zip of the records around one incident (spec 06 section 8, our rule 4).
//!
//! | version | what is checked here |
//! | --- | --- |
//! | 2 | the list of files, their schemas, presence, digests and sizes; metadata; workflow records; permits |
//! | 1 | nothing is defined; the content is examined where it has the layout of version 2 |
//!
//! The bundle manifest is the export manifest when that has a `manifest_version`, else a file in the zip. The
//! export manifest is not signed, but the zip is, so a stripped or lowered version does not switch checks
//! off: the content of the zip decides whether it is looked at.
//!
//! Every member is read to its end under limits. [`IncidentBundle`] hands governance events and bracket
//! checkpoints to the chain walk and the checkpoint check, which are not done here. Contents of
//! `admin_actions.jsonl` are not judged at all.

mod content;
mod manifest;

use crate::archive::{Archive, Container, Entry, Note, NoteKind, OpenError};
use crate::bytes::Limits;
use crate::claim::workflow::Failures;
use crate::finding::catalog::input::{INPUT_LIMIT_EXCEEDED, INPUT_UNREADABLE};
use crate::finding::catalog::workflow::{
    INCIDENT_BUNDLE_MANIFEST_SUPPORTED, INCIDENT_CONTENT_NOT_EXAMINED, INCIDENT_MANIFEST_MISSING,
    INCIDENT_MANIFEST_SCHEMA_INVALID, INCIDENT_MEMBER_DUPLICATED, INCIDENT_MEMBER_UNSAFE,
};
use crate::finding::{Finding, Location};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};
use crate::trust::KeyRing;

use manifest::{BundleManifest, Version};

/// The bundle has the files that its manifest lists.
pub const BUNDLE_MANIFEST: &str = "incident.bundle_manifest.v1";

/// The export type that must be a zip.
pub const EXPORT_TYPE: &str = "incident_evidence";

/// Files of a version 2 bundle and the schema under which the manifest lists each.
pub const REQUIRED_FILES: [(&str, &str); 8] = [
    ("admin_actions.jsonl", "keel.admin_actions/v1"),
    ("bracket_checkpoints.json", "keel.bracket_checkpoints/v1"),
    ("governance_events.jsonl", "keel.governance_events/v1"),
    ("incident_metadata.json", "keel.incident_metadata/v1"),
    ("permits.jsonl", "keel.permits/v1"),
    ("workflow_declarations.jsonl", "keel.workflow_declarations/v1"),
    ("workflow_amendments.jsonl", "keel.workflow_amendments/v1"),
    ("mcp_tool_decisions.jsonl", "keel.mcp_tool_decisions/v1"),
];

const METADATA: &str = "incident_metadata.json";

/// What [`check`] looks at.
#[derive(Clone, Copy)]
pub struct IncidentInput<'a> {
    /// The export file.
    pub zip: &'a Entry,
    /// The export manifest.
    pub manifest: Option<Value<'a>>,
    /// Where the export manifest lies, for findings.
    pub manifest_file: &'a str,
    /// The export type that the export manifest states.
    pub export_type: Option<&'a str>,
    /// Keys for workflow records.
    pub binding_keys: &'a KeyRing,
    /// Bounds.
    pub limits: &'a Limits,
}

/// The parts of an incident bundle that other checks verify.
#[derive(Clone, Debug)]
pub struct IncidentBundle {
    /// The zip.
    pub archive: Archive,
    /// JSON lines for the chain walk.
    pub governance_events: Option<Entry>,
    /// Checkpoints before and after the incident.
    pub bracket_checkpoints: Option<Entry>,
}

impl IncidentBundle {
    /// Records that governance events and checkpoints were located but not verified.
    pub fn record_unverified(&self, out: &mut ReportBuilder) {
        for (step, title, entry) in [
            ("incident_governance_events", "Governance events of the incident", &self.governance_events),
            ("incident_bracket_checkpoints", "Checkpoints around the incident", &self.bracket_checkpoints),
        ] {
            if let Some(entry) = entry {
                out.skipped(step, title, format!("{} was located, not verified", entry.name()));
            }
        }
    }
}

/// Verifies an incident bundle. `None` when the export is none.
pub fn check(input: &IncidentInput<'_>, out: &mut ReportBuilder) -> Option<IncidentBundle> {
    let mut check = Check { input, failures: Failures::default(), out };
    let archive = check.open()?;
    let outer = input.manifest.filter(|manifest| manifest.member("manifest_version").is_some());
    let inner = check.inner_manifest(&archive, outer.is_none());
    let outer = outer.map(|manifest| BundleManifest::read(manifest, input.manifest_file));
    let has_layout = REQUIRED_FILES.iter().all(|(name, _)| archive.find(name).is_some());
    let version = match (&outer, &inner) {
        (Some(outer), _) => Some(outer.version.clone()),
        (None, Inner::Read(inner)) => Some(inner.version.clone()),
        (None, Inner::Unreadable) => Some(Version::Unreadable),
        (None, Inner::Absent) => None,
    };
    let inner = match inner {
        Inner::Read(inner) => Some(inner),
        Inner::Unreadable | Inner::Absent => None,
    };
    if let (Some(outer), Some(inner)) = (&outer, &inner) {
        check.contradictions(outer, inner);
    }
    let manifest = outer.or(inner);
    if let Some(manifest) = &manifest {
        check.version_type(manifest);
    }
    match version {
        None if archive.find(METADATA).is_some() => {
            let text = "the zip holds incident metadata, and no manifest states its version and files";
            check
                .fails(Finding::lacks(&INCIDENT_MANIFEST_MISSING, text).at(Location::file(input.zip.name())));
        }
        None => {
            if input.export_type == Some(EXPORT_TYPE) {
                check.not_examined("the zip has neither a bundle manifest nor incident metadata");
            }
            return None;
        }
        Some(Version::One) => {
            if !has_layout {
                check.not_examined("manifest_version 1 defines no content");
                return None;
            }
            check.not_examined(
                "manifest_version 1 defines no content; the files were examined by their names",
            );
        }
        Some(Version::Two) => {
            if let Some(manifest) = &manifest {
                check.listing(manifest, &archive);
            }
        }
        Some(Version::Unknown(_) | Version::Unreadable) => {
            if let (Some(Version::Unknown(text)), Some(manifest)) = (&version, &manifest) {
                check.unknown_version(text, manifest);
            }
            check.out.skipped(
                "incident_content",
                "Content of the incident bundle",
                "the bundle manifest cannot be used",
            );
            return None;
        }
    }
    check.out.has_fields_of("incident bundle");
    check.notes(&archive);
    check.members(&archive, manifest.as_ref());
    let examined = check.content(&archive);
    if check.failures.none() && version == Some(Version::Two) {
        let name = input.zip.name();
        check.out.claim(BUNDLE_MANIFEST, Requested::Evidence);
        check.out.supported(
            BUNDLE_MANIFEST,
            Subject::new("incident_bundle", name).evidence(&[name, "manifest"]),
            &INCIDENT_BUNDLE_MANIFEST_SUPPORTED,
            "incident bundle manifest v2 file set and schemas verified",
        );
        check.out.evidence(BUNDLE_MANIFEST, &[name, "manifest"]);
    }
    check.out.ran("incident_content", "Content of the incident bundle", &examined);
    check.out.skipped(
        "incident_admin_actions",
        "Admin actions of the incident",
        "their content has no published rules",
    );
    Some(IncidentBundle {
        governance_events: archive.find("governance_events.jsonl").cloned(),
        bracket_checkpoints: archive.find("bracket_checkpoints.json").cloned(),
        archive,
    })
}

/// The bundle manifest inside the zip.
enum Inner {
    Absent,
    Unreadable,
    Read(BundleManifest),
}

struct Check<'c> {
    input: &'c IncidentInput<'c>,
    failures: Failures,
    out: &'c mut ReportBuilder,
}

impl Check<'_> {
    fn open(&mut self) -> Option<Archive> {
        let file = self.input.zip.name();
        let is_incident = self.input.export_type == Some(EXPORT_TYPE);
        match Archive::from_entry(self.input.zip, self.input.limits) {
            Ok(archive) if archive.container() == Container::Zip => Some(archive),
            Ok(archive) => {
                if is_incident {
                    self.malformed("incident_evidence export payload must be a zip bundle", file);
                } else if archive.notes().iter().any(|note| note.kind == NoteKind::SecondReading) {
                    let text = "the export can also be read as a zip, by readers that search its end";
                    self.fails(Finding::lacks(&INCIDENT_MEMBER_UNSAFE, text).at(Location::file(file)));
                }
                None
            }
            Err(error) => {
                let code = match error {
                    OpenError::Limit(_) => &INPUT_LIMIT_EXCEEDED,
                    _ => &INPUT_UNREADABLE,
                };
                let text = format!("the export cannot be read as a zip: {error}");
                if is_incident {
                    self.malformed(&text, file);
                }
                self.out.finding(Finding::lacks(code, text).at(Location::file(file)));
                None
            }
        }
    }

    /// What the container shows besides its members.
    fn notes(&mut self, archive: &Archive) {
        for note in archive.notes().iter().filter(|note| !note.kind.is_ordinary()) {
            let Note { kind, .. } = note;
            let text = note.to_string();
            let finding = match kind {
                NoteKind::DuplicateName => Finding::disproves(&INCIDENT_MEMBER_DUPLICATED, text),
                NoteKind::Comment | NoteKind::CaseCollision => Finding::notes(&INCIDENT_MEMBER_UNSAFE, text),
                _ => Finding::lacks(&INCIDENT_MEMBER_UNSAFE, text),
            };
            let finding = finding.at(Location::file(self.input.zip.name()));
            if finding.effect.verdict().is_some() {
                self.fails(finding);
            } else {
                self.out.finding(finding);
            }
        }
    }

    fn not_examined(&mut self, why: &str) {
        let location = Location::file(self.input.zip.name());
        self.out.finding(Finding::notes(&INCIDENT_CONTENT_NOT_EXAMINED, why).at(location));
    }

    fn malformed(&mut self, text: &str, file: &str) {
        self.fails(Finding::disproves(&INCIDENT_MANIFEST_SCHEMA_INVALID, text).at(Location::file(file)));
    }

    fn fails(&mut self, finding: Finding) {
        let name = self.input.zip.name();
        self.failures.push(self.out, BUNDLE_MANIFEST, Subject::new("incident_bundle", name), finding);
    }

    fn member_file(&self, name: &str) -> String {
        format!("{}/{name}", self.input.zip.name())
    }
}
