//! `claim NAME …`.

use super::later::{after_reading, not_implemented};
use super::{Console, Ended};
use crate::args::claim::{Claim, SlotArgs};

pub(super) fn run(claim: &Claim, console: &mut Console<'_>) -> Ended {
    match claim {
        Claim::DelegationDenied(args) => after_reading(
            &args.evidence_file,
            args.limits.document_bytes(),
            "the claim delegation_denied_correctly",
            true,
            console,
        ),
        Claim::ScopeFaithfulness(args) => after_reading(
            &args.export_file,
            args.limits.document_bytes(),
            "the claim scope_faithfulness",
            true,
            console,
        ),
        Claim::OperatorApprovalV1(args) => slot("permit.operator_approval.v1", args, console),
        Claim::CounterSignatureV1(args) => slot("permit.counter_signature.v1", args, console),
        Claim::AuditAttestationV1(args) => slot("permit.audit_attestation.v1", args, console),
        Claim::OperatorApprovalV2(args) => slot("permit.operator_approval.v2", args, console),
        Claim::CounterSignatureV2(args) => slot("permit.counter_signature.v2", args, console),
        Claim::AuditAttestationV2(args) => slot("permit.audit_attestation.v2", args, console),
        Claim::OperatorApproval(args) => slot("operator_approval", args, console),
        Claim::CounterSignature(args) => slot("counter_signature", args, console),
        Claim::AuditAttestation(args) => slot("audit_attestation", args, console),
        Claim::OperatorApproved(args) => slot("operator_approved", args, console),
        Claim::CounterSigned(args) => slot("counter_signed", args, console),
        Claim::AuditAttested(args) => slot("audit_attested", args, console),
        Claim::Run(_) => not_implemented("claim run", false, console),
        Claim::List(_) => not_implemented("claim list", false, console),
    }
}

fn slot(name: &str, args: &SlotArgs, console: &mut Console<'_>) -> Ended {
    match args.file() {
        None => console.misused(&format!("claim {name}"), "give PACK or --export-file"),
        Some(file) => {
            let what = format!("the claim {name}");
            after_reading(file, args.limits.document_bytes(), &what, true, console)
        }
    }
}
