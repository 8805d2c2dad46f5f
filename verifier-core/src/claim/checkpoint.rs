//! A checkpoint on its own: composite hash and signature (spec 10 sections 2 and 3).
//!
//! Only the composite hash is signed; `checkpoint_id`, `computed_at` and every other member can be changed
//! freely. A supported checkpoint says what its heads were, not that nothing else existed.

use crate::claim::export::{anomaly_finding, refusal_finding};
use crate::claim::{name, timestamps};
use crate::crypto::SignatureText;
use crate::evidence::Part;
use crate::finding::catalog::timestamp as tsa;
use crate::finding::{Effect, Finding, Location, catalog};
use crate::format::checkpoint::{Checkpoint, HeadFault};
use crate::json::{Document, ParserLimits};
use crate::report::{FileSummary, ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::Timestamp;
use crate::trust::{Basis, INTEGRITY_CHECKPOINT, KeyRequest, KeyRing, TrustPolicy};

use catalog::scope as code;

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

/// Verifies a checkpoint.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "checkpoint".to_owned();
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
    for (kind, value) in document.anomalies() {
        out.finding(anomaly_finding(kind, &value.pointer()).at(Location::value(&part.label, value)));
    }
    out.artifact.files.push(FileSummary {
        role: "checkpoint",
        path: part.label.clone(),
        sha256: Some(crate::crypto::prefixed(&document.blob().sha256())),
        bytes: u64::try_from(document.blob().as_slice().len()).ok(),
    });
    let Some(checkpoint) = Checkpoint::parse(document.root()) else {
        let finding =
            Finding::lacks(&catalog::input::INPUT_STRUCTURE_INVALID, "a checkpoint must be a JSON object");
        return out.finding(finding.at(place()));
    };
    let composite = composite(&checkpoint, part, out);
    signature(&checkpoint, composite, part, policy, out);
    let receipts = timestamps::of_checkpoint(checkpoint.value);
    let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
    let digest = checkpoint
        .text("composite_hash")
        .and_then(|text| crate::bytes::hex::decode(text.strip_prefix("sha256:")?.as_bytes()));
    timestamps::check(
        &receipts,
        digest.as_ref(),
        computed_at.as_ref(),
        &TIMESTAMPS,
        &part.label,
        policy,
        out,
    );
    out.not_proven.extend(
        ["when the checkpoint was made: its time is not signed", "that the chains had no other heads"]
            .map(str::to_owned),
    );
}

fn subject(part: &Part) -> Subject {
    Subject::new("checkpoint", crate::claim::export::file_name(&part.label))
}

fn composite(checkpoint: &Checkpoint<'_>, part: &Part, out: &mut ReportBuilder) -> Option<String> {
    let claim = name::CHECKPOINT_COMPOSITE;
    out.claim(claim, Requested::Evidence);
    let stated = checkpoint.text("composite_hash").unwrap_or_default();
    let place = || Location::file(&part.label).pointing("/composite_hash");
    for head in checkpoint.heads.iter().flatten() {
        for fault in head.faults() {
            let code = match fault {
                HeadFault::Scope => &code::CHECKPOINT_SCOPE_KEY_INVALID,
                HeadFault::Sequence => &code::CHECKPOINT_SEQUENCE_INVALID,
                HeadFault::RecordHash => &code::CHECKPOINT_RECORD_HASH_INVALID,
            };
            let message = format!("the head of {} makes the composite hash ambiguous", head.scope);
            out.finding(
                Finding::disproves(code, message).at(Location::value(&part.label, head.value)).on(claim),
            );
        }
    }
    match checkpoint.compute_composite() {
        Some(computed) if computed == *stated => {
            let message = "composite hash matches the chain heads";
            out.supported(
                claim,
                subject(part),
                &catalog::checkpoint::CHECKPOINT_COMPOSITE_HASH_SUPPORTED,
                message,
            );
            out.ran(
                "checkpoint.composite",
                "composite hash of the chain heads",
                &[(
                    "heads",
                    u64::try_from(checkpoint.heads.as_ref().map_or(0, Vec::len)).unwrap_or(u64::MAX),
                )],
            );
            Some(computed)
        }
        computed => {
            let message = "composite_hash differs from the hash of the chain heads";
            let finding =
                Finding::disproves(&catalog::checkpoint::CHECKPOINT_COMPOSITE_HASH_MISMATCH, message)
                    .at(place())
                    .fact("stated", stated)
                    .fact("computed", computed.unwrap_or_else(|| "(the heads have no text form)".to_owned()));
            out.unsupported(claim, subject(part), finding);
            None
        }
    }
}

fn signature(
    checkpoint: &Checkpoint<'_>,
    composite: Option<String>,
    part: &Part,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) {
    let claim = name::CHECKPOINT_SIGNATURE;
    out.claim(claim, Requested::Evidence);
    let place = || Location::file(&part.label).pointing("/signature");
    let Some(stated) = checkpoint.text("signature").filter(|text| !text.is_empty()) else {
        let finding = Finding::lacks(
            &catalog::checkpoint::CHECKPOINT_SIGNATURE_MISSING,
            "the checkpoint is not signed",
        );
        return out.unsupported(claim, subject(part), finding.at(place()));
    };
    let keys = KeyRing::load(policy);
    let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
    let (key_id, embedded) = (checkpoint.text("key_id"), checkpoint.text("public_key"));
    let request = KeyRequest {
        purpose: INTEGRITY_CHECKPOINT,
        key_id: key_id.as_deref(),
        signed_at: computed_at.as_ref(),
        embedded: embedded.as_deref(),
    };
    let key = match keys.resolve(&request) {
        Ok(key) => key,
        Err(refusal) => return out.unsupported(claim, subject(part), refusal_finding(&refusal).at(place())),
    };
    if let Some(embedded) = embedded.as_deref()
        && crate::crypto::PublicKey::from_text(embedded) != key.key
    {
        let finding = Finding::disproves(
            &catalog::checkpoint::CHECKPOINT_PUBLIC_KEY_MISMATCH,
            "the embedded key is not the trusted one",
        )
        .fact("trusted", key.text.clone())
        .fact("in file", embedded);
        return out.unsupported(claim, subject(part), finding.at(place()));
    }
    let verified = SignatureText::parse(&stated)
        .ok()
        .zip(composite)
        .and_then(|(signature, composite)| key.authenticate((), composite.as_bytes(), &signature).ok());
    if verified.is_none() {
        let finding = Finding::disproves(
            &catalog::export::SIGNATURE_VERIFICATION_FAILED,
            "the checkpoint signature does not verify",
        );
        return out.unsupported(claim, subject(part), finding.at(place()));
    }
    out.accepted_without_trust |= key.basis == Basis::SelfAttested;
    out.signers.push(SignerSummary {
        signed: "checkpoint".to_owned(),
        public_key: key.text,
        key_id: key.key_id,
        basis: key.basis,
        source: key.source,
        signed_at: checkpoint.text("computed_at").map(std::borrow::Cow::into_owned),
    });
    let message = "checkpoint signature verified";
    out.supported(claim, subject(part), &catalog::checkpoint::CHECKPOINT_SIGNATURE_SUPPORTED, message);
}
