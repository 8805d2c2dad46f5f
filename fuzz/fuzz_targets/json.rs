//! Any bytes as JSON: accepted and refused as another parser does, apart from the listed differences, and
//! canonical bytes that are their own canonical form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::bytes::{Blob, Limits};
use verifier_core::canon::{CanonErrorKind, Profile, to_bytes};
use verifier_core::json::{AnomalyKind, Document, ParserLimits, Value, split};

fuzz_target!(|bytes: &[u8]| {
    let limits = ParserLimits::from(&Limits::default());
    let ours = Document::parse(Blob::new(bytes.to_vec()), limits);
    let theirs: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
    let Ok(document) = ours else {
        // the other parser's nesting limit is lower than ours, and it has no limit on digits
        let digits = bytes.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max().unwrap_or(0);
        assert!(theirs.is_err() || digits > 1_000, "refused although valid");
        return;
    };
    let anomalies: Vec<AnomalyKind> = document.anomalies().map(|(kind, _)| kind).collect();
    if anomalies.is_empty() && depth(bytes) < 120 {
        assert!(theirs.is_ok(), "accepted although invalid");
    }
    walk(document.root());
    check_cut(bytes);
    for profile in [Profile::Legacy, Profile::LegacyAscii, Profile::Jcs] {
        let Ok(canonical) = to_bytes(profile, document.root()) else { continue };
        let again = Document::parse(Blob::new(canonical.clone()), limits).unwrap();
        assert!(!again.anomalies().any(|(kind, _)| kind == AnomalyKind::RepeatedMember));
        match to_bytes(profile, again.root()) {
            Ok(second) => assert_eq!(second, canonical),
            // RFC 8785 prints floats from 2^53 to 10^21 without a point, so they come back as unsafe integers
            Err(error) => assert!(profile == Profile::Jcs && error.kind == CanonErrorKind::UnsafeInteger),
        }
        if profile == Profile::Jcs
            && anomalies.is_empty()
            && let Ok(value) = &theirs
        {
            assert_eq!(serde_json_canonicalizer::to_vec(value).unwrap(), canonical);
        }
    }
});

fn depth(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| matches!(byte, b'[' | b'{')).count()
}

/// Every cursor function on every value.
fn walk(value: Value<'_>) {
    let _ = (value.raw(), value.span(), value.pointer(), value.text(), value.as_i64(), value.is_truthy());
    let comparable =
        !value.is_object() && !value.is_array() && value.number().is_none() && !value.is_broken_text();
    assert!(!comparable || value.same(value));
    for item in value.items() {
        walk(item);
    }
    for member in value.members() {
        let _ = (member.name(), member.has_broken_name());
        walk(member.value);
    }
}

/// The cutter that streams large documents agrees with the parser on where a valid value ends.
fn check_cut(bytes: &[u8]) {
    let start = split::blank_length(bytes);
    let rest = &bytes[start..];
    if matches!(rest.first(), Some(b'{' | b'[' | b'"')) {
        let end = split::value_length(rest).unwrap();
        assert_eq!(split::blank_length(&rest[end..]), rest.len() - end);
    }
}
