use super::*;
use crate::bytes::Blob;
use crate::json::{Document, ParserLimits};

fn parse(text: &str) -> Document {
    Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
}

fn canonical(profile: Profile, text: &str) -> Result<String, CanonErrorKind> {
    to_bytes(profile, parse(text).root())
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .map_err(|error| error.kind)
}

/// Spec 01 section 4, observed on the reference.
#[test]
fn number_vectors() {
    for (token, legacy, jcs) in [
        ("1", "1", "1"),
        ("-0", "0", "0"),
        ("-0.0", "-0.0", "0"),
        ("1.0", "1.0", "1"),
        ("1e2", "100.0", "100"),
        ("4.50", "4.5", "4.5"),
        ("2e-3", "0.002", "0.002"),
        ("1e-4", "0.0001", "0.0001"),
        ("0.00009999", "9.999e-05", "0.00009999"),
        ("1e-5", "1e-05", "0.00001"),
        ("1e-6", "1e-06", "0.000001"),
        ("9.999e-7", "9.999e-07", "9.999e-7"),
        ("1e-7", "1e-07", "1e-7"),
        ("1.5e-10", "1.5e-10", "1.5e-10"),
        ("0.000000000000000000000000001", "1e-27", "1e-27"),
        ("5e-324", "5e-324", "5e-324"),
        ("1e15", "1000000000000000.0", "1000000000000000"),
        ("9999999999999998.0", "9999999999999998.0", "9999999999999998"),
        ("1e16", "1e+16", "10000000000000000"),
        ("123456789012345680.0", "1.2345678901234568e+17", "123456789012345680"),
        ("1e20", "1e+20", "100000000000000000000"),
        ("1e21", "1e+21", "1e+21"),
        ("1.7976931348623157e308", "1.7976931348623157e+308", "1.7976931348623157e+308"),
        ("333333333.33333329", "333333333.3333333", "333333333.3333333"),
        ("9007199254740991", "9007199254740991", "9007199254740991"),
        ("1e-400", "0.0", "0"),
        ("12345678901234567890.0", "1.2345678901234567e+19", "12345678901234567000"),
        ("-1.5", "-1.5", "-1.5"),
        // a tie between two shortest candidates goes to the even digit
        ("-89609850710186.625", "-89609850710186.62", "-89609850710186.62"),
    ] {
        assert_eq!(canonical(Profile::Legacy, token).as_deref(), Ok(legacy), "{token}");
        assert_eq!(canonical(Profile::Jcs, token).as_deref(), Ok(jcs), "{token}");
    }
    assert_eq!(
        canonical(Profile::Legacy, "123456789012345678901234567890").unwrap(),
        "123456789012345678901234567890"
    );
    for token in ["9007199254740992", "-9007199254740992", "123456789012345678901234567890"] {
        assert_eq!(canonical(Profile::Jcs, token), Err(CanonErrorKind::UnsafeInteger));
    }
    for token in ["1E400", "NaN", "-Infinity"] {
        assert_eq!(canonical(Profile::Jcs, token), Err(CanonErrorKind::NonFinite));
        assert_eq!(canonical(Profile::Legacy, token), Err(CanonErrorKind::NonFinite));
    }
}

#[test]
fn string_vectors() {
    for (text, expected) in [
        ("\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\"", "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\""),
        ("\"\\u007f\\u0080\"", "\"\u{7f}\u{80}\""),
        ("\"\\/\"", "\"/\""),
        ("\"\\u2028\"", "\"\u{2028}\""),
        ("\"\\ud83d\\ude00\"", "\"😀\""),
        ("\"e\\u0301\"", "\"e\u{301}\""),
        ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
    ] {
        assert_eq!(canonical(Profile::Legacy, text).unwrap(), expected);
        assert_eq!(canonical(Profile::Jcs, text).unwrap(), expected);
    }
    assert_eq!(
        canonical(Profile::LegacyAscii, "\"\\u007f\\u0080é😀\\u2028\"").unwrap(),
        "\"\\u007f\\u0080\\u00e9\\ud83d\\ude00\\u2028\""
    );
    assert_eq!(canonical(Profile::Legacy, "[\"\\ud800\"]"), Err(CanonErrorKind::UnpairedSurrogate));
    assert_eq!(canonical(Profile::Legacy, "{\"\\ud800\":1}"), Err(CanonErrorKind::UnpairedSurrogate));
}

#[test]
fn member_order() {
    let text = "{\"😀\":1,\"\\uffff\":2,\"b\":3,\"a\":4,\"A\":5,\"\":6,\"aa\":7}";
    assert_eq!(
        canonical(Profile::Legacy, text).unwrap(),
        "{\"\":6,\"A\":5,\"a\":4,\"aa\":7,\"b\":3,\"\u{ffff}\":2,\"😀\":1}"
    );
    assert_eq!(
        canonical(Profile::Jcs, text).unwrap(),
        "{\"\":6,\"A\":5,\"a\":4,\"aa\":7,\"b\":3,\"😀\":1,\"\u{ffff}\":2}"
    );
    assert_eq!(
        hex_digest(Profile::Legacy, parse("{}").root()).unwrap(),
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
}

#[test]
fn a_built_object_equals_a_parsed_one() {
    let document = parse("{\"z\":[1.0],\"é\":\"x\"}");
    let mut builder = ObjectBuilder::new(Profile::Jcs);
    builder.value("z", document.root().member("z").unwrap()).unwrap();
    builder.text("é", "x").null("n").integer("i", -3).boolean("b", true).text("b", "last");
    assert_eq!(
        String::from_utf8(builder.finish()).unwrap(),
        canonical(Profile::Jcs, "{\"z\":[1.0],\"é\":\"x\",\"n\":null,\"i\":-3,\"b\":\"last\"}").unwrap()
    );
    assert_eq!(
        digest_except(Profile::Legacy, parse("{\"a\":1,\"b\":2}").root(), &["b"]).unwrap(),
        digest(Profile::Legacy, parse("{\"a\":1}").root()).unwrap()
    );
}

proptest::proptest! {
    #[test]
    fn floats_agree_with_an_independent_writer(bits: u64) {
        let value = f64::from_bits(bits);
        proptest::prop_assume!(value.is_finite());
        let token = format!("{value:e}");
        let token = if token.contains('e') { token } else { format!("{token}e0") };
        let theirs = serde_json_canonicalizer::to_string(&value).unwrap();
        proptest::prop_assert_eq!(number(Profile::Jcs, &token).unwrap(), theirs);
        let legacy = number(Profile::Legacy, &token).unwrap();
        proptest::prop_assert_eq!(legacy.parse::<f64>().unwrap().to_bits(), bits);
    }

    #[test]
    fn strings_and_keys_agree_with_an_independent_writer(names: Vec<String>, text: String) {
        let object: serde_json::Map<String, serde_json::Value> =
            names.into_iter().map(|name| (name, text.clone().into())).collect();
        let source = serde_json::Value::Object(object);
        let document = parse(&source.to_string());
        proptest::prop_assert_eq!(
            to_bytes(Profile::Jcs, document.root()).unwrap(),
            serde_json_canonicalizer::to_vec(&source).unwrap()
        );
    }
}
