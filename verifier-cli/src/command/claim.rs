//! `claim NAME …`: one claim of one piece of evidence, and the list of claims.
//!
//! Output is one line of JSON, sorted and ASCII, in the reference's shape (spec 08 section 8); `claim run` shows the whole
//! report where another form is asked for. A claim that
//! nothing in the evidence evaluates is never supported.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};
use verifier_core::evidence::{self, Batch, NamedFiles};
use verifier_core::finding::Verdict;
use verifier_core::finding::catalog::command::NOT_IMPLEMENTED_YET;
use verifier_core::finding::catalog::export::REQUESTED_CHECK_NOT_RUN;
use verifier_core::finding::catalog::permit;
use verifier_core::finding::catalog::scope::EXPORT_SCOPE_DECLARATION_MISSING;
use verifier_core::registry;
use verifier_core::render::{ascii, verdicts_v0};
use verifier_core::report::{Outcome, Report};
use verifier_core::trust::TrustPolicy;
use verifier_core::verify::verify_key_status;

use super::{Console, Ended, run, show};
use crate::args::claim::{Claim, KeyStatusArgs, ListArgs, RunArgs, ScopeArgs, SlotArgs};
use crate::args::trust::{self, Switches, TrustArgs};
use crate::exit::Exit;
use crate::render::style::{Page, Tone};

pub(super) fn run(claim: &Claim, console: &mut Console<'_>) -> Ended {
    match claim {
        Claim::DelegationDenied(args) => {
            let limit = args.limits.document_bytes();
            not_implemented("delegation_denied_correctly", &args.evidence_file, limit, console)
        }
        Claim::ScopeFaithfulness(args) => scope_faithfulness(args, console),
        Claim::OperatorApprovalV1(args) => {
            slot("permit.operator_approval.v1", OPERATOR_APPROVAL, args, console)
        }
        Claim::CounterSignatureV1(args) => {
            slot("permit.counter_signature.v1", COUNTER_SIGNATURE, args, console)
        }
        Claim::AuditAttestationV1(args) => {
            slot("permit.audit_attestation.v1", AUDIT_ATTESTATION, args, console)
        }
        Claim::OperatorApprovalV2(args) => {
            slot("permit.operator_approval.v2", OPERATOR_APPROVAL, args, console)
        }
        Claim::CounterSignatureV2(args) => {
            slot("permit.counter_signature.v2", COUNTER_SIGNATURE, args, console)
        }
        Claim::AuditAttestationV2(args) => {
            slot("permit.audit_attestation.v2", AUDIT_ATTESTATION, args, console)
        }
        Claim::OperatorApproval(args) => slot("operator_approval", OPERATOR_APPROVAL, args, console),
        Claim::CounterSignature(args) => slot("counter_signature", COUNTER_SIGNATURE, args, console),
        Claim::AuditAttestation(args) => slot("audit_attestation", AUDIT_ATTESTATION, args, console),
        Claim::OperatorApproved(args) => slot("operator_approved", OPERATOR_APPROVAL, args, console),
        Claim::CounterSigned(args) => slot("counter_signed", COUNTER_SIGNATURE, args, console),
        Claim::AuditAttested(args) => slot("audit_attested", AUDIT_ATTESTATION, args, console),
        Claim::KeyStatus(args) => key_status(args, console),
        Claim::Run(args) => any(args, console),
        Claim::List(args) => list(args, console),
    }
}

/// A signature slot. That the evidence has none is found out; judging one is not part of this release.
fn slot(label: &str, claim: &str, args: &SlotArgs, console: &mut Console<'_>) -> Ended {
    let Some(file) = args.file() else {
        return console.misused(&format!("claim {label}"), "give PACK or --export-file");
    };
    let trust = TrustArgs { key_manifest: args.key_manifest.clone(), ..TrustArgs::default() };
    let none = trust::RequireArgs::default();
    let policy = match trust::policy(&trust, &none, &args.limits, Switches::default(), console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused(&format!("claim {label}"), message),
    };
    let path = Path::new(file);
    let batches = match &args.manifest {
        _ if path.is_dir() => evidence::gather(&[path], &policy.limits),
        Some(manifest) => {
            let manifest = Path::new(manifest);
            let files = NamedFiles { export: path, manifest, sidecar: None, checkpoint: None };
            vec![evidence::named(files, &policy.limits)]
        }
        None => Vec::new(),
    };
    let reports = run::batches(&batches, &policy, true, console);
    let readable = reports.iter().all(|report| report.outcome != Outcome::Unreadable);
    let carried = reports.iter().any(|report| report.claim(claim).is_some());
    if reports.is_empty() || !readable || carried {
        return not_implemented(label, file, args.limits.document_bytes(), console);
    }
    let code = match claim {
        OPERATOR_APPROVAL => &permit::PERMIT_OPERATOR_APPROVAL_INVALID,
        COUNTER_SIGNATURE => &permit::PERMIT_COUNTER_SIGNATURE_INVALID,
        _ => &permit::PERMIT_AUDIT_ATTESTATION_INVALID,
    };
    let document = json!({
        "claim_type": label,
        "status": Verdict::InsufficientEvidence.as_str(),
        "ok": false,
        "reason_code": code.id,
        "message": format!("the evidence holds no signature that {claim} is about"),
    });
    print_line(Exit::NOT_ESTABLISHED, &document, console)
}

const OPERATOR_APPROVAL: &str = "permit.operator_approval.v1";
const COUNTER_SIGNATURE: &str = "permit.counter_signature.v1";
const AUDIT_ATTESTATION: &str = "permit.audit_attestation.v1";

fn not_implemented(name: &str, file: &OsString, limit: u64, console: &mut Console<'_>) -> Ended {
    // A pack may be a folder, which exists without being readable as a file.
    if !Path::new(file).is_dir()
        && let Err(ended) = console.read(file, limit)
    {
        return ended;
    }
    let document = json!({
        "claim_type": name,
        "status": Verdict::InsufficientEvidence.as_str(),
        "ok": false,
        "reason_code": NOT_IMPLEMENTED_YET.id,
        "message": format!("not implemented in this release: the claim {name}; nothing was established"),
    });
    print_line(Exit::NOT_ESTABLISHED, &document, console)
}

fn scope_faithfulness(args: &ScopeArgs, console: &mut Console<'_>) -> Ended {
    let trust = TrustArgs { key_manifest: args.key_manifest.clone(), ..TrustArgs::default() };
    let policy = trust::policy(&trust, &args.require, &args.limits, Switches::default(), console.environment);
    let mut policy = match policy {
        Ok(policy) => policy,
        Err(message) => return console.misused("claim scope_faithfulness", message),
    };
    policy.require.insert(SCOPE_FAITHFULNESS.to_owned());
    let files = NamedFiles {
        export: args.export_file.as_ref(),
        manifest: args.manifest.as_ref(),
        sidecar: args.sidecar.as_ref().map(Path::new),
        checkpoint: args.checkpoint.as_ref().map(Path::new),
    };
    let batch = evidence::named(files, &policy.limits);
    judge("scope_faithfulness", SCOPE_FAITHFULNESS, &[STATE, SCOPE_FAITHFULNESS], &[batch], &policy, console)
}

const SCOPE_FAITHFULNESS: &str = "export.scope_faithfulness.v1";
const STATE: &str = "checkpoint.scope_state.v1";

fn key_status(args: &KeyStatusArgs, console: &mut Console<'_>) -> Ended {
    const COMMAND: &str = "claim key.status.completeness.v1";
    if let Err(message) = args.trust.check() {
        return console.misused(COMMAND, message);
    }
    let none = trust::RequireArgs::default();
    let policy = trust::policy(&args.trust, &none, &args.limits, Switches::default(), console.environment);
    let policy = match policy {
        Ok(policy) => policy,
        Err(message) => return console.misused(COMMAND, message),
    };
    let report = verify_key_status(&args.input(policy.limits.document_bytes), &policy);
    answer(KEY_STATUS, KEY_STATUS, &[KEY_STATUS], &[report], console)
}

const KEY_STATUS: &str = "key.status.completeness.v1";

fn any(args: &RunArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.trust.check() {
        return console.misused("claim run", message);
    }
    if registry::claim(&args.name).is_none() {
        let message =
            format!("{:?} is not a registered claim; `keel-verify claim list` shows them", args.name);
        return console.misused("claim run", &message);
    }
    let switches = Switches::default();
    let policy = trust::policy(&args.trust, &args.require, &args.limits, switches, console.environment);
    let mut policy = match policy {
        Ok(policy) => policy,
        Err(message) => return console.misused("claim run", message),
    };
    trust::require(&mut policy, &args.name);
    let paths: Vec<&Path> = args.paths.iter().map(Path::new).collect();
    let batches = evidence::gather(&paths, &policy.limits);
    let output = &args.output;
    if output.format.is_some() || output.out.is_some() || !output.also.is_empty() {
        let reports = run::batches(&batches, &policy, output.quiet, console);
        return show::reports(&reports, output, false, console);
    }
    judge(&args.name, &args.name, &[&args.name], &batches, &policy, console)
}

/// Verifies everything, and prints what it comes to for one claim.
fn judge(
    label: &str,
    claim: &str,
    related: &[&str],
    batches: &[Batch],
    policy: &TrustPolicy,
    console: &mut Console<'_>,
) -> Ended {
    let reports = run::batches(batches, policy, true, console);
    answer(label, claim, related, &reports, console)
}

/// Prints what reports come to for one claim.
fn answer(
    label: &str,
    claim: &str,
    related: &[&str],
    reports: &[Report],
    console: &mut Console<'_>,
) -> Ended {
    let outcome = reports.iter().map(|report| report.outcome).fold(Outcome::Verified, Outcome::worst);
    let Some(report) = reports.iter().find(|report| report.claim(claim).is_some()).or(reports.first()) else {
        return console.misused("claim", "nothing was given to verify");
    };
    let document = verdicts_v0::document(report);
    let (status, reason, message) = reason(report, claim, outcome);
    let claims: Vec<&Value> = document
        .get("claims")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|row| row.get("name").and_then(Value::as_str).is_some_and(|name| related.contains(&name)))
        .collect();
    let document = json!({
        "claim_type": label,
        "status": status.as_str(),
        "ok": outcome == Outcome::Verified,
        "reason_code": reason,
        "message": message,
        "claims": claims,
        "report": document,
    });
    let exit = Exit::from(if status == Verdict::Supported {
        outcome
    } else {
        outcome.worst(Outcome::NotEstablished)
    });
    print_line(exit, &document, console)
}

/// Status, code and message of the claim; a run that fails for another reason does not support it.
fn reason(report: &Report, claim: &str, outcome: Outcome) -> (Verdict, Option<&'static str>, Option<String>) {
    let found = report.claim(claim);
    if found
        .and_then(|claim| claim.deciding_subject())
        .is_some_and(|subject| subject.code.id == EXPORT_SCOPE_DECLARATION_MISSING.id)
    {
        // The export claims no scope, so asking for it evaluates nothing; the reference calls that supported.
        let message = format!("claim {claim} is asked for, and the export declares no scope");
        return (Verdict::InsufficientEvidence, Some(REQUESTED_CHECK_NOT_RUN.id), Some(message));
    }
    let verdict = found.map_or(Verdict::InsufficientEvidence, |claim| claim.verdict);
    let subject = found.and_then(|claim| claim.deciding_subject());
    if let Some(subject) = subject.filter(|_| verdict != Verdict::Supported || outcome == Outcome::Verified) {
        return (verdict, Some(subject.code.id), Some(subject.message.clone()));
    }
    let status = if verdict == Verdict::Supported && outcome != Outcome::Verified {
        Verdict::InsufficientEvidence
    } else {
        verdict
    };
    let finding = report.findings.iter().find(|finding| finding.effect.verdict().is_some());
    match finding {
        Some(finding) => (status, Some(finding.code.id), Some(finding.message.clone())),
        None => (status, None, None),
    }
}

/// One line of JSON: sorted, compact, ASCII.
fn print_line(exit: Exit, document: &Value, console: &mut Console<'_>) -> Ended {
    let mut line = String::new();
    for character in document.to_string().chars() {
        if character.is_ascii() && character != '\u{7f}' {
            line.push(character);
        } else {
            // Outside ASCII there are only strings, where an escape means the same.
            for unit in character.encode_utf16(&mut [0; 2]) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    console.print(exit, |out| writeln!(out, "{line}"))
}

fn list(args: &ListArgs, console: &mut Console<'_>) -> Ended {
    if args.json {
        let rows: Vec<Value> = registry::claims()
            .iter()
            .map(|claim| {
                json!({
                    "name": claim.name,
                    "first_registry": claim.first_registry,
                    "says": claim.says,
                    "needs": claim.needs,
                    "adjudicated_in": claim.reach.iter().map(|reach| reach.as_str()).collect::<Vec<_>>(),
                    "semantics": claim.semantics,
                })
            })
            .collect();
        let document = Value::from(rows);
        return console.print(Exit::VERIFIED, |out| ascii::write(&document, out));
    }
    let environment = console.environment;
    console.print(Exit::VERIFIED, |out| {
        let mut page = Page::new(out, args.color, environment);
        for claim in registry::claims() {
            let name = page.paint(Tone::Heading, claim.name);
            page.line(&format!("{name} ({})", claim.first_registry))?;
            page.labelled(2, "says   ", claim.says)?;
            page.labelled(2, "needs  ", claim.needs)?;
            page.labelled(2, "in     ", &claim.reach_text())?;
        }
        Ok(())
    })
}
