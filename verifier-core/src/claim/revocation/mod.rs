//! Revoked permits: `permit.revoked.v1`, and `permit.dispatch_absence_after_revocation.v1` over it.
//!
//! Both are judged in a split export whose claim set, or whose operator, asks for them (spec 26 section 7). A
//! supported revocation does not prove when it became known to whoever dispatches; a supported absence says
//! nothing about what is outside the named chain, after the checkpoint, or past the control plane.

mod absence;
mod event;

use crate::claim::export::Export;
use crate::claim::{name, permit, scope};
use crate::evidence::Fields;
use crate::finding::{Code, Effect, Finding, Location, catalog};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};

use catalog::revocation as code;
use event::{Context, Revocation, Stop};

/// A permit whose revocation is supported.
pub(crate) struct RevokedPermit(Revocation);

fn asked(export: &Export<'_>, claim: &str) -> Option<Requested> {
    let requested = export.requested(claim, export.policy.require.contains(claim));
    matches!(requested, Requested::Evidence | Requested::Operator).then_some(requested)
}

/// Judges the revocation event of an export; `None` where nobody asked.
pub(crate) fn check(
    export: &Export<'_>,
    out: &mut ReportBuilder,
) -> Option<Result<RevokedPermit, &'static Code>> {
    const CLAIM: &str = name::PERMIT_REVOKED;
    const EVIDENCE: &[&str] = &["export.revocation_event.event", "trust_root"];
    let requested = asked(export, CLAIM);
    if requested.is_none() && asked(export, name::DISPATCH_ABSENCE).is_none() {
        return None;
    }
    let (result, permit_id, pointer) = find(export, |found| {
        let permit_id = found.event.member("permit_id").and_then(Value::non_empty_text);
        let permit_id = permit_id.map(std::borrow::Cow::into_owned);
        let context = context(export, found.stated_hash);
        (event::judge(found.event, &context, export.binding_keys), permit_id, found.pointer)
    })
    .unwrap_or_else(|| {
        let message = "the export carries no revocation event";
        (Err(event::insufficient(&code::PERMIT_REVOKED_EVIDENCE_MISSING, message)), None, String::new())
    });
    out.ran("permit_revocation", "the signed revocation of the permit", &[]);
    let failed = result.as_ref().err().map(|stop| stop.code);
    // Absence rests on the revocation and repeats its code; the claim is opened only where it is asked for.
    if let Some(requested) = requested {
        out.claim(CLAIM, requested);
        out.evidence(CLAIM, EVIDENCE);
        let subject = match permit_id {
            Some(id) => Subject::new("permit_revocation", id),
            None => Subject::unnamed("permit_revocation"),
        }
        .evidence(EVIDENCE);
        match result {
            Ok(revocation) => {
                let message = "the revocation event is well-formed, belongs to the export and is signed";
                out.supported(CLAIM, subject, &code::PERMIT_REVOKED_SUPPORTED, message);
                return Some(Ok(RevokedPermit(revocation)));
            }
            Err(stop) => {
                let place = Location::file(export.payload_label()).pointing(pointer);
                out.unsupported(CLAIM, subject, finding(stop).at(place));
            }
        }
    } else if let Ok(revocation) = result {
        return Some(Ok(RevokedPermit(revocation)));
    }
    failed.map(Err)
}

/// Judges the absence of dispatches after the revocation, where it is asked for.
pub(crate) fn check_absence(
    export: &Export<'_>,
    judged: Option<&Result<RevokedPermit, &'static Code>>,
    scope: &scope::ScopeFacts,
    out: &mut ReportBuilder,
) {
    const CLAIM: &str = name::DISPATCH_ABSENCE;
    const EVIDENCE: &[&str] = &["export.scope_faithfulness", "permit.revoked.v1"];
    let (Some(requested), Some(judged)) = (asked(export, CLAIM), judged) else { return };
    out.claim(CLAIM, requested);
    out.evidence(CLAIM, EVIDENCE);
    let failure = [name::SCOPE_STATE, name::SCOPE_FAITHFULNESS].iter().find_map(|claim| out.failure(claim));
    let unestablished = &catalog::scope::EXPORT_SCOPE_DECLARATION_MISSING;
    let failure = failure.or((!scope.established).then_some(unestablished));
    let revocation = judged.as_ref().map(|permit| &permit.0).map_err(|code| *code);
    let subject = |id: Option<String>| {
        const KIND: &str = "permit_dispatch_absence_after_revocation";
        id.map_or_else(|| Subject::unnamed(KIND), |id| Subject::new(KIND, id)).evidence(EVIDENCE)
    };
    match absence::judge(revocation, scope, failure) {
        Ok(segment) => {
            let message = "the signed scope counts no dispatch from the revocation to the checkpoint";
            let code = &code::PERMIT_DISPATCH_ABSENCE_AFTER_REVOCATION_SUPPORTED;
            out.supported(CLAIM, subject(Some(segment)), code, message);
        }
        Err((segment, stop)) => {
            let place = Location::file(export.payload_label()).pointing("/scope_faithfulness");
            out.unsupported(CLAIM, subject(segment), finding(stop).at(place));
        }
    }
    let message = "dispatches outside the declared chain, after the checkpoint, or past the control plane";
    out.not_proven.push(message.to_owned());
}

fn finding(stop: Stop) -> Finding {
    Finding::new(stop.code, Effect::Fails { verdict: stop.verdict }, stop.message)
}

/// A value in a place of a revocation event.
struct Found<'a> {
    event: Value<'a>,
    stated_hash: Option<String>,
    pointer: String,
}

impl<'a> Found<'a> {
    /// The event in `value`, which is it or wraps it beside its hash.
    fn read(value: Value<'a>, pointer: String, hash_beside: Option<String>) -> Self {
        match value.member("event").and_then(Value::as_object) {
            Some(event) => {
                let stated = value.member_text("canonical_hash").map(std::borrow::Cow::into_owned);
                Self { event, stated_hash: stated.or(hash_beside), pointer: format!("{pointer}/event") }
            }
            None => Self { event: value, stated_hash: hash_beside, pointer },
        }
    }
}

/// The first event in the reference's order: the member of the export, the export itself, then entry by entry.
fn find<R>(export: &Export<'_>, with: impl Fn(Found<'_>) -> R) -> Option<R> {
    let fields = export.fields()?;
    if let Some(value) = fields.member("revocation_event").and_then(Value::as_object) {
        return Some(with(Found::read(value, "/revocation_event".to_owned(), None)));
    }
    // Beyond the limit of documents in memory an event of an entry counts as absent, never as supported.
    let document = export.document().ok()?;
    let root = document.root();
    if is_event(root) {
        return Some(with(Found::read(root, String::new(), None)));
    }
    for list in ["records", "chain_entries"] {
        for (index, record) in root.member(list).into_iter().flat_map(Value::items).enumerate() {
            for (position, entry) in permit::entries(record) {
                let inner = position.map_or_else(String::new, |at| format!("/chain_entries/{at}"));
                if let Some(found) = in_entry(entry, &format!("/{list}/{index}{inner}")) {
                    return Some(with(found));
                }
            }
        }
    }
    None
}

fn is_event(value: Value<'_>) -> bool {
    value.member("event_type").is_some_and(|kind| kind.is_text("permit.revoked"))
        && value.member("signature").is_some()
}

fn in_entry<'a>(entry: Value<'a>, pointer: &str) -> Option<Found<'a>> {
    for name in ["payload_json", "payload"] {
        let Some(payload) = entry.member(name).and_then(Value::as_object) else { continue };
        if let Some(value) = payload.member("revocation_event").and_then(Value::as_object) {
            let beside = payload.member_text("revocation_canonical_hash");
            let place = format!("{pointer}/{name}/revocation_event");
            return Some(Found::read(value, place, beside.map(std::borrow::Cow::into_owned)));
        }
        if is_event(payload) {
            return Some(Found::read(payload, format!("{pointer}/{name}"), None));
        }
    }
    is_event(entry).then(|| Found::read(entry, pointer.to_owned(), None))
}

/// What the event must agree with.
fn context(export: &Export<'_>, stated_hash: Option<String>) -> Context {
    let fields = export.fields();
    let text = |name: &str| fields.and_then(|fields| fields.text(name)).map(std::borrow::Cow::into_owned);
    let of_manifest = || {
        let id = export.manifest?.root().member("project_id")?.non_empty_text()?;
        Some(id.into_owned())
    };
    let decided = fields
        .and_then(|fields| fields.member("permit_decision"))
        .and_then(|decision| decision.path(&["canonical_payload", "permit_id"]))
        .and_then(Value::non_empty_text);
    Context {
        project_id: text("project_id").or_else(of_manifest),
        permit_id: text("permit_id"),
        decided_permit: decided.map(std::borrow::Cow::into_owned),
        stated_hash,
    }
}

#[cfg(test)]
mod tests;
