use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::budget::Envelope;
use crate::request::DecideRequest;

const POLICY: &str = r#"
id = "policy:test"
version = "1"

[[envelopes]]
name = "team"
total_usd_micros = 1_000

[[prices]]
provider = "openai"
model = "gpt-4o*"
input_usd_micros_per_million_tokens = 2_500_000
output_usd_micros_per_million_tokens = 10_000_000

[[rate_limits]]
name = "per-subject"
max = 2
per_seconds = 60
by = ["subject"]

[[rules]]
id = "no-secrets"
effect = "deny"
code = "policy.data_class_denied"
when = { attributes = { data_class = ["secret"] } }

[[rules]]
id = "chat"
effect = "allow"
envelope = "team"
rate_limits = ["per-subject"]
when = { action = ["chat.*"], provider = ["openai"] }
cap = { max_output_tokens = 50, max_cost_usd_micros = 600 }
approval = { above_usd_micros = 550 }

[[rules]]
id = "images"
effect = "challenge"
when = { action = ["image.*"] }
"#;

fn request(change: impl FnOnce(&mut serde_json::Value)) -> DecideRequest {
    let mut value = json!({"subject": {"type": "agent", "id": "a"}, "action": "chat.completion",
        "provider": "openai", "model": "gpt-4o", "estimated_input_tokens": 10, "max_output_tokens": 40});
    change(&mut value);
    DecideRequest::parse(value).unwrap()
}

fn ledger() -> LedgerState {
    LedgerState {
        envelopes: [("team".to_owned(), Envelope::new("e", 1_000))].into(),
        ..LedgerState::default()
    }
}

fn decide(change: impl FnOnce(&mut serde_json::Value)) -> Decision {
    evaluate(&request(change), &parse(POLICY).unwrap(), &ledger(), 0)
}

#[test]
fn each_outcome_has_its_code() {
    let allow = decide(|_| {});
    assert_eq!((allow.word(), allow.code.as_str()), ("allow", "policy.allowed"));
    // 10 × 2.5 + 40 × 10 micro-USD
    assert_eq!(allow.reserve_usd_micros, Some(425));
    assert_eq!(allow.max_output_tokens, Some(40));

    let capped = decide(|request| request["max_output_tokens"] = json!(4_000));
    assert_eq!((capped.word(), capped.code.as_str()), ("allow", "policy.capped"));
    assert_eq!((capped.max_output_tokens, capped.reserve_usd_micros), (Some(50), Some(525)));

    let denied = decide(|request| request["attributes"] = json!({"data_class": "secret"}));
    assert_eq!((denied.word(), denied.code.as_str()), ("deny", "policy.data_class_denied"));

    let unmatched = decide(|request| request["action"] = json!("tool.call"));
    assert_eq!((unmatched.word(), unmatched.code.as_str()), ("deny", "policy.no_matching_rule"));

    let challenge = decide(|request| request["action"] = json!("image.generate"));
    assert_eq!((challenge.word(), challenge.code.as_str()), ("challenge", "approval.required"));
    assert_eq!(challenge.reserve_usd_micros, None);

    let held = decide(|request| request["estimated_cost_usd_micros"] = json!(580));
    assert_eq!((held.word(), held.code.as_str()), ("challenge", "approval.required"));

    let costly = decide(|request| request["estimated_input_tokens"] = json!(240));
    assert_eq!((costly.word(), costly.code.as_str()), ("deny", "budget.per_permit_cap_exceeded"));

    let lowered = decide(|request| request["estimated_input_tokens"] = json!(120));
    assert_eq!((lowered.code.as_str(), lowered.max_output_tokens), ("approval.required", Some(30)));
}

#[test]
fn the_budget_and_the_rate_limit_stand_in_the_way() {
    let policy = parse(POLICY).unwrap();
    let mut state = ledger();
    state.envelopes.get_mut("team").unwrap().spent = 600;
    let exhausted = evaluate(&request(|_| {}), &policy, &state, 0);
    assert_eq!((exhausted.word(), exhausted.code.as_str()), ("deny", "budget.envelope_exhausted"));

    let now = 100_000_000;
    let mut state = ledger();
    state
        .admissions
        .insert(("per-subject".into(), "agent a".into()), vec![39_000_000, 50_000_000, 70_000_001]);
    let throttled = evaluate(&request(|_| {}), &policy, &state, now);
    assert_eq!((throttled.word(), throttled.code.as_str()), ("deny", "rate_limit.exceeded"));
    let throttle = throttled.throttle.unwrap();
    assert_eq!((throttle.observed, throttle.retry_after_seconds), (2, 10));
    let later = evaluate(&request(|_| {}), &policy, &state, now + 10_000_000);
    assert_eq!(later.word(), "allow");
}

#[test]
fn unknown_members_are_named_with_a_suggestion() {
    for (find, replace, expected) in [
        ("max_output_tokens", "max_output_token", "did you mean \"max_output_tokens\"?"),
        ("rate_limits = [", "ratelimits = [", "rules[1]: unknown member \"ratelimits\""),
        ("envelope = \"team\"", "envelope = \"tem\"", "no envelope is called \"tem\""),
        ("max = 2", "max = 0", "outside 1..="),
        ("id = \"images\"", "id = \"chat\"", "occurs twice"),
        ("total_usd_micros = 1_000", "total_usd_micros = -1", "outside 0..="),
        ("effect = \"challenge\"", "effect = \"throttle\"", "unknown variant"),
        ("action = [\"image.*\"]", "subject_type = [\"robot\"]", "is none of"),
    ] {
        let text = POLICY.replacen(find, replace, 1);
        assert_ne!(text, POLICY);
        let message = parse(&text).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn json_and_toml_have_one_snapshot() {
    let policy = parse(POLICY).unwrap();
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(snapshot_hash(&parse(&json).unwrap()).unwrap(), snapshot_hash(&policy).unwrap());
}

proptest! {
    /// Whatever arrives in whatever order, an envelope is never over-committed, nothing is created or lost, and
    /// the same input gives the same decision.
    #[test]
    fn never_over_commits(
        total in 0i64..5_000,
        calls in prop::collection::vec((0i64..200, 0i64..100, 0i64..900, any::<bool>(), 0i64..1_200), 1..60),
    ) {
        let text = POLICY.replace("total_usd_micros = 1_000", &format!("total_usd_micros = {total}"));
        let policy = parse(&text).unwrap();
        let mut envelope = Envelope::new("e", total);
        let mut held: Vec<i64> = Vec::new();
        for (step, (input, output, stated, settle, actual)) in calls.into_iter().enumerate() {
            let request = request(|request| {
                request["estimated_input_tokens"] = json!(input);
                request["max_output_tokens"] = json!(output);
                request["estimated_cost_usd_micros"] = json!(stated);
            });
            let state = LedgerState {
                envelopes: [("team".to_owned(), envelope.clone())].into(),
                ..LedgerState::default()
            };
            let now = i64::try_from(step).unwrap();
            let decision = evaluate(&request, &policy, &state, now);
            prop_assert_eq!(&decision, &evaluate(&request, &policy, &state, now));
            if let Some(amount) = decision.reserve_usd_micros {
                prop_assert!(amount >= stated);
                envelope.reserve(amount).unwrap();
                held.push(amount);
            }
            if settle && !held.is_empty() {
                let amount = held.swap_remove(step % held.len());
                let before = envelope.clone();
                let settlement = envelope.settle(amount, actual).unwrap();
                prop_assert_eq!(settlement.spent + settlement.overrun, actual);
                prop_assert_eq!(envelope.spent - before.spent, settlement.spent);
                prop_assert_eq!(before.reserved - envelope.reserved, amount);
                prop_assert_eq!(
                    envelope.remaining() - before.remaining(),
                    amount - settlement.spent
                );
            }
            prop_assert!(envelope.reserved >= 0 && envelope.spent >= 0);
            prop_assert!(envelope.reserved + envelope.spent <= envelope.total);
            prop_assert_eq!(held.iter().sum::<i64>(), envelope.reserved);
            prop_assert_eq!(envelope.remaining() + envelope.reserved + envelope.spent, total);
        }
    }

    /// The bookings of one reservation replay to its end: nothing held, the spent side as reported.
    #[test]
    fn bookings_replay(total in 0i64..3_000, held in 0i64..3_000, actual in 0i64..6_000) {
        let mut envelope = Envelope::new("e", total);
        if envelope.reserve(held).is_err() {
            prop_assert!(held > total);
            return Ok(());
        }
        let settlement = envelope.settle(held, actual).unwrap();
        let (mut reserved, mut spent) = (held, 0);
        for movement in &settlement.movements {
            match (movement.transition.name(), movement.transition.metric()) {
                ("reserve_adjust", _) => reserved += movement.amount,
                ("release", _) | ("commit", "reserved_released_usd_micros") => reserved -= movement.amount,
                ("commit", "spent_added_usd_micros") => spent += movement.amount,
                other => prop_assert!(false, "{:?}", other),
            }
            prop_assert!(reserved >= 0);
        }
        prop_assert_eq!((reserved, spent), (0, settlement.spent));
        prop_assert_eq!(settlement.spent, actual.min(total));
    }
}

#[test]
fn prices_round_up_and_caps_fit_under_them() {
    let price = Price {
        provider: "p".into(),
        model: "m".into(),
        input_usd_micros_per_million_tokens: 3,
        output_usd_micros_per_million_tokens: 7,
    };
    assert_eq!(price.cost(1, 0), Some(1));
    assert_eq!(price.cost(0, 0), Some(0));
    for micros in 0..50 {
        let tokens = price.affordable_output(1_000, micros);
        if let Some(tokens) = tokens {
            assert!(price.cost(1_000, tokens).unwrap() <= micros);
            assert!(price.cost(1_000, tokens + 1).unwrap() > micros);
        } else {
            assert!(price.cost(1_000, 0).unwrap() > micros);
        }
    }
}
