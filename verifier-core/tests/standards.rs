//! The published facts in `testvectors/standards`, asserted one by one.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;

use verifier_core::bytes::Blob;
use verifier_core::canon::{CanonErrorKind, Profile, to_bytes};
use verifier_core::crypto::{PublicKey, RepeatedKey, SignatureText, verify};
use verifier_core::json::{AnomalyKind, Document, ParserLimits};

fn standard(name: &str) -> serde_json::Value {
    let path = testvectors::root().join("standards").join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a serde_json::Value, name: &str) -> &'a Vec<serde_json::Value> {
    value[name].as_array().unwrap()
}

fn text<'a>(value: &'a serde_json::Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn document(bytes: impl Into<Vec<u8>>) -> Document {
    Document::parse(Blob::new(bytes.into()), ParserLimits::default()).unwrap()
}

fn double(digits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(digits, 16).unwrap())
}

#[test]
fn rfc8785_numbers() {
    let file = standard("rfc8785.json");
    for row in list(&file, "numbers") {
        // The exponent form is the double's shortest decimal and always a float token.
        let input = document(format!("{:e}", double(text(row, "double"))));
        let written = to_bytes(Profile::Jcs, input.root()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text(row, "text"), "{row}");
    }
    for row in list(&file, "without_form") {
        let value = double(row.as_str().unwrap());
        assert!(!value.is_finite(), "{row}");
    }
    for token in ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"] {
        let error = to_bytes(Profile::Jcs, document(token).root()).unwrap_err();
        assert_eq!(error.kind, CanonErrorKind::NonFinite, "{token}");
    }
}

#[test]
fn rfc8785_documents() {
    let file = standard("rfc8785.json");
    for row in list(&file, "documents") {
        let written = to_bytes(Profile::Jcs, document(text(row, "input")).root()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text(row, "output"));
        let again = to_bytes(Profile::Jcs, document(text(row, "output")).root()).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), text(row, "output"), "canonical form is a fixed point");
    }
}

#[test]
fn rfc8032_signatures() {
    for row in list(&standard("rfc8032.json"), "vectors") {
        let key = PublicKey::from_bytes(&unhex(text(row, "public_key")).try_into().unwrap()).unwrap();
        let signature = SignatureText(unhex(text(row, "signature")).try_into().unwrap());
        let message = unhex(text(row, "message"));
        let repeated = RepeatedKey::new(key);
        assert!(verify(&key, &message, &signature), "{row}");
        assert!(repeated.verify(&message, &signature), "{row}");
        for position in 0..64 {
            let mut broken = signature;
            broken.0[position] ^= 1;
            assert!(!verify(&key, &message, &broken), "{row} byte {position}");
            assert!(!repeated.verify(&message, &broken), "{row} byte {position}");
        }
        let mut longer = message.clone();
        longer.push(0);
        assert!(!verify(&key, &longer, &signature), "{row}");
    }
}

fn anomaly_name(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::RepeatedMember => "repeated_member",
        AnomalyKind::NonFinite => "non_finite",
        AnomalyKind::UnpairedSurrogate => "unpaired_surrogate",
        AnomalyKind::UnsafeInteger => "unsafe_integer",
    }
}

#[test]
fn json_suite() {
    let file = standard("json.json");
    let cases = list(&file, "cases");
    assert!(cases.len() >= 200, "only {} inputs", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let name = text(case, "name");
        let bytes = match case["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => unhex(text(case, "hex")),
        };
        let expected: BTreeSet<&str> = case["anomalies"]
            .as_array()
            .map(|names| names.iter().map(|name| name.as_str().unwrap()).collect())
            .unwrap_or_default();
        let parsed = Document::parse(Blob::new(bytes), ParserLimits::default());
        let seen: BTreeSet<&str> = parsed
            .as_ref()
            .map(|document| document.anomalies().map(|(kind, _)| anomaly_name(kind)).collect())
            .unwrap_or_default();
        let accepted = if parsed.is_ok() { "accept" } else { "reject" };
        if accepted != text(case, "expect") || seen != expected {
            wrong
                .push(format!("{name}: {accepted} {seen:?}, expected {} {expected:?}", text(case, "expect")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// RFC 6962 section 2.1: the roots over the first one to eight leaves, and over none.
#[test]
fn merkle_roots_of_rfc_6962() {
    use verifier_core::merkle::rfc6962::{leaf_hash, root};
    let file = standard("rfc6962.json");
    let leaves: Vec<_> =
        list(&file, "leaves").iter().map(|leaf| leaf_hash(&unhex(leaf.as_str().unwrap()))).collect();
    let roots = list(&file, "roots");
    assert_eq!(roots.len(), leaves.len());
    for (size, stated) in (1..).zip(roots) {
        let computed = root(leaves.iter().take(size).copied());
        assert_eq!(computed.as_slice(), unhex(stated.as_str().unwrap()), "{size} leaves");
    }
    assert_eq!(root([]).as_slice(), unhex(text(&file, "empty_root")));
}
