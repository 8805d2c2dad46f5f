//! Transparency logs (spec 16): tree heads that a trusted log signed and witnesses cosigned, and what is under them.

mod inclusion;
mod witness;

pub(crate) use inclusion::{Leaf, LogOrder, SUFFIX, check, entries, leaves};

use crate::finding::catalog::tlog as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::{ReportBuilder, Requested, SignerSummary, Subject};
use crate::time::{Timestamp, UnixNanos};
use crate::tlog::note::NoteError;
use crate::tlog::{Checkpoint, Note, NoteKey, Policy, QuorumTime, Role, Standing};
use crate::trust::{Basis, LogTrust};

/// Entries are under a head of a trusted log.
pub const INCLUSION: &str = "transparency_log.inclusion.v1";
/// Enough witnesses cosigned the head.
pub const WITNESS: &str = "transparency_log.witness.v1";

/// Seconds that a cosignature may lie in the future.
const AHEAD: u64 = 300;

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
#[derive(Clone, Debug)]
pub(crate) struct TrustedHead<'a> {
    /// The signed note as received.
    pub(crate) text: &'a str,
    pub(crate) head: Checkpoint<'a>,
    pub(crate) standing: Standing,
    /// When enough witnesses had cosigned it.
    pub(crate) witnessed: Option<QuorumTime>,
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
    let (mut trusted, policy) = signed(text, trust, as_of, claim, place, out)?;
    trusted.witnessed = witness::check(&trusted, &policy, trust, place, out);
    Some(trusted)
}

/// [`head`] of a tree that no log keeps, so that it has no witnesses.
pub(crate) fn unwitnessed<'a>(
    text: &'a str,
    trust: &LogTrust,
    as_of: &Timestamp,
    claim: &'static str,
    place: &Location,
    out: &mut ReportBuilder,
) -> Option<TrustedHead<'a>> {
    signed(text, trust, as_of, claim, place, out).map(|(trusted, _)| trusted)
}

fn signed<'a>(
    text: &'a str,
    trust: &LogTrust,
    as_of: &Timestamp,
    claim: &'static str,
    place: &Location,
    out: &mut ReportBuilder,
) -> Option<(TrustedHead<'a>, Policy)> {
    match judge(text, trust, as_of) {
        Ok((trusted, policy)) => {
            sign(&trusted, &policy, out);
            Some((trusted, policy))
        }
        Err((origin, finding)) => {
            let subject = Subject::new("tree_head", origin.unwrap_or("unreadable"));
            out.unsupported(claim, subject, finding.at(place.clone()));
            None
        }
    }
}

/// A head that enough trusted witnesses cosigned.
pub(crate) struct Witnessed {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) time: QuorumTime,
}

/// Reads a head of a trusted log and its witnesses.
///
/// # Errors
/// Why it does not count, in words.
pub(crate) fn witnessed(text: &str, trust: &LogTrust, as_of: &Timestamp) -> Result<Witnessed, String> {
    let (trusted, policy) = judge(text, trust, as_of).map_err(|(_, finding)| finding.message)?;
    let time = witness::reached(&trusted.standing, &policy, trust)?;
    Ok(Witnessed { origin: trusted.head.origin.to_owned(), size: trusted.head.size, time })
}

/// Judges the witnesses of a head whose log was verified elsewhere; whether enough of the policy cosigned it.
pub(crate) fn cosigned(
    text: &str,
    trust: &LogTrust,
    as_of: &Timestamp,
    place: &Location,
    out: &mut ReportBuilder,
) -> bool {
    let mut refuse = |finding: Finding| {
        out.claim(WITNESS, Requested::Operator);
        out.unsupported(WITNESS, Subject::unnamed("tree_head"), finding.at(place.clone()));
        false
    };
    let Ok(note) = Note::parse(text) else {
        return refuse(Finding::disproves(&code::TLOG_NOTE_MALFORMED, "the tree head is no signed note"));
    };
    let Ok(head) = Checkpoint::parse(note.text) else {
        return refuse(Finding::disproves(
            &code::TLOG_CHECKPOINT_MALFORMED,
            "the signed note is no tree head",
        ));
    };
    let policy = match policy(trust) {
        Ok(policy) => policy,
        Err(why) => return refuse(Finding::lacks(&code::TLOG_POLICY_INVALID, why)),
    };
    let standing = policy.judge(&note, latest(as_of));
    if !standing.wrong_witnesses.is_empty() {
        let names = standing.wrong_witnesses.join(", ");
        let message = format!("the cosignature of {names} is not of this head");
        return refuse(Finding::disproves(&code::TLOG_COSIGNATURE_INVALID, message));
    }
    let trusted = TrustedHead { text, head, standing, witnessed: None };
    witness::check(&trusted, &policy, trust, place, out).is_some()
}

/// The latest time, in Unix seconds, at which a cosignature may stand.
fn latest(as_of: &Timestamp) -> u64 {
    u64::try_from(UnixNanos::of(as_of).seconds()).unwrap_or(0).saturating_add(AHEAD)
}

/// Says whose key the head is believed by.
fn sign(trusted: &TrustedHead<'_>, policy: &Policy, out: &mut ReportBuilder) {
    let key = policy.log(trusted.head.origin).and_then(|key| Some((key.name.clone(), key.public_key()?)));
    if let Some((name, key)) = key {
        out.signers.push(SignerSummary {
            signed: "tree head".to_owned(),
            public_key: key.to_text(),
            key_id: Some(name),
            basis: Basis::Pinned,
            source: "a log named as trusted (--log-key or --witness-policy)".to_owned(),
            signed_at: None,
        });
    }
}

/// Why a head does not count: its origin, where it has one, and the finding.
type Refused<'a> = (Option<&'a str>, Box<Finding>);

fn judge<'a>(
    text: &'a str,
    trust: &LogTrust,
    as_of: &Timestamp,
) -> Result<(TrustedHead<'a>, Policy), Refused<'a>> {
    let note = Note::parse(text).map_err(|error| (None, Box::new(malformed(text, error))))?;
    let head = Checkpoint::parse(note.text).map_err(|error| {
        let finding = Finding::disproves(&code::TLOG_CHECKPOINT_MALFORMED, error.to_string());
        (None, Box::new(finding))
    })?;
    let refuse = |finding: Finding| (Some(head.origin), Box::new(finding));
    let policy = policy(trust).map_err(|why| refuse(Finding::lacks(&code::TLOG_POLICY_INVALID, why)))?;
    let standing = policy.judge(&note, latest(as_of));
    if !standing.wrong_logs.is_empty() {
        let message = format!("the signature of {} is not of this head", standing.wrong_logs.join(", "));
        return Err(refuse(Finding::disproves(&code::TLOG_NOTE_SIGNATURE_INVALID, message)));
    }
    if !standing.wrong_witnesses.is_empty() {
        let message =
            format!("the cosignature of {} is not of this head", standing.wrong_witnesses.join(", "));
        return Err(refuse(Finding::disproves(&code::TLOG_COSIGNATURE_INVALID, message)));
    }
    if standing.logs.is_empty() {
        let message = format!("the head of {} is not signed by a trusted log", head.origin);
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        return Err(refuse(Finding::new(&code::TLOG_NOTE_KEY_UNKNOWN, effect, message)));
    }
    if !standing.logs.iter().any(|log| log == head.origin) {
        let message = format!("{} signed a head of {}", standing.logs.join(", "), head.origin);
        return Err(refuse(Finding::disproves(&code::TLOG_ORIGIN_MISMATCH, message)));
    }
    Ok((TrustedHead { text, head, standing, witnessed: None }, policy))
}

fn malformed(text: &str, error: NoteError) -> Finding {
    // Perhaps with the empty line behind which the signatures would stand.
    let body = text.strip_suffix('\n').filter(|body| body.ends_with('\n')).unwrap_or(text);
    if error == NoteError::Unsigned && Checkpoint::parse(body).is_ok() {
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        return Finding::new(&code::TLOG_HEAD_UNSIGNED, effect, "nobody signed this head");
    }
    Finding::disproves(&code::TLOG_NOTE_MALFORMED, error.to_string())
}
