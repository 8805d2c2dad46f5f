//! Any bytes as an amount, a gateway log, an invoice, a column map and a payload with budget events: the same answer each
//! time, amounts that print as themselves, and sums that lose nothing.

#![no_main]

use std::num::NonZeroUsize;

use libfuzzer_sys::fuzz_target;
use verifier_core::archive::{self, Source};
use verifier_core::bytes::{Blob, Limits};
use verifier_core::claim::ledger::Statement;
use verifier_core::evidence::{Evidence, ExportSet, NoProgress, parts};
use verifier_core::ledger::{self, Decimal, Ledger};
use verifier_core::reconcile::{Map, Outcome, Reconciler, Rules, Side, source};

const EXPORT: &[u8] = include_bytes!("../seeds/money/export");

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        amount(text);
    }
    let genuine = rows(EXPORT).unwrap();
    let mut maps = vec![Map::litellm(), Map::focus()];
    maps.extend(Map::parse(Blob::new(bytes.to_vec())).ok());
    for map in &maps {
        assert_eq!(reconciled(&genuine, bytes, map), reconciled(&genuine, bytes, map));
    }
    if let Some(own) = rows(bytes) {
        let statement = Statement::new(&own, None, 10);
        for account in statement.replay.accounts.iter().filter(|account| account.is_complete) {
            let moved = account.reserve_sum + account.adjust_sum - account.release_sum - account.committed_sum;
            assert_eq!(account.reserved, moved);
        }
        assert_eq!(format!("{:?}", statement.findings()), format!("{:?}", Statement::new(&own, None, 10).findings()));
    }
});

fn amount(text: &str) {
    let Ok(decimal) = Decimal::parse(text.trim()) else { return };
    assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
    if let Ok(rounded) = decimal.to_micros()
        && rounded.is_exact
    {
        assert_eq!(Decimal::from_micros(rounded.micros), decimal);
    }
}

fn rows(bytes: &[u8]) -> Option<Ledger> {
    let limits = Limits { ledger_rows: 10_000, ..Limits::default() };
    let archive = archive::open(Source::Bytes { name: "export.json", bytes: bytes.to_vec() }, &limits).ok()?;
    let part = parts(&archive).into_iter().next()?;
    let set = Evidence::Export(ExportSet::new(part, None));
    ledger::read(&[&set], &limits, NonZeroUsize::MIN, &NoProgress).ok()
}

fn reconciled(ledger: &Ledger, bytes: &[u8], map: &Map) -> (Vec<Outcome>, String) {
    let rules = Rules { has_gateway: true, has_invoice: true, materiality: 0 };
    let mut reconciler = Reconciler::new(ledger, rules);
    let mut outcomes = Vec::new();
    let mut each = |outcome: Outcome| {
        outcomes.push(outcome);
        Ok::<(), std::io::Error>(())
    };
    let mut input = bytes;
    let read = source::read("f", &mut input, map, &mut |_| Ok(()), &mut |line, _| {
        reconciler.line(Side::Invoice, 0, line, &mut each).map(|_| ())
    });
    let totals = reconciler.finish(&mut each).unwrap();
    assert_eq!(totals.material(), u64::try_from(outcomes.iter().filter(|own| own.is_material).count()).unwrap());
    (outcomes, format!("{read:?}"))
}
