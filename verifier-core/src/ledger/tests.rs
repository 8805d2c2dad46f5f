use std::num::NonZeroUsize;

use super::*;
use crate::archive::{self, Source as From};
use crate::bytes::Limits;
use crate::evidence::{Evidence, ExportSet, NoProgress, parts};

fn export(text: &str) -> Evidence {
    let bytes = text.as_bytes().to_vec();
    let archive = archive::open(From::Bytes { name: "export.json", bytes }, &Limits::default()).unwrap();
    Evidence::Export(ExportSet::new(parts(&archive).remove(0), None))
}

fn rows_with(text: &str, limits: &Limits, workers: usize) -> Result<Ledger, ReadError> {
    read(&[&export(text)], limits, NonZeroUsize::new(workers).unwrap(), &NoProgress)
}

fn rows(text: &str) -> Ledger {
    rows_with(text, &Limits::default(), 1).unwrap()
}

fn record(permit: &str, rest: &str) -> String {
    format!(
        r#"{{"permit":{{"id":"p1","project_id":"prj","created_at":"2026-08-03T08:27:22.101729Z","decision":"allow","decision_details":{{"code":"policy.allowed"}},"resource_provider":"anthropic","resource_model":"m","subject_id":"u","policy_id":"pol","policy_version":"v7","estimated_input_tokens":10,"estimated_output_tokens":20{permit}}}{rest}}}"#
    )
}

fn bundle(records: &[String]) -> String {
    format!(
        r#"{{"bundle_type":"audit_export_bundle","from":"2026-08-01T00:00:00Z","to":"2026-09-01T00:00:00Z","records":[{}]}}"#,
        records.join(",\n")
    )
}

const EVENT: &str = r#"{"id":"e1","project_id":"prj","envelope_id":"env","allocation_id":"al","permit_id":"p1","reservation_id":"r1","seq":2,"transition":"reserve","metric":"reserved_usd_micros","amount":185670,"is_active":true}"#;

#[test]
fn a_record_becomes_a_row() {
    let entries = format!(
        r#","latest_usage_ledger":{{"cost_usd":0.125745,"currency":"USD","estimated_final":false}},"chain_entries":[{{"event_type":"permit.evaluated","sequence_number":7,"payload_json":{{"budget_allocation_events":[{EVENT}],"permit_decision":{{"canonical_payload":{{"quota_reservation_id":"r1"}}}}}}}},{{"event_type":"permit.closed","sequence_number":9,"payload_json":{{"closure_status":"closed","completed_at":"2026-08-03T08:27:30Z"}}}}]"#
    );
    let text = bundle(&[record(
        r#","status":"closed","actual_cost_usd_micros":125745,"usage_verification_method":"provider_receipt","usage_verification_status":"verified","budget_envelope":{"envelope_id":"env","estimated_cost_usd_micros":185670}"#,
        &entries,
    )]);
    let ledger = rows(&text);
    assert!(ledger.faults.is_empty(), "{:?}", ledger.faults);
    let [row] = ledger.permits.as_slice() else { panic!() };
    let name = |name| ledger.text(name);
    assert_eq!(
        [name(row.permit), name(row.decision), name(row.reason_code), name(row.provider), name(row.closure)],
        ["p1", "allow", "policy.allowed", "anthropic", "closed"]
    );
    assert_eq!(&*row.created_at, "2026-08-03T08:27:22.101729Z");
    assert_eq!(row.created_micros.get(), Some(1_785_745_642_101_729));
    assert_eq!((row.sequence.get(), row.is_dispatched), (Some(7), true));
    assert_eq!((row.estimated_cost.get(), row.actual_cost.get()), (Some(185_670), Some(125_745)));
    assert_eq!(row.cost_grade, CostGrade::ProviderReceipt);
    assert_eq!(ledger.pointer(&row.place), "/records/0");
    let (start, end) = (usize::try_from(row.place.start).unwrap(), usize::try_from(row.place.end).unwrap());
    assert!(text[start..end].starts_with("{\"permit\"") && text[start..end].ends_with("}]}"));
    let account = &ledger.accounts[0];
    assert_eq!(account.ledger.as_ref().unwrap().cost.get(), Some(125_745));
    assert_eq!(name(account.reservation), "r1");
    let [event] = ledger.events.as_slice() else { panic!() };
    assert_eq!((event.reservation, event.permit), (account.reservation, row.permit));
    assert_eq!(
        (event.movement, event.amount.get(), event.seq.get()),
        (Movement::Reserve, Some(185_670), Some(2))
    );
    assert_eq!(&text[usize::try_from(event.place.start).unwrap()..][..EVENT.len()], EVENT);
}

#[test]
fn what_is_no_integer_is_a_fault_and_no_figure() {
    for stated in
        ["1.0", "1.9", "1e3", "true", "\"12\"", "9223372036854775808", "-9223372036854775808", "[1]"]
    {
        let ledger = rows(&bundle(&[record(&format!(r#","actual_cost_usd_micros":{stated}"#), "")]));
        assert!(ledger.permits[0].actual_cost.is_unreadable(), "{stated}");
        let [fault] = ledger.faults.as_slice() else { panic!("{stated}") };
        assert_eq!(
            (fault.pointer.as_str(), fault.stated.as_str()),
            ("/permit/actual_cost_usd_micros", stated)
        );
        assert!(matches!(fault.kind, FaultKind::Number(_)), "{stated}");
    }
    let ledger = rows(&bundle(&[record(r#","actual_cost_usd_micros":null"#, "")]));
    assert!(ledger.permits[0].actual_cost.is_absent() && ledger.faults.is_empty());
}

#[test]
fn the_grade_is_never_better_than_what_is_said() {
    let grade = |permit: &str, rest: &str| rows(&bundle(&[record(permit, rest)])).permits[0].cost_grade;
    let actual = r#","actual_cost_usd_micros":5,"usage_verification_method":"provider_receipt""#;
    let with = |more: &str| format!("{actual}{more}");
    assert_eq!(grade(&with(r#","usage_verification_status":"verified""#), ""), CostGrade::ProviderReceipt);
    assert_eq!(grade(&with(r#","usage_verification_status":"unverified""#), ""), CostGrade::Measured);
    let last = r#","latest_usage_ledger":{"cost_usd":0.000005,"estimated_final":true}"#;
    assert_eq!(grade(&with(r#","usage_verification_status":"verified""#), last), CostGrade::EstimatedFinal);
    assert_eq!(grade("", last), CostGrade::EstimatedFinal);
    assert_eq!(grade(r#","routing":{"estimated_cost_usd_micros":9}"#, ""), CostGrade::Estimate);
    assert_eq!(grade("", ""), CostGrade::None);
}

#[test]
fn rows_do_not_depend_on_workers_and_texts_are_kept_once() {
    let records: Vec<String> = (0..3_000)
        .map(|number| {
            record(&format!(r#","actual_cost_usd_micros":{number}"#), "")
                .replace("\"p1\"", &format!("\"p{number}\""))
        })
        .collect();
    let text = bundle(&records);
    let one = rows(&text);
    let four = rows_with(&text, &Limits::default(), 4).unwrap();
    let show = |ledger: &Ledger| format!("{:?}", ledger.permits);
    assert_eq!((one.permits.len(), show(&one)), (3_000, show(&four)));
    assert!(one.names.len() < 3_020);
    assert!(one.permits.iter().zip(0i64..).all(|(row, number)| row.actual_cost.get() == Some(number)));
}

#[test]
fn limits_and_cut_files_give_no_rows() {
    let text = bundle(&[record("", ""), record("", "")]);
    let tight = Limits { ledger_rows: 1, ..Limits::default() };
    assert!(matches!(rows_with(&text, &tight, 1), Err(ReadError::Limit(_))));
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = rows_with(&text[..end], &Limits::default(), 1);
        assert!(cut.as_ref().map_or(true, |ledger| ledger.permits.is_empty()), "{end}");
    }
}

#[test]
fn lines_and_bundles_have_rows_too() {
    let lines = format!("{}\n{}\n", record("", ""), record("", ""));
    let ledger = rows(&lines);
    assert_eq!((ledger.permits.len(), ledger.pointer(&ledger.permits[1].place)), (2, "/1".to_owned()));
    let body = format!(
        r#"{{"schema_version":"keel.evidence_bundle/v1","signature_envelope":{{}},"body":{{"budget_allocation_events":[{EVENT},{{"transition":"commit","metric":"x"}}],"budget_envelopes":[{{"envelope_id":"env","name":"research","total_budget_usd_micros":4000000}}]}}}}"#
    );
    let archive =
        archive::open(From::Bytes { name: "l", bytes: body.into_bytes() }, &Limits::default()).unwrap();
    let part = parts(&archive).remove(0);
    for set in [Evidence::Bundle(part.clone()), Evidence::Export(ExportSet::new(part, None))] {
        let ledger = read(&[&set], &Limits::default(), NonZeroUsize::MIN, &NoProgress).unwrap();
        assert_eq!((ledger.events.len(), ledger.envelopes.len()), (1, 1));
        assert_eq!(ledger.text(ledger.envelopes[0].name), "research");
        assert_eq!(ledger.faults[0].kind, FaultKind::UnknownTransition);
    }
}

#[test]
fn no_record_panics() {
    for text in [
        r#"{"records":[null,1,"x",[],{},{"permit":1},{"permit":{},"chain_entries":3}]}"#,
        r#"{"records":[{"permit":{"id":1,"decision_details":1,"budget_envelope":1,"routing":1,"resource_attributes_json":1}}]}"#,
        r#"{"chain_entries":[1,{"payload":{"budget_allocation_events":[1,{}]}}],"budget_allocation_events":[[]],"budget_envelopes":[2]}"#,
    ] {
        let ledger = rows(text);
        assert!(!ledger.faults.is_empty(), "{text}");
    }
}

/// The last balance is the account's, and the worst of a stretch is not lost.
#[test]
fn balances_end_where_the_replay_ends() {
    let mut ledger = Ledger::default();
    let [project, envelope] = ["p", "e"].map(|text| ledger.names.intern(text));
    let book = |seq: i64, movement, amount: i64| BudgetEvent {
        place: Place::default(),
        id: Name::NONE,
        project,
        envelope,
        allocation: Name::NONE,
        permit: Name::NONE,
        reservation: Name::NONE,
        seq: Figure::of(seq),
        movement,
        amount: Figure::of(amount),
        is_active: true,
    };
    ledger.events.push(book(1, Movement::CapAllocate, 100));
    for seq in 0..50 {
        let amount = if seq == 20 { 150 } else { 10 };
        ledger.events.push(book(2 + 2 * seq, Movement::Reserve, amount));
        ledger.events.push(book(3 + 2 * seq, Movement::Release, amount));
    }
    let all = balances(&ledger, project, envelope, 1_000);
    assert_eq!(all.len(), 101);
    assert_eq!(all.iter().filter(|balance| balance.is_over()).count(), 1);
    let few = balances(&ledger, project, envelope, 5);
    assert!(few.len() <= 10, "{}", few.len());
    assert_eq!(
        few.iter().filter(|balance| balance.is_over()).map(|balance| balance.reserved).collect::<Vec<_>>(),
        [150]
    );
    let account = &replay(&ledger, None).accounts[0];
    for series in [all, few] {
        let last = series.last().unwrap();
        assert_eq!((last.reserved, last.spent, last.cap), (account.reserved, account.spent, account.cap));
    }
    assert!(balances(&ledger, project, Name::NONE, 5).is_empty());
}
