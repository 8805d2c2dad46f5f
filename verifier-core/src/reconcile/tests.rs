use std::num::NonZeroUsize;

use super::*;
use crate::archive::{self, Source};
use crate::bytes::{Blob, Limits};
use crate::evidence::{Evidence, ExportSet, NoProgress, parts};
use crate::ledger::{self, Ledger};

/// Four calls of 100, 200, 300 micro-USD and a deny, with response ids `resp-N`.
fn export() -> Ledger {
    let record = |id: u32, decision: &str, cost: &str| {
        format!(
            r#"{{"permit":{{"id":"p{id}","decision":"{decision}","created_at":"2026-08-02T00:00:00Z","status":"closed","actual_cost_usd_micros":{cost}}},"chain_entries":[{{"event_type":"permit.closed","payload_json":{{"closure_status":"closed","provider_response_id":"resp-{id}"}}}}]}}"#
        )
    };
    let records = [
        record(1, "allow", "100"),
        record(2, "allow", "200"),
        record(3, "allow", "300000"),
        record(4, "deny", "null"),
        record(5, "allow", "null"),
    ];
    let text = format!(r#"{{"bundle_type":"audit_export_bundle","records":[{}]}}"#, records.join(","));
    let archive =
        archive::open(Source::Bytes { name: "e", bytes: text.into_bytes() }, &Limits::default()).unwrap();
    let set = Evidence::Export(ExportSet::new(parts(&archive).remove(0), None));
    ledger::read(&[&set], &Limits::default(), NonZeroUsize::MIN, &NoProgress).unwrap()
}

fn lines(text: &str, map: &Map) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut bytes = text.as_bytes();
    let result = source::read("f", &mut bytes, map, &mut |_| Ok(()), &mut |line, _| {
        lines.push(line.clone());
        Ok(())
    });
    match result {
        Ok(_) => Ok(lines),
        Err(ReadFailure::Input(error)) => Err(error.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}

/// Classes, with the permit's number and the difference, of all exceptions and roundings.
fn results(
    gateway: Option<&str>,
    invoice: Option<&str>,
    materiality: i64,
) -> Vec<(Class, Option<usize>, i64, bool)> {
    let ledger = export();
    let rules = Rules { has_gateway: gateway.is_some(), has_invoice: invoice.is_some(), materiality };
    let mut reconciler = Reconciler::new(&ledger, rules);
    let mut results = Vec::new();
    let mut each = |outcome: Outcome| {
        results.push((
            outcome.class,
            outcome.permit.map(|permit| permit + 1),
            outcome.difference,
            outcome.is_material,
        ));
        Ok::<(), ()>(())
    };
    for (side, text, map) in
        [(Side::Gateway, gateway, Map::litellm()), (Side::Invoice, invoice, Map::focus())]
    {
        for line in text.map(|text| lines(text, &map).unwrap()).unwrap_or_default() {
            reconciler.line(side, 0, &line, &mut each).unwrap();
        }
    }
    let totals = reconciler.finish(&mut each).unwrap();
    let material = results.iter().filter(|(.., material)| *material).count();
    assert_eq!(totals.material(), u64::try_from(material).unwrap());
    results.retain(|(class, ..)| *class != Class::Matched);
    results
}

const HEADER: &str =
    "BilledCost,BillingCurrency,ChargeCategory,ChargeClass,ResourceId,SkuId,x_KeelPermitId\n";

fn focus(lines: &[&str]) -> String {
    format!("{HEADER}{}\n", lines.join("\n"))
}

const HONEST: [&str; 3] =
    ["0.0001,USD,Usage,,resp-1,a,", "0.0002,USD,Usage,,,a,p2", "0.3000,USD,Usage,,resp-3,a,p3"];

fn gateway_line(id: &str, spend: &str) -> String {
    format!("{{\"request_id\":\"{id}\",\"spend\":{spend},\"status\":\"success\"}}\n")
}

fn honest_gateway() -> String {
    format!(
        "{}{}{}{}",
        gateway_line("resp-1", "0.0001"),
        "{\"request_id\":\"other\",\"spend\":2e-4,\"metadata\":\"{\\\"keel_permit_id\\\":\\\"p2\\\"}\"}\n",
        gateway_line("resp-3", "0.3"),
        gateway_line("resp-5", "0")
    )
}

#[test]
fn three_sides_that_agree_give_no_exception() {
    assert_eq!(results(Some(&honest_gateway()), Some(&focus(&HONEST)), 0), []);
}

#[test]
fn each_planted_error_is_found_and_no_other() {
    let with = |position: usize, line: &'static str| {
        let mut lines = HONEST;
        lines[position] = line;
        focus(&lines)
    };
    let plus = |line: &'static str| focus(&[HONEST[0], HONEST[1], HONEST[2], line]);
    for (invoice, expected) in [
        (focus(&HONEST[1..]), vec![(Class::PermitWithoutBill, Some(1), -100, true)]),
        (plus("0.5,USD,Usage,,resp-9,a,"), vec![(Class::BillWithoutPermit, None, 500_000, true)]),
        (plus("0.5,USD,Usage,,,a,p9"), vec![(Class::BillWithoutPermit, None, 500_000, true)]),
        (plus("0.5,USD,Usage,,resp-4,a,"), vec![(Class::DeniedButDispatched, Some(4), 500_000, true)]),
        (plus("0.5,USD,Usage,,resp-5,a,"), vec![(Class::CostNotReported, Some(5), 500_000, true)]),
        (plus(HONEST[0]), vec![(Class::Duplicate, Some(1), 100, true)]),
        (plus("-4.5,USD,Credit,,,a,"), vec![]),
        (plus("-0.0001,USD,Usage,Correction,resp-1,a,"), vec![]),
        (with(2, "0.30,USD,Usage,,resp-3,a,p3"), vec![]),
        (with(2, "0.304,USD,Usage,,resp-3,a,p3"), vec![(Class::PriceDrift, Some(3), 4_000, true)]),
        (with(2, "0.3004,USD,Usage,,resp-3,a,p3"), vec![(Class::PriceDrift, Some(3), 400, true)]),
        (with(2, "0.300,EUR,Usage,,resp-3,a,p3"), vec![(Class::Currency, Some(3), 0, true)]),
        (
            with(0, "0.0001,USD,Usage,,resp-1,a,p2"),
            vec![
                (Class::IdentityConflict, Some(2), 100, true),
                (Class::PermitWithoutBill, Some(1), -100, true),
            ],
        ),
    ] {
        assert_eq!(results(Some(&honest_gateway()), Some(&invoice), 0), expected, "{invoice}");
    }
    // an invoice of cents, and a call billed in two parts
    let cents = focus(&[HONEST[0], HONEST[1], "0.29,USD,Usage,,resp-3,a,p3"]);
    assert_eq!(results(None, Some(&cents), 0), [(Class::PriceDrift, Some(3), -10_000, true)]);
    let parts = focus(&[HONEST[0], HONEST[1], "0.1,USD,Usage,,resp-3,in,", "0.2,USD,Usage,,resp-3,out,"]);
    assert_eq!(results(None, Some(&parts), 0), []);
    let more = |line: String| format!("{}{line}", honest_gateway());
    for (gateway, expected) in [
        (more(gateway_line("resp-9", "0.5")), vec![(Class::CallWithoutPermit, None, 500_000, true)]),
        (more(gateway_line("resp-4", "0.5")), vec![(Class::DeniedButDispatched, Some(4), 500_000, true)]),
        (more(gateway_line("resp-1", "0.0001")), vec![(Class::Duplicate, Some(1), 100, true)]),
        (more("{\"request_id\":\"resp-4\",\"spend\":0,\"status\":\"failure\"}\n".to_owned()), vec![]),
        (
            gateway_line("resp-5", "0"),
            vec![
                (Class::PermitWithoutCall, Some(1), -100, true),
                (Class::PermitWithoutCall, Some(2), -200, true),
                (Class::PermitWithoutCall, Some(3), -300_000, true),
            ],
        ),
    ] {
        assert_eq!(results(Some(&gateway), None, 0), expected, "{gateway}");
    }
}

#[test]
fn materiality_spares_small_amounts_but_never_a_denied_call() {
    let lines =
        focus(&["0.00011,USD,Usage,,resp-1,a,", HONEST[1], HONEST[2], "0.00001,USD,Usage,,resp-4,a,"]);
    assert_eq!(
        results(None, Some(&lines), 1_000),
        [(Class::DeniedButDispatched, Some(4), 10, true), (Class::PriceDrift, Some(1), 10, false)]
    );
}

#[test]
fn rounding_is_what_the_written_places_explain() {
    let slack = |text: &str| lines(&format!("{HEADER}{text},USD,Usage,,,,"), &Map::focus()).unwrap()[0].slack;
    assert_eq!(
        ["1", "1.2", "1.23", "1.234", "1.234567", "1.23456789"].map(slack),
        [5_000, 5_000, 5_000, 500, 0, 0]
    );
}

/// Every fault of an input file names line and field.
#[test]
fn bad_input_is_named() {
    let focus_map = Map::focus();
    for (text, error) in [
        ("", "f, line 1: the file has no header line"),
        ("a,b\n", "f, line 1, BilledCost: the header lacks this column; it has: a, b"),
        (
            "BilledCost,BillingCurrency,ChargeCategory,BilledCost\n",
            "f, line 1, BilledCost: the header has this column twice",
        ),
        (
            " BilledCost,BillingCurrency,ChargeCategory,BilledCost\n",
            "f, line 1,  BilledCost: the header has this column twice",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n-1e22,USD,Tax\n",
            "f, line 2, BilledCost: too large: \"-1e22\"",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n-1,USD,Usage\n",
            "f, line 2, BilledCost: negative: \"-1\"",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n1,USD,Usage\n\"1,5\",USD,Usage\n",
            "f, line 3, BilledCost: not a decimal number: \"1,5\"",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n,USD,Usage\n",
            "f, line 2, BilledCost: required, and absent or blank",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n1,,Usage\n",
            "f, line 2, currency: required, and absent or blank",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n1,USD,Usage\n1,US",
            "f, line 3: the line has 2 fields and the header 3; it may be cut",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory\n1,USD,\"Usa",
            "f, line 2: a quotation is not closed; the file may be cut",
        ),
        (
            "BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart\n1,USD,Usage,yesterday\n",
            "f, line 2, ChargePeriodStart: not a point in time: \"yesterday\"",
        ),
    ] {
        assert_eq!(lines(text, &focus_map).unwrap_err(), error);
    }
    for (text, error) in [
        (
            "{\"request_id\":\"a\",\"spend\":1}\n{\"request_id\":\"b\"}\n",
            "f, line 2, spend: required, and absent or blank",
        ),
        ("{\"request_id\":\"a\",\"spend\":-1}\n", "f, line 1, spend: negative: \"-1\""),
        ("{\"request_id\":\"a\",\"spend\":\"1 USD\"}\n", "f, line 1, spend: not a decimal number: \"1 USD\""),
        ("{\"request_id\":\"a\",\"spend\":[1]}\n", "f, line 1, spend: neither text nor number"),
        (
            "{\"request_id\":\"a\",\"spend\":1,\"prompt_tokens\":1.5}\n",
            "f, line 1, prompt_tokens: not an integer: \"1.5\"",
        ),
        ("request_id,spend\na,1\nb\n", "f, line 3: the line has 1 fields and the header 2; it may be cut"),
    ] {
        assert_eq!(lines(text, &Map::litellm()).unwrap_err(), error);
    }
    let cut =
        lines("{\"request_id\":\"a\",\"spend\":1}\n{\"request_id\":\"b\",\"sp", &Map::litellm()).unwrap_err();
    assert!(cut.starts_with("f, line 2: not a JSON object"), "{cut}");
    let wrong = r#"{"format":"csv","columns":{"request":"Call","cost":"Price"}}"#;
    let map = Map::parse(Blob::new(wrong.as_bytes().to_vec())).unwrap();
    assert_eq!(
        lines("Call,Cost\na,1\n", &map).unwrap_err(),
        "f, line 1, Price: the header lacks this column; it has: Call, Cost"
    );
}

#[test]
fn units_and_delimiters_follow_the_map() {
    let map = r#"{"delimiter":";","unit":"cent","columns":{"request":"Call","cost":"Price"}}"#;
    let map = Map::parse(Blob::new(map.as_bytes().to_vec())).unwrap();
    let line = lines("Call;Price\na;12.5\n", &map).unwrap().remove(0);
    assert_eq!(
        (line.cost.to_micros().unwrap().micros, line.slack, line.request.as_str()),
        (125_000, 500, "a")
    );
}

/// No text makes the readers panic, and every cut of a file is an error or a shorter file.
#[test]
fn every_cut_is_harmless() {
    let text = focus(&HONEST);
    for end in 0..text.len() {
        lines(&text[..end], &Map::focus()).ok();
        lines(&honest_gateway()[..end.min(honest_gateway().len())], &Map::litellm()).ok();
    }
}
