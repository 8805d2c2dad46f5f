//! Judging all closures of an export.

use super::row::{ClosureRow, ClosureRows, Evidence, PermitState, Place};
use super::signature::{Signed, Version};
use crate::claim::export::{Export, refusal_finding};
use crate::claim::name;
use crate::evidence::Fields;
use crate::evidence::stream::Decoded;
use crate::finding::{Code, Effect, Finding, Verdict, catalog};
use crate::json::{Kind, Value};
use crate::report::{ReportBuilder, Requested, Subject};
use crate::trust::{Check, Refusal};

use catalog::closure as code;

const TITLE: &str = "signatures, digests and dispatch binding of closures";
const STATUSES: [&str; 8] = [
    "closed",
    "client_disconnected",
    "provider_error",
    "timeout",
    "dispatch_error",
    "provider_digest_missing",
    "client_digest_missing",
    "missing_closure",
];

/// How the payload is read for closures.
enum Reading {
    Entries(Source),
    Unfit(&'static Code, &'static str),
}

/// Which entries count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Top,
    Nested,
    Events,
}

impl Source {
    fn holds(self, place: Place) -> bool {
        matches!(
            (self, place),
            (Self::Top, Place::Top(_)) | (Self::Nested, Place::Nested(..)) | (Self::Events, Place::Record(_))
        )
    }
}

fn reading(export: &Export<'_>, required: bool) -> Reading {
    let invalid = &catalog::walk::VERIFICATION_FAILED;
    let fields = match &export.streamed.decoded {
        Decoded::Object(fields) => fields,
        Decoded::Lines(_) if !required => return Reading::Entries(Source::Events),
        Decoded::Lines(_) => return Reading::Unfit(invalid, "bundle_type must be 'audit_export_bundle'"),
        Decoded::OtherJson => return Reading::Unfit(invalid, "bundle must be a JSON object"),
        Decoded::Malformed(_) | Decoded::Undecodable(_) | Decoded::OverLimit(_) | Decoded::Opaque => {
            return Reading::Unfit(&catalog::export::EXPORT_STRUCTURE_INVALID, "export is not JSON");
        }
    };
    let is = |name: &str, text: &str| fields.member(name).is_some_and(|value| value.is_text(text));
    if !is("bundle_type", "audit_export_bundle") && !is("bundle_type", "permit_audit_bundle") {
        return if required {
            Reading::Unfit(invalid, "bundle_type must be 'audit_export_bundle'")
        } else {
            Reading::Entries(Source::Events)
        };
    }
    match fields.member("schema_version").map(|version| (version.kind(), version.as_i64())) {
        Some((Kind::Int, Some(1))) => {
            Reading::Unfit(&code::CLOSURE_NO_CHAIN_ENTRIES, "bundle has no chain entries (schema_version=1)")
        }
        Some((Kind::Int, Some(2)))
            if fields.member("include_chain_entries").and_then(Value::as_bool) == Some(true) =>
        {
            if fields.count("records").is_none() {
                return Reading::Unfit(invalid, "records must be a list");
            }
            let top = fields.count("chain_entries").is_some();
            Reading::Entries(if top { Source::Top } else { Source::Nested })
        }
        Some((Kind::Int, Some(2))) => {
            Reading::Unfit(invalid, "schema_version=2 requires include_chain_entries=true")
        }
        _ => Reading::Unfit(invalid, "schema_version must be 1 or 2"),
    }
}

/// Counts of one run.
#[derive(Default)]
struct Counts {
    closures: u64,
    ends: u64,
    signatures: u64,
    digests: u64,
    dispatches: u64,
}

/// Judges everything about closures.
pub(crate) fn check(export: &Export<'_>, rows: ClosureRows, out: &mut ReportBuilder) {
    let claims = [name::CLOSURE_SIGNATURE, name::CLOSURE_DIGEST, name::CLOSURE_DISPATCH];
    let by_operator = export.policy.closures == Check::Required;
    let required = by_operator || claims.iter().any(|claim| export.semantics.request(claim).is_some());
    let source = match reading(export, required) {
        Reading::Entries(source) => source,
        Reading::Unfit(code, reason) => {
            out.skipped("closures", TITLE, reason);
            if required {
                out.claim(
                    name::CLOSURE_SIGNATURE,
                    export.requested(name::CLOSURE_SIGNATURE, by_operator || required),
                );
                let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
                out.unsupported(
                    name::CLOSURE_SIGNATURE,
                    subject("closure"),
                    Finding::new(code, effect, reason),
                );
            }
            return;
        }
    };
    let closures: Vec<&(Place, ClosureRow)> = rows
        .closures
        .iter()
        .filter(|(place, closure)| source.holds(*place) && (closure.has_record || source != Source::Events))
        .collect();
    let ends: Vec<_> = rows.ends.iter().filter(|(place, _)| source.holds(*place)).collect();
    if !required && closures.is_empty() && ends.is_empty() {
        out.skipped("closures", TITLE, "the evidence carries no closures");
        return;
    }
    out.claim(name::CLOSURE_SIGNATURE, requested(required));
    let mut judge =
        Judge { export, rows: &rows, required, counts: Counts::default(), failed: [false; 3], out };
    judge.counts.closures = u64::try_from(closures.len()).unwrap_or(u64::MAX);
    for (place, end) in ends {
        judge.counts.ends += 1;
        if let Some(fault) = end.fault {
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            let finding = Finding::new(&code::WALK_UNKNOWN_CLOSURE_FORMAT, effect, fault);
            judge.report(Claim::Signature, finding, *place, end.span);
        }
    }
    for (place, closure) in &closures {
        judge.closure(*place, closure);
    }
    judge.repeated(&closures);
    judge.finish(&closures);
}

#[derive(Clone, Copy)]
enum Claim {
    Signature,
    Digest,
    Dispatch,
}

impl Claim {
    fn name(self) -> &'static str {
        match self {
            Self::Signature => name::CLOSURE_SIGNATURE,
            Self::Digest => name::CLOSURE_DIGEST,
            Self::Dispatch => name::CLOSURE_DISPATCH,
        }
    }

    fn slot(self) -> usize {
        match self {
            Self::Signature => 0,
            Self::Digest => 1,
            Self::Dispatch => 2,
        }
    }
}

fn subject(kind: &'static str) -> Subject {
    Subject::new(kind, "permit.closed").evidence(&["export.chain_entries", "export.records.chain_entries"])
}

struct Judge<'j, 'e> {
    export: &'j Export<'e>,
    rows: &'j ClosureRows,
    required: bool,
    counts: Counts,
    /// Whether a claim has its deciding subject.
    failed: [bool; 3],
    out: &'j mut ReportBuilder,
}

impl Judge<'_, '_> {
    /// The first failure of a claim becomes its subject, the others stand beside it.
    fn report(&mut self, claim: Claim, finding: Finding, place: Place, span: (u64, u64)) {
        let mut finding = finding.at(self.export.place(Some(place.pointer()), span));
        let missing = finding.code.id == code::WALK_CLOSURE_DIGEST_MISSING.id;
        if missing && !self.required {
            // Nobody asked, and what is missing contradicts nothing.
            finding.effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        }
        let decides = finding.effect.verdict().is_some();
        let slot = self.failed.get_mut(claim.slot());
        match slot {
            Some(failed) if decides && !*failed => {
                *failed = true;
                self.out.claim(claim.name(), self.requested());
                self.out.unsupported(claim.name(), subject("closure"), finding);
            }
            _ => self.out.finding(finding.on(claim.name())),
        }
    }

    fn requested(&self) -> Requested {
        requested(self.required)
    }

    fn closure(&mut self, place: Place, closure: &ClosureRow) {
        let event = &closure.event_id;
        let permit = closure.permit_id.as_deref().or(closure.carrier.as_deref()).unwrap_or("None");
        let pinned = closure.version.filter(|version| {
            let rule =
                if *version == Version::V1 { "keel.closure.format.v1" } else { "keel.closure.format.v2" };
            !self.required || self.export.semantics.has(rule)
        });
        let Some(version) = pinned else {
            let message =
                format!("event_id={event} permit_id={permit} binding_version={}", closure.stated_version);
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            let finding = Finding::new(&code::WALK_UNKNOWN_CLOSURE_FORMAT, effect, message);
            return self.report(Claim::Signature, finding, place, closure.span);
        };
        self.signature(place, closure, permit);
        if let Some(label) = closure.wrong_label {
            let finding = Finding::disproves(
                &code::WALK_CLOSURE_DIGEST_MISMATCH,
                format!("permit_id={permit} {label} mismatch"),
            );
            self.report(Claim::Digest, finding, place, closure.span);
        }
        if !STATUSES.contains(&&*closure.status) {
            let message =
                format!("permit_id={permit} closure_status={} is not a published status", closure.status);
            self.report(
                Claim::Signature,
                Finding::disproves(&code::CLOSURE_STATUS_UNKNOWN, message),
                place,
                closure.span,
            );
        }
        if let (Some(named), Some(carrier)) = (&closure.permit_id, &closure.carrier)
            && named != carrier
        {
            let message =
                format!("event_id={event} closes permit_id={named}, but stands under permit_id={carrier}");
            self.report(
                Claim::Signature,
                Finding::disproves(&code::CLOSURE_PERMIT_MISMATCH, message),
                place,
                closure.span,
            );
        }
        let state = closure.permit_id.as_deref().and_then(|id| self.rows.permits.get(id));
        if state.is_none_or(|state| !state.recorded) && !closure.in_record && self.has_records() {
            let message =
                format!("event_id={event} closes permit_id={permit}, which the export does not contain");
            self.report(
                Claim::Signature,
                Finding::lacks(&code::CLOSURE_ORPHAN, message),
                place,
                closure.span,
            );
        }
        if version != Version::V1 {
            self.dispatch(place, closure, permit, state);
        }
        self.response(
            place,
            closure,
            permit,
            &PROVIDER,
            closure.provider.as_deref(),
            state.map(|state| &state.provider),
        );
        self.response(
            place,
            closure,
            permit,
            &CLIENT,
            closure.client.as_deref(),
            state.map(|state| &state.client),
        );
        if &*closure.status != "missing_closure" {
            self.counts.digests +=
                u64::from(closure.provider.is_some()) + u64::from(closure.client.is_some());
        }
    }

    fn has_records(&self) -> bool {
        self.rows.permits.values().any(|state| state.recorded)
    }

    fn signature(&mut self, place: Place, closure: &ClosureRow, permit: &str) {
        let invalid = &code::WALK_CLOSURE_SIGNATURE_INVALID;
        let event = &closure.event_id;
        let prefix = format!("permit_id={permit} event_id={event}");
        let finding = match &closure.signed {
            _ if closure.permit_id.is_none() => {
                Finding::disproves(invalid, format!("event_id={event} permit_id missing"))
            }
            Signed::Verified => {
                self.counts.signatures += 1;
                return;
            }
            Signed::Wrong(detail) => Finding::disproves(invalid, format!("{prefix} {detail}")),
            Signed::SecondSpelling => {
                let message = format!("{prefix} closure signature is not canonical base64");
                Finding::lacks(&catalog::export::SIGNATURE_SECOND_SPELLING, message)
            }
            Signed::NoKey(detail) if self.required => {
                Finding::disproves(invalid, format!("{prefix} {detail}"))
            }
            Signed::NoKey(detail) => Finding::new(
                &code::CLOSURE_KEY_UNAVAILABLE,
                Effect::Limits { verdict: Verdict::InsufficientEvidence },
                format!("{prefix} {detail}"),
            ),
            Signed::Refused(refusal) => {
                // Outside the key's validity the reference finds no key and says so with its own code.
                if matches!(refusal, Refusal::NotActive(_)) {
                    let finding = Finding::disproves(invalid, format!("{prefix} {refusal}"));
                    self.report(Claim::Signature, finding, place, closure.span);
                }
                let reason = refusal_finding(refusal);
                self.report(Claim::Signature, reason, place, closure.span);
                return;
            }
        };
        self.report(Claim::Signature, finding, place, closure.span);
    }

    fn dispatch(&mut self, place: Place, closure: &ClosureRow, permit: &str, state: Option<&PermitState>) {
        let field = "dispatch_request_digest_v1";
        if &*closure.status == "missing_closure" {
            return;
        }
        let Some(digest) = &closure.dispatch else {
            let finding = if &*closure.status == "closed" {
                let message = format!("permit_id={permit} closure_status=closed missing {field}");
                Finding::lacks(&code::WALK_CLOSURE_DIGEST_MISSING, message)
            } else {
                let message = format!("permit_id={permit} closure_status={} missing {field}", closure.status);
                Finding::notes(&code::CLOSURE_DIGEST_WARNING, message)
            };
            return self.report(Claim::Dispatch, finding, place, closure.span);
        };
        let named = state.and_then(|state| state.binding_request_hash.as_deref());
        let signed = state.and_then(|state| state.signed_request_hash.as_deref());
        let binding = match (closure.in_record, named) {
            (true, _) => closure.carrier_binding.as_deref(),
            // An export of events has no permit objects; the signed decision says more than they would.
            (false, None) if !self.required => signed,
            (false, named) => named,
        };
        if let Some(signed) = signed
            && signed != &**digest
        {
            let message = format!(
                "permit_id={permit} {field} differs from the final_request_hash that the permit signs"
            );
            let finding = Finding::disproves(&code::CLOSURE_DISPATCH_NOT_SIGNED_BINDING, message)
                .fact("closure", digest.to_string())
                .fact("signed permit", signed);
            self.report(Claim::Dispatch, finding, place, closure.span);
        }
        match binding {
            None => {
                let message =
                    format!("permit_id={permit} export permit missing binding_request_hash for {field}");
                let finding = Finding::lacks(&code::WALK_CLOSURE_DIGEST_MISSING, message);
                self.report(Claim::Dispatch, finding, place, closure.span);
            }
            Some(binding) if binding != &**digest => {
                let message = format!(
                    "permit_id={permit} {field} mismatch closure={digest} binding_request_hash={binding}"
                );
                let finding = Finding::disproves(&code::WALK_CLOSURE_DISPATCH_DIGEST_MISMATCH, message)
                    .fact("closure", digest.to_string())
                    .fact("permit", binding);
                self.report(Claim::Dispatch, finding, place, closure.span);
            }
            Some(_) => self.counts.dispatches += 1,
        }
    }

    fn response(
        &mut self,
        place: Place,
        closure: &ClosureRow,
        permit: &str,
        side: &Side,
        digest: Option<&str>,
        evidence: Option<&Evidence>,
    ) {
        if &*closure.status == "missing_closure" {
            return;
        }
        let missing = |message: String| Finding::lacks(&code::WALK_CLOSURE_DIGEST_MISSING, message);
        let field = side.field;
        let Some(digest) = digest else {
            if &*closure.status == "closed" {
                let finding = missing(format!("permit_id={permit} closure_status=closed missing {field}"));
                self.report(Claim::Digest, finding, place, closure.span);
            }
            return;
        };
        let finding = match evidence {
            Some(evidence) if evidence.digests.iter().any(|known| &**known == digest) => {
                if evidence.digests.len() == 1 {
                    return;
                }
                let message = format!(
                    "permit_id={permit} events carry {} different values of {field}",
                    evidence.digests.len()
                );
                Finding::disproves(&code::CLOSURE_RESPONSE_CONTRADICTION, message).fact("closure", digest)
            }
            Some(evidence) if !evidence.digests.is_empty() => {
                let events = evidence.digests.join(", ");
                let message =
                    format!("permit_id={permit} {field} mismatch closure={digest} events=[{events}]");
                Finding::disproves(&code::WALK_CLOSURE_DIGEST_MISMATCH, message)
                    .fact("closure", digest)
                    .fact("events", events)
            }
            Some(evidence) if evidence.events => {
                missing(format!("permit_id={permit} {} evidence missing {field}", side.events))
            }
            _ => missing(format!("permit_id={permit} missing {} evidence for {field}", side.events)),
        };
        self.report(Claim::Digest, finding, place, closure.span);
    }

    /// One permit is closed once; a placeholder may precede the closure.
    fn repeated(&mut self, closures: &[&(Place, ClosureRow)]) {
        let mut seen = std::collections::HashSet::new();
        for (place, closure) in closures {
            let Some(id) = closure.permit_id.as_deref().filter(|_| &*closure.status != "missing_closure")
            else {
                continue;
            };
            if !seen.insert(id) {
                let message = format!("permit_id={id} is closed more than once");
                self.report(
                    Claim::Signature,
                    Finding::disproves(&code::CLOSURE_DUPLICATE, message),
                    *place,
                    closure.span,
                );
            }
        }
    }

    fn finish(mut self, closures: &[&(Place, ClosureRow)]) {
        let closed: std::collections::HashSet<&str> =
            closures.iter().filter_map(|(_, closure)| closure.permit_id.as_deref()).collect();
        let open = self.rows.order.iter().filter(|id| {
            !closed.contains(&***id)
                && self.rows.permits.get(*id).is_some_and(|state| state.recorded && state.dispatched)
        });
        for id in open {
            let message = format!("permit_id={id} was dispatched and has no closure in this export");
            self.out.finding(Finding::notes(&code::CLOSURE_MISSING_FOR_PERMIT, message));
        }
        let counts = std::mem::take(&mut self.counts);
        self.out.ran(
            "closures",
            TITLE,
            &[
                ("closures", counts.closures),
                ("signatures", counts.signatures),
                ("response digests", counts.digests),
                ("dispatch digests", counts.dispatches),
                ("authority ends", counts.ends),
            ],
        );
        let requested = self.requested();
        let [signature, digest, dispatch] = self.failed;
        if !signature {
            if counts.closures == 0 {
                let message = "verify-closure found zero evaluable closure subjects";
                let effect = if self.required {
                    Effect::Fails { verdict: Verdict::InsufficientEvidence }
                } else {
                    Effect::Limits { verdict: Verdict::InsufficientEvidence }
                };
                let finding = Finding::new(&code::CLOSURE_NO_EVALUABLE_SUBJECTS, effect, message);
                self.out.unsupported(name::CLOSURE_SIGNATURE, subject("closure"), finding);
            } else {
                let message = format!("{} closure signature(s) verified", counts.signatures);
                self.out.supported(
                    name::CLOSURE_SIGNATURE,
                    subject("closure"),
                    &code::CLOSURE_SIGNATURE_SUPPORTED,
                    message,
                );
            }
        }
        if !digest && counts.digests > 0 {
            self.out.claim(name::CLOSURE_DIGEST, requested);
            let subject = Subject::new("closure_digest", "provider_client_response");
            let message = format!("{} closure digest reference(s) verified", counts.digests);
            self.out.supported(
                name::CLOSURE_DIGEST,
                subject,
                &code::CLOSURE_DIGEST_CONSISTENCY_SUPPORTED,
                message,
            );
        }
        if !dispatch && counts.dispatches > 0 {
            self.out.claim(name::CLOSURE_DISPATCH, requested);
            let subject = Subject::new("closure_dispatch_digest", "dispatch_request_digest_v1");
            let message = "closure dispatch request digest matches permit binding hash";
            self.out.supported(
                name::CLOSURE_DISPATCH,
                subject,
                &code::CLOSURE_DISPATCH_BINDING_SUPPORTED,
                message,
            );
        }
    }
}

fn requested(required: bool) -> Requested {
    if required { Requested::Operator } else { Requested::Automatic }
}

/// One of the two responses.
struct Side {
    field: &'static str,
    events: &'static str,
}

const PROVIDER: Side =
    Side { field: "provider_response_digest_v1", events: "provider.response.received/execution.completed" };
const CLIENT: Side =
    Side { field: "client_response_digest_v1", events: "client.response.delivered/execution.completed" };
