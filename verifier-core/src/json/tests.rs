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
