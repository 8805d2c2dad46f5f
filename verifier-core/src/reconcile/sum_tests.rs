//! Invoice lines that bill many calls.

use std::num::NonZeroUsize;

use super::*;
use crate::archive::{self, Source};
use crate::bytes::Limits;
use crate::evidence::{Evidence, ExportSet, NoProgress, parts};
use crate::ledger::{self, Ledger};

/// `(id, day of August, model, decision, cost)`.
type Call = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Two days of one model and one of another: 100 + 250, 7, and 1000 micro-USD; a deny on the first day.
const CALLS: [Call; 5] = [
    ("1", "2026-08-01T08:00:00Z", "gpt", "allow", "100000"),
    ("2", "2026-08-01T23:59:59.999999Z", "gpt", "allow", "250000"),
    ("3", "2026-08-02T00:00:00Z", "gpt", "allow", "7"),
    ("4", "2026-08-01T09:00:00Z", "claude", "allow", "1000"),
    ("5", "2026-08-01T10:00:00Z", "gpt", "deny", "null"),
];

fn export(calls: &[Call]) -> Ledger {
    let record = |(id, time, model, decision, cost): &Call| {
        format!(
            r#"{{"permit":{{"id":"p{id}","decision":"{decision}","created_at":"{time}","status":"evaluated","resource_provider":"openai","resource_model":"{model}","actual_cost_usd_micros":{cost}}},"usage_log":{{"provider_response_id":"resp-{id}"}}}}"#
        )
    };
    let records: Vec<String> = calls.iter().map(record).collect();
    let text = format!(r#"{{"bundle_type":"audit_export_bundle","records":[{}]}}"#, records.join(","));
    let archive =
        archive::open(Source::Bytes { name: "e", bytes: text.into_bytes() }, &Limits::default()).unwrap();
    let set = Evidence::Export(ExportSet::new(parts(&archive).remove(0), None));
    ledger::read_calls(&[&set], &Limits::default(), NonZeroUsize::MIN, &NoProgress).unwrap()
}

const HEADER: &str = "BilledCost,BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,ProviderName,x_Model,ResourceId,BillingAccountId,SkuId,x_KeelPermitId\n";

/// A line of day 1, 2 or 3 of August for a model; the end of the day is the start of the next one.
fn day(cost: &str, day: u32, model: &str) -> String {
    over(cost, (day, day + 1), model, "", "acc", "tokens")
}

fn over(cost: &str, days: (u32, u32), model: &str, resource: &str, account: &str, sku: &str) -> String {
    format!(
        "{cost},USD,Usage,2026-08-{:02}T00:00:00Z,2026-08-{:02}T00:00:00Z,OpenAI,{model},{resource},{account},{sku},\n",
        days.0, days.1
    )
}

/// Class, permits (or members) and difference of everything but the rows of a sum that agrees.
fn outcomes(calls: &[Call], gateway: Option<&str>, invoice: &[String], materiality: i64) -> Vec<Outcome> {
    let ledger = export(calls);
    let rules = Rules { has_gateway: gateway.is_some(), has_invoice: true, materiality };
    let mut reconciler = Reconciler::new(&ledger, rules);
    let mut outcomes = Vec::new();
    let mut each = |outcome: Outcome| {
        outcomes.push(outcome);
        Ok::<(), std::io::Error>(())
    };
    let invoice = format!("{HEADER}{}", invoice.concat());
    for (side, text, map) in [
        (Side::Gateway, gateway.unwrap_or_default(), Map::litellm()),
        (Side::Invoice, invoice.as_str(), Map::focus()),
    ] {
        if text.is_empty() {
            continue;
        }
        source::read("f", &mut text.as_bytes(), &map, &mut |_| Ok(()), &mut |line, _| {
            reconciler.line(side, 0, line, &mut each).map(|_| ())
        })
        .unwrap();
    }
    let totals = reconciler.finish(&mut each).unwrap();
    let material = outcomes.iter().filter(|own| own.is_material).count();
    assert_eq!(totals.material(), u64::try_from(material).unwrap());
    outcomes
}

/// Class, members and difference of sums, and class, permit and difference of other exceptions.
fn results(calls: &[Call], gateway: Option<&str>, invoice: &[String]) -> Vec<(Class, u64, i64)> {
    let is_row = |class: Class| matches!(class, Class::Matched | Class::SumMember | Class::SumPart);
    outcomes(calls, gateway, invoice, 0)
        .into_iter()
        .filter(|own| !is_row(own.class))
        .map(|own| {
            let permit = own.permit.map_or(own.members, |permit| u64::try_from(permit + 1).unwrap());
            (own.class, permit, own.difference)
        })
        .collect()
}

fn honest() -> [String; 3] {
    [day("0.35", 1, "GPT"), day("0.000007", 2, "gpt"), day("0.001", 1, "claude")]
}

fn gateway(ids: &[(&str, &str)]) -> String {
    let line = |(id, spend): &(&str, &str)| {
        format!(
            "{{\"request_id\":\"{id}\",\"spend\":{spend},\"startTime\":\"2026-08-01T10:00:00Z\",\"custom_llm_provider\":\"openai\",\"model\":\"gpt\",\"status\":\"success\"}}\n"
        )
    };
    ids.iter().map(line).collect()
}

const LOG: [(&str, &str); 4] =
    [("resp-1", "0.1"), ("resp-2", "0.25"), ("resp-3", "0.000007"), ("resp-4", "0.001")];

#[test]
fn sums_that_agree_are_matched_with_their_calls() {
    let matched = [(Class::SumMatched, 1, 0), (Class::SumMatched, 2, 0), (Class::SumMatched, 1, 0)];
    assert_eq!(results(&CALLS, None, &honest()), matched);
    assert_eq!(results(&CALLS, Some(&gateway(&LOG)), &honest()), matched);
    let all = outcomes(&CALLS, None, &honest(), 0);
    let sum = all.iter().find(|own| own.members == 2).unwrap();
    assert_eq!((sum.invoice, sum.expected), (Some(350_000), Some(350_000)));
    assert_eq!(sum.id, "openai gpt 2026-08-01T00:00:00Z/2026-08-02T00:00:00Z");
    // Each call is in one sum, and names the first line of it.
    let members: Vec<_> = all
        .iter()
        .filter(|own| own.class == Class::SumMember)
        .map(|own| (own.permit.unwrap(), own.invoice_line.unwrap().line(), own.expected.unwrap()))
        .collect();
    assert_eq!(members, [(3, 4, 1_000), (0, 2, 100_000), (1, 2, 250_000), (2, 3, 7)]);
    let calls: Vec<_> =
        all.iter().filter(|own| own.class == Class::Matched).map(|own| own.permit.unwrap()).collect();
    assert_eq!(calls, [0, 1, 2, 3]);
}

#[test]
fn a_sum_that_is_off_by_one_call_differs() {
    let with = |first: &str| {
        let [_, second, third] = honest();
        [day(first, 1, "gpt"), second, third]
    };
    let rest =
        |class, difference| [(Class::SumMatched, 1, 0), (class, 2, difference), (Class::SumMatched, 1, 0)];
    assert_eq!(results(&CALLS, None, &with("0.25")), rest(Class::SumDiffers, -100_000));
    assert_eq!(results(&CALLS, None, &with("0.60")), rest(Class::SumDiffers, 250_000));
    // No call of a sum that differs is called matched, and its calls are named.
    let all = outcomes(&CALLS, None, &with("0.25"), 0);
    let of =
        |class| all.iter().filter(|own| own.class == class).filter_map(|own| own.permit).collect::<Vec<_>>();
    assert_eq!(of(Class::Matched), [2, 3]);
    assert_eq!(of(Class::SumMember), [3, 0, 1, 2]);
    let material: Vec<_> = outcomes(&CALLS, None, &with("0.25"), 100_001)
        .into_iter()
        .filter(|own| own.class == Class::SumDiffers)
        .map(|own| own.is_material)
        .collect();
    assert_eq!(material, [false]);
}

#[test]
fn rounding_may_not_hide_a_call() {
    let with = |text: &str| {
        results(&CALLS, None, &[day(text, 1, "gpt"), day("0.00", 2, "gpt"), day("0.001", 1, "claude")])
    };
    let second = (Class::SumDiffers, 1, -7);
    assert_eq!(with("0.354"), [(Class::SumMatched, 1, 0), (Class::SumDiffers, 2, 4_000), second]);
    assert_eq!(with("0.3504"), [(Class::SumMatched, 1, 0), (Class::SumDiffers, 2, 400), second]);
    let odd = [("1", "2026-08-01T08:00:00Z", "gpt", "allow", "104000"), CALLS[1]];
    let sum = |text: &str| results(&odd, None, &[day(text, 1, "gpt")]);
    assert_eq!(sum("0.35"), [(Class::Rounding, 2, -4_000)]);
    assert_eq!(sum("0.350"), [(Class::SumDiffers, 2, -4_000)]);
    // The same two places, and a call that is as small as what they leave open.
    let small = [odd[0], odd[1], ("3", "2026-08-01T08:00:00Z", "gpt", "allow", "4000")];
    assert_eq!(results(&small, None, &[day("0.36", 1, "gpt")]), [(Class::Rounding, 3, 2_000)]);
    assert_eq!(results(&small, None, &[day("0.354", 1, "gpt")]), [(Class::SumDiffers, 3, -4_000)]);
    let tiny = [odd[0], odd[1], ("3", "2026-08-01T08:00:00Z", "gpt", "allow", "1500")];
    assert_eq!(results(&tiny, None, &[day("0.36", 1, "gpt")]), [(Class::SumDiffers, 3, 4_500)]);
}

#[test]
fn lines_that_overlap_count_no_call_twice() {
    // Day 1 and days 1 to 2: the calls of day 1 would be billed twice.
    let lines = [
        day("0.35", 1, "gpt"),
        over("0.350007", (1, 3), "gpt", "", "acc", "tokens"),
        day("0.001", 1, "claude"),
    ];
    assert_eq!(results(&CALLS, None, &lines), [(Class::SumMatched, 1, 0), (Class::SumAmbiguous, 3, 350_000)]);
    let members = outcomes(&CALLS, None, &lines, 0);
    assert_eq!(members.iter().filter(|own| own.class == Class::SumMember).count(), 4);
    // Neither does a chain of overlaps, and what touches does not overlap.
    let chain = [
        over("0.1", (1, 3), "gpt", "", "acc", "t"),
        over("0.1", (2, 4), "gpt", "", "acc", "t"),
        day("0.1", 3, "gpt"),
    ];
    let first = results(&CALLS, None, &chain)[0];
    assert_eq!(first, (Class::SumAmbiguous, 3, -50_007));
    // The same line again is a duplicate and is not added.
    let mut twice = honest().to_vec();
    twice.push(day("0.35", 1, "gpt"));
    assert_eq!(
        results(&CALLS, None, &twice),
        [
            (Class::SumMatched, 1, 0),
            (Class::SumMatched, 2, 0),
            (Class::Duplicate, 0, 350_000),
            (Class::SumMatched, 1, 0)
        ]
    );
}

#[test]
fn parts_of_one_bill_are_added_and_accounts_are_not_told_apart() {
    let part = |cost: &str, account: &str, sku: &str| over(cost, (1, 2), "gpt", "endpoint", account, sku);
    let [_, second, third] = honest();
    let parts = [part("0.15", "acc", "input"), part("0.20", "acc", "output"), second.clone(), third.clone()];
    assert_eq!(results(&CALLS, None, &parts)[1], (Class::SumMatched, 2, 0));
    let accounts = [part("0.15", "one", "tokens"), part("0.20", "two", "tokens"), second, third];
    assert_eq!(results(&CALLS, None, &accounts)[1], (Class::SumAmbiguous, 2, 0));
    let open = outcomes(&CALLS, None, &accounts, i64::MAX);
    assert!(open.iter().any(|own| own.class == Class::SumAmbiguous && own.is_material));
}

#[test]
fn calls_with_lines_of_their_own_are_in_no_sum() {
    let call =
        "0.25,USD,Usage,2026-08-01T23:00:00Z,2026-08-02T00:00:00Z,OpenAI,gpt,resp-2,acc,tokens,\n".to_owned();
    let [_, second, third] = honest();
    for order in [[0, 1], [1, 0]] {
        let two = [day("0.1", 1, "gpt"), call.clone()];
        let lines = [two[order[0]].clone(), two[order[1]].clone(), second.clone(), third.clone()];
        assert_eq!(results(&CALLS, None, &lines)[1], (Class::SumMatched, 1, 0));
    }
    // The line that sums bills it again.
    let lines = [day("0.35", 1, "gpt"), call, second, third];
    assert_eq!(results(&CALLS, None, &lines)[1], (Class::SumDiffers, 1, 250_000));
}

#[test]
fn a_sum_with_an_unknown_call_is_never_matched() {
    let [first, second, third] = honest();
    let open = |calls: &[Call], log: Option<&str>| {
        let all = outcomes(calls, log, &[first.clone(), second.clone(), third.clone()], i64::MAX);
        assert!(all.iter().all(|own| own.class != Class::SumIncomplete || own.is_material));
        all.iter().any(|own| own.class == Class::SumIncomplete)
            && all.iter().all(|own| own.members != 2 || own.class != Class::SumMatched)
    };
    let plus = |call: Call| [CALLS.as_slice(), &[call]].concat();
    assert!(!open(&CALLS, None));
    // No price; a negative one; no time; no model.
    assert!(open(&plus(("6", "2026-08-01T08:00:00Z", "gpt", "allow", "null")), None));
    assert!(open(&plus(("6", "2026-08-01T08:00:00Z", "gpt", "allow", "-5")), None));
    assert!(open(&plus(("6", "some day", "gpt", "allow", "5")), None));
    assert!(open(&plus(("6", "2026-08-01T08:00:00Z", "", "allow", "5")), None));
    // Another day or model says nothing about these lines.
    assert!(!open(&plus(("6", "2026-08-09T08:00:00Z", "gpt", "allow", "null")), None));
    assert!(!open(&plus(("6", "2026-08-01T08:00:00Z", "other", "allow", "null")), None));
    // The gateway lacks a call, knows one without permit, or one that was denied.
    assert!(open(&CALLS, Some(&gateway(&LOG[1..]))));
    assert!(open(&CALLS, Some(&gateway(&[LOG.as_slice(), &[("resp-9", "0.5")]].concat()))));
    assert!(open(&CALLS, Some(&gateway(&[LOG.as_slice(), &[("resp-5", "0.5")]].concat()))));
    let spelled = gateway(&[("resp-9", "0.5")]).replace("\"gpt\"", "\"azure/gpt-5\"");
    assert!(open(&CALLS, Some(&format!("{}{spelled}", gateway(&LOG)))));
    // With a log, an allowed call that was never made is in no sum.
    let unused = plus(("6", "2026-08-01T08:00:00Z", "gpt", "allow", "null"));
    assert!(!open(&unused, Some(&gateway(&LOG))));
    // A line of the sum in another currency.
    let euro = day("0.1", 1, "gpt").replace("USD", "EUR");
    let all = results(&CALLS, None, &[first.clone(), second.clone(), third.clone(), euro]);
    assert!(all.contains(&(Class::SumIncomplete, 2, 0)) && all.contains(&(Class::Currency, 0, 0)), "{all:?}");
}

#[test]
fn what_names_a_call_or_no_period_is_no_sum() {
    let no_call = |line: String| results(&CALLS[..0], None, &[line]);
    let bill = [(Class::BillWithoutPermit, 0, 350_000)];
    assert_eq!(no_call(day("0.35", 1, "gpt")), bill);
    let [_, second, third] = honest();
    for line in [
        day("0.35", 1, "gpt").replace("\n", "p9\n"),
        over("0.35", (2, 2), "gpt", "", "acc", "t"),
        over("0.35", (3, 1), "gpt", "", "acc", "t"),
        day("0.35", 1, ""),
        day("0.35", 1, "gpt-unknown"),
        day("0.35", 1, "gpt").replace("OpenAI", "Azure"),
    ] {
        let all = results(&CALLS, None, &[line.clone(), second.clone(), third.clone()]);
        assert!(all.contains(&(Class::BillWithoutPermit, 0, 350_000)), "{line}: {all:?}");
        assert!(all.contains(&(Class::PermitWithoutBill, 1, -100_000)), "{line}: {all:?}");
    }
}

proptest::proptest! {
    /// In any mix of lines no call is in two sums, each line is in one result, and nothing is lost.
    #[test]
    fn every_line_and_call_counts_once(lines in proptest::collection::vec((0u32..9, 1u32..4, 1u32..4, 0usize..3, 0usize..2), 0..12)) {
        let lines: Vec<String> = lines
            .iter()
            .map(|(cost, from, length, model, account)| {
                over(&format!("0.{cost}"), (*from, from + length), ["gpt", "claude", "none"][*model], "", ["a", "b"][*account], "t")
            })
            .collect();
        let all = outcomes(&CALLS, None, &lines, 0);
        let mut members: Vec<_> = all.iter().filter(|own| own.class == Class::SumMember).map(|own| own.permit).collect();
        let count = members.len();
        members.sort();
        members.dedup();
        proptest::prop_assert_eq!(members.len(), count);
        let mut places: Vec<_> = all
            .iter()
            .filter(|own| !matches!(own.class, Class::SumMember | Class::Matched | Class::PermitWithoutBill))
            .filter_map(|own| own.invoice_line)
            .collect();
        let count = places.len();
        places.sort();
        places.dedup();
        proptest::prop_assert_eq!((places.len(), count), (lines.len(), lines.len()));
        let matched = all.iter().filter(|own| own.class == Class::SumMatched);
        for own in matched {
            proptest::prop_assert_eq!(own.invoice, own.expected);
        }
    }
}
