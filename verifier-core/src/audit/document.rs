//! An audit as a JSON document, `keel-verify.audit/v1`. The same records and expectation give the same bytes.

use serde_json::{Value, json};

use super::population::{Edge, HeldRange, ScopeAudit};
use super::record::SetRecord;
use super::{Audit, CLAIM};
use crate::report::TOOL;
use crate::time::Timestamp;

impl Audit {
    /// The document. `as_of` is the date that verdicts are stated for.
    #[must_use]
    pub fn document(&self, as_of: &Timestamp) -> Value {
        let expectation = &self.expectation;
        let time = |time: &Option<Timestamp>| time.as_ref().map(Timestamp::to_rfc3339);
        json!({
            "format": "keel-verify.audit/v1",
            "tool": { "name": TOOL, "version": env!("CARGO_PKG_VERSION") },
            "as_of": as_of.to_rfc3339(),
            "outcome": self.outcome,
            "exit_status": self.outcome.exit_status(),
            "claim": { "name": CLAIM, "verdict": self.verdict.as_str() },
            "expectation": {
                "from": time(&expectation.from),
                "to": time(&expectation.to),
                "scopes": expectation.scopes,
                "expected_scopes": expectation.expected,
            },
            "scopes": self.scopes.iter().map(scope).collect::<Vec<_>>(),
            "scopes_not_judged": self.not_judged,
            "keys": self.keys.iter().map(|key| json!({
                "fingerprint": key.fingerprint,
                "public_key": key.public_key,
                "key_ids": key.key_ids,
                "bases": key.bases,
                "signed": key.signed,
                "first_signed_at": key.first_signed_at,
                "last_signed_at": key.last_signed_at,
                "undated_signatures": key.undated,
                "sets": key.sets,
            })).collect::<Vec<_>>(),
            "sets": self.sets.iter().map(set).collect::<Vec<_>>(),
            "findings": self.findings,
            "findings_not_listed": self.findings_dropped,
            "not_proven": self.not_proven,
        })
    }
}

fn edge(edge: &Edge) -> Value {
    json!({ "sequence": edge.sequence, "time": edge.time })
}

fn range(range: &HeldRange) -> Value {
    json!({ "first": edge(&range.first), "last": edge(&range.last) })
}

fn scope(scope: &ScopeAudit) -> Value {
    let numbers = |(first, last): &(i64, i64)| json!({ "first": first, "last": last });
    json!({
        "scope": scope.scope,
        "completeness": scope.completeness.as_str(),
        "verdict": scope.completeness.verdict().as_str(),
        "statement": scope.statement,
        "population": scope.population.as_ref().map(range),
        "held": scope.held.iter().map(range).collect::<Vec<_>>(),
        "missing": scope.missing.iter().map(numbers).collect::<Vec<_>>(),
        "beginning_bound_by": scope.head_bound,
        "end_bound_by": scope.tail_bound,
        "records": scope.records,
        "records_by_month": scope.months.iter().map(|(month, count)| json!({
            "month": month,
            "records": count,
        })).collect::<Vec<_>>(),
        "sources": scope.sources.iter().map(|row| json!({
            "set": row.set,
            "standing": row.standing,
            "ranges": row.ranges.iter().map(numbers).collect::<Vec<_>>(),
            "unusable_entries": row.unusable,
        })).collect::<Vec<_>>(),
        "overlaps": scope.overlaps.iter().map(|row| json!({
            "first": row.first,
            "last": row.last,
            "sets": row.sets,
            "result": if row.conflict.is_some() { "conflicting" } else { "identical" },
            "conflict": row.conflict.as_ref().map(numbers),
        })).collect::<Vec<_>>(),
    })
}

fn set(set: &SetRecord) -> Value {
    json!({
        "set": set.label,
        "kind": set.kind,
        "outcome": set.outcome,
        "standing": set.standing,
        "accepted_without_trust": set.without_trust,
        "files": set.files.iter().map(|file| json!({
            "role": file.role,
            "path": file.path,
            "sha256": file.sha256,
        })).collect::<Vec<_>>(),
        "failures": set.failures.iter().map(|failure| json!({
            "code": failure.code.id,
            "message": failure.message,
            "file": failure.file,
            "pointer": failure.pointer,
        })).collect::<Vec<_>>(),
        "failures_not_listed": set.more_failures,
    })
}
