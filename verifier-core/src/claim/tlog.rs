//! Entries of an export in a transparency log (spec 16): proofs beside the export, under a head that a trusted log
//! signed and, where a policy says so, witnesses cosigned.
//!
//! A leaf is the canonical form of a whole chain entry, payload included, which the record hash v1 does not cover. The
//! verifier hashes the entries of the export itself; the proofs bring paths and nothing else. No proofs establish
//! nothing and are no fault; a proof that does not hold is a contradiction.

use std::collections::BTreeMap;

use crate::canon::{self, Profile};
use crate::claim::export::{Export, STREAMED, file_name};
use crate::evidence::stream::{self, Item, Origin, Settings, Visitor};
use crate::finding::catalog::tlog as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::json::Value;
use crate::merkle::rfc6962::{Hash, leaf_hash, verify_inclusion};
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::{Timestamp, UnixNanos};
use crate::tlog::{Checkpoint, ManyProofs, Note, NoteKey, Policy, Role, Standing};
use crate::trust::{Basis, LogTrust};

/// Chain entries are under a head of a trusted log.
pub(crate) const INCLUSION: &str = "transparency_log.inclusion.v1";
/// Enough witnesses cosigned the head.
pub(crate) const WITNESS: &str = "transparency_log.witness.v1";
/// What is added to the name of an export's file.
const SUFFIX: &str = ".tlog-proofs";
const TITLE: &str = "inclusion of chain entries in a transparency log";
/// Nanoseconds that a cosignature may lie in the future.
const AHEAD: u64 = 300 * 1_000_000_000;

/// The policy that the operator named.
pub(crate) fn policy(trust: &LogTrust) -> Result<Policy, String> {
    let mut policy = match &trust.policy {
        None => Policy::default(),
        Some(file) => {
            let blob = file.content.as_ref().map_err(Clone::clone)?;
            let text = blob.as_str().ok_or_else(|| format!("{} is no text", file.name))?;
            Policy::parse(text).map_err(|error| format!("{}: {error}", file.name))?
        }
    };
    for text in &trust.keys {
        let key = NoteKey::parse(text).map_err(|error| format!("log key {text}: {error}"))?;
        if key.role != Role::Log {
            return Err(format!("log key {text}: it is the key of a witness"));
        }
        policy.add_log(key);
    }
    Ok(policy)
}

/// A tree head of a trusted log.
pub(crate) struct TrustedHead<'a> {
    pub(crate) head: Checkpoint<'a>,
    pub(crate) standing: Standing,
}

/// Reads a signed head and judges its signatures: who signed goes to `claim`, the witnesses to their own claim.
pub(crate) fn head<'a>(
    text: &'a str,
    trust: &LogTrust,
    as_of: &Timestamp,
    claim: &'static str,
    place: &Location,
    out: &mut ReportBuilder,
) -> Option<TrustedHead<'a>> {
    let subject = |id: &str| Subject::new("tree_head", id);
    let malformed = |reason: String| {
        Finding::disproves(&code::TLOG_PROOFS_MALFORMED, format!("the tree head: {reason}")).at(place.clone())
    };
    let note = match Note::parse(text) {
        Ok(note) => note,
        Err(error) => {
            out.unsupported(claim, subject("unreadable"), malformed(error.to_string()));
            return None;
        }
    };
    let head = match Checkpoint::parse(note.text) {
        Ok(head) => head,
        Err(error) => {
            out.unsupported(claim, subject("unreadable"), malformed(error.to_string()));
            return None;
        }
    };
    let policy = match policy(trust) {
        Ok(policy) => policy,
        Err(why) => {
            let finding = Finding::lacks(&code::TLOG_POLICY_INVALID, why);
            out.unsupported(claim, subject(head.origin), finding.at(place.clone()));
            return None;
        }
    };
    let standing = policy.judge(&note);
    if !standing.wrong.is_empty() {
        let message = format!("signatures that do not verify: {}", standing.wrong.join(", "));
        let finding = Finding::disproves(&code::TLOG_SIGNATURE_INVALID, message);
        out.unsupported(claim, subject(head.origin), finding.at(place.clone()));
        return None;
    }
    if !standing.logs.iter().any(|log| log == head.origin) {
        let message = format!("the head of {} is not signed by a trusted log of that name", head.origin);
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        let finding = Finding::new(&code::TLOG_LOG_NOT_TRUSTED, effect, message);
        out.unsupported(claim, subject(head.origin), finding.at(place.clone()));
        return None;
    }
    if let Some(key) = policy.log(head.origin) {
        out.signers.push(SignerSummary {
            signed: "tree head".to_owned(),
            public_key: key.public_key().to_text(),
            key_id: Some(key.name.clone()),
            basis: Basis::Pinned,
            source: "a log named as trusted (--log-key or --witness-policy)".to_owned(),
            signed_at: None,
        });
    }
    witnesses(&head, &standing, &policy, trust, as_of, place, out);
    Some(TrustedHead { head, standing })
}

fn witnesses(
    head: &Checkpoint<'_>,
    standing: &Standing,
    policy: &Policy,
    trust: &LogTrust,
    as_of: &Timestamp,
    place: &Location,
    out: &mut ReportBuilder,
) {
    if !policy.needs_witnesses() && trust.witnesses.is_none() {
        out.not_proven
            .push("that the log shows everybody the same history: no witness was required".to_owned());
        return;
    }
    let requested = if trust.witnesses.is_some() { Requested::Operator } else { Requested::Automatic };
    out.claim(WITNESS, requested);
    let latest = UnixNanos::of(as_of).plus(AHEAD);
    let seconds = |time: u64| UnixNanos::from_seconds(i64::try_from(time).unwrap_or(i64::MAX));
    let subject = || Subject::new("tree_head", head.origin);
    if let Some((name, _)) = standing.witnesses.iter().find(|(_, time)| seconds(*time) > latest) {
        let message = format!("the cosignature of {name} is of a later time than verdicts are stated for");
        let finding = Finding::lacks(&code::TLOG_COSIGNATURE_FUTURE, message);
        return out.unsupported(WITNESS, subject(), finding.at(place.clone()));
    }
    let names: Vec<&str> = standing.witnesses.iter().map(|(name, _)| name.as_str()).collect();
    let enough = trust
        .witnesses
        .is_none_or(|(needed, of)| standing.witnesses.len() >= needed && policy.witness_count() == of);
    if standing.quorum && enough {
        let times = standing.witnesses.iter().map(|(_, time)| seconds(*time)).min();
        let since = times.map_or_else(String::new, |time| format!(", the earliest at {time}"));
        let message = format!("cosigned by {}{since}", names.join(", "));
        return out.supported(WITNESS, subject(), &code::TLOG_WITNESSED, message);
    }
    let message = match trust.witnesses {
        Some((needed, of)) if policy.witness_count() != of => format!(
            "{needed} of {of} witnesses are required, and the policy names {}",
            policy.witness_count()
        ),
        _ => format!("cosigned by {} of {} witnesses only", names.len(), policy.witness_count()),
    };
    out.unsupported(
        WITNESS,
        subject(),
        Finding::lacks(&code::TLOG_QUORUM_MISSING, message).at(place.clone()),
    );
}

/// Checks the proofs beside an export.
pub(crate) fn check(export: &Export<'_>, out: &mut ReportBuilder) {
    let payload = &export.set.payload;
    let name = format!("{}{SUFFIX}", file_name(&payload.label));
    let Ok(Some(entry)) = payload.siblings.find(&name) else {
        return out.skipped("tlog.inclusion", TITLE, "no inclusion proofs are beside the export");
    };
    let label = format!("{}{SUFFIX}", payload.label);
    let place = Location::file(&label);
    out.claim(INCLUSION, Requested::Automatic);
    let subject = || Subject::new("chain_entries", file_name(&payload.label));
    let fail = |reason: String, out: &mut ReportBuilder| {
        let finding = Finding::disproves(&code::TLOG_PROOFS_MALFORMED, reason);
        out.unsupported(INCLUSION, subject(), finding.at(Location::file(&label)));
    };
    let blob = match entry.read(export.policy.limits.document_bytes) {
        Ok(blob) => blob,
        Err(error) => return fail(error.to_string(), out),
    };
    let Some(text) = blob.as_str() else { return fail("the proofs are no text".to_owned(), out) };
    let proofs = match ManyProofs::parse(text) {
        Ok(proofs) => proofs,
        Err(error) => return fail(error.to_string(), out),
    };
    let as_of = &export.policy.as_of;
    let Some(trusted) = head(proofs.head, &export.policy.logs, as_of, INCLUSION, &place, out) else { return };
    let mut paths = BTreeMap::new();
    for entry in proofs.entries() {
        match entry {
            Ok((event, path)) if !paths.contains_key(event) => drop(paths.insert(event, path)),
            Ok((event, _)) => return fail(format!("two proofs for {event}"), out),
            Err(error) => return fail(error.to_string(), out),
        }
    }
    let settings = Settings {
        limits: &export.policy.limits,
        workers: export.policy.workers,
        arrays: STREAMED,
        predict: false,
    };
    let mut tally = Tally::default();
    let mut collect = |_: Origin, rows: Vec<Leaf>| {
        for row in rows {
            let Some(path) = paths.get(row.event_id.as_str()) else {
                tally.missing.get_or_insert(row.event_id);
                tally.without += 1;
                continue;
            };
            let holds = row.hash.is_some_and(|hash| {
                verify_inclusion(path.index, trusted.head.size, &hash, &path.hashes, &trusted.head.root)
                    .is_ok()
            });
            if holds {
                tally.included += 1;
            } else {
                tally.wrong.push((row.event_id, row.pointer, row.span));
            }
        }
    };
    let read = payload.entry.open().map_err(|error| error.to_string()).and_then(|source| {
        stream::run(source, settings, &Leaves, &mut collect, &|_| true).map_err(|error| error.to_string())
    });
    match read {
        Ok(streamed) if streamed.sha256 == export.streamed.sha256 => {
            tally.report(export, &trusted, &label, out)
        }
        Ok(_) => fail("the export changed while it was read".to_owned(), out),
        Err(error) => fail(error, out),
    }
}

#[derive(Default)]
struct Tally {
    included: u64,
    without: u64,
    missing: Option<String>,
    wrong: Vec<(String, String, (u64, u64))>,
}

impl Tally {
    fn report(self, export: &Export<'_>, trusted: &TrustedHead<'_>, label: &str, out: &mut ReportBuilder) {
        let subject = || Subject::new("chain_entries", file_name(&export.set.payload.label));
        let clean = self.wrong.is_empty() && self.without == 0 && self.included > 0;
        for (event, pointer, span) in self.wrong {
            let message = format!("event_id={event} is not the entry that the log has");
            let finding = Finding::disproves(&code::TLOG_INCLUSION_INVALID, message);
            out.unsupported(INCLUSION, subject(), finding.at(export.place(Some(pointer), span)));
        }
        if let Some(event) = self.missing {
            let message =
                format!("{} chain entries have no proof, the first is event_id={event}", self.without);
            let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
            let finding = Finding::new(&code::TLOG_INCLUSION_MISSING, effect, message);
            out.unsupported(INCLUSION, subject(), finding.at(Location::file(label)));
        }
        if clean {
            let head = &trusted.head;
            let message = format!(
                "{} entries are under the head of {} at size {}",
                self.included, head.origin, head.size
            );
            out.supported(INCLUSION, subject(), &code::TLOG_INCLUSION_SUPPORTED, message);
            if !trusted.standing.witnesses.is_empty() {
                out.epistemic(INCLUSION, "witnesses", &trusted.standing.witnesses.len().to_string());
            }
        }
        out.ran(
            "tlog.inclusion",
            TITLE,
            &[("proofs that hold", self.included), ("entries without", self.without)],
        );
    }
}

/// Hashes chain entries as the log does.
struct Leaves;

struct Leaf {
    event_id: String,
    /// `None` when the entry has no canonical form.
    hash: Option<Hash>,
    pointer: String,
    span: (u64, u64),
}

fn leaf(entry: Value<'_>, pointer: impl Fn() -> String) -> Option<Leaf> {
    entry.member("record_hash")?;
    let event_id = entry.member("event_id").and_then(Value::text)?.into_owned();
    let bytes = canon::to_bytes(Profile::Legacy, entry).ok();
    let span = entry.span();
    Some(Leaf {
        event_id,
        hash: bytes.map(|bytes| leaf_hash(&bytes)),
        pointer: pointer(),
        span: (span.start, span.end),
    })
}

impl Visitor for Leaves {
    type Row = Vec<Leaf>;

    fn visit(&self, item: Item<'_>) -> Vec<Leaf> {
        let index = item.index;
        let array = if item.origin == Origin::Array(1) { "chain_entries" } else { "records" };
        let mut rows: Vec<Leaf> = leaf(item.value, || format!("/{array}/{index}")).into_iter().collect();
        if let Some(nested) = item.value.member("chain_entries").and_then(Value::as_array) {
            for (position, entry) in nested.items().enumerate() {
                rows.extend(leaf(entry, || format!("/records/{index}/chain_entries/{position}")));
            }
        }
        rows
    }
}
