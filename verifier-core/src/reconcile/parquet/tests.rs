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

/// A page in the middle of the file that is cut out, with the rest moved up, and sizes that no file can have.
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
