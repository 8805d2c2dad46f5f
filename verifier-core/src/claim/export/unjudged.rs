//! Signatures over permits that this release does not judge (spec 22 section 3, spec 23 sections 4 and 5).
//!
//! Approvals, counter-signatures, attestations and passkey co-signatures change what a permit means. An export
//! that carries them is not verified as a whole while nobody looked at them, so each makes its claim required
//! and leaves it out of scope.

use super::Export;
use crate::evidence::Fields;
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};

/// Slot of a version 2 permit and the claim about it.
const SLOTS: [(&str, &str); 3] = [
    ("operator_approval", "permit.operator_approval.v1"),
    ("counter_signature", "permit.counter_signature.v1"),
    ("audit_attestation", "permit.audit_attestation.v1"),
];
const CO_SIGNATURE_V1: &str = "permit.co_signature.v1";
const CO_SIGNATURE_V2: &str = "permit.co_signature.v2";
const QUORUM: &str = "permit.co_signature.quorum.v1";
/// Members that may hold a permit, of an export or of an entry's payload.
const HOLDERS: [&str; 3] = ["permit", "permit_v2", "permit_record"];

/// A signature that was found and not judged.
#[derive(Clone)]
pub(super) struct SignedPart {
    claim: &'static str,
    pointer: String,
}

/// The first signature of each claim, and how many there are.
#[derive(Default)]
pub(super) struct SignedParts {
    found: Vec<(SignedPart, u64)>,
}

impl Extend<SignedPart> for SignedParts {
    fn extend<T: IntoIterator<Item = SignedPart>>(&mut self, parts: T) {
        for part in parts {
            match self.found.iter_mut().find(|(known, _)| known.claim == part.claim) {
                Some((_, count)) => *count += 1,
                None => self.found.push((part, 1)),
            }
        }
    }
}

/// Signature slots of a permit, when the value is one.
fn of_permit(value: Value<'_>, pointer: &str) -> Vec<SignedPart> {
    if !value.member("permit_format_version").is_some_and(|version| version.is_text("v2")) {
        return Vec::new();
    }
    SLOTS
        .iter()
        .filter(|(slot, _)| value.member(slot).is_some_and(|member| member.is_object()))
        .map(|&(slot, claim)| SignedPart { claim, pointer: format!("{pointer}/{slot}") })
        .collect()
}

/// Signature slots of an entry, its payload and the permits in there.
pub(super) fn in_entry(entry: Value<'_>, pointer: &str) -> Vec<SignedPart> {
    let mut parts = of_permit(entry, pointer);
    for name in ["payload_json", "payload"] {
        let Some(payload) = entry.member(name).and_then(Value::as_object) else { continue };
        let pointer = format!("{pointer}/{name}");
        parts.extend(of_permit(payload, &pointer));
        for holder in HOLDERS {
            let permit = payload.member(holder);
            parts.extend(
                permit.into_iter().flat_map(|permit| of_permit(permit, &format!("{pointer}/{holder}"))),
            );
        }
    }
    parts
}

/// Signatures at the top level of the payload.
fn at_top(export: &Export<'_>) -> Vec<SignedPart> {
    let Some(fields) = export.fields() else { return Vec::new() };
    let mut parts = Vec::new();
    if fields.text("permit_format_version").is_some_and(|version| version == "v2") {
        let slots =
            SLOTS.iter().filter(|(slot, _)| fields.member(slot).is_some_and(|member| member.is_object()));
        parts.extend(slots.map(|&(slot, claim)| SignedPart { claim, pointer: format!("/{slot}") }));
    }
    for holder in HOLDERS {
        let permit = fields.member(holder);
        parts.extend(permit.into_iter().flat_map(|permit| of_permit(permit, &format!("/{holder}"))));
    }
    let co_signatures = fields.member("co_signature_evidence").filter(|evidence| evidence.is_array());
    for (index, item) in co_signatures.into_iter().flat_map(|evidence| evidence.items().enumerate()) {
        let kind = item.member("claim").and_then(|claim| claim.member("payload_type"));
        let second = kind.is_some_and(|kind| kind.is_text(CO_SIGNATURE_V2));
        let claim = if second { CO_SIGNATURE_V2 } else { CO_SIGNATURE_V1 };
        parts.push(SignedPart { claim, pointer: format!("/co_signature_evidence/{index}") });
    }
    if fields.member("co_signature_quorum_evidence").is_some_and(|evidence| !evidence.is_null()) {
        parts.push(SignedPart { claim: QUORUM, pointer: "/co_signature_quorum_evidence".to_owned() });
    }
    parts
}

/// Opens the claim of every signature that was found, as one that could not be evaluated.
pub(super) fn report(export: &Export<'_>, mut parts: SignedParts, out: &mut ReportBuilder) {
    parts.extend(at_top(export));
    for (SignedPart { claim, pointer }, count) in parts.found {
        let message =
            format!("this release does not judge {claim}; the export carries {count} of its signatures");
        let place = Location {
            file: export.payload_label().to_owned(),
            pointer: Some(pointer),
            ..Location::default()
        };
        let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
        out.claim(claim, Requested::Evidence);
        out.unsupported(
            claim,
            Subject::new("permit_signature", export.payload_label()),
            Finding::new(&catalog::permit::PERMIT_SIGNATURE_NOT_JUDGED, effect, message).at(place),
        );
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn found(entry: &str) -> Vec<String> {
        let document =
            Document::parse(Blob::new(entry.as_bytes().to_vec()), ParserLimits::default()).unwrap();
        in_entry(document.root(), "/e").into_iter().map(|part| part.pointer).collect()
    }

    #[test]
    fn slots_of_version_2_permits_are_found_where_the_specification_looks() {
        let slot = r#""permit_format_version":"v2","operator_approval":{},"audit_attestation":{}"#;
        assert_eq!(found(&format!("{{{slot}}}")), ["/e/operator_approval", "/e/audit_attestation"]);
        assert_eq!(found(&format!(r#"{{"payload":{{{slot}}}}}"#)).len(), 2);
        assert_eq!(
            found(&format!(r#"{{"payload_json":{{"permit_record":{{{slot}}}}}}}"#)),
            [
                "/e/payload_json/permit_record/operator_approval",
                "/e/payload_json/permit_record/audit_attestation"
            ]
        );
    }

    #[test]
    fn other_versions_and_empty_slots_are_no_signatures() {
        assert!(found(r#"{"permit_format_version":"v1","operator_approval":{}}"#).is_empty());
        assert!(found(r#"{"permit_format_version":"v2","operator_approval":null}"#).is_empty());
        assert!(
            found(r#"{"payload":{"other":{"permit_format_version":"v2","operator_approval":{}}}}"#)
                .is_empty()
        );
    }

    #[test]
    fn signatures_of_one_claim_are_counted_once_shown() {
        let part = |pointer: &str| SignedPart { claim: QUORUM, pointer: pointer.to_owned() };
        let mut parts = SignedParts::default();
        parts.extend([part("/1"), part("/2")]);
        assert_eq!(
            parts.found.iter().map(|(first, count)| (first.pointer.as_str(), *count)).collect::<Vec<_>>(),
            [("/1", 2)]
        );
    }
}
