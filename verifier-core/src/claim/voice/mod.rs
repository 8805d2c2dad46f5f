//! Voice-session attestations, schema versions 1 and 3 (spec 14): a signed list of events, a policy snapshot and
//! timestamps of the project's chain head.
//!
//! The reference consults no trust root for these: whoever re-signs an altered attestation with a key of their own
//! passes. Here the signer must be one of the trust source. The timestamps cover the project's chain head and not the
//! session; nothing in the file shows that the session is under that head, and the report says so.

mod chain;
mod signature;
mod stamp;

use serde_json::{Map, json};

use crate::canon::{self, Profile};
use crate::claim::export::{anomaly_findings, artifact_ref_fault, file_name};
use crate::crypto::prefixed;
use crate::evidence::Part;
use crate::finding::catalog::voice as code;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{Document, Kind, ParserLimits, Value};
use crate::report::{FileSummary, ReportBuilder, Requested, Subject};
use crate::trust::TrustPolicy;

/// The attestation says what it seems to say, and its signer is trusted.
pub(crate) const CLAIM: &str = "voice_session.attestation.v1";
/// Its timestamps are genuine.
pub(crate) const TIMESTAMPS: &str = "voice_session.timestamp_chain.v1";

/// What one check came to.
struct Checked {
    /// Name on the wire.
    name: &'static str,
    /// Further members of a check that passed.
    detail: Vec<(&'static str, serde_json::Value)>,
    /// Why it failed.
    failed: Option<Finding>,
}

impl Checked {
    fn passed(name: &'static str, detail: Vec<(&'static str, serde_json::Value)>) -> Self {
        Self { name, detail, failed: None }
    }

    fn failed(name: &'static str, finding: Finding) -> Self {
        Self { name, detail: Vec::new(), failed: Some(finding) }
    }
}

/// Verifies an attestation.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "voice_session_attestation".to_owned();
    let place = || Location::file(&part.label);
    let parsed = part
        .entry
        .read(policy.limits.document_bytes)
        .map_err(|error| (&catalog::input::INPUT_UNREADABLE, error.to_string()))
        .and_then(|blob| {
            Document::parse(blob, ParserLimits::from(&policy.limits))
                .map_err(|error| (&catalog::input::JSON_SYNTAX_INVALID, error.to_string()))
        });
    let document = match parsed {
        Ok(document) => document,
        Err((code, message)) => {
            return out.finding(Finding::new(code, Effect::Unreadable, message).at(place()));
        }
    };
    anomaly_findings(&document, &part.label, policy.limits.findings_per_code)
        .for_each(|finding| out.finding(finding));
    out.artifact.files.push(FileSummary {
        role: "checkpoint",
        path: part.label.clone(),
        sha256: Some(prefixed(&document.blob().sha256())),
        bytes: u64::try_from(document.blob().as_slice().len()).ok(),
    });
    out.has_fields_of("voice attestation");
    let root = document.root();
    out.claim(CLAIM, Requested::Evidence);
    if let Some(fault) = root.member("artifact_ref").and_then(artifact_ref_fault) {
        let message = format!("artifact_ref is invalid: {fault}");
        let finding = Finding::disproves(&catalog::export::ARTIFACT_REF_INVALID, message);
        return out.unsupported(CLAIM, subject(part, "artifact_ref"), finding.at(place()));
    }
    describe(root, out);
    let version = version(root);
    let signed = signature::check(root, part, policy, out);
    let checks = [
        match version {
            Some(_) => Checked::passed("artifact_schema", Vec::new()),
            None => Checked::failed("artifact_schema", schema_finding().at(place())),
        },
        signed,
        chain::check(root, version, part),
        policy_snapshot(root, part),
        stamp::check(root, part, policy, out),
    ];
    let mut listed = Vec::new();
    for check in checks {
        let mut row = Map::new();
        row.insert("name".to_owned(), json!(check.name));
        row.insert("result".to_owned(), json!(if check.failed.is_none() { "pass" } else { "fail" }));
        match check.failed {
            None => {
                let message = format!("{} passed", check.name);
                row.extend(check.detail.into_iter().map(|(name, value)| (name.to_owned(), value)));
                out.supported(CLAIM, subject(part, check.name), &code::VOICE_ATTESTATION_SUPPORTED, message);
            }
            Some(finding) => {
                row.insert("reason".to_owned(), json!(finding.message));
                let finding = Finding { message: format!("{}: {}", check.name, finding.message), ..finding };
                out.unsupported(CLAIM, subject(part, check.name), finding);
            }
        }
        listed.push(row.into());
    }
    out.artifact.wire.insert("checks", serde_json::Value::Array(listed));
    out.ran("voice.attestation", "schema, signature, events, policy and timestamps of the session", &[]);
    out.not_proven.extend(
        [
            "that the session's events are under the project's chain head: only a governance export can show it",
            "when the events happened: the timestamps bound the project's chain head, not the session",
            "that the list of events is complete beyond its own head",
        ]
        .map(str::to_owned),
    );
}

fn subject(part: &Part, check: &'static str) -> Subject {
    Subject::new("voice_session_check", format!("{}#{check}", file_name(&part.label)))
}

fn schema_finding() -> Finding {
    let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
    let message = "unsupported voice-session attestation schema/version";
    Finding::new(&code::VOICE_SCHEMA_UNSUPPORTED, effect, message)
}

/// The schema version, when all four identifiers fit together.
fn version(root: Value<'_>) -> Option<Version> {
    let is = |name: &str, text: &str| root.member(name).is_some_and(|value| value.is_text(text));
    let number = root.member("schema_version").filter(|value| value.kind() == Kind::Int)?.as_i64()?;
    let version = match number {
        1 if is("artifact_version", "1.0.0") => Version::One,
        3 if is("artifact_version", "1.2.0") => Version::Three,
        _ => return None,
    };
    let known = is("schema", "keel.voice.attestation.phase_a")
        && is("canonicalization_profile", "keel.canonical_json.attestation_artifact.v1");
    known.then_some(version)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    /// Events carry their payloads.
    One,
    /// Events carry hashes of their payloads only.
    Three,
}

/// The members that the reference shows.
fn describe(root: Value<'_>, out: &mut ReportBuilder) {
    let text = |path: &[&str]| root.path(path).and_then(Value::text).map(|text| text.into_owned());
    let session = text(&["session_metadata", "session_id"]);
    let head = text(&["chain_head", "content_hash"]);
    let sequence = root.path(&["chain_head", "sequence"]).and_then(Value::as_i64);
    for (name, value) in [
        ("schema", json!(text(&["schema"]))),
        ("session_id", json!(session)),
        ("head_hash", json!(head)),
        ("head_sequence", json!(sequence)),
    ] {
        out.artifact.wire.insert(name, value);
    }
    for (name, value) in [
        ("checkpoint_id", json!(session)),
        ("composite_hash", json!(head)),
        ("chain_heads_count", json!(sequence)),
    ] {
        out.artifact.beside.insert(name, value);
    }
}

/// Spec 14.5, and the snapshot's own hash.
fn policy_snapshot(root: Value<'_>, part: &Part) -> Checked {
    const NAME: &str = "policy_snapshot_hash";
    let object = |name: &str| root.member(name).and_then(Value::as_object);
    let (Some(metadata), Some(snapshot)) = (object("session_metadata"), object("policy_snapshot")) else {
        let finding = Finding::lacks(&code::VOICE_POLICY_SNAPSHOT_MISSING, "policy snapshot missing");
        return Checked::failed(NAME, finding.at(Location::file(&part.label)));
    };
    let place = Location::value(&part.label, snapshot);
    let mismatch = |message: &'static str| Finding::disproves(&code::VOICE_POLICY_SNAPSHOT_MISMATCH, message);
    let computed = match canon::digest_except(Profile::Legacy, snapshot, &["snapshot_id", "snapshot_hash"]) {
        Ok(computed) => prefixed(&computed),
        Err(error) => {
            return Checked::failed(
                NAME,
                mismatch("the snapshot has no canonical form").fact("why", error.to_string()).at(place),
            );
        }
    };
    let stated = metadata.member_text("policy_snapshot_hash").unwrap_or_default();
    if computed.strip_prefix("sha256:") != Some(stated.trim().to_lowercase().as_str()) {
        let finding = mismatch("embedded policy_snapshot hash does not match session metadata");
        return Checked::failed(NAME, finding.fact("stated", stated).fact("computed", computed).at(place));
    }
    let own = snapshot.member_text("snapshot_hash");
    if let Some(own) = own.filter(|own| **own != *computed) {
        let finding = mismatch("the snapshot states another hash of itself");
        return Checked::failed(NAME, finding.fact("stated", own).fact("computed", computed).at(place));
    }
    Checked::passed(NAME, vec![(NAME, json!(computed))])
}

#[cfg(test)]
mod tests;
