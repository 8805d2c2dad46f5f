//! `checkpoint.composite_hash.v1`: are the heads well-formed, and is the stated hash theirs (spec 10 section 2)?

use super::Examined;
use crate::claim::name;
use crate::crypto::{prefixed, sha256};
use crate::finding::{Finding, Location, catalog};
use crate::format::checkpoint::{Head, HeadFault};
use crate::json::{Kind, Value};
use crate::report::{ReportBuilder, Requested};

use catalog::{checkpoint as code, scope};

const CLAIM: &str = name::CHECKPOINT_COMPOSITE;

/// The composite hash, when it is that of the heads and the heads are well-formed.
pub(super) fn check(examined: &Examined<'_>, out: &mut ReportBuilder) -> Option<String> {
    out.claim(CLAIM, Requested::Evidence);
    let checkpoint = &examined.checkpoint;
    let subject =
        || examined.subject("checkpoint", "checkpoint_id").evidence(&["chain_heads", "composite_hash"]);
    let stated = checkpoint.text("composite_hash").filter(|text| text.starts_with("sha256:"));
    if stated.is_none() {
        let message = "composite_hash is missing, or does not start with sha256:";
        let finding = Finding::lacks(&code::CHECKPOINT_COMPOSITE_HASH_MISSING, message);
        out.unsupported(CLAIM, subject(), finding.at(examined.at("composite_hash")));
    }
    let heads = checkpoint.value.member("chain_heads").filter(|heads| heads.is_truthy());
    if heads.is_some_and(|heads| !heads.is_object()) {
        let finding = Finding::lacks(&code::CHECKPOINT_CHAIN_HEADS_INVALID, "chain_heads must be an object");
        out.unsupported(CLAIM, subject(), finding.at(examined.at("chain_heads")));
        return None;
    }
    let Some(heads) = checkpoint.heads.as_ref().filter(|heads| !heads.is_empty()) else {
        // A stated hash claims that there is something; a file that states none is merely no checkpoint.
        let finding = if stated.is_some() { Finding::disproves } else { Finding::lacks };
        let finding = finding(&code::CHECKPOINT_EMPTY, "the checkpoint names no chain head");
        out.unsupported(CLAIM, subject(), finding.at(examined.at("chain_heads")));
        let of_nothing = prefixed(&sha256(b""));
        if let Some(stated) = stated.filter(|stated| **stated != *of_nothing) {
            let message = "composite_hash is not that of a checkpoint without heads";
            let finding = Finding::disproves(&code::CHECKPOINT_COMPOSITE_HASH_MISMATCH, message);
            let finding = finding.fact("stated", stated).fact("computed", of_nothing);
            out.unsupported(CLAIM, subject(), finding.at(examined.at("composite_hash")));
        }
        return None;
    };
    let mut faults: u32 = 0;
    for head in heads {
        for finding in type_fault(head).into_iter().chain(value_faults(head)) {
            // A place is searched for from the start of the file, so only findings that are kept get one.
            let place = if faults < examined.policy.limits.findings_per_code {
                Location::value(&examined.part.label, head.value)
            } else {
                examined.at("chain_heads")
            };
            faults = faults.saturating_add(1);
            out.finding(finding.at(place).fact("scope", head.scope.clone()).on(CLAIM));
        }
    }
    let well_formed = faults == 0;
    let stated = stated?;
    let Some(computed) = checkpoint.compute_composite() else {
        if well_formed {
            let message = "the chain heads have no text form";
            let finding = Finding::lacks(&code::CHECKPOINT_COMPOSITE_HASH_RECOMPUTE_FAILED, message);
            out.unsupported(CLAIM, subject(), finding.at(examined.at("chain_heads")));
        }
        return None;
    };
    if computed != *stated {
        let message = "composite_hash differs from the hash of the chain heads";
        let finding = Finding::disproves(&code::CHECKPOINT_COMPOSITE_HASH_MISMATCH, message)
            .at(examined.at("composite_hash"))
            .fact("stated", stated)
            .fact("computed", computed);
        out.unsupported(CLAIM, subject(), finding);
        return None;
    }
    let count = u64::try_from(heads.len()).unwrap_or(u64::MAX);
    out.ran("checkpoint.composite", "composite hash of the chain heads", &[("heads", count)]);
    let message = "composite hash matches the chain heads";
    out.supported(CLAIM, subject(), &code::CHECKPOINT_COMPOSITE_HASH_SUPPORTED, message);
    well_formed.then_some(computed)
}

/// A head whose members have not the types that the hash is defined for.
fn type_fault(head: &Head<'_>) -> Option<Finding> {
    let integer = |value: Value<'_>| matches!(value.kind(), Kind::Int | Kind::Bool);
    let fault = if !head.value.is_object() {
        "must be an object"
    } else if !head.value.member("sequence_number").is_some_and(integer) {
        "has no integer sequence_number"
    } else if head.record_hash().is_none() {
        "has no text last_record_hash"
    } else {
        return None;
    };
    let message = format!("the head of {:?} {fault}", head.scope);
    Some(Finding::lacks(&code::CHECKPOINT_CHAIN_HEADS_INVALID, message))
}

/// A head of the right types that leaves more than one reading of the signed hash.
fn value_faults(head: &Head<'_>) -> Vec<Finding> {
    if type_fault(head).is_some() {
        return Vec::new();
    }
    let finding = |fault| {
        let (code, what) = match fault {
            HeadFault::Scope => (&scope::CHECKPOINT_SCOPE_KEY_INVALID, "scope key"),
            HeadFault::Sequence => (&scope::CHECKPOINT_SEQUENCE_INVALID, "sequence number"),
            HeadFault::RecordHash => (&scope::CHECKPOINT_RECORD_HASH_INVALID, "record hash"),
        };
        Finding::disproves(
            code,
            format!("the {what} of head {:?} leaves the signed hash ambiguous", head.scope),
        )
    };
    head.faults().map(finding).collect()
}
