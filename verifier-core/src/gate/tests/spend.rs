//! The most that may be spent, over rows made by hand.

use super::*;
use crate::claim::ledger::Statement;
use crate::ledger::{Account, Figure, Ledger, PermitRow, Usage};

/// Cost, cost of the usage row, whether the call left.
type Row = (Option<i64>, Option<i64>, bool);

fn spend(most: &str, rows: &[Row]) -> (RuleState, String) {
    let figure = |amount: Option<i64>| amount.map_or(Figure::ABSENT, Figure::of);
    let mut ledger = Ledger::default();
    for (cost, booked, is_dispatched) in rows {
        let actual_cost = figure(*cost);
        ledger.permits.push(PermitRow { actual_cost, is_dispatched: *is_dispatched, ..PermitRow::default() });
        let usage = booked.map(|cost| Box::new(Usage { cost: figure(Some(cost)), ..Usage::default() }));
        ledger.accounts.push(Account { ledger: usage, ..Account::default() });
    }
    let as_of = at("2026-08-04");
    let gate = parse(&format!("[money]\nmax_spend_usd = \"{most}\"")).judge(&Facts {
        name: "keel-policy.toml",
        sha256: "sha256:00".to_owned(),
        paths: &[],
        reports: &[clean()],
        trust_root: None,
        money: Some(Ok(Statement::new(&ledger, None, 10))),
        as_of: &as_of,
    });
    rule(&gate, "max_spend")
}

#[test]
fn spend_within_the_limit_is_met_only_when_every_call_states_its_cost() {
    let met = |most, rows: &[Row]| spend(most, rows).0;
    assert_eq!(met("1", &[(Some(400_000), None, true), (Some(600_000), None, true)]), RuleState::Met);
    assert_eq!(met("1", &[(Some(400_000), None, true), (Some(600_001), None, true)]), RuleState::Failed);
    assert_eq!(met("1", &[]), RuleState::NotEstablished);
    assert_eq!(met("1", &[(None, None, false)]), RuleState::Met, "a denied call costs nothing");
    let (state, message) = spend("0", &[(None, None, true), (None, None, true), (None, None, false)]);
    assert_eq!(state, RuleState::NotEstablished);
    assert!(
        message.contains("0.00 USD in 0 of 3 permit records; dispatched permits without a cost: 2"),
        "{message}"
    );
    assert_eq!(met("1", &[(Some(2_000_000), None, true), (None, None, true)]), RuleState::Failed);
}

#[test]
fn a_usage_row_stands_for_a_cost_that_the_permit_does_not_state() {
    assert_eq!(spend("1", &[(None, Some(1_000_000), true)]).0, RuleState::Met);
    assert_eq!(spend("1", &[(None, Some(1_000_001), true)]).0, RuleState::Failed);
}

#[test]
fn a_negative_cost_sets_nothing_off() {
    let rows = [(Some(-1_000_000_000), None, true), (Some(400_000_000), None, true)];
    let (state, message) = spend("0", &rows);
    assert_eq!(state, RuleState::Failed);
    assert!(message.contains("400.00 USD in 2 of 2"), "{message}");
    let (state, message) = spend("500", &rows);
    assert_eq!(state, RuleState::NotEstablished);
    assert!(message.contains("costs below zero set nothing off (1 of them)"), "{message}");
}
