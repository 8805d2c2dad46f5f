//! Files of other writers, read as another reader reads them; damage is named.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn folder(name: &str) -> PathBuf {
    testvectors::root().join("standards/parquet").join(name)
}

/// Columns by name, with all their cells.
type Columns = BTreeMap<String, Vec<String>>;

fn all(file: Vec<u8>) -> Result<(Columns, Vec<String>), Failure> {
    let whole = |problem| Failure { row: 0, column: String::new(), problem };
    let mut table = Table::open(file).map_err(whole)?;
    let names = table.header().map_err(whole)?;
    let mut columns: Columns = names.fields().map(|name| (name.to_owned(), Vec::new())).collect();
    let mut record = Record::default();
    while table.read(&mut record)? {
        assert_eq!(record.len(), names.len());
        for (name, cell) in names.fields().zip(record.fields()) {
            columns.get_mut(name).unwrap().push(cell.to_owned());
        }
    }
    Ok((columns, table.left_out().to_vec()))
}

/// Floating numbers as numbers, since their digits may be written in two ways.
fn is_same(cell: &str, expected: &Value) -> bool {
    match expected {
        Value::String(text) => cell == text,
        Value::Object(float) => {
            cell.parse::<f64>().ok() == float["float"].as_f64()
                || cell.parse::<f32>().ok().map(f64::from) == float["float"].as_f64()
        }
        _ => false,
    }
}

/// What is refused in files that the other reader takes: checksums that it does not look at, texts that no CSV could
/// hold, a compression, a number of rows that its groups contradict, a year after 9999, and a dictionary of which the footer knows nothing.
const REFUSED: [(&str, &str); 5] = [
    ("int96_from_spark.parquet", "not within the years"),
    ("lz4_raw_compressed.parquet", "compressed with LZ4; uncompressed"),
    ("nation.dict-malformed.parquet", "ends before a value"),
    ("repeated_no_annotation.parquet", "do not add up"),
    ("rle-dict-uncompressed-corrupt-checksum.parquet", "checksum is 6522df6a and that of its bytes 6522df69"),
];

/// How a file differs from what is expected of it.
fn difference(name: &str, expected: &Value) -> Option<String> {
    let refused = REFUSED.iter().find(|(own, _)| *own == name);
    let (columns, left_out) = match (all(fs::read(folder("apache").join(name)).unwrap()), refused) {
        (Ok(read), None) => read,
        (Ok(_), Some(_)) => return Some("is read".to_owned()),
        // A number that is none has no text, and its row no line.
        (Err(Failure { row, column, problem: Problem::NotFinite }), None) => {
            let place = usize::try_from(row).unwrap() - 1;
            let is_marked = expected["columns"][&column][place]["float"] == Value::Null;
            return (!is_marked).then(|| format!("row {row}, {column}: not a number"));
        }
        (Err(failure), refused) => {
            let text = failure.problem.to_string();
            let is_expected = refused.is_some_and(|(_, part)| text.contains(part));
            return (!is_expected).then(|| format!("row {}, {}: {text}", failure.row, failure.column));
        }
    };
    let own = expected["columns"].as_object().unwrap();
    for (column, cells) in own {
        let cells = cells.as_array().unwrap();
        let Some(found) = columns.get(column) else { return Some(format!("{column} is not read")) };
        let differs = found.iter().zip(cells).position(|(cell, expected)| !is_same(cell, expected));
        if found.len() != cells.len() || differs.is_some() {
            let at = differs.unwrap_or(0);
            return Some(format!("{column}, {at}: {:?} and not {:?}", found.get(at), cells.get(at)));
        }
    }
    let is_whole = columns.len() == own.len() && Value::from(left_out.clone()) == expected["left_out"];
    (!is_whole).then(|| format!("columns {:?}, without {left_out:?}", columns.keys()))
}

#[test]
fn files_of_other_writers_say_what_another_reader_finds() {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(folder("expected.json")).unwrap()).unwrap();
    assert_eq!(expected.len(), fs::read_dir(folder("apache")).unwrap().count() - 1, "all but the licence");
    let differences = expected.iter().filter_map(|(name, expected)| {
        difference(name, expected).map(|difference| format!("{name}: {difference}"))
    });
    let differences: Vec<String> = differences.collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn invoice(name: &str) -> Vec<u8> {
    fs::read(folder("invoice").join(name)).unwrap()
}

#[test]
fn a_cut_file_is_never_read() {
    let file = invoice("double-snappy-map.parquet");
    for length in 0..file.len() {
        assert!(Table::open(file[..length].to_vec()).is_err(), "{length}");
    }
    let half = Table::open(file[..file.len() / 2].to_vec()).unwrap_err();
    assert_eq!(half.to_string(), "the Parquet file has no footer; it may be cut");
    let behind = Table::open([&file[..], b"\n"].concat()).unwrap_err();
    assert_eq!(behind, Problem::NoFooter);
    let encrypted = Table::open([&file[..file.len() - 4], b"PARE"].concat()).unwrap_err();
    assert_eq!(encrypted, Problem::Encrypted);
}

/// Every byte before the footer, changed.
#[test]
fn damage_is_named_with_row_and_column() {
    let file = invoice("decimal-zstd-v2.parquet");
    let sound = all(file.clone()).unwrap();
    assert_eq!(sound.0["BilledCost"].len(), 33);
    let mut seen = [0, 0];
    let footer = file.len()
        - 8
        - usize::try_from(u32::from_le_bytes(file[file.len() - 8..][..4].try_into().unwrap())).unwrap();
    for position in 4..footer {
        let mut changed = file.clone();
        changed[position] ^= 0x10;
        match all(changed) {
            Err(Failure { row, column, problem: Problem::Checksum { .. } }) => {
                assert!(row > 0 && sound.0.contains_key(&column));
                seen[0] += 1;
            }
            Err(_) => seen[1] += 1,
            // Statistics of a page say nothing about its values.
            Ok(read) => assert_eq!(read, sound, "byte {position}"),
        }
    }
    assert!(seen[0] > 1_000 && seen[1] > 100, "{seen:?}");
}

proptest! {
    #[test]
    fn no_change_of_a_file_panics(
        which in 0usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        at_end in any::<bool>(),
    ) {
        let names = ["double-snappy-map", "decimal-zstd-v2", "int64-decimal-gzip", "delta-int96"];
        let mut file = invoice(&format!("{}.parquet", names[which]));
        let start = if at_end { file.len() - 1_500 } else { 0 };
        for (place, byte) in changes {
            let length = file.len();
            file[start + place.index(length - start)] = byte;
        }
        prop_assert_eq!(format!("{:?}", all(file.clone())), format!("{:?}", all(file)));
    }
}

/// Fields of a structure in the compact protocol: id and integer, or id and a list or structure that is written already.
enum Field<'a> {
    Integer(u8, i64),
    Text(u8, &'a str),
    Texts(u8, &'a str),
    Structure(u8, Vec<u8>),
    Structures(u8, Vec<Vec<u8>>),
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

fn structure(fields: &[Field<'_>]) -> Vec<u8> {
    let (mut out, mut last) = (Vec::new(), 0);
    for field in fields {
        let (id, kind) = match field {
            Field::Integer(id, _) => (*id, 6),
            Field::Text(id, _) => (*id, 8),
            Field::Structure(id, _) => (*id, 12),
            Field::Texts(id, _) | Field::Structures(id, _) => (*id, 9),
        };
        out.push((id - last) << 4 | kind);
        last = id;
        match field {
            Field::Integer(_, value) => varint((value << 1 ^ value >> 63).cast_unsigned(), &mut out),
            Field::Text(_, text) => {
                varint(u64::try_from(text.len()).unwrap(), &mut out);
                out.extend(text.as_bytes());
            }
            Field::Texts(_, text) => {
                out.extend([0x18, u8::try_from(text.len()).unwrap()]);
                out.extend(text.as_bytes());
            }
            Field::Structure(_, bytes) => out.extend(bytes),
            Field::Structures(_, list) => {
                out.push(u8::try_from(list.len()).unwrap() << 4 | 12);
                out.extend(list.concat());
            }
        }
    }
    out.push(0);
    out
}

/// One required 32-bit column of so many rows, whose data page has these bytes in this encoding.
fn made(rows: i64, encoding: i64, page: &[u8]) -> Vec<u8> {
    named("n", rows, encoding, page)
}

/// The same, with this name where its bytes are told.
fn named(name: &str, rows: i64, encoding: i64, page: &[u8]) -> Vec<u8> {
    use Field::{Integer, Structure, Structures, Text, Texts};
    let size = i64::try_from(page.len()).unwrap();
    let data = structure(&[Integer(1, rows), Integer(2, encoding), Integer(3, 3), Integer(4, 3)]);
    let head = structure(&[Integer(1, 0), Integer(2, size), Integer(3, size), Structure(5, data)]);
    let mut file = [MAGIC, &head, page].concat();
    let total = i64::try_from(file.len() - 4).unwrap();
    let own =
        [Integer(1, 1), Texts(3, name), Integer(4, 0), Integer(5, rows), Integer(7, total), Integer(9, 4)];
    let place = structure(&own);
    let chunk = structure(&[Integer(2, 4), Structure(3, place)]);
    let group = structure(&[Structures(1, vec![chunk]), Integer(2, 0), Integer(3, rows)]);
    let root = structure(&[Text(4, "schema"), Integer(5, 1)]);
    let column = structure(&[Integer(1, 1), Integer(3, 0), Text(4, "n")]);
    let footer = structure(&[
        Integer(1, 1),
        Structures(2, vec![root, column]),
        Integer(3, rows),
        Structures(4, vec![group]),
    ]);
    file.extend(&footer);
    file.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
    file.extend(MAGIC);
    file
}

#[test]
fn a_small_file_says_what_it_says_and_cannot_ask_for_much_work() {
    let plain = all(made(2, 0, &[7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])).unwrap();
    assert_eq!(plain.0["n"], ["7", "-1"]);
    let other = Table::open(named("m", 2, 0, &[0; 8])).unwrap_err();
    assert!(other.to_string().ends_with("columns stand in another order than in the schema"));
    // Differences of no bits: three values in a few bytes, and then as many as there are numbers.
    let deltas = |count: i64| {
        let mut page = vec![0x80, 1, 4];
        varint(count.cast_unsigned(), &mut page);
        page.extend([2, 2, 0, 0, 0, 0]);
        // A miniblock of no bits for each block; more than enough for those that are read.
        page.extend([2, 0, 0, 0, 0].repeat(16));
        made(count, 5, &page)
    };
    assert_eq!(all(deltas(3)).unwrap().0["n"], ["1", "2", "3"]);
    for count in [1 << 31, 1 << 40, i64::MAX] {
        let problem = all(deltas(count)).unwrap_err().problem;
        assert!(matches!(problem, Problem::TooMuch(_)), "{count}: {problem}");
    }
    let mut page = vec![0; 4];
    page[0] = 1;
    for count in [-1, i64::MIN] {
        assert!(Table::open(made(count, 0, &page)).is_err(), "{count}");
    }
}
