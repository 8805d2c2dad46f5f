use super::*;
use crate::bytes::Blob;

fn parse(text: &str) -> Result<Document, JsonError> {
    Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default())
}

fn anomalies(text: &str) -> Vec<(AnomalyKind, String)> {
    parse(text).unwrap().anomalies().map(|(kind, value)| (kind, value.pointer())).collect()
}

#[test]
fn keeps_spelling_order_and_place() {
    let document = parse(r#" {"b": [1, 1.0, "x\ny"], "a/~": {"c": null}} "#).unwrap();
    let root = document.root();
    assert_eq!(root.members().map(|member| member.name().into_owned()).collect::<Vec<_>>(), ["b", "a/~"]);
    let items: Vec<_> = root.member("b").unwrap().items().collect();
    assert_eq!(items[0].number(), Some("1"));
    assert_eq!((items[0].kind(), items[1].kind()), (Kind::Int, Kind::Float));
    assert_eq!(items[2].text().unwrap(), "x\ny");
    assert_eq!(items[2].pointer(), "/b/2");
    let null = root.path(&["a/~", "c"]).unwrap();
    assert_eq!(null.pointer(), "/a~1~0/c");
    assert_eq!(null.raw(), b"null");
    assert_eq!(null.span(), 38..42);
}

#[test]
fn names_what_readers_disagree_about() {
    use AnomalyKind::*;
    assert_eq!(anomalies(r#"{"x":{"a":1,"\u0061":2}}"#), [(RepeatedMember, "/x/a".to_owned())]);
    assert_eq!(parse(r#"{"a":1,"a":2}"#).unwrap().root().member("a").unwrap().as_i64(), Some(2));
    assert_eq!(anomalies("[NaN,Infinity,-Infinity,1e400,1e-400]").len(), 4);
    assert_eq!(
        anomalies(r#"["\ud800","\ud83d\ude00","\udc00"]"#),
        [(UnpairedSurrogate, "/0".to_owned()), (UnpairedSurrogate, "/2".to_owned()),]
    );
    assert_eq!(anomalies("[9007199254740991,9007199254740992,-9007199254740992]").len(), 2);
    let many = (0..40).map(|n| format!("\"k{n}\":0")).collect::<Vec<_>>().join(",");
    assert_eq!(anomalies(&format!("{{{many}}}")), []);
    assert_eq!(anomalies(&format!("{{{many},\"k7\":1}}")), [(RepeatedMember, "/k7".to_owned())]);
}

#[test]
fn refuses_what_rfc_8259_forbids() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "01",
        "1.",
        ".1",
        "1e",
        "+1",
        "-",
        "nul",
        "tru",
        "'a'",
        "[1 2]",
        "{\"a\" 1}",
        "[1]]",
        "1 2",
        "\"\\x\"",
        "\"\\u12\"",
        "\"a",
        "\"\u{1}\"",
        "{1:2}",
        "[\"a\"",
        "\u{feff}1",
        "/**/1",
        "Nan",
        "-Inf",
        "[1}",
        "{\"a\":1]",
    ] {
        assert!(parse(text).is_err(), "{text:?}");
    }
    assert_eq!(
        Document::parse(Blob::new(vec![b'"', 0xff, b'"']), ParserLimits::default()).unwrap_err().offset,
        1
    );
}

#[test]
fn limits_hold() {
    let limits = ParserLimits { depth: 3, nodes: 5, number_digits: 4 };
    let parse =
        |text: &str| Document::parse(Blob::new(text.as_bytes().to_vec()), limits).map_err(|error| error.kind);
    assert!(parse("[[[1]]]").is_ok());
    assert_eq!(parse("[[[[1]]]]").unwrap_err(), JsonErrorKind::TooDeep(3));
    assert_eq!(parse("[1,2,3,4,5]").unwrap_err(), JsonErrorKind::TooManyNodes(5));
    assert_eq!(parse("12345").unwrap_err(), JsonErrorKind::NumberTooLong(4));
}

#[test]
fn a_cut_value_is_the_parsed_value() {
    for text in [r#"{"a":"}\"]\\","b":[{}]}"#, "[1,[2]]", r#""x\"y""#, "{}", "[]"] {
        let with_tail = format!("{text},rest");
        assert_eq!(split::value_length(with_tail.as_bytes()), Some(text.len()), "{text}");
        assert!(parse(text).is_ok());
        for end in 0..text.len() {
            assert_eq!(split::value_length(&text.as_bytes()[..end]), None, "{text} cut at {end}");
        }
    }
    assert_eq!(split::value_length(b"12,"), Some(2));
    assert_eq!(split::value_length(b"12"), None);
}

#[test]
fn equality_ignores_member_order_and_spelling() {
    let same = |left: &str, right: &str| parse(left).unwrap().root().same(parse(right).unwrap().root());
    assert!(same(r#"{"a":1,"b":[1.0]}"#, r#"{"b":[1.00],"a":1}"#));
    assert!(same(r#""\u0061""#, r#""a""#));
    assert!(!same("1", "1.0"));
    assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
    assert!(!same("[1]", "[1,1]"));
}

/// Everything that can be seen of a parsed document.
fn dump(value: Value<'_>, out: &mut String) {
    out.push_str(&format!("{:?} {:?} {:?}\n", value.kind(), value.span(), value.text()));
    for member in value.members() {
        out.push_str(&format!("{:?} {}\n", member.name(), member.has_broken_name()));
        dump(member.value, out);
    }
    value.items().for_each(|item| dump(item, out));
}

fn seen(parser: &mut Parser, text: &str) -> String {
    let mut out = String::new();
    match parser.parse_text(text, 7) {
        Ok(value) => dump(value, &mut out),
        Err(error) => return format!("{error:?}"),
    }
    for (kind, value) in parser.anomalies(text.as_bytes()) {
        out.push_str(&format!("{kind:?} {}\n", value.pointer()));
    }
    out
}

proptest::proptest! {
    /// What a parser remembers of one document never changes what it says about the next.
    #[test]
    fn a_used_parser_reads_like_a_new_one(texts in proptest::collection::vec(document(), 1..8)) {
        let mut used = Parser::new(ParserLimits::default());
        for text in texts {
            let mut new = Parser::new(ParserLimits::default());
            proptest::prop_assert_eq!(seen(&mut used, &text), seen(&mut new, &text));
        }
    }
}

/// A blank that the document before did not have stands where its value began.
#[test]
fn a_blank_before_a_value_is_no_part_of_what_is_remembered() {
    let mut used = Parser::new(ParserLimits::default());
    for text in ["{\"b\":\"text\"}", "{\"b\": \"text\"}", "{\"b\":\n1}"] {
        assert!(used.parse_text(text, 0).is_ok(), "{text}");
    }
}

/// Documents that differ a little from each other: in a name, a blank, an order, an end.
fn document() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let name =
        prop_oneof![Just("\"a\""), Just("\"b\""), Just("\"\\u0061\""), Just("\"\\ud800\""), Just("\"\"")];
    let colon = prop_oneof![4 => Just(": "), 1 => Just(":"), 1 => Just(" :\n"), 1 => Just("")];
    let value = prop_oneof![
        Just("\"text\""),
        Just("1"),
        Just("null"),
        Just("{\"a\": 1, \"a\": 2}"),
        Just("[{\"b\": \"\\n\"}]"),
        Just("\"\u{1}\"")
    ];
    let comma = prop_oneof![8 => Just(", "), 1 => Just(","), 1 => Just(" ")];
    let members = proptest::collection::vec((name, colon, value, comma), 0..4);
    (members, prop_oneof![9 => Just("}"), 1 => Just("")]).prop_map(|(members, end)| {
        let mut text = String::from("{");
        for (position, (name, colon, value, comma)) in members.iter().enumerate() {
            if position > 0 {
                text.push_str(comma);
            }
            text.extend([*name, *colon, *value]);
        }
        text.push_str(end);
        text
    })
}
