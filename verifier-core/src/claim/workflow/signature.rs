//! The signature of a declaration or an amendment (spec 06 section 4, our rules 1 and 2).
//!
//! ```text
//! message = UTF-8(canonical hash)      hash = hex SHA-256(canonical payload)
//! ```
//!
//! The payload is the record's `signed_payload` or is put together from its members; the hash decides which.
//! The key is one for permit bindings, by the key id that the record names, else the one valid at the signing
//! time; validity, status and revocation count in both cases.

use super::record::member_place;
use super::refusal_code;
use crate::crypto::{SignatureText, TextError};
use crate::finding::catalog::export::SIGNATURE_SECOND_SPELLING;
use crate::finding::catalog::workflow::{WORKFLOW_SIGNATURE_INVALID, WORKFLOW_SIGNED_PAYLOAD_DIVERGES};
use crate::finding::{Finding, Location};
use crate::format::workflow::{
    Amendment, Candidate, Declaration, Divergence, PayloadSource, Seal, compare_amendment,
    compare_declaration,
};
use crate::json::Value;
use crate::time::Timestamp;
use crate::trust::{KeyRequest, KeyRing, PERMIT_BINDING_SIGNING, ResolvedKey};

/// What came of checking one signature.
pub(super) struct Outcome {
    /// Failures, first one first.
    pub(super) findings: Vec<Finding>,
    /// What the signature covers, when the hash fits a payload.
    pub(super) source: Option<PayloadSource>,
    /// The key, when it was found.
    pub(super) key: Option<ResolvedKey>,
}

/// Checks a declaration's signature.
pub(super) fn check_declaration(
    declaration: &Declaration<'_>,
    location: &Location,
    keys: &KeyRing,
) -> Outcome {
    let sealed = Sealed {
        kind: "declaration",
        id: &declaration.id,
        record: declaration.record,
        seal: &declaration.seal,
        signed_at: &declaration.signed_at,
        location,
    };
    sealed.check(
        keys,
        |binding_id| declaration.candidates(binding_id),
        |payload, binding_id| compare_declaration(declaration, payload, binding_id),
    )
}

/// Checks an amendment's signature.
pub(super) fn check_amendment(amendment: &Amendment<'_>, location: &Location, keys: &KeyRing) -> Outcome {
    let sealed = Sealed {
        kind: "amendment",
        id: &amendment.id,
        record: amendment.record,
        seal: &amendment.seal,
        signed_at: &amendment.created_at,
        location,
    };
    sealed.check(
        keys,
        |binding_id| amendment.candidates(binding_id),
        |payload, binding_id| compare_amendment(amendment, payload, binding_id),
    )
}

/// What both kinds of records have in common.
struct Sealed<'a> {
    kind: &'static str,
    id: &'a str,
    record: Value<'a>,
    seal: &'a Seal<'a>,
    signed_at: &'a Timestamp,
    location: &'a Location,
}

impl Sealed<'_> {
    fn check(
        &self,
        keys: &KeyRing,
        candidates: impl Fn(&str) -> Vec<Candidate>,
        compare: impl Fn(Value<'_>, &str) -> Vec<Divergence>,
    ) -> Outcome {
        let mut outcome = Outcome { findings: Vec::new(), source: None, key: None };
        let findings = &mut outcome.findings;
        if self.seal.canonical_hash.is_none() {
            findings.push(self.invalid(format!("missing {}_canonical_hash", self.kind)));
        }
        if self.seal.signature.is_none() {
            findings.push(self.invalid(format!("missing {}_signature_b64", self.kind)));
        }
        let (Some(hash), Some(signature)) = (&self.seal.canonical_hash, &self.seal.signature) else {
            return outcome;
        };
        let key = match keys.resolve(&KeyRequest {
            purpose: PERMIT_BINDING_SIGNING,
            key_id: self.seal.key_id.as_deref(),
            signed_at: Some(self.signed_at),
            embedded: None,
        }) {
            Ok(key) => key,
            Err(refusal) => {
                let own = refusal_code(&refusal);
                // Without a key id the reference, too, knows only the keys valid at the signing time.
                let also_reference =
                    self.seal.key_id.is_none() && matches!(refusal, crate::trust::Refusal::NotActive(_));
                if own.is_none() || also_reference {
                    findings.push(self.invalid(refusal.to_string()));
                }
                if let Some(code) = own {
                    findings.push(Finding::disproves(code, self.says(refusal)).at(self.location.clone()));
                }
                return outcome;
            }
        };
        let public = match key.key {
            Ok(public) => public,
            Err(error) => {
                findings.push(self.unreadable("public key", error));
                outcome.key = Some(key);
                return outcome;
            }
        };
        let binding_id = public.binding_id();
        if let Some(named) = self.seal.key_id.as_deref().filter(|named| *named != binding_id) {
            let text = format!("binding_key_id mismatch expected={binding_id} actual={named}");
            findings.push(self.invalid(text).fact("expected", &*binding_id).fact("stated", named));
        }
        let candidates = candidates(&binding_id);
        let fits = |source| candidates.iter().any(|one| one.source == source && one.hash == *hash);
        let (shown, embedded) = (fits(PayloadSource::Shown), fits(PayloadSource::Embedded));
        let payload = self.record.member("signed_payload").and_then(Value::as_object);
        match payload.filter(|payload| !payload.is_empty()) {
            Some(payload) if embedded => {
                let divergences = compare(payload, &binding_id);
                findings.extend(divergences.iter().map(|divergence| self.diverges(divergence)));
            }
            Some(_) if shown => {
                let text = self.says("signed_payload is not the payload that was signed");
                findings.push(
                    Finding::disproves(&WORKFLOW_SIGNED_PAYLOAD_DIVERGES, text).at(self.location.clone()),
                );
            }
            _ => {}
        }
        if !shown && !embedded {
            let finding = self.invalid(format!("canonical_hash mismatch actual={hash}")).fact("stated", hash);
            findings.push(match candidates.first() {
                Some(first) => finding.fact("computed", &*first.hash),
                None => finding,
            });
        }
        match SignatureText::parse(signature) {
            Err(error) => findings.push(self.unreadable("signature", error)),
            Ok(signature) => {
                if key.authenticate((), hash.as_bytes(), &signature).is_err() {
                    findings.push(self.invalid(format!("Ed25519 signature invalid ({})", key.source)));
                }
            }
        }
        outcome.source =
            if embedded { Some(PayloadSource::Embedded) } else { shown.then_some(PayloadSource::Shown) };
        outcome.key = Some(key);
        outcome
    }

    fn says(&self, what: impl std::fmt::Display) -> String {
        format!("workflow_{}_id={} {what}", self.kind, self.id)
    }

    fn invalid(&self, what: impl std::fmt::Display) -> Finding {
        Finding::disproves(&WORKFLOW_SIGNATURE_INVALID, self.says(what)).at(self.location.clone())
    }

    /// The reference reads second spellings, so they have a code of their own.
    fn unreadable(&self, what: &str, error: TextError) -> Finding {
        let code = match error {
            TextError::SecondSpelling => &SIGNATURE_SECOND_SPELLING,
            TextError::Undecodable | TextError::NotAPoint => &WORKFLOW_SIGNATURE_INVALID,
        };
        Finding::disproves(code, self.says(format!("{what} is {error}"))).at(self.location.clone())
    }

    fn diverges(&self, divergence: &Divergence) -> Finding {
        diverges(&self.says(""), divergence, self.record, self.location)
    }
}

/// A member that shows something else than what is signed.
pub(super) fn diverges(
    prefix: &str,
    divergence: &Divergence,
    record: Value<'_>,
    location: &Location,
) -> Finding {
    let Divergence { member, signed, shown } = divergence;
    let text = match signed {
        Some(_) => format!("{}{member} differs from the signed value", prefix),
        None => format!("{}{member} is not in the signed payload", prefix),
    };
    Finding::disproves(&WORKFLOW_SIGNED_PAYLOAD_DIVERGES, text)
        .at(member_place(record, member, location))
        .fact("signed", signed.as_deref().unwrap_or("(absent)"))
        .fact("shown", &**shown)
}
