use std::collections::HashSet;

use super::{Check, Judge};
use crate::crypto::prefixed;
use crate::finding::catalog::scope as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::format::scope::{COMMITMENT_PROFILE, Commitment, GRAMMAR, PredicateError, Sidecar};
use crate::json::Value;
use crate::merkle::rfc6962::EMPTY_ROOT;
use crate::time::Timestamp;

impl Judge<'_> {
    pub(super) fn reach(&self, commitment: &Commitment<'_>, head: i128) -> Check<()> {
        let fits = if commitment.count == 0 {
            commitment.first.is_none() && commitment.last.is_none()
        } else {
            commitment.last.is_some_and(|last| last <= head)
        };
        if fits {
            return Ok(());
        }
        let finding = Finding::disproves(
            &code::CHECKPOINT_SCOPE_STATE_LAST_SEQUENCE_AFTER_CHECKPOINT,
            "the range of a commitment does not end at or before the checkpoint's head",
        );
        let last = commitment.last.map_or_else(|| "null".to_owned(), |last| last.to_string());
        Err(self.at(
            commitment.value,
            finding.fact("last matching sequence", last).fact("head", head.to_string()),
        ))
    }

    pub(super) fn grammar(&self, sidecar: &Sidecar<'_>) -> Check<()> {
        let unverifiable = |code, text: String| {
            Finding::new(code, Effect::Fails { verdict: Verdict::UnverifiableScope }, text)
        };
        if sidecar.grammar_version != GRAMMAR {
            let text = format!("the sidecar uses grammar {:?}", sidecar.grammar_version);
            let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED, text);
            return Err(self.at(sidecar.value, finding));
        }
        for commitment in &sidecar.commitments {
            if let Err(PredicateError::Unsupported(text) | PredicateError::Malformed(text)) =
                &commitment.predicate
            {
                let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_GRAMMAR_UNSUPPORTED, text.clone());
                return Err(self.at(commitment.predicate_value, finding));
            }
        }
        if sidecar.commitment_profile != COMMITMENT_PROFILE {
            let text = format!("the sidecar uses commitment profile {:?}", sidecar.commitment_profile);
            let finding = unverifiable(&code::CHECKPOINT_SCOPE_STATE_COMMITMENT_PROFILE_UNKNOWN, text);
            return Err(self.at(sidecar.value, finding));
        }
        Ok(())
    }

    pub(super) fn predicate_hashes(&self, sidecar: &Sidecar<'_>) -> Check<()> {
        let mut seen: HashSet<&str> = HashSet::new();
        for commitment in &sidecar.commitments {
            let computed = commitment.predicate.as_ref().ok().and_then(|value| value.value_hash().ok());
            if computed.as_deref() != Some(&*commitment.predicate_hash) {
                let finding = Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_PREDICATE_HASH_MISMATCH,
                    "a commitment's predicate does not hash to its predicate_value_hash",
                );
                let finding = finding
                    .fact("stated", &*commitment.predicate_hash)
                    .fact("computed", computed.unwrap_or_else(|| "(none)".to_owned()));
                return Err(self.at(commitment.value, finding));
            }
            if !seen.insert(&commitment.predicate_hash) {
                let finding = Finding::disproves(
                    &code::CHECKPOINT_SCOPE_STATE_COMMITMENT_PREDICATE_DUPLICATE,
                    "two commitments are about one predicate",
                );
                return Err(self.at(commitment.value, finding));
            }
        }
        Ok(())
    }

    /// What a signed sidecar may say and cannot mean (spec 12 section 12.5, measured gaps).
    pub(super) fn consistency(&mut self, sidecar: &Sidecar<'_>) {
        let mut odd = |value: Value<'_>, text: String| {
            let finding = Finding::disproves(&code::CHECKPOINT_SCOPE_STATE_INCONSISTENT, text);
            self.further.push(finding.at(Location::value(self.file, value)));
        };
        if sidecar.reference_key_id != sidecar.key_id {
            odd(sidecar.value, "trust_root_reference names another key than the signature".to_owned());
        }
        if Timestamp::parse(&sidecar.signed_at).is_none() {
            odd(sidecar.value, format!("signed_at {:?} is no time", sidecar.signed_at));
        }
        for commitment in &sidecar.commitments {
            if let Some(text) = contradiction(commitment) {
                odd(commitment.value, text);
            }
            for kind in commitment.predicate.iter().flat_map(|predicate| predicate.kinds()) {
                if !sidecar.supported_kinds.iter().any(|name| name == kind.name) {
                    let text =
                        format!("a predicate uses {:?}, which predicate_basis does not list", kind.name);
                    odd(commitment.predicate_value, text);
                }
            }
        }
        let derived = sidecar.derived_id();
        if sidecar.scope_state_id != derived {
            let finding = Finding::notes(
                &code::CHECKPOINT_SCOPE_STATE_ID_NOT_DERIVED,
                "scope_state_id is not the id that chain and checkpoint give",
            );
            let finding = finding.fact("stated", &*sidecar.scope_state_id).fact("derived", derived);
            self.further.push(finding.at(Location::value(self.file, sidecar.value)));
        }
    }
}

fn contradiction(commitment: &Commitment<'_>) -> Option<String> {
    let Commitment { count, first, last, root, .. } = commitment;
    if *count == 0 {
        let empty = prefixed(&EMPTY_ROOT);
        return (*root != empty)
            .then(|| "no record matches, and the root is not that of no records".to_owned());
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Some(format!("{count} records match, and the first or the last is null"));
    };
    if first > last {
        return Some(format!("the first match {first} comes after the last {last}"));
    }
    let room = last.saturating_sub(*first).saturating_add(1);
    (*count > room).then(|| format!("{count} records cannot lie in a range of {room}"))
}
