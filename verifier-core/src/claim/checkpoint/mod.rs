//! A checkpoint on its own or as the body of a bundle: composite hash and signature (spec 10).
//!
//! Only the composite hash is signed; `checkpoint_id`, `computed_at` and every other member can be changed
//! freely. No step stops a later one, so one run says everything that is wrong. A supported checkpoint says what
//! its heads were, not that nothing else existed.

mod heads;
mod held;
mod signature;

use crate::bytes::hex;
use crate::claim::export::{anomaly_findings, artifact_ref_fault};
use crate::claim::timestamps::{self, Stamped};
use crate::claim::{bundle, name};
use crate::evidence::Part;
use crate::finding::catalog::timestamp as tsa;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::format::checkpoint::Checkpoint;
use crate::json::{Document, ParserLimits, Value};
use crate::registry;
use crate::report::{ChainHead, CheckpointTime, FileSummary, ReportBuilder, Subject, TimeSource};
use crate::time::{Timestamp, UnixNanos};
use crate::trust::TrustPolicy;

pub(crate) use held::report_conflicts;
pub use held::{HeadConflict, HeadFault, Held, conflicts};

/// How receipts of a checkpoint are reported.
pub(crate) const TIMESTAMPS: timestamps::Wording = timestamps::Wording {
    imprint: Some(name::CHECKPOINT_TSA_IMPRINT),
    imprint_fails: (name::CHECKPOINT_TSA_IMPRINT, &tsa::CHECKPOINT_TSA_IMPRINT_MISMATCH),
    chain: name::CHECKPOINT_TSA_CHAIN,
    codes: [
        &tsa::CHECKPOINT_TSA_CHAIN_VALIDATED,
        &tsa::CHECKPOINT_TSA_CHAIN_INVALID,
        &tsa::CHECKPOINT_TSA_CHAIN_NOT_VALIDATED,
    ],
    evidence: &["checkpoint.tsa", "checkpoint.tsa_receipts"],
};

/// A checkpoint under examination.
pub(crate) struct Examined<'a> {
    part: &'a Part,
    policy: &'a TrustPolicy,
    checkpoint: Checkpoint<'a>,
    /// JSON pointer of the checkpoint in its file.
    prefix: &'static str,
}

impl Examined<'_> {
    fn at(&self, member: &str) -> Location {
        Location::file(&self.part.label).pointing(format!("{}/{member}", self.prefix))
    }

    fn subject(&self, kind: &'static str, id: &str) -> Subject {
        match self.checkpoint.text(id).filter(|text| !text.is_empty()) {
            Some(id) => Subject::new(kind, id),
            None => Subject::unnamed(kind),
        }
    }
}

/// Verifies a file as a checkpoint, whatever else it looks like; a bundle is verified with its envelope.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "checkpoint".to_owned();
    let Some(document) = read(part, policy, out) else { return };
    let root = document.root();
    if bundle::is_bundle(root) {
        return bundle::verify_document(root, bundle::Purpose::Checkpoint, part, policy, out);
    }
    out.has_fields_of("checkpoint");
    judge(root, "", part, policy, out);
}

/// Reads the file; what is wrong with it as JSON is reported.
fn read(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<Document> {
    let place = || Location::file(&part.label);
    let parsed = part
        .entry
        .read(policy.limits.document_bytes)
        .map_err(|error| (&catalog::input::INPUT_UNREADABLE, error.to_string()))
        .and_then(|blob| {
            Document::parse(blob, ParserLimits::from(&policy.limits)).map_err(|error| {
                let code = if error.kind.is_limit() {
                    &catalog::input::INPUT_LIMIT_EXCEEDED
                } else {
                    &catalog::input::JSON_SYNTAX_INVALID
                };
                (code, error.to_string())
            })
        });
    let document = match parsed {
        Ok(document) => document,
        Err((code, message)) => {
            out.finding(Finding::new(code, Effect::Unreadable, message).at(place()));
            return None;
        }
    };
    anomaly_findings(&document, &part.label, policy.limits.findings_per_code)
        .for_each(|finding| out.finding(finding));
    out.artifact.files.push(FileSummary {
        role: "checkpoint",
        path: part.label.clone(),
        sha256: Some(crate::crypto::prefixed(&document.blob().sha256())),
        bytes: u64::try_from(document.blob().as_slice().len()).ok(),
    });
    Some(document)
}

/// A checkpoint that a trusted key signed, as a fixed point of other evidence.
pub(crate) struct Anchor {
    /// Its file.
    pub(crate) label: String,
    /// A genuine timestamp says that it existed by then.
    pub(crate) by: Option<UnixNanos>,
    /// `computed_at` in microseconds, which nobody signed.
    pub(crate) computed: Option<i64>,
    /// Scope, sequence number and record hash.
    pub(crate) heads: Vec<(String, i64, [u8; 32])>,
}

/// Reads a checkpoint as a fixed point.
///
/// # Errors
/// When it is not established, with the reason.
pub(crate) fn anchor(part: &Part, policy: &TrustPolicy) -> Result<Anchor, String> {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, std::collections::BTreeSet::new());
    let refused = |out: ReportBuilder| {
        let report = out.finish(&policy.as_of);
        let first = report.findings.first();
        first.map_or_else(
            || "it is not established".to_owned(),
            |finding| format!("{}: {}", finding.code.id, finding.message),
        )
    };
    let Some(document) = read(part, policy, &mut out) else { return Err(refused(out)) };
    let root = document.root();
    let by = judge(root, "", part, policy, &mut out).not_later_than;
    let supported = |claim| out.verdict(claim) == Some(Verdict::Supported);
    let checkpoint = Checkpoint::parse(root);
    let Some(checkpoint) =
        checkpoint.filter(|_| supported(name::CHECKPOINT_COMPOSITE) && supported(name::CHECKPOINT_SIGNATURE))
    else {
        return Err(refused(out));
    };
    let computed = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
    Ok(Anchor {
        label: part.label.clone(),
        by,
        computed: computed.map(|time| time.unix_micros()),
        heads: heads_of(&checkpoint).collect(),
    })
}

/// Scope, sequence number and record hash of each readable head.
fn heads_of<'a>(checkpoint: &'a Checkpoint<'_>) -> impl Iterator<Item = (String, i64, [u8; 32])> + 'a {
    checkpoint.heads.iter().flatten().filter_map(|head| {
        let hash = head.record_hash()?;
        let hash = hex::decode(hash.strip_prefix("sha256:").unwrap_or(&hash).as_bytes())?;
        Some((head.scope.to_string(), i64::try_from(head.sequence()?).ok()?, hash))
    })
}

/// Judges `value`, which stands at `prefix` of the file, as a checkpoint.
pub(crate) fn judge(
    value: Value<'_>,
    prefix: &'static str,
    part: &Part,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) -> Stamped {
    let Some(checkpoint) = Checkpoint::parse(value) else {
        let finding =
            Finding::lacks(&catalog::input::INPUT_STRUCTURE_INVALID, "a checkpoint must be a JSON object");
        out.finding(finding.at(Location::value(&part.label, value)));
        return Stamped::default();
    };
    let examined = Examined { part, policy, checkpoint, prefix };
    artifact_ref(&examined, out);
    let mut semantics = registry::resolve(Some(value), &*part.siblings, &policy.limits);
    out.semantics = semantics.summary.clone();
    if let Some(failure) = &mut semantics.failure {
        // Without rules neither claim can be judged, whichever of them the failing pin belongs to.
        failure.claims = vec![name::CHECKPOINT_COMPOSITE, name::CHECKPOINT_SIGNATURE];
    }
    semantics.report_failure(out, &part.label);
    let composite = heads::check(&examined, out);
    let stamped = receipts(&examined, out);
    signature::check(&examined, composite.as_deref(), stamped.not_later_than, out);
    semantics.enforce(out, &part.label);
    semantics.annotate(out);
    describe(&examined, stamped.not_later_than, out);
    stamped
}

/// A reference that is there must have the shape of version 1 (spec 13 section 3).
fn artifact_ref(examined: &Examined<'_>, out: &mut ReportBuilder) {
    let reference = examined.checkpoint.value.member("artifact_ref");
    if let Some(fault) = reference.and_then(artifact_ref_fault) {
        let message = format!("artifact_ref is invalid: {fault}");
        let finding = Finding::lacks(&catalog::export::ARTIFACT_REF_INVALID, message);
        out.finding(finding.at(examined.at("artifact_ref")));
    }
}

/// Timestamps of the stated composite hash; whether it is that of the heads is another claim.
fn receipts(examined: &Examined<'_>, out: &mut ReportBuilder) -> Stamped {
    let checkpoint = &examined.checkpoint;
    let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
    let digest = checkpoint
        .text("composite_hash")
        .and_then(|text| hex::decode(text.strip_prefix("sha256:")?.as_bytes()));
    let receipts = timestamps::of_checkpoint(checkpoint.value);
    let carries = |name| checkpoint.value.present(name).is_some_and(Value::is_truthy);
    if receipts.is_empty() && (carries("tsa") || carries("tsa_receipts")) {
        let message = "tsa or tsa_receipts is there, but holds no receipt, so no timestamp was checked";
        out.skipped("timestamps", "RFC 3161 receipts", message);
        out.not_proven.push(message.to_owned());
    }
    timestamps::check(
        &receipts,
        digest.as_ref(),
        computed_at.as_ref(),
        &TIMESTAMPS,
        &examined.part.label,
        examined.policy,
        out,
    )
}

/// What people read about the checkpoint, and what no signature covers.
fn describe(examined: &Examined<'_>, stamped: Option<UnixNanos>, out: &mut ReportBuilder) {
    let checkpoint = &examined.checkpoint;
    for (title, member) in [("Checkpoint id", "checkpoint_id"), ("Stated time", "computed_at")] {
        if let Some(text) = checkpoint.text(member) {
            out.artifact.unsigned.push((title.to_owned(), text.into_owned()));
        }
    }
    let supported = |claim| out.verdict(claim) == Some(Verdict::Supported);
    if supported(name::CHECKPOINT_COMPOSITE) && supported(name::CHECKPOINT_SIGNATURE) {
        let existed_by = stamped.and_then(|by| by.seconds().checked_add(1)?.checked_mul(1_000_000));
        out.heads = heads_of(checkpoint)
            .map(|(scope, sequence, hash)| ChainHead { scope, sequence, hash, existed_by })
            .collect();
        let count = checkpoint.heads.as_ref().map_or(0, Vec::len);
        out.artifact.signed.push(("Chain heads".to_owned(), count.to_string()));
        if let Some(hash) = checkpoint.text("composite_hash") {
            out.artifact.signed.push(("Composite hash".to_owned(), hash.into_owned()));
        }
        if let Some(by) = stamped {
            let source = TimeSource::Timestamp;
            out.checkpoints.push(CheckpointTime { time: by.to_string(), source });
        }
        let stated = checkpoint.text("computed_at").filter(|text| Timestamp::parse(text).is_some());
        if let Some(time) = stated {
            out.checkpoints.push(CheckpointTime { time: time.into_owned(), source: TimeSource::Stated });
        }
    }
    if stamped.is_none() {
        out.not_proven.push("when the checkpoint was made: its time and its id are not signed".to_owned());
    }
    out.not_proven
        .push("that the chains had no other heads, and that the records behind the heads exist".to_owned());
}

#[cfg(test)]
mod tests;
