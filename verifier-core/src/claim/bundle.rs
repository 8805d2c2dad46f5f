//! Single-file evidence bundles `keel.evidence_bundle/v1` and `/v2`: the envelope (spec 02 section 4, 13).
//!
//! ```text
//! artifact_ref.digest = "sha256:" + hex SHA-256(legacy canonical of body without artifact_ref and anchor)
//! content_hash        = "sha256:" + hex SHA-256(legacy canonical of the whole body)
//! signature           = Ed25519 over the UTF-8 text of content_hash
//! ```
//!
//! The reference trusts the key inside the bundle. Here that key must be one of the trust source, unless
//! self-attestation was asked for. A body that is a checkpoint is judged as one; what any other body means is not
//! judged here, and a profile that nothing judges leaves the bundle not established.

mod anchor;

use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::claim::export::{Export, anomaly_findings, artifact_ref_fault, refused_by_status};
use crate::claim::{checkpoint, name, timestamps};
use crate::crypto::{PublicKey, SignatureText, TextError, prefixed};
use crate::evidence::Part;
use crate::finding::catalog::timestamp as tsa;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{Document, ParserLimits, Value};
use crate::report::{FileSummary, ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::Timestamp;
use crate::trust::{
    Basis, EXPORT_SIGNING, INTEGRITY_CHECKPOINT, KeyRequest, KeyRing, KeySource, Refusal, TrustPolicy,
};

use catalog::export as code;

const CLAIM: &str = name::BUNDLE;
const VERSIONS: [&str; 2] = ["keel.evidence_bundle/v1", "keel.evidence_bundle/v2"];

/// What a bundle is verified as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whatever its body is.
    Bundle,
    /// A checkpoint, which its body must be.
    Checkpoint,
}

/// Whether a document has a bundle's shape and a known version.
pub(crate) fn is_bundle(root: Value<'_>) -> bool {
    let object = |name| root.member(name).is_some_and(Value::is_object);
    has_known_version(root) && object("body") && object("signature_envelope")
}

/// Verifies a bundle's envelope, and its body where that is a checkpoint.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "evidence_bundle".to_owned();
    let place = || Location::file(&part.label);
    let document = match part.entry.read(policy.limits.document_bytes) {
        Ok(blob) => Document::parse(blob, ParserLimits::from(&policy.limits)),
        Err(error) => {
            let finding =
                Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, error.to_string());
            return out.finding(finding.at(place()));
        }
    };
    let document = match document {
        Ok(document) => document,
        Err(error) => {
            let code = if error.kind.is_limit() {
                &catalog::input::INPUT_LIMIT_EXCEEDED
            } else {
                &catalog::input::JSON_SYNTAX_INVALID
            };
            return out.finding(Finding::new(code, Effect::Unreadable, error.to_string()).at(place()));
        }
    };
    anomaly_findings(&document, &part.label, policy.limits.findings_per_code)
        .for_each(|finding| out.finding(finding));
    let digest = prefixed(&document.blob().sha256());
    out.artifact.wire.insert("payload_path", part.label.as_str().into());
    out.artifact.wire.insert("payload_hash", digest.clone().into());
    out.artifact.files.push(FileSummary {
        role: "bundle",
        path: part.label.clone(),
        sha256: Some(digest),
        bytes: u64::try_from(document.blob().as_slice().len()).ok(),
    });
    verify_document(document.root(), Purpose::Bundle, part, policy, out);
}

/// Verifies the bundle in a document that was read.
pub(crate) fn verify_document(
    root: Value<'_>,
    purpose: Purpose,
    part: &Part,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) {
    let parts = (
        root.member("body").and_then(Value::as_object),
        root.member("signature_envelope").and_then(Value::as_object),
    );
    out.claim(CLAIM, Requested::Evidence);
    out.has_fields_of("evidence bundle");
    version(root, part, out);
    let (Some(body), Some(envelope)) = parts else {
        let finding =
            Finding::lacks(&code::BUNDLE_SHAPE_INVALID, "body and signature_envelope must be objects");
        return out.unsupported(CLAIM, subject(part), finding.at(Location::file(&part.label)));
    };
    let envelope = Envelope { part, body, envelope };
    if envelope.integrity(out) {
        envelope.signer(policy, out);
    }
    if purpose == Purpose::Bundle || body.present("profile").is_some() {
        profile(root, body, part, out);
    }
    receipts(root, body, part, policy, out);
    anchor::check(body, part, policy, out);
    if purpose == Purpose::Checkpoint || is_checkpoint(body) {
        if purpose == Purpose::Checkpoint {
            out.artifact.kind = "checkpoint_bundle".to_owned();
        }
        checkpoint::judge(body, "/body", part, policy, out);
    } else {
        let message = "what the body of the bundle states: only that it is unchanged since it was signed";
        out.not_proven.push(message.to_owned());
    }
    out.not_proven.push("when the bundle was signed: timestamps are of what it is anchored in".to_owned());
    out.ran("bundle.envelope", "digests, signature and signer of the bundle", &[]);
}

/// Whether a body is a checkpoint: by its reference, or by the members that make one.
fn is_checkpoint(body: Value<'_>) -> bool {
    let kind = body.path(&["artifact_ref", "type"]);
    kind.is_some_and(|kind| kind.is_text("checkpoint_envelope"))
        || (body.member("chain_heads").is_some() && body.member("composite_hash").is_some())
}

fn has_known_version(root: Value<'_>) -> bool {
    let stated = root.member("schema_version");
    stated.is_some_and(|stated| VERSIONS.iter().any(|version| stated.is_text(version)))
}

/// Checks the envelope of a bundle that is the payload of a split-file export.
pub(crate) fn check_inner(export: &Export<'_>, out: &mut ReportBuilder) {
    let part = &export.set.payload;
    let Ok(document) = export.document() else { return };
    let root = document.root();
    let parts = (
        root.member("body").and_then(Value::as_object),
        root.member("signature_envelope").and_then(Value::as_object),
    );
    out.claim(CLAIM, Requested::Automatic);
    version(root, part, out);
    let (Some(body), Some(envelope)) = parts else {
        let finding =
            Finding::lacks(&code::BUNDLE_SHAPE_INVALID, "body and signature_envelope must be objects");
        return out.unsupported(CLAIM, subject(part), finding.at(Location::file(&part.label)));
    };
    let envelope = Envelope { part, body, envelope };
    if envelope.integrity(out) {
        envelope.signer(export.policy, out);
    }
}

/// The version says how everything else is to be read, and nothing signs it.
fn version(root: Value<'_>, part: &Part, out: &mut ReportBuilder) {
    if has_known_version(root) {
        return;
    }
    let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
    let message = "unsupported evidence bundle schema_version";
    let finding = Finding::new(&code::BUNDLE_SCHEMA_UNSUPPORTED, effect, message)
        .at(Location::file(&part.label).pointing("/schema_version"));
    out.unsupported(CLAIM, subject(part), finding);
}

fn subject(part: &Part) -> Subject {
    Subject::new("evidence_bundle", crate::claim::export::file_name(&part.label))
        .evidence(&["signature_envelope", "body.artifact_ref"])
}

struct Envelope<'a> {
    part: &'a Part,
    body: Value<'a>,
    envelope: Value<'a>,
}

impl Envelope<'_> {
    fn fail(&self, finding: Finding, out: &mut ReportBuilder) {
        let place = finding.location.clone();
        let finding =
            if place.file.is_empty() { finding.at(Location::file(&self.part.label)) } else { finding };
        out.unsupported(CLAIM, subject(self.part), finding);
    }

    /// The two digests and the signature under the key that the envelope names.
    fn integrity(&self, out: &mut ReportBuilder) -> bool {
        let reference = self.body.member("artifact_ref").and_then(Value::as_object);
        let Some(stated) = reference.and_then(|reference| reference.member_text("digest")) else {
            self.fail(
                Finding::lacks(&code::ARTIFACT_REF_MISSING, "body.artifact_ref.digest is missing"),
                out,
            );
            return false;
        };
        let mut intact = true;
        if let Some(fault) = reference.and_then(artifact_ref_fault) {
            let message = format!("artifact_ref is invalid: {fault}");
            self.fail(Finding::disproves(&code::ARTIFACT_REF_INVALID, message), out);
            intact = false;
        }
        let digests = canon::digest_except(Profile::Legacy, self.body, &["artifact_ref", "anchor"]).and_then(
            |reference| Ok((prefixed(&reference), prefixed(&canon::digest(Profile::Legacy, self.body)?))),
        );
        let (reference, content) = match digests {
            Ok(digests) => digests,
            Err(error) => {
                let message = format!("the body has no canonical form: {error}");
                self.fail(Finding::disproves(&code::BUNDLE_NOT_CANONICALIZABLE, message), out);
                return false;
            }
        };
        if *stated != *reference {
            let finding = Finding::disproves(
                &code::ARTIFACT_REF_DIGEST_MISMATCH,
                "artifact_ref.digest differs from the body",
            )
            .fact("stated", stated)
            .fact("computed", reference);
            self.fail(finding, out);
            intact = false;
        }
        let stated = self.envelope.member_text("content_hash").unwrap_or_default();
        if *stated != *content {
            let finding =
                Finding::disproves(&code::BUNDLE_CONTENT_HASH_MISMATCH, "content_hash differs from the body")
                    .fact("stated", stated)
                    .fact("computed", content);
            self.fail(finding, out);
            return false;
        }
        let (Some(key), Some(signature)) =
            (self.envelope.member_text("public_key"), self.envelope.member_text("signature"))
        else {
            self.fail(
                Finding::lacks(&code::BUNDLE_SIGNATURE_MISSING, "public_key or signature is missing"),
                out,
            );
            return false;
        };
        let (key, signature) = (PublicKey::from_text(&key), SignatureText::parse(&signature));
        if key == Err(TextError::SecondSpelling) || signature == Err(TextError::SecondSpelling) {
            let message = "key or signature text is not canonical base64";
            self.fail(Finding::lacks(&code::SIGNATURE_SECOND_SPELLING, message), out);
            return false;
        }
        let verifies = match (key, signature) {
            (Ok(key), Ok(signature)) => crate::crypto::verify(&key, stated.as_bytes(), &signature),
            _ => false,
        };
        if !verifies {
            self.fail(
                Finding::disproves(&code::BUNDLE_SIGNATURE_INVALID, "the bundle signature does not verify"),
                out,
            );
            return false;
        }
        intact
    }

    /// Whether the signer is trusted: the embedded key must be one that the trust source gives.
    fn signer(&self, policy: &TrustPolicy, out: &mut ReportBuilder) {
        let keys = KeyRing::load(policy);
        let Some(embedded) = self.envelope.member_text("public_key") else { return };
        let Ok(key) = PublicKey::from_text(&embedded) else { return };
        let signed_at = self.envelope.member_text("signed_at").and_then(|text| Timestamp::parse(&text));
        let own_id = key.fingerprint();
        let listed = self.envelope.member_text("public_key_id");
        let resolve = |purpose| {
            keys.resolve(&KeyRequest {
                purpose,
                key_id: Some(listed.as_deref().unwrap_or(&own_id)),
                signed_at: signed_at.as_ref(),
                embedded: Some(&embedded),
            })
        };
        let resolved = match resolve(EXPORT_SIGNING) {
            // A bundle around a checkpoint may be signed with the key for checkpoints.
            Err(Refusal::Unknown(_)) if is_checkpoint(self.body) => resolve(INTEGRITY_CHECKPOINT),
            resolved => resolved,
        };
        let resolved = match resolved {
            Ok(resolved) => resolved,
            Err(refusal) => {
                let message = format!("the bundle is consistent, but its signer is not trusted: {refusal}");
                let status = refused_by_status(&refusal);
                if status.code.id != catalog::trust::TRUST_ROOT_UNRESOLVABLE.id {
                    out.finding(status.at(Location::file(&self.part.label)));
                }
                if keys.entries().is_empty() {
                    // Keys that cannot be read, or do not count yet, say nothing about the signer.
                    let code = &catalog::trust::BUNDLE_SIGNER_UNTRUSTED;
                    return self.fail(Finding::lacks(code, message), out);
                }
                return self.fail(untrusted(policy, message), out);
            }
        };
        if resolved.key != Ok(key) {
            let message = "the bundle is signed by another key than the trusted one";
            let finding = untrusted(policy, message).fact("trusted", resolved.text).fact("in file", embedded);
            return self.fail(finding, out);
        }
        // An id of the trust source may be any text; a fingerprint can be wrong.
        if let Some(id) = listed.as_deref()
            && is_fingerprint(id)
            && id != own_id
            && keys.manifest().is_none()
        {
            let message = "public_key_id is the fingerprint of another key";
            let finding = Finding::disproves(&code::BUNDLE_KEY_ID_MISMATCH, message);
            return self.fail(finding.fact("stated", id).fact("computed", own_id), out);
        }
        out.accepted_without_trust = resolved.basis == Basis::SelfAttested;
        out.artifact.wire.insert("trust_source", resolved.source.clone().into());
        out.signers.push(SignerSummary {
            signed: "evidence bundle".to_owned(),
            public_key: embedded.into_owned(),
            key_id: resolved.key_id.or(Some(own_id)),
            basis: resolved.basis,
            source: resolved.source,
            signed_at: self.envelope.member_text("signed_at").map(std::borrow::Cow::into_owned),
        });
        out.supported(
            CLAIM,
            subject(self.part),
            &code::EVIDENCE_BUNDLE_SUPPORTED,
            "bundle digests and signature verified",
        );
    }
}

/// A signer outside the keys that the operator chose is the wrong one; outside the built-in ones it is unknown
/// (spec 13 section 6).
fn untrusted(policy: &TrustPolicy, message: impl Into<String>) -> Finding {
    let code = &catalog::trust::BUNDLE_SIGNER_UNTRUSTED;
    let chosen = !matches!(policy.keys, KeySource::TrustRoot) || policy.trust_root.is_some();
    if chosen { Finding::disproves(code, message) } else { Finding::lacks(code, message) }
}

fn is_fingerprint(id: &str) -> bool {
    id.strip_prefix("sha256:").is_some_and(|digits| hex::is_lower_hex(digits, 32))
}

/// Profiles of the body that this release does not judge leave the bundle not established.
fn profile(root: Value<'_>, body: Value<'_>, part: &Part, out: &mut ReportBuilder) {
    let profile = body.member_text("profile");
    let is_v2 =
        root.member("schema_version").is_some_and(|version| version.is_text("keel.evidence_bundle/v2"));
    if is_v2 || profile.is_some() {
        let named = profile.as_deref().unwrap_or("None");
        let message = format!("this verifier does not adjudicate body profile '{named}'");
        let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
        out.finding(
            Finding::new(&code::EVIDENCE_BUNDLE_V2_PROFILE_UNADJUDICATED, effect, message)
                .at(Location::file(&part.label).pointing("/body/profile")),
        );
    }
}

/// How receipts of a bundle are reported.
const TIMESTAMPS: timestamps::Wording = timestamps::Wording {
    imprint: None,
    imprint_fails: (CLAIM, &tsa::BUNDLE_TSA_IMPRINT_MISMATCH),
    chain: TIMESTAMP_CHAIN,
    codes: [
        &tsa::BUNDLE_TSA_CHAIN_VALIDATED,
        &tsa::BUNDLE_TSA_CHAIN_INVALID,
        &tsa::BUNDLE_TSA_CHAIN_NOT_VALIDATED,
    ],
    evidence: &["signature_envelope.tsa_receipts"],
};

/// The receipts of a bundle are genuine.
const TIMESTAMP_CHAIN: &str = "evidence_bundle.timestamp_chain.v1";

/// The hash that receipts of the envelope are of: the anchor's, or a checkpoint's (spec 13.4).
fn anchor_hash(body: Value<'_>) -> Option<String> {
    let hash = match body.member("anchor").and_then(Value::as_object) {
        Some(anchor) => match anchor.member_text("kind").as_deref() {
            Some("published_checkpoint") => anchor.member_text("composite_hash"),
            Some("chain_head_timestamp") => anchor.member_text("chain_head_hash"),
            _ => None,
        },
        None => body.member_text("composite_hash"),
    };
    hash.filter(|hash| hash.starts_with("sha256:")).map(std::borrow::Cow::into_owned)
}

/// Timestamp receipts of the envelope.
fn receipts(root: Value<'_>, body: Value<'_>, part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    const MEMBERS: [&str; 2] = ["receipt_b64", "tsa_response_base64"];
    let list = root.path(&["signature_envelope", "tsa_receipts"]).map(Value::items);
    let found: Vec<Value<'_>> = list.into_iter().flatten().filter(|receipt| receipt.is_object()).collect();
    let mut read = Vec::new();
    for (receipt, number) in found.iter().zip(1..) {
        if MEMBERS.iter().any(|name| receipt.member(name).and_then(Value::non_blank_text).is_some()) {
            read.push(timestamps::Receipt::read(*receipt, number, &MEMBERS));
        } else {
            let message = "a timestamp receipt carries no bytes";
            let finding = Finding::lacks(&code::BUNDLE_TSA_RECEIPT_MISSING, message);
            out.unsupported(CLAIM, subject(part), finding.at(Location::value(&part.label, *receipt)));
        }
    }
    let stated = root.path(&["signature_envelope", "signed_at"]).and_then(Value::text);
    let stated = stated.and_then(|text| Timestamp::parse(&text));
    let Some(hash) = anchor_hash(body) else {
        if !read.is_empty() {
            let message = "the bundle has timestamp receipts, and no anchor that they could be of";
            out.skipped("timestamps", "RFC 3161 receipts", message);
            out.not_proven.push(message.to_owned());
        }
        return;
    };
    let digest = hash.strip_prefix("sha256:").and_then(|digits| hex::decode(digits.as_bytes()));
    timestamps::check(&read, digest.as_ref(), stated.as_ref(), &TIMESTAMPS, &part.label, policy, out);
}
