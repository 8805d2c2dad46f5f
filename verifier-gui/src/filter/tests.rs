use verifier_core::ledger::{Figure, Ledger, PermitRow};

use super::*;

fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for (number, (decision, provider, cost)) in [
        ("allow", "openai", Some(12_000_000)),
        ("deny", "openai", None),
        ("allow", "Anthropic AG", Some(250_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let row = PermitRow {
            permit: ledger.names.intern(&format!("p{number}")),
            decision: ledger.names.intern(decision),
            provider: ledger.names.intern(provider),
            actual_cost: cost.map_or(Figure::ABSENT, Figure::of),
            created_micros: Figure::of(1_785_744_000_000_000),
            is_dispatched: decision == "allow",
            ..PermitRow::default()
        };
        ledger.permits.push(row);
    }
    ledger
}

fn found(filter: &str) -> Vec<usize> {
    let ledger = ledger();
    let filter = parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let prepared = Prepared::new(filter, &ledger);
    (0..ledger.permits.len()).filter(|at| prepared.passes(&ledger.permits[*at])).collect()
}

#[test]
fn filters_find_rows() {
    assert_eq!(found(""), [0, 1, 2]);
    assert_eq!(found("decision == deny && provider == \"openai\""), [1]);
    assert_eq!(found("decision == allow && cost > 10 usd"), [0]);
    assert_eq!(found("cost > 10 or decision == deny"), [0, 1]);
    assert_eq!(found("cost >= 0.25 and cost <= 0.250000 usd"), [2]);
    assert_eq!(found("cost != 12"), [1, 2], "no cost is unequal to every cost");
    assert_eq!(found("cost < 1000000"), [0, 2], "no cost is not below any cost");
    assert_eq!(found("!(provider ~ OPEN)"), [2]);
    assert_eq!(found("not decision=allow"), [1]);
    assert_eq!(found("provider == \"Anthropic AG\""), [2]);
    assert_eq!(found("anthropic"), [2], "a text alone is looked for everywhere");
    assert_eq!(found("day == 2026-08-03"), [0, 1, 2]);
    assert_eq!(found("day > 2026-08-03"), Vec::<usize>::new());
    assert_eq!(found("dispatched == no"), [1]);
    assert_eq!(found("decision == allow || decision == deny && cost > 100"), [0, 2], "&& binds tighter");
}

#[test]
fn a_wrong_filter_says_where_and_what_would_be_right() {
    for (filter, at, part) in [
        ("decison == deny", 0, "decision is one"),
        ("banana == 1", 0, "fields are sequence"),
        ("cost >", 6, "an amount such as"),
        ("cost > much", 7, "write it like 10"),
        ("cost > 1e3", 7, "write it like 10"),
        ("cost > 0.0000001", 7, "more than six decimals"),
        ("tokens == 1.5", 10, "whole number"),
        ("day == yesterday", 7, "2026-08-03"),
        ("dispatched == perhaps", 14, "true nor false"),
        ("cost ~ 1", 5, "no text"),
        ("decision == deny cost > 1", 17, "&& or ||"),
        ("(decision == deny", 17, "closing parenthesis"),
        ("decision == deny)", 16, "not opened"),
        ("decision == \"deny", 12, "not closed"),
        ("decision == deny & cost > 1", 17, "write &&"),
        ("== deny", 0, "a field is missing"),
        ("decision == deny &&", 19, "a comparison is missing"),
    ] {
        let error = parse(filter).expect_err(filter);
        assert_eq!(error.at, at, "{filter}: {error}");
        assert!(error.message.contains(part), "{filter}: {error}");
    }
    assert!(parse(&"(".repeat(5000)).is_err());
    assert!(parse(&"!".repeat(4000)).is_err());
    let error = parse(&format!("x{}", "é".repeat(4096))).expect_err("too long");
    assert_eq!(error.at, 4095, "a place between characters");
    assert!(parse(&format!("{}decision == deny", "!".repeat(60))).is_ok());
}

#[test]
fn completions_lead_to_filters() {
    let values = |field| match field {
        Field::Provider => vec!["openai".to_owned(), "Big Co".to_owned()],
        _ => Vec::new(),
    };
    let labels = |text: &str| -> Vec<String> {
        complete(text, values).into_iter().map(|completion| completion.label).collect()
    };
    assert_eq!(labels("prov"), ["provider"]);
    assert_eq!(complete("prov", values)[0].filter, "provider == ");
    assert_eq!(labels("provider == "), ["openai", "Big Co"]);
    assert_eq!(complete("provider == B", values)[0].filter, "provider == \"Big Co\" ");
    assert_eq!(labels("provider == openai "), ["&&", "||"]);
    assert_eq!(labels("dispatched == t"), ["true"]);
    assert!(labels("cost > ").is_empty() || labels("cost > ")[0] == "&&");
    for completion in complete("provider == ", values) {
        assert!(parse(&completion.filter).is_ok(), "{}", completion.filter);
    }
}

/// Nothing that a person types stops the program.
#[test]
fn any_text_is_a_filter_or_an_error() {
    let pieces =
        ["(", ")", "!", "&&", "|", "cost", ">", "\"", "\\", "é", " ", "1.5", "usd", "==", "~", "not"];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
        }
        if let Err(error) = parse(&text) {
            assert!(error.at <= text.len() && text.is_char_boundary(error.at), "{text:?}: {error}");
        }
        assert!(complete(&text, |_| Vec::new()).len() <= Field::ALL.len());
    }
}
