use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::archive::{self, Source};
use crate::bytes::Limits;
use crate::evidence::{Evidence, ExportSet, NoProgress, parts};
use crate::ledger;

/// An honest period: an envelope of 1000 with one closed call, one denied and one pending.
fn honest() -> Value {
    let events = json!([
        event(1, "cap_allocate", "cap_usd_micros", 1000, None),
        event(2, "reserve", "reserved_usd_micros", 300, Some("1")),
        event(3, "commit", "reserved_released_usd_micros", 200, Some("1")),
        event(4, "commit", "spent_added_usd_micros", 200, Some("1")),
        event(5, "release", "reserved_usd_micros", 100, Some("1")),
        event(6, "reserve", "reserved_usd_micros", 50, Some("3")),
    ]);
    json!({
        "bundle_type": "audit_export_bundle", "from": "2026-08-01T00:00:00Z", "to": "2026-09-01T00:00:00Z",
        "records": [
            {
                "permit": permit("1", "allow", json!({
                    "status": "closed", "actual_cost_usd_micros": 200, "actual_input_tokens": 5,
                    "actual_output_tokens": 7, "actual_total_tokens": 12, "usage_reported_at": "2026-08-02T00:00:09Z",
                    "usage_verification_status": "verified", "usage_verification_method": "provider_receipt",
                    "idempotency_key": "k1", "usage_idempotency_key": "u1", "workflow_declaration_id": "w",
                    "workflow_state_json": {"max_calls_at_decision": 1},
                    "resource_attributes_json": {"spend_scope": {"amount_max": "300", "currency_class": "usd"}},
                    "budget_envelope": envelope(300, 0, 300, Some(-100)),
                })),
                "latest_usage_ledger": {
                    "permit_id": "1", "project_id": "prj", "provider": "acme", "model": "m", "currency": "USD",
                    "budget_envelope_id": "env", "cost_usd": 0.0002, "actual_input_tokens": 5,
                    "actual_output_tokens": 7, "served_from_cache": false, "estimated_final": false,
                    "idempotency_key": "u1", "request_id": "q1",
                },
                "usage_log": {"cost_usd_micros": 200, "prompt_tokens": 5, "completion_tokens": 7,
                    "provider_response_id": "resp1", "proxy_request_id": "q1"},
                "chain_entries": [
                    {"event_type": "permit.evaluated", "payload_json": {"permit_decision": {"canonical_payload":
                        {"quota_reservation_id": "r1"}}}},
                    {"event_type": "permit.closed", "payload_json": {"closure_status": "closed",
                        "completed_at": "2026-08-02T00:00:08Z", "provider_response_id": "resp1"}},
                ],
            },
            {"permit": permit("2", "deny", json!({
                "status": "evaluated", "decision_details": {"code": "budget.envelope_exhausted"},
                "idempotency_key": "k2", "created_at": "2026-08-03T00:00:00Z",
                "budget_envelope": envelope(0, 200, 900, None),
            }))},
            {"permit": permit("3", "allow", json!({
                "status": "pending", "idempotency_key": "k3", "created_at": "2026-08-04T00:00:00Z",
                "budget_envelope": envelope(50, 200, 50, None),
            })), "chain_entries": [
                {"event_type": "permit.evaluated", "payload_json": {"permit_decision": {"canonical_payload":
                    {"quota_reservation_id": "r3"}}, "budget_allocation_events": [events[5]]}},
            ]},
        ],
        "budget_allocation_events": events,
        "budget_envelopes": [{"envelope_id": "env", "total_budget_usd_micros": 1000, "reserved_budget_usd_micros": 50,
            "spent_budget_usd_micros": 200, "remaining_budget_usd_micros": 750}],
    })
}

fn permit(id: &str, decision: &str, more: Value) -> Value {
    let mut permit = json!({
        "id": id, "project_id": "prj", "created_at": "2026-08-02T00:00:00Z", "decision": decision,
        "resource_provider": "acme", "resource_model": "m",
    });
    for (name, value) in more.as_object().unwrap() {
        permit[name] = value.clone();
    }
    permit
}

fn envelope(reserved: i64, spent: i64, estimate: i64, correction: Option<i64>) -> Value {
    json!({
        "envelope_id": "env", "total_budget_usd_micros": 1000, "reserved_budget_usd_micros": reserved,
        "spent_budget_usd_micros": spent, "remaining_budget_usd_micros": 1000 - reserved - spent,
        "estimated_cost_usd_micros": estimate, "correction_usd_micros": correction,
    })
}

fn event(seq: i64, transition: &str, metric: &str, amount: i64, permit: Option<&str>) -> Value {
    json!({
        "id": format!("e{seq}"), "project_id": "prj", "envelope_id": "env", "allocation_id": "al",
        "permit_id": permit, "reservation_id": permit.map(|permit| format!("r{permit}")), "seq": seq,
        "transition": transition, "metric": metric, "amount": amount, "is_active": true,
    })
}

fn read(export: &Value) -> Ledger {
    let bytes = export.to_string().into_bytes();
    let archive = archive::open(Source::Bytes { name: "export.json", bytes }, &Limits::default()).unwrap();
    let set = Evidence::Export(ExportSet::new(parts(&archive).remove(0), None));
    ledger::read(&[&set], &Limits::default(), NonZeroUsize::MIN, &NoProgress).unwrap()
}

/// The rules that an export violates.
fn violated(export: &Value) -> BTreeSet<&'static str> {
    let ledger = read(export);
    let statement = Statement::new(&ledger, None, 100);
    let violated = statement.rules.iter().filter(|result| result.outcome() == RuleOutcome::Violated);
    violated.map(|result| result.rule.id).collect()
}

#[test]
fn an_honest_period_violates_nothing() {
    let ledger = read(&honest());
    assert!(ledger.faults.is_empty(), "{:?}", ledger.faults);
    let statement = Statement::new(&ledger, None, 100);
    for result in &statement.rules {
        let expected = if result.rule.id == "B5" { RuleOutcome::Holds } else { result.outcome() };
        assert_eq!(result.outcome(), expected);
        assert_eq!(result.outcome(), RuleOutcome::Holds, "{}: {result:?}", result.rule.id);
    }
    assert_eq!(statement.outcome(&["F1", "B1"]), Outcome::Verified);
    let [account] = statement.replay.accounts.as_slice() else { panic!() };
    assert_eq!((account.reserved, account.spent, account.cap), (50, 200, Some(1000)));
    assert_eq!((account.events, account.repeated, account.is_complete), (6, 1, true));
    assert_eq!((statement.total.actual, statement.total.unverified, statement.total.difference), (200, 0, 0));
    let before = Statement::new(&ledger, Some(2), 100);
    assert_eq!((before.replay.accounts[0].reserved, before.replay.accounts[0].spent), (300, 0));
}

/// Every rule: one change, and exactly the rules that it must violate.
#[test]
fn each_rule_sees_its_fault_and_no_other() {
    let set = |pointer: &'static str, value: Value| (pointer, value);
    let mut failed = Vec::new();
    for (rules, changes) in [
        (vec!["F1"], vec![set("/records/0/permit/budget_envelope/remaining_budget_usd_micros", json!(699))]),
        (
            vec!["F2"],
            vec![
                set("/records/1/permit/budget_envelope/reserved_budget_usd_micros", json!(801)),
                set("/records/1/permit/budget_envelope/remaining_budget_usd_micros", json!(-1)),
            ],
        ),
        (vec!["F3"], vec![set("/records/0/permit/budget_envelope/correction_usd_micros", json!(-99))]),
        (vec!["F4"], vec![set("/records/0/usage_log/cost_usd_micros", json!(202))]),
        (vec!["F4"], vec![set("/records/0/latest_usage_ledger/cost_usd", json!(0.000_202))]),
        (vec![], vec![set("/records/0/usage_log/cost_usd_micros", json!(201))]),
        (vec!["F5"], vec![set("/records/0/usage_log/prompt_tokens", json!(6))]),
        (vec!["F5"], vec![set("/records/0/permit/actual_total_tokens", json!(13))]),
        (vec!["F6"], vec![set("/records/0/latest_usage_ledger/model", json!("other"))]),
        (vec!["F6"], vec![set("/records/0/latest_usage_ledger/permit_id", json!("9"))]),
        (vec!["F7"], vec![set("/records/0/permit/usage_verification_status", json!("pending"))]),
        (vec!["F8"], vec![set("/records/1/permit/actual_input_tokens", json!(1))]),
        (vec!["F9"], vec![set("/records/0/chain_entries/1/event_type", json!("other"))]),
        (vec!["F10"], vec![set("/records/0/permit/usage_reported_at", json!("2026-08-02T00:00:07Z"))]),
        (vec!["F10"], vec![set("/records/0/permit/usage_reported_at", json!("2026-09-01T00:00:01Z"))]),
        (vec!["F11"], vec![set("/records/2/permit/usage_idempotency_key", json!("u1"))]),
        (vec!["F11"], vec![set("/records/2/latest_usage_ledger", json!({"request_id": "q1"}))]),
        (vec!["F12"], vec![set("/records/0/latest_usage_ledger/currency", json!("EUR"))]),
        (vec!["F12"], vec![set("/records/2/permit/actual_cost_usd_micros", json!(1.5))]),
        (vec!["F13"], vec![set("/records/0/latest_usage_ledger/served_from_cache", json!(true))]),
        (vec!["F13"], vec![set("/records/0/latest_usage_ledger/estimated_final", json!(true))]),
        (vec!["F14", "B6", "B7"], vec![set("/budget_allocation_events/4/amount", json!(101))]),
        (vec!["F14", "F16"], vec![set("/budget_allocation_events/1/permit_id", json!("2"))]),
        (vec!["F14", "B6", "B7"], vec![set("/budget_allocation_events/3/amount", json!(201))]),
        (vec!["F15", "B7"], vec![set("/budget_allocation_events/0/amount", json!(1001))]),
        (
            vec!["F16", "B6"],
            vec![set(
                "/records/0/chain_entries/0/payload_json/permit_decision/canonical_payload/quota_reservation_id",
                json!("r3"),
            )],
        ),
        (
            vec!["F17"],
            vec![set("/records/0/permit/resource_attributes_json/spend_scope/amount_max", json!(0))],
        ),
        (vec!["F18"], vec![set("/records/0/permit/workflow_state_json/max_calls_at_decision", json!(0))]),
        (vec!["F19"], vec![set("/records/2/permit/created_at", json!("2026-08-01T00:00:00Z"))]),
        (vec!["B2"], vec![set("/records/1/permit/budget_envelope/estimated_cost_usd_micros", json!(800))]),
        (vec!["B3"], vec![set("/records/2/permit/status", json!("expired"))]),
        (
            vec!["B6", "F1"],
            vec![set("/records/0/permit/budget_envelope/reserved_budget_usd_micros", json!(299))],
        ),
        (vec!["B7"], vec![set("/budget_envelopes/0/spent_budget_usd_micros", json!(199))]),
    ] {
        let mut export = honest();
        for (pointer, value) in &changes {
            match export.pointer_mut(pointer) {
                Some(place) => *place = value.clone(),
                None => {
                    let (parent, name) = pointer.rsplit_once('/').unwrap();
                    export.pointer_mut(parent).unwrap()[name] = value.clone();
                }
            }
        }
        let expected: BTreeSet<&str> = rules.into_iter().collect();
        if violated(&export) != expected {
            failed.push(format!("{changes:?}: {:?}, not {expected:?}", violated(&export)));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn overspends_and_caps_are_judged_again() {
    let mut export = honest();
    export["budget_allocation_events"][1]["amount"] = json!(1100);
    export["budget_allocation_events"][4]["amount"] = json!(900);
    assert!(violated(&export).is_superset(&BTreeSet::from(["B1", "B4"])));
    let ledger = read(&export);
    let statement = Statement::new(&ledger, None, 100);
    let [window] = statement.replay.accounts[0].windows.as_slice() else { panic!() };
    assert_eq!((window.worst, window.is_over), (100, true));
    // a cap lowered below what is committed, and one raised after the fact
    for (amount, cap) in [(300, 299), (1001, 1002)] {
        let events = json!([
            event(1, "cap_allocate", "cap_usd_micros", 1000, None),
            event(2, "reserve", "reserved_usd_micros", amount, Some("1")),
            event(3, "cap_update", "cap_usd_micros", cap, None),
        ]);
        let export =
            json!({"bundle_type": "audit_export_bundle", "records": [], "budget_allocation_events": events});
        assert!(violated(&export).contains("B5"), "{cap}");
    }
}

/// With a booking missing nothing is accused, and nothing is called complete.
#[test]
fn missing_bookings_leave_balances_open() {
    for position in 0..5 {
        let mut export = honest();
        export["budget_allocation_events"].as_array_mut().unwrap().remove(position);
        let ledger = read(&export);
        let statement = Statement::new(&ledger, None, 100);
        assert_eq!(statement.outcome(&[]), Outcome::NotEstablished, "{position}");
        assert!(violated(&export).is_empty(), "{position}: {:?}", violated(&export));
        assert!(statement.findings().iter().any(|finding| finding.code.id == "LEDGER_SEQ_GAP"));
    }
    let mut two = honest();
    two["budget_allocation_events"][4]["seq"] = json!(4);
    assert!(violated(&two).contains("F14"));
}

#[test]
fn every_violation_names_its_place() {
    let mut export = honest();
    export["records"][0]["usage_log"]["cost_usd_micros"] = json!(999);
    let ledger = read(&export);
    let findings = Statement::new(&ledger, None, 100).findings();
    let [first, ..] = findings.as_slice() else { panic!() };
    assert_eq!(
        (first.code.id, first.location.pointer.as_deref()),
        ("LEDGER_COST_DIFFERS", Some("/records/0"))
    );
    assert_eq!(first.facts[2].value, "-799");
    assert!(first.location.bytes.is_some());
}

proptest! {
    /// Conservation to the last micro-dollar: whatever is reserved is in the end held, released or spent.
    #[test]
    fn nothing_is_lost(amounts in prop::collection::vec((0i64..1_000_000_000, 0u8..3, 0i64..101), 1..40)) {
        let mut events = vec![event(1, "cap_allocate", "cap_usd_micros", i64::MAX, None)];
        let (mut reserved, mut spent, mut released) = (0i128, 0i128, 0i128);
        for (number, (amount, end, percent)) in amounts.iter().enumerate() {
            let permit = number.to_string();
            let mut push = |transition: &str, metric: &str, amount: i64| {
                let seq = i64::try_from(events.len()).unwrap() + 1;
                events.push(event(seq, transition, metric, amount, Some(&permit)));
            };
            push("reserve", "reserved_usd_micros", *amount);
            reserved += i128::from(*amount);
            let part = amount / 100 * percent;
            if *end > 0 {
                push("commit", "reserved_released_usd_micros", part);
                push("commit", "spent_added_usd_micros", part);
                spent += i128::from(part);
            }
            if *end > 1 {
                push("release", "reserved_usd_micros", amount - part);
                released += i128::from(amount - part);
            }
        }
        let last = i64::try_from(events.len()).unwrap();
        let export = json!({"bundle_type": "audit_export_bundle", "records": [], "budget_allocation_events": events});
        let ledger = read(&export);
        let replay = replay(&ledger, None);
        let account = &replay.accounts[0];
        prop_assert_eq!(account.reserved + account.spent + released, reserved);
        prop_assert_eq!(account.spent, spent);
        let open: i128 = replay.reservations.values().map(crate::ledger::Reservation::open).sum();
        prop_assert_eq!(open, account.reserved);
        prop_assert!(account.breaches.is_empty() && account.is_complete);
        // the balance at every number is the one before plus the booking
        for at in 1..=last {
            let here = crate::ledger::replay(&ledger, Some(at));
            prop_assert_eq!(here.accounts[0].last_seq, at);
        }
    }
}
