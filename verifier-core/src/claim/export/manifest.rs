//! The export manifest (spec 02 section 2.1).

use std::borrow::Cow;

use crate::claim::name;
use crate::evidence::ExportSet;
use crate::finding::{Effect, Finding, Location, catalog};
use crate::json::{Document, ParserLimits, Value};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::Timestamp;
use crate::trust::TrustPolicy;

/// Members that say something about the payload and are not signed.
const SHOWN_UNSIGNED: &[&str] = &[
    "signed_at",
    "key_id",
    "export_id",
    "project_id",
    "export_type",
    "format",
    "compressed",
    "record_count",
    "filters_hash",
    "chain_integrity",
    "claim_set",
    "semantics_pins",
    "sibling_artifacts",
];

/// A manifest that is a JSON object.
#[derive(Debug)]
pub(crate) struct Manifest {
    label: String,
    document: Document,
}

impl Manifest {
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn root(&self) -> Value<'_> {
        self.document.root()
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.document.blob().sha256()
    }

    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.document.blob().as_slice().len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn text(&self, member: &str) -> Option<Cow<'_, str>> {
        self.root().member_text(member)
    }

    /// The stated signing time, when it is one.
    pub(crate) fn signed_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.text("signed_at")?)
    }

    /// Present members that the signature does not cover and that a reader may rely on.
    pub(crate) fn unsigned_members(&self) -> Vec<&'static str> {
        SHOWN_UNSIGNED.iter().copied().filter(|member| self.root().present(member).is_some()).collect()
    }
}

/// Reads the manifest of a set; what is wrong with it is reported.
pub(crate) fn read(set: &ExportSet, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<Manifest> {
    out.claim(name::EXPORT_INTEGRITY, Requested::Evidence);
    let Some(part) = &set.manifest else {
        out.unsupported(
            name::EXPORT_INTEGRITY,
            Subject::unnamed("manifest_signature"),
            Finding::lacks(&catalog::export::MANIFEST_MISSING, "no manifest was given for this export"),
        );
        return None;
    };
    let place = || Location::file(&part.label);
    let blob = match part.entry.read(policy.limits.document_bytes) {
        Ok(blob) => blob,
        Err(error) => {
            out.finding(
                Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, error.to_string())
                    .at(place()),
            );
            return None;
        }
    };
    let invalid = |out: &mut ReportBuilder, message: String| {
        out.unsupported(
            name::EXPORT_INTEGRITY,
            Subject::new("manifest_signature", file_name(&part.label)).evidence(&["manifest"]),
            Finding::new(&catalog::export::MANIFEST_JSON_INVALID, Effect::Unreadable, message).at(place()),
        );
    };
    let document = match Document::parse(blob, ParserLimits::from(&policy.limits)) {
        Ok(document) => document,
        Err(error) => {
            invalid(out, format!("manifest is not valid JSON: {error}"));
            return None;
        }
    };
    if !document.root().is_object() {
        invalid(out, "manifest top-level JSON must be an object".to_owned());
        return None;
    }
    super::anomaly_findings(&document, &part.label, policy.limits.findings_per_code)
        .for_each(|finding| out.finding(finding));
    Some(Manifest { label: part.label.clone(), document })
}

/// The last component of a path.
pub(crate) fn file_name(label: &str) -> &str {
    label.rsplit('/').next().unwrap_or(label)
}
