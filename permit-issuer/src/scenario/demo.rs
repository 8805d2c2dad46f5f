//! A made-up week of three projects: support agents, a research team, payment agents. About two hundred permits with every
//! outcome: allow, cap, throttle, deny, challenge (approved, refused, forgotten), revocation, expiry, and closures of
//! every common kind; a policy that changes and a key that is replaced on the way.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::chance::Chance;
use super::story::{Call, Fate, Story};
use crate::document;
use crate::error::{Error, Result};
use crate::export::{self, Additions};
use crate::keys::{Purpose, Seed, signed_manifest};
use crate::tlog::{Log, NoteKey, Prover, Role, WitnessFolder, policy};

/// 2026-08-03T08:00:00Z, a Monday.
const MONDAY: i64 = 1_785_744_000_000_000;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

const AURORA: &str = include_str!("policies/aurora-support.toml");
const BOREALIS: &str = include_str!("policies/borealis-research.toml");
const CIRRUS: &str = include_str!("policies/cirrus-payments.toml");

/// Names, UUIDs and policies of the projects.
const PROJECTS: [(&str, &str, &str); 3] = [
    ("aurora-support", "0f6f2a11-5d3a-4c1e-8b42-9a352f6f0f61", AURORA),
    ("borealis-research", "1a7c3b22-6e4b-4d2f-9c53-ab463a7a1a72", BOREALIS),
    ("cirrus-payments", "2b8d4c33-7f5c-4e3a-ad64-bc574b8b2b83", CIRRUS),
];

/// Project names.
#[must_use]
pub fn demo_projects() -> Vec<&'static str> {
    PROJECTS.iter().map(|(name, ..)| *name).collect()
}

/// Plays the week and writes one export for each project, one of them also as zip and as single bundle; with a log also
/// the log, three witnesses, and proofs in every export but the bundle.
///
/// # Errors
/// When the directory holds something already or cannot be written.
pub fn write_demo(directory: &Path, with_log: bool) -> Result<Value> {
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let anchor = if with_log { Some(Anchor::new(directory)?) } else { None };
    let mut story = week()?;
    if let Some(anchor) = &anchor {
        for day in 0..5 {
            for hour in [1, 5] {
                story.play_until(MONDAY + day * DAY + hour * 3_600 * SECOND)?;
                let head = anchor.prover().checkpoint(story.issuer())?;
                story.issuer().observe(&head)?;
            }
        }
    }
    story.play()?;
    story.clock().set(MONDAY + 5 * DAY);
    story.issuer().expire()?;
    let at = story.issuer().now();
    let keys = story.issuer().keys();
    let root = signed_manifest(keys.entries(), keys.signer(Purpose::ExportSigning)?, at)?;
    put(directory, "trust-root.json", &document::pretty(&root)?)?;
    let checkpoint = story.issuer().checkpoint()?;
    put(directory, "checkpoint.json", &document::pretty(&checkpoint)?)?;
    let additions = Additions { checkpoint: false, proofs: anchor.as_ref().map(Anchor::prover) };
    let mut exports = Vec::new();
    for (name, _, policy) in PROJECTS {
        let target = directory.join(name);
        let manifest = export::to_directory(story.issuer(), Some(name), additions, &target)?;
        exports.push(json!({
            "project": name,
            "records": manifest.value().get("record_count"),
            "entries": manifest.value().pointer("/chain_integrity/chain_length"),
            "path": target.display().to_string(),
        }));
        put(directory, &format!("{name}.policy.toml"), policy.as_bytes())?;
    }
    export::to_zip(story.issuer(), Some("aurora-support"), additions, &directory.join("aurora-support.zip"))?;
    let bundle = export::single_bundle(story.issuer(), Some("cirrus-payments"))?;
    put(directory, "cirrus-payments.bundle.json", &export::write_bundle(&bundle)?)?;
    Ok(json!({"trust_root": directory.join("trust-root.json").display().to_string(), "exports": exports}))
}

/// A log with three witnesses, made of public keys.
struct Anchor {
    log: Log,
    witnesses: Vec<WitnessFolder>,
}

impl Anchor {
    fn new(directory: &Path) -> Result<Self> {
        let seed = |name: &str| Seed::public_fixture(&format!("demo {name}"));
        let log =
            Log::new(&directory.join("log"), NoteKey::new("demo.invalid/log", Role::Log, seed("log")?)?);
        let mut witnesses = Vec::new();
        for number in 1..=3 {
            let name = format!("witness-{number}");
            let folder = directory.join("witnesses").join(&name);
            let logs = vec![log.public().clone()];
            witnesses.push(WitnessFolder::init(
                &folder,
                &format!("demo.invalid/{name}"),
                seed(&name)?,
                logs,
            )?);
        }
        let keys: Vec<_> = witnesses.iter().map(|folder| folder.witness().public()).collect();
        put(directory, "witness-policy.txt", policy(log.public(), &keys, None)?.as_bytes())?;
        Ok(Self { log, witnesses })
    }

    fn prover(&self) -> Prover<'_> {
        Prover { log: &self.log, witnesses: &self.witnesses }
    }
}

fn put(directory: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let path = directory.join(name);
    fs::write(&path, bytes).map_err(|error| Error::file(&path, error))
}

/// The week, planned.
fn week() -> Result<Story> {
    let mut story = Story::new("demo", MONDAY)?;
    for (name, id, policy) in PROJECTS {
        story.issuer().add_project(name, Some(id.to_owned()), policy)?;
    }
    let mut chance = Chance::new(20_260_803);
    for day in 0..5 {
        for number in 0..15 {
            let at = moment(&mut chance, day);
            story.call(support(&mut chance, at, &format!("aur-{day}-{number:03}")));
        }
        for number in 0..10 {
            let at = moment(&mut chance, day);
            story.call(research(&mut chance, at, &format!("bor-{day}-{number:03}")));
        }
        for number in 0..10 {
            let at = moment(&mut chance, day);
            story.call(payment(&mut chance, at, &format!("cir-{day}-{number:03}")));
        }
    }
    looping_agent(&mut story, &mut chance);
    story.policy(MONDAY + 2 * DAY, "aurora-support", raised(AURORA));
    story.rotate(MONDAY + 3 * DAY, Purpose::PermitBindingSigning);
    Ok(story)
}

/// A support agent in a loop: from the fifth call within a minute on it is throttled.
fn looping_agent(story: &mut Story, chance: &mut Chance) {
    for number in 0..7 {
        let at = MONDAY + DAY + 3_600 * SECOND + number * 5 * SECOND;
        let key = format!("aur-loop-{number}");
        let tokens = (420, 300);
        let request =
            chat("aurora-support", &key, "agent", "agent-triage-07", "openai", "gpt-4o-mini", tokens);
        let body = chat_body("gpt-4o-mini", 300, "Kundenfrage: bitte noch einmal zusammenfassen.");
        let looping = call(chance, at, request, body, (420, 250));
        story.call(Call { fate: Fate::Complete, ..looping });
    }
}

/// The support policy with a larger budget, from Wednesday on.
fn raised(text: &str) -> String {
    text.replace("version = \"2026-08-03\"", "version = \"2026-08-05\"")
        .replace("total_usd_micros = 1_200_000", "total_usd_micros = 1_500_000")
}

fn moment(chance: &mut Chance, day: i64) -> i64 {
    MONDAY + day * DAY + chance.between(0, 9 * 3_600 - 1) * SECOND + chance.between(0, 999_999)
}

/// A request for a chat permit.
fn chat(
    project: &str,
    key: &str,
    kind: &str,
    subject: &str,
    provider: &str,
    model: &str,
    (input, output): (i64, i64),
) -> Value {
    let operation = match provider {
        "anthropic" => "messages.create",
        "google" => "models.generate_content",
        _ => "chat.completions.create",
    };
    json!({"project": project, "idempotency_key": key, "subject": {"type": kind, "id": subject},
        "action": "chat.completion", "provider": provider, "model": model, "operation": operation,
        "modality": "text", "estimated_input_tokens": input, "estimated_output_tokens": output,
        "max_output_tokens": output})
}

fn chat_body(model: &str, limit: i64, prompt: &str) -> Value {
    json!({"model": model, "max_tokens": limit, "temperature": 0.2,
        "messages": [{"role": "user", "content": prompt}]})
}

fn call(chance: &mut Chance, at: i64, request: Value, body: Value, used: (i64, i64)) -> Call {
    let fate = match chance.between(0, 99) {
        0..=73 => Fate::Complete,
        74..=78 => Fate::Disconnect,
        79..=82 => Fate::ProviderError,
        83..=85 => Fate::Timeout,
        86..=88 => Fate::DispatchError,
        89..=90 => Fate::ClientDigestMissing,
        91..=93 => Fate::Abandoned,
        94..=95 => Fate::Revoked,
        96 => Fate::Open,
        _ => Fate::Overrun,
    };
    Call {
        at,
        request,
        body,
        is_bound_early: chance.percent(70),
        fate,
        approval: Some(chance.percent(75)),
        takes: chance.between(700_000, 18_000_000),
        used,
    }
}

fn support(chance: &mut Chance, at: i64, key: &str) -> Call {
    let (provider, model) = chance
        .pick(&[
            ("openai", "gpt-4o-mini"),
            ("openai", "gpt-4o-mini"),
            ("openai", "gpt-4o"),
            ("anthropic", "claude-haiku-4-5"),
        ])
        .copied()
        .unwrap_or_default();
    let subject =
        chance.pick(&["agent-triage-07", "agent-reply-02", "agent-summary-11"]).copied().unwrap_or_default();
    let input = chance.between(300, 2_400);
    let asked = chance.pick(&[300, 600, 600, 2_000]).copied().unwrap_or(300);
    let mut request = chat("aurora-support", key, "agent", subject, provider, model, (input, asked));
    let class = if chance.percent(8) { "cardholder" } else { "customer" };
    add(&mut request, "attributes", json!({"data_class": class, "queue": "tier-1", "locale": "de-DE"}));
    if chance.percent(10) {
        add(&mut request, "action", json!("tool.refund"));
        add(&mut request, "operation", json!("tools.call"));
    }
    if provider == "anthropic" && chance.percent(50) {
        add(
            &mut request,
            "routing",
            json!({"requested_provider": "openai", "requested_model": "gpt-4o", "reason_code": "fallback_after_error",
                "fallback_chain": [{"provider": "openai", "model": "gpt-4o"}]}),
        );
    }
    // the gateway knows the cap and asks for no more than the permit will let through
    let body = chat_body(model, asked.min(800), &format!("Kundenfrage {key}: wo ist meine Bestellung?"));
    let used = (input, chance.between(40, asked.min(800)));
    call(chance, at, request, body, used)
}

fn research(chance: &mut Chance, at: i64, key: &str) -> Call {
    let person = chance.pick(&["u-ines", "u-tomasz", "u-wei"]).copied().unwrap_or_default();
    if chance.percent(20) {
        let input = chance.between(20_000, 90_000);
        let request = json!({"project": "borealis-research", "idempotency_key": key,
            "subject": {"type": "service account", "id": "indexer"}, "action": "embedding.create",
            "provider": "openai", "model": "text-embedding-3-large", "operation": "embeddings.create",
            "estimated_input_tokens": input});
        let body = json!({"model": "text-embedding-3-large", "input": [format!("corpus shard {key}")]});
        return call(chance, at, request, body, (input, 0));
    }
    let (provider, model) = chance
        .pick(&[
            ("anthropic", "claude-opus-4-1"),
            ("anthropic", "claude-sonnet-4-5"),
            ("google", "gemini-2.5-pro"),
            ("meta", "llama-4-maverick"),
        ])
        .copied()
        .unwrap_or_default();
    let input = chance.between(1_000, 9_000);
    let asked = chance.pick(&[1_000, 2_000, 6_000]).copied().unwrap_or(1_000);
    let mut request = chat("borealis-research", key, "user", person, provider, model, (input, asked));
    let dataset = if chance.percent(12) { "controlled-7" } else { "public-3" };
    let region = chance.pick(&["eu", "eu", "us"]).copied().unwrap_or_default();
    add(&mut request, "attributes", json!({"dataset": dataset, "region": region, "grant": "HE-101"}));
    add(&mut request, "org_id", json!("3c9e5d44-806d-4f4b-be75-cd685c9c3c94"));
    let body = chat_body(model, asked, &format!("Summarise experiment {key}."));
    let used = (input, chance.between(200, asked));
    let mut call = call(chance, at, request, body, used);
    // research clients ask first and build the request afterwards
    call.is_bound_early = false;
    call
}

fn payment(chance: &mut Chance, at: i64, key: &str) -> Call {
    let agent = chance.pick(&["agent-ledger", "agent-payout"]).copied().unwrap_or_default();
    let kind = chance.between(0, 9);
    if kind < 4 {
        let input = chance.between(80, 400);
        let request = chat("cirrus-payments", key, "agent", agent, "openai", "gpt-4o-mini", (input, 64));
        let body = chat_body("gpt-4o-mini", 64, &format!("Classify transaction {key}."));
        let used = (input, chance.between(4, 40));
        return call(chance, at, request, body, used);
    }
    let action = match kind {
        4..=5 => "tool.lookup",
        6 => "tool.statement",
        7 => "tool.delete_account",
        _ => "tool.payout",
    };
    let amount = chance.between(500, 250_000);
    let mut request = json!({"project": "cirrus-payments", "idempotency_key": key,
        "subject": {"type": "agent", "id": agent}, "action": action, "provider": "mcp",
        "model": "payments-server", "operation": "tools/call",
        "account_id": "4daf6e55-917e-404c-8f86-de796dad4da5"});
    add(
        &mut request,
        "attributes",
        json!({"amount_minor": amount, "currency": "EUR", "recipient_known": chance.percent(80)}),
    );
    let body = json!({"method": "tools/call", "params": {"name": action, "arguments": {"amount_minor": amount,
        "currency": "EUR", "reference": key}}});
    call(chance, at, request, body, (0, 0))
}

fn add(request: &mut Value, name: &str, value: Value) {
    if let Some(members) = request.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
