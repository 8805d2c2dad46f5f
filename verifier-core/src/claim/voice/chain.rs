use serde_json::json;

use super::{Checked, Version, schema_finding};
use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::crypto::prefixed;
use crate::evidence::Part;
use crate::finding::catalog::voice as code;
use crate::finding::{Code, Finding, Location};
use crate::json::{Kind, Value};

const NAME: &str = "chain_integrity";
/// `sha256:` of the ASCII text `keel-voice-session-artifact-chain-genesis-v1`.
const GENESIS: &str = "sha256:83bd9d2d5b4a86a78ad5832ebeded1a546e56f2be8758dff0b54d64414a00418";

/// The events of the session (spec 14.4), first the reference's checks and then the strict ones.
pub(super) fn check(root: Value<'_>, version: Option<Version>, part: &Part) -> Checked {
    match events(root, version, part) {
        Ok(count) => Checked::passed(NAME, vec![("events_verified", json!(count))]),
        Err(finding) => Checked::failed(NAME, *finding),
    }
}

fn events(root: Value<'_>, version: Option<Version>, part: &Part) -> Result<usize, Box<Finding>> {
    let file = Location::file(&part.label);
    let version = version.ok_or_else(|| Box::new(schema_finding().at(file.clone())))?;
    let fail = |code: &'static Code, message: String, value: Value<'_>| {
        Box::new(Finding::disproves(code, message).at(Location::value(&part.label, value)))
    };
    let chain = root.member("chain").and_then(Value::as_array).ok_or_else(|| {
        let message = "chain must be an array";
        Box::new(
            Finding::disproves(&code::VOICE_CHAIN_MALFORMED, message).at(file.clone().pointing("/chain")),
        )
    })?;
    let mut previous = GENESIS.to_owned();
    let mut sequence = 0i64;
    let mut gap = None;
    let mut last = None;
    let mut count = 0usize;
    for (entry, number) in chain.items().zip(1..) {
        let of = |reason: &str| format!("chain entry {number} {reason}");
        if !entry.is_object() {
            return Err(fail(&code::VOICE_CHAIN_MALFORMED, of("invalid"), entry));
        }
        payload(entry, version).map_err(|(code, reason)| fail(code, of(reason), entry))?;
        let text = |name: &str| entry.member_text(name).unwrap_or_default();
        if text("previous_content_hash") != previous {
            return Err(fail(
                &code::VOICE_CHAIN_PREVIOUS_MISMATCH,
                of("previous_content_hash mismatch"),
                entry,
            ));
        }
        let own = entry.member("artifact_sequence").and_then(Value::as_i64);
        let Some(own) = own.filter(|own| *own > sequence) else {
            let reason = of("artifact_sequence is not strictly increasing");
            return Err(fail(&code::VOICE_CHAIN_SEQUENCE, reason, entry));
        };
        if own != sequence.saturating_add(1) {
            gap.get_or_insert((own, entry));
        }
        sequence = own;
        let computed = canon::digest_except(Profile::Legacy, entry, &["content_hash"]);
        let computed = computed.map(|digest| prefixed(&digest)).unwrap_or_default();
        if text("content_hash") != computed {
            let finding = fail(&code::VOICE_CHAIN_CONTENT_MISMATCH, of("content_hash mismatch"), entry);
            let stated = text("content_hash").into_owned();
            return Err(Box::new(finding.fact("stated", stated).fact("computed", computed)));
        }
        previous = computed;
        last = Some(entry);
        count += 1;
    }
    let head = root.member("chain_head").and_then(Value::as_object).ok_or_else(|| {
        let message = "chain_head missing";
        Box::new(Finding::disproves(&code::VOICE_CHAIN_MALFORMED, message).at(file.clone()))
    })?;
    if head.member_text("content_hash").unwrap_or_default() != previous {
        return Err(fail(&code::VOICE_CHAIN_HEAD_MISMATCH, "chain_head hash mismatch".to_owned(), head));
    }
    if event_count(head) != i64::try_from(count).ok() {
        let message = "chain_head event_count mismatch".to_owned();
        return Err(fail(&code::VOICE_CHAIN_HEAD_MISMATCH, message, head));
    }
    let inconsistent =
        |message: &str, value: Value<'_>| fail(&code::VOICE_CHAIN_INCONSISTENT, message.to_owned(), value);
    if let Some((number, entry)) = gap {
        return Err(inconsistent(&format!("event numbers have a gap before {number}"), entry));
    }
    let Some(last) = last else {
        return Err(inconsistent("the session has no events", chain));
    };
    head_sequence(head, last).map_err(|message| inconsistent(message, head))?;
    one_session(root, chain).map_err(|(message, entry)| inconsistent(message, entry))?;
    Ok(count)
}

/// The rules on payloads, which differ between the versions.
fn payload(entry: Value<'_>, version: Version) -> Result<(), (&'static Code, &'static str)> {
    const INVALID: &str = "canonicalized_payload_hash is invalid";
    let hash = entry.member_text("canonicalized_payload_hash");
    let well_formed = hash
        .as_deref()
        .and_then(|hash| hash.strip_prefix("sha256:"))
        .is_some_and(|digits| hex::is_lower_hex(digits, 64));
    match version {
        Version::Three => {
            if entry.member("canonicalized_payload").is_some() {
                let reason = "embeds payload material in schema v3";
                return Err((&code::VOICE_CHAIN_PAYLOAD_EMBEDDED, reason));
            }
            if !entry.member("payload_materialization").is_some_and(|value| value.is_text("hash_only")) {
                let reason = "payload_materialization must be hash_only";
                return Err((&code::VOICE_CHAIN_MATERIALIZATION, reason));
            }
            if well_formed { Ok(()) } else { Err((&code::VOICE_CHAIN_PAYLOAD_HASH, INVALID)) }
        }
        Version::One => {
            let Some(payload) = entry.member("canonicalized_payload") else { return Ok(()) };
            let computed = canon::digest(Profile::Legacy, payload).map(|digest| prefixed(&digest));
            if hash.as_deref() == computed.ok().as_deref() {
                Ok(())
            } else {
                Err((&code::VOICE_CHAIN_PAYLOAD_HASH, INVALID))
            }
        }
    }
}

/// The number of events that the head states; 0 when it states none.
fn event_count(head: Value<'_>) -> Option<i64> {
    match head.member("event_count") {
        None => Some(0),
        Some(value) if !value.is_truthy() => Some(0),
        Some(value) if value.kind() == Kind::Int => value.as_i64(),
        Some(value) => value.text().and_then(|text| text.trim().parse().ok()),
    }
}

/// The head's sequence is that of the last event, where both state one.
fn head_sequence(head: Value<'_>, last: Value<'_>) -> Result<(), &'static str> {
    let (head, last) = (head.member("sequence"), last.member("sequence"));
    match (head, last) {
        (Some(head), Some(last)) if !head.same(last) => {
            Err("chain_head names another sequence than the last event")
        }
        _ => Ok(()),
    }
}

/// Every event that names a session or a chain names the same one, and the session is that of the metadata.
fn one_session<'a>(root: Value<'a>, chain: Value<'a>) -> Result<(), (&'static str, Value<'a>)> {
    let mut session = root.path(&["session_metadata", "session_id"]).and_then(Value::text);
    let mut scope = None;
    for entry in chain.items() {
        for (name, known) in [("session_id", &mut session), ("chain_scope", &mut scope)] {
            let Some(own) = entry.member(name).and_then(Value::text) else { continue };
            match known {
                Some(known) if *known != own => {
                    return Err(("events name different sessions or chains", entry));
                }
                Some(_) => {}
                None => *known = Some(own),
            }
        }
    }
    Ok(())
}
