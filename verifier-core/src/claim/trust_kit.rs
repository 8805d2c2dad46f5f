//! What every report says about the date that its verdicts are stated for: what of the trust kit was not in force then,
//! and which signatures state a later time. Which kit it was is one of the report's files.

use std::collections::BTreeSet;

use crate::crypto::prefixed;
use crate::finding::catalog::{input, trust as code};
use crate::finding::{Code, Effect, Finding, Location};
use crate::report::{FileSummary, Report, ReportBuilder, SignerSummary, TRUST_KIT as ROLE};
use crate::time::Timestamp;
use crate::trust::TrustPolicy;
use crate::trust::kit::{KitInUse, Standing, State};

/// Names of parts in one message; the rest are counted.
const NAMED: usize = 8;

/// A report that begins with the kit of the policy, if there is one.
pub(crate) fn begin(policy: &TrustPolicy) -> ReportBuilder {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, policy.require.clone());
    if let Some(kit) = &policy.kit {
        report(kit, policy, &mut out);
    }
    out
}

/// The finished report. The kit is the last of its files, after what was verified.
pub(crate) fn end(mut out: ReportBuilder, policy: &TrustPolicy) -> Report {
    let later = |signer: &&SignerSummary| {
        let stated = signer.signed_at.as_deref().and_then(Timestamp::parse);
        stated.is_some_and(|stated| stated > policy.as_of)
    };
    let later: Vec<_> = out.signers.iter().filter(later).cloned().collect();
    for SignerSummary { signed, signed_at, .. } in later {
        let stated = signed_at.unwrap_or_default();
        let message = format!("{signed}: signed at {stated} by its own statement, after {}", policy.as_of);
        out.finding(Finding::notes(&code::SIGNED_AFTER_AS_OF, message));
    }
    if let Some(kit) = &policy.kit {
        let blob = kit.content.as_ref().ok();
        out.artifact.files.push(FileSummary {
            role: ROLE,
            path: kit.name.clone(),
            sha256: blob.map(|blob| prefixed(&blob.sha256())),
            bytes: blob.and_then(|blob| u64::try_from(blob.as_slice().len()).ok()),
        });
    }
    out.finish(&policy.as_of)
}

fn report(used: &KitInUse, policy: &TrustPolicy, out: &mut ReportBuilder) {
    let place = || Location::file(&used.name);
    let kit = match (&used.content, &used.kit) {
        (Ok(_), Ok(kit)) => kit,
        (Err(why), _) => {
            return out.finding(Finding::new(&input::INPUT_UNREADABLE, Effect::Unreadable, why).at(place()));
        }
        (_, Err(error)) => {
            let finding = Finding::new(&code::TRUST_KIT_INVALID, Effect::Unreadable, error.to_string());
            return out.finding(finding.at(place()));
        }
    };
    let count = u64::try_from(kit.items().len()).unwrap_or(u64::MAX);
    out.ran("trust_kit", "trust kit", &[("items", count)]);
    let mut replaced = BTreeSet::new();
    for (standing, number) in kit.standings(&policy.as_of).iter().zip(0_usize..) {
        if !used.uses(standing.item.kind) {
            replaced.insert(standing.item.kind.as_str());
            continue;
        }
        for state in [State::Revoked, State::Stale, State::NotYetValid, State::Unreadable] {
            if let Some(message) = message(standing, state) {
                let message = format!("{message}, as of {}", policy.as_of);
                let finding =
                    Finding::notes(code_of(state), message).fact("kind", standing.item.kind.as_str());
                out.finding(finding.at(place().pointing(format!("/items/{number}"))));
            }
        }
    }
    for kind in replaced {
        let why = format!("{kind}: another option takes its place");
        out.skipped("trust_kit.replaced", "material of the trust kit", why);
    }
}

fn code_of(state: State) -> &'static Code {
    match state {
        State::Stale => &code::TRUST_KIT_ITEM_STALE,
        State::NotYetValid => &code::TRUST_KIT_ITEM_NOT_YET_VALID,
        State::Revoked => &code::TRUST_KIT_ITEM_REVOKED,
        State::Valid | State::Unreadable => &code::TRUST_KIT_ITEM_UNREADABLE,
    }
}

/// What of an item is in this state, if anything is.
fn message(standing: &Standing<'_>, state: State) -> Option<String> {
    let item = standing.item;
    let in_state: Vec<_> = standing.parts.iter().filter(|(_, own)| *own == state).collect();
    let whole = standing.state == state;
    if in_state.is_empty() && !whole {
        return None;
    }
    let mut message = format!("{} {} ({})", item.kind, item.file, item.subject);
    if whole {
        message.push_str(&format!(" is {}", state.as_str()));
        message.extend(standing.why.as_ref().map(|why| format!(", {why}")));
    }
    let names: Vec<&str> = in_state.iter().filter_map(|(part, _)| part.name.as_deref()).collect();
    if !names.is_empty() {
        let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let (count, of) = (names.len(), standing.parts.len());
        message.push_str(&format!(": {count} of {of} entries {}: {shown}", state.as_str()));
        let more = count.saturating_sub(NAMED);
        message.extend((more > 0).then(|| format!(" and {more} more")));
    }
    Some(message)
}
