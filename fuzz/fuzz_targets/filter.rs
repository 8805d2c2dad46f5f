//! Any text as a filter of the window's table: a filter, or an error at a place within it; the same rows each time, the
//! other rows when it is turned round; and any text as a value that is offered, which the filter then means.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::ledger::{Figure, Ledger, PermitRow};

// The module as it is, without the window around it, whose toolkit would have to be built with instrumentation.
#[allow(dead_code, unused_imports, unreachable_pub)]
#[path = "../../verifier-gui/src/filter/mod.rs"]
mod filter;

use filter::{Field, Filter, Operand, Operator, Prepared, complete, parse};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let ledger = ledger(text);
    match parse(text) {
        Ok(filter) => {
            let found = rows(&ledger, filter.clone());
            assert_eq!(found, rows(&ledger, filter));
            // Deeper by one pair of brackets, it may be too deep.
            if let Ok(turned) = parse(&format!("!({text})"))
                && !text.trim().is_empty()
            {
                let turned = rows(&ledger, turned);
                assert!(found.iter().zip(turned).all(|(one, other)| *one != other));
            }
        }
        Err(error) => {
            assert!(error.at <= text.len() && text.is_char_boundary(error.at));
            assert!(!error.message.is_empty());
        }
    }
    for completion in complete(text, |_| vec!["openai".to_owned()]) {
        assert!(completion.filter.len() <= text.len() + 32);
    }
    let offered = complete("provider == ", |_| vec![text.to_owned()]);
    let [offered] = offered.as_slice() else { panic!("one value gives one completion") };
    let meant = Filter::Compare(Field::Provider, Operator::Equal, Operand::Text(text.to_owned()));
    match parse(&offered.filter) {
        Ok(filter) => assert_eq!(filter, meant),
        Err(_) => assert!(text.len() > 1000, "only what is too long is refused"),
    }
});

fn rows(ledger: &Ledger, filter: Filter) -> Vec<bool> {
    let prepared = Prepared::new(filter, ledger);
    ledger.permits.iter().map(|row| prepared.passes(row)).collect()
}

/// A row with values, one with the fuzzed text, one without anything.
fn ledger(text: &str) -> Ledger {
    let mut ledger = Ledger::default();
    let [allow, openai, own] = ["allow", "openai", text].map(|name| ledger.names.intern(name));
    ledger.permits.push(PermitRow {
        decision: allow,
        provider: openai,
        actual_cost: Figure::of(i64::MIN),
        created_micros: Figure::of(i64::MAX),
        is_dispatched: true,
        ..PermitRow::default()
    });
    ledger.permits.push(PermitRow {
        permit: own,
        provider: own,
        created_at: text.into(),
        actual_cost: Figure::of(12_000_000),
        ..PermitRow::default()
    });
    ledger.permits.push(PermitRow::default());
    ledger
}
