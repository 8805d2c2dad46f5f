//! Output files of `reconcile`: complete, the same every time, and never half there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/fixtures").join(name)
}

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo").join(name)
}

fn run(out: &Path, invoice: &Path) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keel-verify"));
    command.arg("reconcile").arg(demo("borealis-research")).arg("--trust-root").arg(demo("trust-root.json"));
    command.arg("--gateway").arg(fixture("gateway.jsonl")).arg("--invoice").arg(invoice);
    for (option, file) in
        [("--csv", "a.csv"), ("--json", "a.json"), ("--xlsx", "a.xlsx"), ("--focus", "focus.csv")]
    {
        command.arg(option).arg(out.join(file));
    }
    command.output().unwrap().status.code().unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn outputs_are_complete_and_the_same_every_time() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        assert_eq!(run(folder.path(), &fixture("invoice-wrong.csv")), 1);
    }
    let written = files(one.path());
    assert_eq!(written, files(two.path()));
    assert_eq!(
        written.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["a.csv", "a.json", "a.xlsx", "focus.csv"]
    );
    let text = |position: usize| String::from_utf8(written[position].1.clone()).unwrap();
    let csv = text(0);
    let drift = csv.lines().find(|line| line.starts_with("price_drift,")).unwrap();
    assert!(csv.starts_with("# VERIFIED: "));
    assert!(
        drift.contains("sha256:ae77c809245a25d472769c53584d286728b24686ede5dcf1fa978ba0a598486a#/records/0")
    );
    let json: serde_json::Value = serde_json::from_str(&text(1)).unwrap();
    assert_eq!((&json["schema"], &json["exit_status"]), (&"keel-verify.reconciliation/v1".into(), &1.into()));
    assert_eq!(json["results"].as_array().unwrap().len() + 2, csv.lines().count() - 1);
    let focus = text(3);
    let invoice = fs::read_to_string(fixture("invoice-wrong.csv")).unwrap();
    assert_eq!(focus.lines().count(), invoice.lines().count());
    assert!(focus.lines().next().unwrap().ends_with(",x_KeelPermitId,x_ProofRef"));
    for (with, without) in focus.lines().zip(invoice.lines()) {
        assert!(with.starts_with(without), "{with}");
    }
}

/// A bad line anywhere leaves what was there before, and nothing beside it.
#[test]
fn a_failed_run_leaves_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let before = vec![("a.csv".to_owned(), b"before".to_vec())];
    fs::write(folder.path().join("a.csv"), "before").unwrap();
    let invoice = fs::read_to_string(fixture("invoice.csv")).unwrap();
    let bad = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("cut.csv", invoice[..invoice.len() - 30].to_owned()),
        ("negative.csv", fs::read_to_string(fixture("invoice-negative.csv")).unwrap()),
        ("words.csv", invoice.replace("0.007720", "about 0.01")),
        ("empty.csv", String::new()),
    ] {
        let path = bad.path().join(name);
        fs::write(&path, text).unwrap();
        assert_eq!(run(folder.path(), &path), 4, "{name}");
        assert_eq!(files(folder.path()), before, "{name}");
    }
    assert_eq!(run(folder.path(), &bad.path().join("absent.csv")), 4);
    assert_eq!(files(folder.path()), before);
}

/// What an invoice says does not depend on the file that says it.
#[test]
fn a_parquet_invoice_says_what_its_csv_says() {
    let standards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/standards/parquet/invoice");
    let results = |invoice: &Path| {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(folder.path(), invoice), 0, "{}", invoice.display());
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.path().join("a.json")).unwrap()).unwrap();
        let focus = fs::read_to_string(folder.path().join("focus.csv")).unwrap();
        let proofs: Vec<String> = focus
            .lines()
            .skip(1)
            .map(|line| line.split(',').rev().take(2).collect::<Vec<_>>().join(" "))
            .collect();
        (json["classes"].clone(), json["totals"].clone(), proofs)
    };
    let expected = results(&fixture("invoice.csv"));
    assert_eq!(expected.2.len(), 33);
    for name in [
        "double-snappy-map",
        "decimal-zstd-v2",
        "int64-decimal-gzip",
        "delta-int96",
        "polars-zstd",
        "duckdb-v2",
        "fastparquet-int96",
    ] {
        assert_eq!(results(&standards.join(format!("{name}.parquet"))), expected, "{name}");
    }
}

/// Each names what is wrong and where, and leaves no output.
#[test]
fn a_parquet_invoice_that_cannot_be_read_is_refused() {
    let standards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/standards/parquet/invoice");
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(standards.join("double-snappy-map.parquet")).unwrap();
    let cut = folder.path().join("cut.parquet");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let renamed = folder.path().join("renamed.parquet");
    let mut other = whole.clone();
    while let Some(at) = other.windows(10).position(|name| name == b"BilledCost") {
        other[at] = b'C';
    }
    fs::write(&renamed, other).unwrap();
    for (path, message) in [
        (cut, "cut.parquet: the Parquet file has no footer; it may be cut"),
        (
            renamed,
            "renamed.parquet, BilledCost: the header lacks this column; it has: CilledCost, BillingCurrency",
        ),
        (standards.join("brotli.parquet"), "row 1, BilledCost: the column is compressed with Brotli"),
        (
            standards.join("tags-as-list.parquet"),
            "tags-as-list.parquet, Tags.keel_permit_id: a list, a structure",
        ),
        (standards.join("negative.parquet"), "negative.parquet, row 21, BilledCost: negative: \"-0.011523\""),
        (standards.join("nan.parquet"), "nan.parquet, row 5, BilledCost: not a finite number"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_keel-verify"))
            .args(["reconcile".as_ref(), demo("borealis-research").as_os_str(), "--trust-root".as_ref()])
            .arg(demo("trust-root.json"))
            .arg("--invoice")
            .arg(&path)
            .args(["--csv".as_ref(), out.path().join("a.csv").as_os_str()])
            .args(["--focus".as_ref(), out.path().join("focus.csv").as_os_str()])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains(message), "{text}");
        assert_eq!(files(out.path()), []);
    }
}

/// The text of a part of a workbook.
fn part(workbook: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(fs::File::open(workbook).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Cells of a sheet by reference; shared strings resolved.
fn sheet(workbook: &Path, number: u8) -> BTreeMap<String, String> {
    let shared = part(workbook, "xl/sharedStrings.xml");
    let shared: Vec<String> = shared
        .split("<si>")
        .skip(1)
        .map(|item| item.split("</t>").next().unwrap().rsplit('>').next().unwrap().replace("&apos;", "'"))
        .collect();
    let text = part(workbook, &format!("xl/worksheets/sheet{number}.xml"));
    assert!(!text.contains("<f>"), "a formula");
    let mut cells = BTreeMap::new();
    for cell in text.split("<c r=\"").skip(1) {
        let reference = cell.split('"').next().unwrap().to_owned();
        let Some((head, value)) = cell.split_once("<v>") else { continue };
        let value = value.split("</v>").next().unwrap();
        let value = match head.contains("t=\"s\"") {
            true => shared[value.parse::<usize>().unwrap()].clone(),
            false => value.to_owned(),
        };
        cells.insert(reference, value);
    }
    cells
}

/// A workbook says what the CSV says: integers of micro-USD, the same amounts in USD as text, and nothing that computes.
#[test]
fn a_workbook_says_what_the_csv_says() {
    let folder = tempfile::tempdir().unwrap();
    let invoice = fs::read_to_string(fixture("invoice-wrong.csv")).unwrap();
    let header = invoice.lines().next().unwrap().split(',').collect::<Vec<_>>();
    let line: Vec<&str> = header
        .iter()
        .map(|name| match *name {
            "BilledCost" => "0.5",
            "BillingCurrency" => "USD",
            "ChargeCategory" => "Usage",
            "ResourceId" => "=HYPERLINK(1)",
            _ => "",
        })
        .collect();
    let path = folder.path().join("invoice.csv");
    fs::write(&path, format!("{}\n{}\n", invoice.trim_end(), line.join(","))).unwrap();
    assert_eq!(run(folder.path(), &path), 1);
    let workbook = folder.path().join("a.xlsx");
    let results = sheet(&workbook, 1);
    let csv = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    let rows: Vec<&str> = csv.lines().filter(|line| !line.starts_with('#')).skip(1).collect();
    let classes: Vec<&String> = (2..).map_while(|row| results.get(&format!("A{row}"))).collect();
    assert_eq!(classes, rows.iter().map(|row| row.split(',').next().unwrap()).collect::<Vec<_>>());
    let column = |title: &str| {
        let (reference, _) = results
            .iter()
            .find(|(own, text)| own.ends_with('1') && own.len() == 2 && *text == title)
            .unwrap();
        reference.chars().next().unwrap()
    };
    let drift = 2 + classes.iter().position(|class| *class == "price_drift").unwrap();
    assert_eq!(results[&format!("{}{drift}", column("difference_usd_micros"))], "874254");
    assert_eq!(results[&format!("{}{drift}", column("difference_usd"))], "0.874254");
    assert!(results.values().any(|text| text == "'=HYPERLINK(1)"), "{results:?}");
    let sums = sheet(&workbook, 2);
    assert!(sums.values().any(|text| text == "RECONCILE_PRICE_DRIFT"));
    let evidence = sheet(&workbook, 3);
    assert!(evidence["A1"].starts_with("VERIFIED: "));
    assert!(evidence.values().any(|text| {
        text.contains("sha256:ae77c809245a25d472769c53584d286728b24686ede5dcf1fa978ba0a598486a")
    }));
}
