//! The stories behind the vectors: a small one that faults are put into, and a long one with every outcome.

use serde_json::{Value, json};

use super::LABEL;
use crate::error::Result;
use crate::keys::Purpose;
use crate::scenario::{Call, Fate, Pack, Story};

/// 2026-08-03T08:00:00Z.
pub(super) const START: i64 = 1_785_744_000_000_000;
const SECOND: i64 = 1_000_000;
const PROJECT: &str = "00000000-0000-4000-8000-000000000041";

const POLICY: &str = include_str!("policy.toml");

/// Five permits: `allow`, `deny`, `throttle`, `timeout`, `unused`.
pub(super) fn small() -> Result<Pack> {
    let mut story = begin()?;
    story.call(call("allow", 1, Fate::Complete, true));
    story.call(call("timeout", 2, Fate::Timeout, false));
    story.call(call("unused", 3, Fate::Abandoned, true));
    let mut denied = call("deny", 4, Fate::Complete, true);
    set(&mut denied.request, "attributes", json!({"data_class": "secret"}));
    story.call(denied);
    story.call(call("throttle", 5, Fate::Complete, true));
    end(story, 60)
}

/// Twenty calls in every way they can end.
pub(super) fn long() -> Result<Pack> {
    let mut story = begin()?;
    let fates = [
        Fate::Complete,
        Fate::Disconnect,
        Fate::ProviderError,
        Fate::Timeout,
        Fate::DispatchError,
        Fate::ClientDigestMissing,
        Fate::Abandoned,
        Fate::Revoked,
        Fate::Overrun,
        Fate::Open,
    ];
    for (number, fate) in (0i64..).zip(fates) {
        story.call(call(&format!("call-{number}"), 100 + number * 40, fate, number % 2 == 0));
    }
    for (number, approve) in [(0, true), (1, false)] {
        let mut held = call(&format!("held-{number}"), 700 + number * 40, Fate::Complete, true);
        set(&mut held.request, "action", json!("tool.refund"));
        held.approval = Some(approve);
        story.call(held);
    }
    let mut capped = call("capped", 900, Fate::Complete, false);
    set(&mut capped.request, "max_output_tokens", json!(4_000));
    set(&mut capped.body, "max_tokens", json!(4_000));
    story.call(capped);
    let mut unknown = call("no-rule", 940, Fate::Complete, true);
    set(&mut unknown.request, "action", json!("image.generate"));
    story.call(unknown);
    story.policy(1_000 * SECOND + START, PROJECT, POLICY.replace("version = \"1\"", "version = \"2\""));
    story.rotate(1_100 * SECOND + START, Purpose::PermitBindingSigning);
    story.call(call("after-rotation", 1_200, Fate::Complete, true));
    end(story, 4_000)
}

fn begin() -> Result<Story> {
    let mut story = Story::new(LABEL, START)?;
    story.issuer().add_project("vectors", Some(PROJECT.to_owned()), POLICY)?;
    Ok(story)
}

fn end(mut story: Story, seconds: i64) -> Result<Pack> {
    story.play()?;
    story.clock().set(START + seconds * SECOND);
    story.issuer().expire()?;
    Pack::of(story.issuer(), LABEL, START)
}

fn call(key: &str, seconds: i64, fate: Fate, is_bound_early: bool) -> Call {
    Call {
        at: START + seconds * SECOND,
        request: json!({"idempotency_key": key, "subject": {"type": "agent", "id": "agent-1"},
            "action": "chat.completion", "provider": "openai", "model": "gpt-4o-mini",
            "operation": "chat.completions.create", "modality": "text",
            "attributes": {"data_class": "internal", "note": "Grüße 👋"},
            "estimated_input_tokens": 120, "max_output_tokens": 200}),
        body: json!({"model": "gpt-4o-mini", "max_tokens": 200, "temperature": 0.2,
            "messages": [{"role": "user", "content": format!("Question {key}")}]}),
        is_bound_early,
        fate,
        approval: None,
        takes: 3 * SECOND,
        used: (118, 64),
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
