//! The workflow evidence file beside an export (spec 06 section 6, our rule 5).
//!
//! ```text
//! manifest.sibling_artifacts.workflow_evidence =
//!   { schema, workflow_evidence: { file_name, content_hash, signature, public_key, key_id, signed_at },
//!     workflow_evidence_file?, bundle_dir? }
//! content_hash = "sha256:" + hex SHA-256(file)      message = UTF-8(content_hash)
//! ```
//!
//! The file is looked up inside the folder of the manifest only. Paths that are absolute, climb, or start at a
//! home folder are refused by name; a harmless `./` is dropped.
//!
//! The manifest's mention is not covered by the manifest signature: [`check_unnamed`] reports a file that
//! lies there without being mentioned.

use super::{
    DECLARATION_SIGNATURE, EFFECTIVE_INTENT_HASH, Failures, History, SIBLING_INTEGRITY, check_document,
    refusal_code, report_anomalies, unnamed,
};
use crate::archive::{Entry, ReadError, Siblings, UnsafeName};
use crate::bytes::{Blob, Limits};
use crate::crypto::{PublicKey, SignatureText, TextError, prefixed};
use crate::finding::catalog::export::SIGNATURE_SECOND_SPELLING;
use crate::finding::catalog::input::{INPUT_LIMIT_EXCEEDED, INPUT_PATH_UNSAFE, INPUT_UNREADABLE};
use crate::finding::catalog::workflow::{
    WORKFLOW_EVIDENCE_SCHEMA_INVALID, WORKFLOW_SIBLING_INTEGRITY_SUPPORTED, WORKFLOW_SIBLING_UNNAMED,
    WORKFLOW_SIGNATURE_INVALID,
};
use crate::finding::{Code, Finding, Location};
use crate::format::workflow::is_schema;
use crate::json::{Document, ParserLimits, Value};
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::Timestamp;
use crate::trust::{EXPORT_SIGNING, KeyRequest, KeyRing, Refusal};

const FILE_NAME: &str = "workflow_evidence.json";
const LABEL: &str = "WORKFLOW-EVIDENCE";
const PLACE: &str = "manifest.sibling_artifacts.workflow_evidence";

/// What [`check_sibling`] looks at.
#[derive(Clone, Copy)]
pub struct SiblingInput<'a> {
    /// The export manifest.
    pub manifest: Value<'a>,
    /// Where the manifest lies, for findings.
    pub manifest_file: &'a str,
    /// The manifest's folder.
    pub siblings: &'a dyn Siblings,
    /// Keys for the file's signature.
    pub export_keys: &'a KeyRing,
    /// Keys for the records in it.
    pub binding_keys: &'a KeyRing,
    /// Bounds.
    pub limits: &'a Limits,
}

/// Whether the manifest names a workflow evidence file.
#[must_use]
pub fn names_sibling(manifest: Value<'_>) -> bool {
    named(manifest).is_some()
}

fn named(manifest: Value<'_>) -> Option<Value<'_>> {
    manifest.path(&["sibling_artifacts", "workflow_evidence"]).and_then(Value::as_object)
}

/// Verifies the file that the manifest names and the document in it.
///
/// `None` when the manifest names none, or when nothing can be compared with permits.
pub fn check_sibling(input: &SiblingInput<'_>, out: &mut ReportBuilder) -> Option<History> {
    let mention = named(input.manifest)?;
    let mut check = Check { input, failures: Failures::default(), out };
    if !mention.member("schema").is_some_and(is_schema) {
        check.malformed("workflow_evidence sibling schema is invalid", mention);
    }
    let Some(descriptor) = mention.member("workflow_evidence").and_then(Value::as_object) else {
        check.malformed("workflow_evidence sibling descriptor missing", mention);
        return None;
    };
    let Some(entry) = check.find(mention, descriptor) else {
        check.malformed("workflow_evidence file could not be found next to export/manifest", mention);
        return None;
    };
    let blob = check.read(&entry)?;
    check.out.has_fields_of("workflow evidence beside an export");
    check.integrity(descriptor, &blob);
    if check.failures.none() {
        check.out.claim(SIBLING_INTEGRITY, Requested::Evidence);
        check.out.supported(
            SIBLING_INTEGRITY,
            Subject::new("workflow_evidence_sibling", "workflow_evidence").evidence(&[PLACE]),
            &WORKFLOW_SIBLING_INTEGRITY_SUPPORTED,
            "workflow evidence sibling content hash and signature are valid",
        );
        check.out.evidence(SIBLING_INTEGRITY, &[PLACE]);
    }
    let document = match Document::parse(blob, ParserLimits::from(input.limits)) {
        Ok(document) if document.root().is_object() => document,
        parsed => {
            let detail = parsed.err().map(|error| format!(": {error}")).unwrap_or_default();
            let text = format!("workflow_evidence sibling is not a JSON object{detail}");
            let finding = Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text);
            let finding = finding.at(Location::file(entry.name()));
            check.failures.push(check.out, EFFECTIVE_INTENT_HASH, unnamed(), finding);
            return None;
        }
    };
    report_anomalies(document.anomalies(), entry.name(), out);
    check_document(document.root(), LABEL, entry.name(), input.binding_keys, out)
}

/// Reports a workflow evidence file that lies beside the manifest although the manifest names none.
pub fn check_unnamed(manifest: Value<'_>, siblings: &dyn Siblings, out: &mut ReportBuilder) {
    if names_sibling(manifest) {
        return;
    }
    if let Ok(Some(entry)) = siblings.find(FILE_NAME) {
        let text = format!("{} lies beside the export, and the manifest does not name it", entry.name());
        out.finding(Finding::lacks(&WORKFLOW_SIBLING_UNNAMED, text).at(Location::file(entry.name())));
    }
}

struct Check<'c> {
    input: &'c SiblingInput<'c>,
    failures: Failures,
    out: &'c mut ReportBuilder,
}

impl Check<'_> {
    /// The first place of section 6 that exists, inside the manifest's folder.
    fn find(&mut self, mention: Value<'_>, descriptor: Value<'_>) -> Option<Entry> {
        let text = |value: Value<'_>, name: &str| {
            value.member(name).and_then(Value::non_blank_text).map(std::borrow::Cow::into_owned)
        };
        let file_name = descriptor.member_text("file_name").map_or_else(|| FILE_NAME.to_owned(), Into::into);
        let mut places: Vec<Vec<String>> = Vec::new();
        places.extend(text(mention, "workflow_evidence_file").map(|path| vec![path]));
        places.extend(text(mention, "bundle_dir").map(|folder| vec![folder, file_name.clone()]));
        places.push(vec![file_name.clone()]);
        places.extend(text(self.input.manifest, "export_id").map(|id| vec![id, file_name]));
        let mut found = None;
        for parts in places {
            let looked_up = relative(&parts).and_then(|name| self.input.siblings.find(&name));
            match looked_up {
                Ok(entry) => found = found.or(entry),
                Err(reason) => {
                    let text =
                        format!("workflow evidence path {:?} is not opened: {reason}", parts.join("/"));
                    let location = self.manifest_place(mention);
                    let finding = Finding::lacks(&INPUT_PATH_UNSAFE, text).at(location);
                    self.fails(finding);
                }
            }
        }
        found
    }

    fn read(&mut self, entry: &Entry) -> Option<Blob> {
        match entry.read(self.input.limits.document_bytes) {
            Ok(blob) => Some(blob),
            Err(error) => {
                let code = unreadable_code(&error);
                let text = format!("workflow evidence cannot be read: {error}");
                self.fails(Finding::lacks(code, text).at(Location::file(entry.name())));
                None
            }
        }
    }

    fn integrity(&mut self, descriptor: Value<'_>, blob: &Blob) {
        let place = self.manifest_place(descriptor);
        let computed = prefixed(&blob.sha256());
        let stated = descriptor.member_text("content_hash");
        if stated.as_deref() != Some(computed.as_str()) {
            let stated = stated.unwrap_or("None".into());
            let text = format!("workflow_evidence content_hash mismatch expected={stated} actual={computed}");
            let finding = Finding::disproves(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text)
                .at(place.clone())
                .fact("expected", stated)
                .fact("computed", computed);
            return self.fails(finding);
        }
        let invalid = |text: &str| Finding::disproves(&WORKFLOW_SIGNATURE_INVALID, text).at(place.clone());
        let Some(signature) = descriptor.member("signature").and_then(Value::non_blank_text) else {
            return self.fails(invalid("workflow_evidence sibling manifest is unsigned"));
        };
        let key_id = descriptor.member_text("key_id");
        let embedded = descriptor.member_text("public_key");
        let signed_at = descriptor.member_text("signed_at").and_then(|text| Timestamp::parse(&text));
        let request = KeyRequest {
            purpose: EXPORT_SIGNING,
            key_id: key_id.as_deref(),
            signed_at: signed_at.as_ref(),
            embedded: embedded.as_deref(),
        };
        let key = match self.input.export_keys.resolve(&request) {
            Ok(key) => key,
            Err(refusal) => return self.untrusted(&refusal, key_id.is_some(), &place),
        };
        let public = match key.key {
            Ok(public) => public,
            Err(error) => return self.fails(spelled("public_key", error, &place)),
        };
        // Compared as bytes: the texts of one key may differ by the prefix.
        if let Some(embedded) = &embedded
            && PublicKey::from_text(embedded) != Ok(public)
        {
            let finding = invalid("workflow_evidence public_key does not match trusted key")
                .fact("trusted", &*key.text)
                .fact("stated", &**embedded);
            return self.fails(finding);
        }
        match SignatureText::parse(&signature) {
            Err(error) => self.fails(spelled("signature", error, &place)),
            Ok(signature) => match key.authenticate((), computed.as_bytes(), &signature) {
                Err(()) => self.fails(invalid("workflow_evidence sibling signature invalid")),
                Ok(verified) => self.out.signers.push(SignerSummary {
                    signed: "workflow evidence file".to_owned(),
                    public_key: public.to_text(),
                    key_id: key.key_id.clone(),
                    basis: verified.basis(),
                    source: key.source.clone(),
                    signed_at: signed_at.map(|at| at.to_rfc3339()),
                }),
            },
        }
    }

    /// The reference reports a key that it cannot find on the declarations.
    fn untrusted(&mut self, refusal: &Refusal, by_id: bool, place: &Location) {
        let text = format!("workflow_evidence sibling: {refusal}");
        let own = refusal_code(refusal);
        if own.is_none() || (!by_id && matches!(refusal, Refusal::NotActive(_))) {
            let finding = Finding::disproves(&WORKFLOW_SIGNATURE_INVALID, &*text).at(place.clone());
            self.failures.push(self.out, DECLARATION_SIGNATURE, unnamed(), finding);
        }
        let finding = match own {
            Some(code) => Finding::disproves(code, text),
            None => Finding::lacks(&WORKFLOW_SIGNATURE_INVALID, text),
        };
        self.fails(finding.at(place.clone()));
    }

    fn malformed(&mut self, text: &str, value: Value<'_>) {
        let location = self.manifest_place(value);
        let finding = Finding::lacks(&WORKFLOW_EVIDENCE_SCHEMA_INVALID, text).at(location);
        self.failures.push(self.out, EFFECTIVE_INTENT_HASH, unnamed(), finding);
    }

    fn manifest_place(&self, value: Value<'_>) -> Location {
        Location::value(self.input.manifest_file, value)
    }

    fn fails(&mut self, finding: Finding) {
        let subject = Subject::new("workflow_evidence_sibling", "workflow_evidence").evidence(&[PLACE]);
        self.failures.push(self.out, SIBLING_INTEGRITY, subject, finding);
    }
}

fn spelled(what: &str, error: TextError, place: &Location) -> Finding {
    let code = match error {
        TextError::SecondSpelling => &SIGNATURE_SECOND_SPELLING,
        TextError::Undecodable | TextError::NotAPoint => &WORKFLOW_SIGNATURE_INVALID,
    };
    Finding::disproves(code, format!("workflow_evidence sibling {what} is {error}")).at(place.clone())
}

/// Which code a member that cannot be read gets.
pub(crate) fn unreadable_code(error: &ReadError) -> &'static Code {
    match error {
        ReadError::Limit(_) => &INPUT_LIMIT_EXCEEDED,
        _ => &INPUT_UNREADABLE,
    }
}

/// One relative name out of path texts; `.` and empty components mean nothing and are dropped.
fn relative(parts: &[String]) -> Result<String, UnsafeName> {
    let mut components: Vec<&str> = Vec::new();
    for part in parts {
        if part.starts_with('/') || part.starts_with('~') {
            return Err(UnsafeName::Absolute);
        }
        components.extend(part.split('/').filter(|component| !matches!(*component, "" | ".")));
    }
    Ok(components.join("/"))
}
