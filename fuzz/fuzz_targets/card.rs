//! A text is either no card, or exactly the text that its card writes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::audit::card::Card;

fuzz_target!(|text: &str| {
    if let Ok(card) = Card::parse(text) {
        assert_eq!(card.to_string(), text);
        assert_eq!(card.compare(&[]).chains.len(), card.chains.len());
    }
});
