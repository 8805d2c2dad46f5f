use super::*;

struct Raw;

impl Visitor for Raw {
    type Row = (u64, String, u64);
    fn visit(&self, item: Item<'_>) -> Self::Row {
        (item.index, String::from_utf8(item.value.raw().to_vec()).unwrap(), item.value.span().start)
    }
}

/// Hands out at most `step` bytes at a time.
struct Dribble<'a>(&'a [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Rows = Vec<(Origin, (u64, String, u64))>;

fn read(bytes: &[u8], workers: usize, predict: bool) -> Result<(Streamed, Rows), StreamError> {
    let limits = Limits::default();
    let settings = Settings {
        limits: &limits,
        workers: NonZeroUsize::new(workers).unwrap(),
        arrays: &["records", "chain_entries"],
        predict,
    };
    let mut rows = Vec::new();
    let streamed = run(
        Box::new(Dribble(bytes, 7_001)),
        settings,
        &Raw,
        &mut |origin, own| rows.extend(own.drain(..).map(|row| (origin, row))),
        &|_| true,
    )?;
    Ok((streamed, rows))
}

/// A reading without predictions, after one with them, which must be the same or none.
fn pass(bytes: &[u8], workers: usize) -> (Streamed, Rows) {
    let (streamed, rows) = read(bytes, workers, false).unwrap();
    match read(bytes, workers, true) {
        Ok((predicted, predicted_rows)) => {
            assert_eq!(predicted_rows, rows);
            assert_eq!(format!("{predicted:?}"), format!("{streamed:?}"));
        }
        Err(error) => assert!(matches!(error, StreamError::Mispredicted), "{error}"),
    }
    for (_, (_, raw, at)) in &rows {
        if !streamed.gzip {
            let at = usize::try_from(*at).unwrap();
            assert_eq!(&bytes[at..at + raw.len()], raw.as_bytes());
        }
    }
    assert_eq!(streamed.sha256, crate::crypto::sha256(bytes));
    (streamed, rows)
}

#[test]
fn streams_an_object_with_any_number_of_workers() {
    let records: Vec<String> =
        (0..30_000).map(|n| format!("{{\"n\":{n},\"text\":\"{}\"}}", "x".repeat(n % 200))).collect();
    let text =
        format!("{{\"a\":{{\"b\":[1]}},\"records\" : [\n{}\n] , \"z\":\"end\"}} \n", records.join(" ,\n"));
    let (one, rows_one) = pass(text.as_bytes(), 1);
    let (many, rows_many) = pass(text.as_bytes(), 3);
    assert_eq!(rows_one, rows_many);
    assert_eq!(rows_one.len(), records.len());
    assert_eq!(rows_one.iter().map(|(_, row)| row.1.clone()).collect::<Vec<_>>(), records);
    for streamed in [one, many] {
        let Decoded::Object(object) = streamed.decoded else { panic!("{:?}", streamed.decoded) };
        assert_eq!(object.count("records"), Some(30_000));
        assert_eq!(object.text("z").unwrap(), "end");
        assert_eq!(object.member("a").unwrap().path(&["b"]).unwrap().item(0).unwrap().as_i64(), Some(1));
    }
}

#[test]
fn json_lines_end_at_newlines_only() {
    let text = "{\"a\":\"\u{2028}\u{85}\"}\r\n\n {\"b\":2}\n{\"c\":3}";
    let (streamed, rows) = pass(text.as_bytes(), 1);
    assert!(matches!(streamed.decoded, Decoded::Lines(3)));
    assert_eq!(rows[1].1.1, "{\"b\":2}");
    let event = "{\"event_id\":\"e\",\"record_hash\":\"r\",\"prev_hash\":\"p\"}\n";
    assert!(matches!(pass(event.as_bytes(), 1).0.decoded, Decoded::Lines(1)));
    let big: String =
        (0..50_000).map(|n| format!("{{\"n\":{n},\"pad\":\"{}\"}}\n", "y".repeat(60))).collect();
    let (streamed, rows) = pass(big.as_bytes(), 2);
    assert!(matches!(streamed.decoded, Decoded::Lines(50_000)));
    assert!(rows.iter().enumerate().all(|(position, (_, row))| row.0 == u64::try_from(position).unwrap()));
}

#[test]
fn says_what_is_not_an_object() {
    let kind = |text: &[u8]| pass(text, 1).0.decoded;
    assert!(matches!(kind(b"a,b\n1,2\n"), Decoded::Opaque));
    assert!(matches!(kind(b""), Decoded::Opaque));
    assert!(matches!(kind(b"\"text\""), Decoded::OtherJson));
    assert!(matches!(kind(b"[1,2]"), Decoded::OtherJson));
    for text in [
        b"{\"a\":1".as_slice(),
        b"{'a':1}",
        b"{\"a\":1,}",
        b"{\"records\":[1,2}",
        b"{\"records\":[1,,2]}",
        b"{\"records\":[{\"a\":01}]}",
        b"\xef\xbb\xbf{\"a\":1}",
        b"\xff\xfe{\0}\0",
        b"{\0\"\0}\0",
        b"{\"a\":1}{\"b\":2}",
        b"{\"a\":1}\n{\"b\":2}\nrest",
        b"{\"records\":[]}x",
        b"{\"a\":\"\xff\"}",
        b"[1,",
    ] {
        assert!(matches!(kind(text), Decoded::Malformed(_)), "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn repetitions_are_placed() {
    let (streamed, _) = pass(b"{\"a\":1,\"records\":[{\"x\":1,\"x\":2}],\"a\":{\"y\":NaN}}", 1);
    let places: Vec<_> =
        streamed.anomalies.iter().map(|anomaly| (anomaly.kind, anomaly.pointer.as_str())).collect();
    assert_eq!(
        places,
        [
            (AnomalyKind::RepeatedMember, "/records/0/x"),
            (AnomalyKind::RepeatedMember, "/a"),
            (AnomalyKind::NonFinite, "/a/y"),
        ]
    );
}

#[test]
fn a_member_above_the_limit_is_not_held() {
    let limits = Limits { document_bytes: 3 << 20, ..Limits::default() };
    let settings =
        Settings { limits: &limits, workers: NonZeroUsize::MIN, arrays: &["records"], predict: false };
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(20 << 20));
    let streamed = run(Box::new(text.as_bytes()), settings, &Raw, &mut |_, _| {}, &|_| true).unwrap();
    assert!(matches!(streamed.decoded, Decoded::OverLimit(_)));
    assert_eq!(streamed.sha256, crate::crypto::sha256(text.as_bytes()));
    let stopped = run(Box::new(text.as_bytes()), settings, &Raw, &mut |_, _| {}, &|read| read < 100);
    assert!(matches!(stopped, Err(StreamError::Cancelled)));
}

proptest::proptest! {
    #[test]
    fn truncation_and_noise_never_panic(cut in 0usize..200, noise: Vec<u8>) {
        let text = b"{\"a\":[1,{\"b\":\"\\u00e9\"}],\"records\":[{\"n\":1},{\"n\":[2,3]}],\"chain_entries\":[\"x\"]}";
        let mut bytes = text[..cut.min(text.len())].to_vec();
        bytes.extend(noise);
        let one = pass(&bytes, 1);
        let two = pass(&bytes, 2);
        proptest::prop_assert_eq!(one.1, two.1);
    }
}

/// Items that hold what stands between items: in a string, in an array of their own, as the last thing.
#[test]
fn predictions_never_change_what_is_read() {
    let plain = |n: usize| format!("{{\"a\": {n}, \"t\": \"x\"}}");
    let nested = |n: usize| format!("{{\"a\": {n}, \"more\": [{}, {}]}}", plain(n), plain(n + 1));
    let quoted = |n: usize| format!("{{\"a\": {n}, \"t\": \"}}, {{\\\"a\\\": \"}}");
    let other = |n: usize| format!("{{\"b\": {n}}}");
    let kinds: [&dyn Fn(usize) -> String; 4] = [&plain, &nested, &quoted, &other];
    let mut fast = 0;
    for code in 0..4_usize.pow(5) {
        let items: Vec<String> = (0..5)
            .map(|place| kinds[code / 4_usize.pow(place) % 4](usize::try_from(place).unwrap()))
            .collect();
        let text = format!("{{\"records\": [{}], \"z\": [1, {}]}}", items.join(", "), plain(9));
        let (_, rows) = pass(text.as_bytes(), 1);
        assert_eq!(rows.iter().map(|(_, row)| &row.1).collect::<Vec<_>>(), items.iter().collect::<Vec<_>>());
        fast += usize::from(read(text.as_bytes(), 1, true).is_ok());
        // Damage anywhere is found by either reading.
        let cut = text.len() - 1 - code % (text.len() - 1);
        pass(&text.as_bytes()[..cut], 2);
    }
    assert!(fast > 200, "{fast}");
}

/// An array that nobody looks into is judged as if it were held: same text, same disagreements, same damage. Of a
/// damaged text, what stands before the damage is reported besides.
#[test]
fn what_is_only_checked_reads_like_what_is_held() {
    const LIKE: &str = "budget_allocation_eventX";
    let name = CHECKED[0];
    let item = r#"{"amount": 5, "seq": 1, "note": "a, {\"amount\""}"#;
    let arrays = [
        String::new(),
        item.to_owned(),
        [item; 4].join(" ,\n"),
        format!("{item},{{\"amount\": 1, \"amount\": 2}},[NaN],\"\\ud800\",9007199254740993"),
        format!("{item},{{\"amount\": 01}}"),
        format!("{item},,{item}"),
        format!("{item},{item}]"),
        "\"\u{e9}\", 1, null, [[]]".to_owned(),
    ];
    let places = |streamed: &Streamed| {
        let mut places: Vec<_> = streamed
            .anomalies
            .iter()
            .map(|own| (format!("{:?}", own.kind), own.pointer.replace(LIKE, name), own.span.clone()))
            .collect();
        places.sort_by_key(|(kind, pointer, span)| (span.start, pointer.clone(), kind.clone()));
        places
    };
    let mut damaged = 0;
    for array in &arrays {
        let text = format!("{{\"records\":[{item}],\"{name}\": [{array}], \"{name}X\":1,\"z\":2}}");
        for cut in (0..=text.len()).rev().filter(|cut| text.is_char_boundary(*cut)) {
            let own = &text[..cut];
            let (checked, rows) = pass(own.as_bytes(), 1 + cut % 2);
            let (held, held_rows) =
                pass(own.replace(&format!("{name}\""), &format!("{LIKE}\"")).as_bytes(), 1);
            assert_eq!(rows, held_rows, "{own}");
            assert_eq!(
                std::mem::discriminant(&checked.decoded),
                std::mem::discriminant(&held.decoded),
                "{own}"
            );
            match (&checked.decoded, &held.decoded) {
                (Decoded::Object(checked_object), Decoded::Object(held_object)) => {
                    assert_eq!(places(&checked), places(&held), "{own}");
                    let (checked, held) = (checked_object, held_object);
                    let mut names: Vec<_> = held.names().map(|own| own.replace(LIKE, name)).collect();
                    names.sort();
                    let mut own: Vec<_> = checked.names().collect();
                    own.sort_unstable();
                    assert_eq!(own, names);
                    assert!(checked.has(name) && checked.member(name).is_none());
                    let count = held.member(LIKE).unwrap().as_array().unwrap().items().count();
                    assert_eq!(checked.count(name), u64::try_from(count).ok());
                }
                (Decoded::Malformed(_), _) => damaged += 1,
                _ => {}
            }
        }
    }
    assert!(damaged > 100, "{damaged}");
}

#[test]
fn what_is_only_checked_is_never_held() {
    let limits = Limits { document_bytes: 5 << 20, ..Limits::default() };
    let settings =
        Settings { limits: &limits, workers: NonZeroUsize::MIN, arrays: &["records"], predict: true };
    let items = vec![r#"{"amount":5}"#; 1_000_000].join(",");
    let text = format!("{{\"records\":[1],\"budget_allocation_events\":[{items}]}}");
    let mut rows = 0;
    let mut collect = |_, own: &mut Vec<_>| rows += own.len();
    let streamed = run(Box::new(text.as_bytes()), settings, &Raw, &mut collect, &|_| true).unwrap();
    let Decoded::Object(object) = &streamed.decoded else { panic!("{:?}", streamed.decoded) };
    assert_eq!((object.count("budget_allocation_events"), rows), (Some(1_000_000), 1));
}

/// A first line that is longer than one read is guessed to be a document; what it is does not depend on the guess.
#[test]
fn a_long_first_line_is_what_it_is() {
    let pad = "x".repeat(300 << 10);
    let event = format!("{{\"event_id\":\"e\",\"record_hash\":\"r\",\"prev_hash\":\"p\",\"pad\":\"{pad}\"}}");
    let lines = format!("{event}\n{event}\n");
    for (text, count) in [(event.clone(), 1), (format!("{event}\n"), 1), (lines, 2)] {
        assert!(matches!(read(text.as_bytes(), 2, true), Err(StreamError::Mispredicted)));
        assert!(matches!(pass(text.as_bytes(), 2).0.decoded, Decoded::Lines(found) if found == count));
    }
    let document = format!("{{\"pad\":\"{pad}\",\"records\":[{event},{event}],\"event_id\":\"e\"}}");
    assert!(read(document.as_bytes(), 2, true).is_ok());
    let (streamed, rows) = pass(document.as_bytes(), 2);
    assert!(matches!(streamed.decoded, Decoded::Object(_)));
    assert_eq!(rows.len(), 2);
}
