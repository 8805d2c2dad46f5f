//! Any bytes as a Parquet file: the same rows or the same refusal each time, and no row longer than a line may be.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::reconcile::csv::{RECORD_BYTES, Record};
use verifier_core::reconcile::parquet::Table;

/// Rows and cells that are compared; runs of one value make many out of few bytes.
const ROWS: u64 = 2_000;

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(rows(bytes), rows(bytes));
});

fn rows(bytes: &[u8]) -> String {
    let mut table = match Table::open(bytes.to_vec()) {
        Ok(table) => table,
        Err(problem) => return problem.to_string(),
    };
    let mut text = format!("{:?} {:?}\n", table.header(), table.left_out());
    let mut record = Record::default();
    for row in 1..=ROWS {
        match table.read(&mut record) {
            Ok(true) => assert_eq!(record.line, row),
            Ok(false) => break,
            Err(failure) => return text + &format!("{failure:?}"),
        }
        let cells: usize = record.fields().map(str::len).sum();
        assert!(cells <= RECORD_BYTES);
        text.push_str(&format!("{:?}\n", record.fields().map(|cell| cell.len()).collect::<Vec<_>>()));
    }
    text
}
