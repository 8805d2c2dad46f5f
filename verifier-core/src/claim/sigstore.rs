//! A Sigstore bundle over one artifact: who signed it, that the log has it, and when (spec 16 section 16.7.3).
//!
//! | claim | rests on |
//! | --- | --- |
//! | `sigstore.signature.v1` | artifact, signature, certificate chain and time, certificate log, identity, issuer |
//! | `sigstore.log_inclusion.v1` | log, entry body, inclusion, checkpoint, signed entry timestamp, entry match |
//! | `sigstore.signing_time.v1` | timestamps, time |
//!
//! All three are required: a bundle proves little without any one of them. Every check is made as far as its
//! premises allow, so that one run shows everything.

use crate::bytes::hex;
use crate::claim::export::file_name;
use crate::claim::{name, tlog};
use crate::finding::{Code, Effect, Finding, Location, Verdict, catalog};
use crate::json::ParserLimits;
use crate::report::{FileSummary, ReportBuilder, Requested, SignerSummary, Subject};
use crate::sigstore::Malformed;
use crate::sigstore::artifact::ArtifactDigest;
use crate::sigstore::bundle::{Bundle, BundleError};
use crate::sigstore::check::{Check, Outcome, Problem};
use crate::sigstore::dsse::StatementError;
use crate::sigstore::entry::{Verifier, verifier_of_pem};
use crate::sigstore::identity::Expected;
use crate::sigstore::sct::SctError;
use crate::sigstore::trusted_root::{EMBEDDED, TrustedRoot};
use crate::sigstore::verify::{ExpectedSigner, Question, Verification};
use crate::trust::{Basis, NamedBlob, TrustPolicy};

use catalog::sigstore as code;

/// A bundle, the artifact it shall be about, and whom to trust.
#[derive(Clone, Debug)]
pub struct SigstoreInput {
    /// The bundle.
    pub bundle: NamedBlob,
    /// What to call the artifact.
    pub artifact_name: String,
    /// The artifact.
    pub artifact: ArtifactDigest,
    /// Who is expected to have signed.
    pub signer: SignerInput,
    /// The trusted root; `None`: the one compiled in.
    pub trusted_root: Option<NamedBlob>,
}

/// Who is expected to have signed.
#[derive(Clone, Debug)]
pub enum SignerInput {
    /// The holder of an identity.
    Identity(Expected),
    /// The holder of the key in this PEM file.
    Key(NamedBlob),
}

/// What a green result does not prove.
const NOT_PROVEN: [&str; 2] = [
    "that the artifact is harmless, or that a signed statement about it is true",
    "that nobody else could sign as this identity at that time",
];

/// Verifies a bundle.
pub(crate) fn verify(input: &SigstoreInput, policy: &TrustPolicy, out: &mut ReportBuilder) {
    out.artifact.kind = "sigstore_bundle".to_owned();
    out.artifact.files.push(FileSummary {
        role: "artifact",
        path: input.artifact_name.clone(),
        sha256: Some(crate::crypto::prefixed(&input.artifact.sha256)),
        bytes: None,
    });
    out.has_fields_of("Sigstore bundle");
    for claim in [name::SIGSTORE_SIGNATURE, name::SIGSTORE_LOG_INCLUSION, name::SIGSTORE_SIGNING_TIME] {
        out.claim(claim, Requested::Evidence);
    }
    out.not_proven.extend(NOT_PROVEN.map(str::to_owned));
    let limits = ParserLimits::from(&policy.limits);
    let (Some(root), Some(bundle)) = (trusted_root(input, policy, out), bundle(input, limits, out)) else {
        return;
    };
    let key;
    let signer = match &input.signer {
        SignerInput::Identity(expected) => ExpectedSigner::Identity(expected),
        SignerInput::Key(file) => {
            key = read(file, "key", out).and_then(|bytes| {
                match verifier_of_pem(&String::from_utf8_lossy(bytes)) {
                    Some(Verifier::PublicKey(key)) => Some(key),
                    _ => {
                        let message = "the file is not one PEM public key";
                        out.finding(
                            unreadable(&code::SIGSTORE_KEY_INVALID, message).at(Location::file(&file.name)),
                        );
                        None
                    }
                }
            });
            match &key {
                Some(key) => ExpectedSigner::Key(key),
                None => return,
            }
        }
    };
    let question = Question {
        bundle: &bundle,
        artifact: &input.artifact,
        signer,
        root: &root,
        as_of: &policy.as_of,
        limits,
    };
    let verification = crate::sigstore::verify::verify(&question);
    report(input, policy, &bundle, &verification, out);
    witnesses(input, &bundle, &verification, policy, out);
}

fn unreadable(code: &'static Code, message: impl Into<String>) -> Finding {
    Finding::new(code, Effect::Unreadable, message)
}

/// The bytes of a file, listed in the report; a file that cannot be read is a finding.
fn read<'a>(file: &'a NamedBlob, role: &'static str, out: &mut ReportBuilder) -> Option<&'a [u8]> {
    match &file.content {
        Ok(blob) => {
            out.artifact.files.push(FileSummary {
                role,
                path: file.name.clone(),
                sha256: Some(crate::crypto::prefixed(&blob.sha256())),
                bytes: u64::try_from(blob.as_slice().len()).ok(),
            });
            Some(blob.as_slice())
        }
        Err(why) => {
            out.finding(unreadable(&catalog::input::INPUT_UNREADABLE, why).at(Location::file(&file.name)));
            None
        }
    }
}

fn trusted_root(input: &SigstoreInput, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<TrustedRoot> {
    let limits = ParserLimits::from(&policy.limits);
    let embedded;
    let file = match input.trusted_root.as_ref().or(policy.sigstore_root.as_ref()) {
        Some(file) => file,
        None => {
            embedded = NamedBlob::new(EMBEDDED_NAME, EMBEDDED.to_vec());
            &embedded
        }
    };
    let (label, bytes) = (&file.name, read(file, "trusted_root", out)?);
    match TrustedRoot::parse(bytes, limits) {
        Ok(root) => Some(root),
        Err(error) => {
            let finding = unreadable(&code::SIGSTORE_TRUST_ROOT_INVALID, error.to_string());
            out.finding(finding.at(place(label, &error)));
            None
        }
    }
}

/// What reports call the trusted root that is compiled in.
const EMBEDDED_NAME: &str = "bundled Sigstore trusted root (sigstore_trusted_root.json)";

fn bundle(input: &SigstoreInput, limits: ParserLimits, out: &mut ReportBuilder) -> Option<Bundle> {
    let bytes = read(&input.bundle, "bundle", out)?;
    let finding = match Bundle::parse(bytes, limits) {
        Ok(bundle) => return Some(bundle),
        Err(BundleError::MediaType(media_type)) => {
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            let message = format!("media type {media_type:?} is not supported");
            Finding::new(&code::SIGSTORE_MEDIA_TYPE_UNSUPPORTED, effect, message)
                .at(Location::file(&input.bundle.name).pointing("/mediaType"))
        }
        Err(BundleError::Malformed(error)) => {
            Finding::disproves(&code::SIGSTORE_BUNDLE_MALFORMED, error.to_string())
                .at(place(&input.bundle.name, &error))
        }
    };
    out.finding(finding);
    None
}

fn place(file: &str, error: &Malformed) -> Location {
    let mut location = Location::file(file).pointing(&error.pointer);
    location.bytes = Some(error.bytes.clone());
    location
}

fn claim_of(check: Check) -> &'static str {
    match check {
        Check::Artifact
        | Check::Signature
        | Check::CertificateChain
        | Check::CertificateTime
        | Check::CertificateLog
        | Check::Identity
        | Check::Issuer => name::SIGSTORE_SIGNATURE,
        Check::Log
        | Check::EntryBody
        | Check::Inclusion
        | Check::Checkpoint
        | Check::Promise
        | Check::EntryMatch => name::SIGSTORE_LOG_INCLUSION,
        Check::Timestamps | Check::Time => name::SIGSTORE_SIGNING_TIME,
    }
}

/// Name and title of a check in the record of what ran, and where in the bundle it looks.
fn step(check: Check) -> (&'static str, &'static str, &'static str) {
    const MATERIAL: &str = "/verificationMaterial";
    const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
    match check {
        Check::Artifact => ("sigstore.artifact", "the bundle is about the artifact", ""),
        Check::Signature => ("sigstore.signature", "signature under the signer's key", ""),
        Check::CertificateChain => {
            ("sigstore.certificate_chain", "certificate issued by a trusted authority", MATERIAL)
        }
        Check::CertificateTime => {
            ("sigstore.certificate_time", "certificates valid when the signature was made", MATERIAL)
        }
        Check::CertificateLog => ("sigstore.certificate_log", "signed certificate timestamp", MATERIAL),
        Check::Identity => ("sigstore.identity", "expected identity", MATERIAL),
        Check::Issuer => ("sigstore.issuer", "expected issuer of the identity", MATERIAL),
        Check::Log => ("rekor.log", "log known and its key in force", ENTRY),
        Check::EntryBody => ("rekor.entry_body", "log entry understood", ENTRY),
        Check::Inclusion => ("rekor.inclusion", "inclusion proof", ENTRY),
        Check::Checkpoint => ("rekor.checkpoint", "tree head signed by the log", ENTRY),
        Check::Promise => ("rekor.signed_entry_timestamp", "signed entry timestamp", ENTRY),
        Check::EntryMatch => ("rekor.entry_match", "log entry equal to the bundle", ENTRY),
        Check::Timestamps => ("sigstore.timestamps", "RFC 3161 timestamps", MATERIAL),
        Check::Time => ("sigstore.time", "a verified signing time", MATERIAL),
    }
}

fn report(
    input: &SigstoreInput,
    policy: &TrustPolicy,
    bundle: &Bundle,
    verification: &Verification,
    out: &mut ReportBuilder,
) {
    let mut open = Vec::new();
    for (check, outcome) in &verification.checks {
        let (step, title, pointer) = step(*check);
        let claim = claim_of(*check);
        let location = Location::file(&input.bundle.name).pointing(pointer);
        match outcome {
            Outcome::Passed => out.ran(step, title, &[]),
            Outcome::NotApplicable(why) => out.skipped(step, title, *why),
            Outcome::Skipped(why) => {
                out.skipped(step, title, *why);
                let message = format!("{title}: not checked, because {why}");
                open.push((claim, Finding::lacks(&code::SIGSTORE_NOT_CHECKED, message).at(location)));
            }
            Outcome::Failed(problems) => {
                out.ran(step, title, &[]);
                open.extend(problems.iter().map(|problem| (claim, finding(problem).at(location.clone()))));
            }
        }
    }
    facts(bundle, verification, out);
    signers(input, policy, verification, out);
    let supported = [
        (
            name::SIGSTORE_SIGNATURE,
            &code::SIGSTORE_SIGNATURE_SUPPORTED,
            "the expected signer signed the artifact",
        ),
        (
            name::SIGSTORE_LOG_INCLUSION,
            &code::REKOR_INCLUSION_SUPPORTED,
            "the log has an entry of this signature",
        ),
        (
            name::SIGSTORE_SIGNING_TIME,
            &code::SIGSTORE_TIME_SUPPORTED,
            "the signature existed at a proven time",
        ),
    ];
    for (claim, code, message) in supported {
        let subject = || Subject::new("artifact", file_name(&input.artifact_name));
        let holds =
            verification.checks.iter().all(|(check, outcome)| claim_of(*check) != claim || outcome.holds());
        if holds {
            out.supported(claim, subject(), code, message);
        }
        for (_, finding) in open.iter().filter(|(own, _)| *own == claim) {
            out.unsupported(claim, subject(), finding.clone());
        }
    }
}

/// What a problem comes to: absent or unknown material establishes nothing, a wrong proof disproves.
pub(crate) fn verdict_of(problem: &Problem) -> Verdict {
    finding(problem).effect.verdict().unwrap_or(Verdict::InsufficientEvidence)
}

/// Code, verdict and facts of a problem.
fn finding(problem: &Problem) -> Finding {
    let disproves = |code| Finding::disproves(code, problem.to_string());
    let lacks = |code| Finding::lacks(code, problem.to_string());
    let out_of_scope =
        |code| Finding::new(code, Effect::Fails { verdict: Verdict::UnverifiableScope }, problem.to_string());
    match problem {
        Problem::OtherArtifact { stated, computed } => disproves(&code::SIGSTORE_DIGEST_MISMATCH)
            .fact("stated", crate::crypto::prefixed(stated))
            .fact("computed", crate::crypto::prefixed(computed)),
        Problem::Statement(StatementError::PayloadType(_)) => {
            out_of_scope(&code::SIGSTORE_PAYLOAD_UNSUPPORTED)
        }
        Problem::Statement(StatementError::OtherSubject { .. }) => disproves(&code::SIGSTORE_DIGEST_MISMATCH),
        Problem::Statement(_) => disproves(&code::SIGSTORE_BUNDLE_MALFORMED),
        Problem::OtherKindOfSigner => lacks(&code::SIGSTORE_KEY_REQUIRED),
        Problem::Signature => disproves(&code::SIGSTORE_SIGNATURE_INVALID),
        Problem::Algorithm(_) => out_of_scope(&code::SIGSTORE_ALGORITHM_UNSUPPORTED),
        Problem::CertificateChain(_) => disproves(&code::SIGSTORE_CERT_CHAIN_INVALID),
        Problem::CertificateTime { .. } => disproves(&code::SIGSTORE_CERT_NOT_VALID_AT_TIME),
        Problem::CertificateLog(SctError::Signature | SctError::Malformed) => {
            disproves(&code::SIGSTORE_SCT_INVALID)
        }
        Problem::CertificateLog(_) => lacks(&code::SIGSTORE_SCT_INVALID),
        Problem::Identity { expected, names } => disproves(&code::SIGSTORE_IDENTITY_MISMATCH)
            .fact("expected", expected)
            .fact("found", names.join(", ")),
        Problem::Issuer { expected, stated } => disproves(&code::SIGSTORE_ISSUER_MISMATCH)
            .fact("expected", expected)
            .fact("found", stated.as_deref().unwrap_or("(none)")),
        Problem::NoEntry => lacks(&code::REKOR_ENTRY_MISSING),
        Problem::LogUnknown | Problem::LogTime { .. } => lacks(&code::REKOR_LOG_UNKNOWN),
        Problem::Body(_) => out_of_scope(&code::REKOR_ENTRY_UNSUPPORTED),
        Problem::NoInclusionProof | Problem::NoCheckpoint => lacks(&code::REKOR_INCLUSION_MISSING),
        Problem::Inclusion(_) | Problem::OtherIndex => disproves(&code::REKOR_INCLUSION_INVALID),
        Problem::Checkpoint(_) => disproves(&code::REKOR_CHECKPOINT_INVALID),
        Problem::OtherTree { signed, proof } => {
            disproves(&code::REKOR_CHECKPOINT_MISMATCH).fact("signed", signed).fact("in proof", proof)
        }
        Problem::Promise => disproves(&code::REKOR_SET_INVALID),
        Problem::Entry(_) => disproves(&code::REKOR_ENTRY_MISMATCH),
        Problem::Timestamp { .. } => disproves(&code::SIGSTORE_TIMESTAMP_INVALID),
        Problem::TimestampAuthority { .. } => lacks(&code::SIGSTORE_TIMESTAMP_INVALID),
        Problem::NoTime => lacks(&code::SIGSTORE_NO_VERIFIED_TIME),
        Problem::TimeAfterAsOf { .. } => lacks(&code::SIGSTORE_TIME_AFTER_AS_OF),
    }
}

/// What the bundle says, told apart by what a signature covers.
fn facts(bundle: &Bundle, verification: &Verification, out: &mut ReportBuilder) {
    let mut proven = |label: &str, value: String| out.artifact.signed.push((label.to_owned(), value));
    for time in &verification.times {
        proven(time.source, time.at.to_string());
    }
    if verification.holds(Check::Inclusion)
        && verification.holds(Check::Checkpoint)
        && let Some(proof) = bundle.entry.as_ref().and_then(|entry| entry.proof.as_ref())
    {
        proven("log", verification.log_name.clone().unwrap_or_default());
        proven("log entry", format!("{} of {}", proof.leaf_index, proof.tree_size));
        proven("log root", hex::encode(&proof.root_hash));
    }
    if let Some(entry) = &bundle.entry {
        out.artifact.unsigned.push(("log id".to_owned(), hex::encode(&entry.log_id)));
        let kind = format!("{} {}", entry.kind, entry.version);
        out.artifact.unsigned.push(("log entry kind".to_owned(), kind));
    }
}

/// Witnesses of the log's head, where the operator says which of them count; a trusted root has no keys of witnesses.
fn witnesses(
    input: &SigstoreInput,
    bundle: &Bundle,
    verification: &Verification,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) {
    let unproven = "that the log shows everybody the same entries: no quorum of witnesses was established";
    let place = Location::file(&input.bundle.name);
    let head = bundle.entry.as_ref().and_then(|entry| entry.proof.as_ref()?.checkpoint.as_deref());
    let head = head.filter(|_| verification.holds(Check::Checkpoint));
    let established = match head {
        _ if policy.logs.policy.is_none() => {
            if verification.cosignatures > 0 {
                let count = verification.cosignatures.to_string();
                out.artifact.unsigned.push(("cosignatures not judged".to_owned(), count));
                let why = "no policy says which witnesses count, so they were not judged";
                out.skipped("rekor.cosignatures", "cosignatures of witnesses", why);
            }
            false
        }
        Some(head) => tlog::cosigned(head, &policy.logs, &policy.as_of, &place, out),
        None => {
            let message = "the bundle has no tree head of its log that could be cosigned";
            let finding = Finding::lacks(&catalog::tlog::TLOG_QUORUM_NOT_MET, message).at(place);
            out.claim(tlog::WITNESS, Requested::Operator);
            out.unsupported(tlog::WITNESS, Subject::unnamed("tree_head"), finding);
            false
        }
    };
    if !established {
        out.not_proven.push(unproven.to_owned());
    }
}

/// The signer, once everything that the claim rests on holds.
fn signers(
    input: &SigstoreInput,
    policy: &TrustPolicy,
    verification: &Verification,
    out: &mut ReportBuilder,
) {
    let holds =
        |(check, outcome): &(Check, Outcome)| claim_of(*check) != name::SIGSTORE_SIGNATURE || outcome.holds();
    if !verification.checks.iter().all(holds) {
        return;
    }
    let (basis, source) = match &input.signer {
        SignerInput::Key(file) => (Basis::Pinned, file.name.clone()),
        SignerInput::Identity(expected) => {
            let root = input.trusted_root.as_ref().or(policy.sigstore_root.as_ref());
            let root = root.map_or(EMBEDDED_NAME, |file| &file.name);
            let names = verification.names.join(", ");
            (Basis::Root, format!("certificate for {names} ({}), by {root}", expected.issuer))
        }
    };
    out.signers.push(SignerSummary {
        signed: "artifact".to_owned(),
        public_key: verification.public_key.clone().unwrap_or_default(),
        key_id: None,
        basis,
        source,
        signed_at: None,
    });
}
