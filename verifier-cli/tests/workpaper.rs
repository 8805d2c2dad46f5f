//! Samples and working papers through processes: drawn again, signed, altered, reperformed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const ENGAGEMENT: &str = "Borealis 2026-Q3 nonce 7f3a";
/// Public halves of the seeds 01… and 02…
const PREPARER: &str = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=";
const REVIEWER: &str = "ed25519:gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=";

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo").join(name)
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=3 {
            let path = folder.path().join(format!("key{number}"));
            fs::write(&path, format!("{number:02x}").repeat(32)).unwrap();
            private(&path);
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command line in the folder; a word that begins with @ is evidence and its trust root.
    fn run(&self, line: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keel-verify"));
        command.current_dir(self.folder.path());
        for word in line.split(' ') {
            match word {
                "@demo" => {
                    command.arg(demo("borealis-research")).arg("--trust-root").arg(demo("trust-root.json"))
                }
                "@engagement" => command.arg("--engagement").arg(ENGAGEMENT),
                word => command.arg(word),
            };
        }
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(text).unwrap())
    }

    fn does(&self, line: &str, status: i32) -> String {
        let (found, text) = self.run(line);
        assert_eq!(found, status, "{line}\n{text}");
        text
    }

    fn sample(&self, method: &str, out: &str) {
        self.does(&format!("sample @demo {method} @engagement --as-of 2026-11-27 --out {out}"), 0);
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// Changes a value of a paper and spells the paper as papers are.
    fn alter(&self, name: &str, pointer: &str, value: Value) -> String {
        let mut paper = self.json(name);
        *paper.pointer_mut(pointer).unwrap() = value;
        let mut bytes = serde_json::to_vec_pretty(&paper).unwrap();
        bytes.push(b'\n');
        fs::write(self.path("altered.json"), bytes).unwrap();
        "altered.json".to_owned()
    }

    fn drawn(&self, name: &str) -> Vec<String> {
        let paper = self.json(name);
        let items = paper["content"]["samples"][0]["drawn"].as_array().unwrap();
        items.iter().map(|item| item["permit"].as_str().unwrap().to_owned()).collect()
    }

    fn mark_all(&self, name: &str) {
        for permit in self.drawn(name) {
            self.does(
                &format!("workpaper mark {name} --permit {permit} --status checked --by Ada --at 2026-11-27"),
                0,
            );
        }
    }
}

fn private(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    #[cfg(not(unix))]
    let _ = path;
}

#[test]
fn another_process_draws_the_same_bytes() {
    let desk = Desk::new();
    for method in [
        "--method random --size 5",
        "--method systematic --size 7",
        "--method stratified --stratify-by decision --size 9",
        "--method monetary-unit --size 6",
        "--method systematic --interval 9",
        "--method monetary-unit --interval 0.005",
        "--method stratified --stratify-by decision --allocate allow=3 --allocate deny=2 --allocate challenge=1",
    ] {
        desk.sample(&format!("{method} --workers 1 --csv one.csv"), "one.json");
        desk.sample(&format!("{method} --workers 3 --csv two.csv"), "two.json");
        for (one, two) in [("one.json", "two.json"), ("one.csv", "two.csv")] {
            assert_eq!(fs::read(desk.path(one)).unwrap(), fs::read(desk.path(two)).unwrap(), "{method}");
            fs::remove_file(desk.path(one)).unwrap();
            fs::remove_file(desk.path(two)).unwrap();
        }
    }
    desk.sample("--method random --size 51 --csv all.csv", "all.json");
    let table = fs::read_to_string(desk.path("all.csv")).unwrap();
    assert!(table.starts_with("# VERIFIED: "));
    let mut records: Vec<usize> = table
        .lines()
        .filter_map(|line| {
            line.rsplit_once(
                "sha256:ae77c809245a25d472769c53584d286728b24686ede5dcf1fa978ba0a598486a#/records/",
            )
        })
        .map(|(_, record)| record.parse().unwrap())
        .collect();
    records.sort_unstable();
    assert_eq!(records, (0..51).collect::<Vec<_>>());
    assert_eq!(desk.does("workpaper commit @engagement", 0).trim(), COMMITMENT);
}

/// SHA-256 of the engagement, from another program.
const COMMITMENT: &str = "sha256:9d9223a1eba4172c0cda000a81fb2299bc9979785ecbc0836795fc9e82412211";

/// A further sample goes into a paper that comes out again, and into no other; everything in it is drawn again.
#[test]
fn a_paper_takes_further_samples() {
    let desk = Desk::new();
    desk.sample("--method random --size 4 --require walk", "q3.json");
    let add = |method: &str, status: i32| {
        desk.does(&format!("sample @demo {method} @engagement --add-to q3.json"), status)
    };
    add("--method systematic --interval 10", 0);
    assert!(add("--method systematic --interval 10", 3).contains("holds this sample already"));
    add("--method monetary-unit --interval 0.01", 0);
    let paper = desk.json("q3.json");
    let samples = paper["content"]["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 3);
    assert_eq!((&samples[1]["every"], &samples[1]["size"]), (&10.into(), &0.into()));
    assert_eq!((&samples[2]["interval_usd_micros"], &samples[2]["size"]), (&10_000.into(), &0.into()));
    desk.does("reperform q3.json @demo", 0);
    for (pointer, value) in [
        ("/content/samples/1/every", json!(9)),
        ("/content/samples/2/interval_usd_micros", json!(9_999)),
        ("/content/samples/0/engagement", json!("another")),
    ] {
        let altered = desk.alter("q3.json", pointer, value);
        let text = desk.does(&format!("reperform {altered} @demo"), 1);
        assert!(text.contains("WORKPAPER_SAMPLE_DIFFERS"), "{pointer}: {text}");
        let text =
            desk.does(&format!("sample @demo --method random --size 2 @engagement --add-to {altered}"), 1);
        assert!(text.contains("does not come out again"), "{text}");
    }
    desk.does("workpaper sign q3.json --key-file key1 --at 2026-11-27", 0);
    let before = fs::read(desk.path("q3.json")).unwrap();
    assert!(add("--method random --size 2", 3).contains("signatures would end"));
    assert_eq!(fs::read(desk.path("q3.json")).unwrap(), before);
    add("--method random --size 2 --end-signatures", 0);
    desk.does("reperform q3.json @demo", 0);
    for (line, what) in [
        ("--method random --interval 5 --out a.json", "--interval goes with"),
        ("--method random --out a.json", "give --size"),
        ("--method systematic --interval 0 --out a.json", "takes a number of items"),
        ("--method monetary-unit --interval -1 --out a.json", "takes an amount"),
        ("--method systematic --interval 5 --size 5 --out a.json", "in place of --size"),
        ("--method random --allocate a=1 --out a.json", "--allocate goes with"),
        ("--method random --size 1", "one of --out and --add-to"),
    ] {
        let text = desk.does(&format!("sample @demo {line} @engagement"), 2);
        assert!(text.contains(what), "{line}: {text}");
    }
    let text = desk.does(
        "sample @demo --method stratified --stratify-by decision --allocate allow=3 @engagement --out a.json",
        3,
    );
    assert!(text.contains("has no size"), "{text}");
    assert!(!desk.path("a.json").exists());
}

/// One start decides a systematic sample, which its projection says, in the file too; papers from before stay as they are.
#[test]
fn a_projection_of_a_systematic_sample_says_what_it_assumes() {
    let desk = Desk::new();
    desk.sample("--method systematic --interval 10", "q3.json");
    desk.mark_all("q3.json");
    let text = desk.does("workpaper project q3.json --of exceptions", 0);
    assert!(text.contains("assumption: the systematic sample is treated as a random one"), "{text}");
    let stated = &desk.json("q3.json")["content"]["projections"][0]["assumption"];
    assert!(stated.as_str().unwrap().starts_with("the systematic sample is treated as a random one"));
    desk.does("reperform q3.json @demo", 0);
    let altered = desk.alter("q3.json", "/content/projections/0/assumption", json!("nothing"));
    desk.does(&format!("reperform {altered} @demo"), 1);
    let mut old = desk.json("q3.json");
    old["content"]["projections"][0].as_object_mut().unwrap().remove("assumption");
    let mut bytes = serde_json::to_vec_pretty(&old).unwrap();
    bytes.push(b'\n');
    fs::write(desk.path("old.json"), bytes).unwrap();
    desk.does("reperform old.json @demo", 0);
    assert!(desk.does("workpaper show old.json", 0).contains("assumption: the systematic sample"));
}

#[test]
fn a_paper_is_marked_projected_signed_and_reperformed() {
    let desk = Desk::new();
    desk.sample("--method monetary-unit --size 6 --require walk --title Q3", "q3.json");
    let open = desk.does("workpaper project q3.json --of amounts", 3);
    assert!(open.contains("5 drawn items have no mark"), "{open}");
    desk.mark_all("q3.json");
    let last = desk.drawn("q3.json").pop().unwrap();
    desk.does(
        &format!("workpaper mark q3.json --permit {last} --status exception --correct-usd 0.001 --by Ada --at 2026-11-27"),
        0,
    );
    let projection = desk.does("workpaper project q3.json --of amounts --tolerable 5", 0);
    // 0.230375 of 0.231375 USD wrong, interval 0.329377 USD: 0.327954 projected, 3.00 intervals, and 0.75 of the projected
    for line in [
        "projected overstatement: 0.327954 USD",
        "basic precision: 0.988131 USD",
        "upper limit overstatement: 1.562051 USD",
        "within what is tolerable: supported",
    ] {
        assert!(projection.contains(line), "{line}\n{projection}");
    }
    desk.does("workpaper countersign q3.json --key-file key2 --at 2026-11-28", 3);
    desk.does("workpaper sign q3.json --key-file key1 --at 2026-11-28", 0);
    desk.does("workpaper countersign q3.json --key-file key1 --at 2026-11-28", 3);
    let verify = format!("workpaper verify q3.json --key {PREPARER}");
    desk.does(&verify, 0);
    assert!(desk.does(&format!("{verify} --countersigned"), 3).contains("WORKPAPER_NOT_COUNTERSIGNED"));
    desk.does("workpaper countersign q3.json --key-file key2 --at 2026-11-29", 0);
    desk.does(&format!("{verify} --key {REVIEWER} --countersigned"), 0);
    assert!(desk.does("workpaper verify q3.json", 3).contains("WORKPAPER_KEY_NOT_STATED"));
    let stranger = "workpaper verify q3.json --key ed25519:7UkoxijRwsbq6QM4kFmVYSlZJzpcY/k2NsFGFKyHN9E=";
    assert!(desk.does(stranger, 3).contains("WORKPAPER_SIGNER_UNEXPECTED"));
    desk.does("workpaper show q3.json", 0);
    // the requirement comes from the paper, the trust root from whoever reperforms
    let same = format!("reperform q3.json @demo --key {REVIEWER} --countersigned --commitment {COMMITMENT}");
    assert!(desk.does(&same, 0).starts_with("SAME"));
    let other = desk.does("reperform q3.json @demo --commitment sha256:00", 1);
    assert!(other.contains("WORKPAPER_COMMITMENT_DIFFERS"));

    let before = fs::read(desk.path("q3.json")).unwrap();
    let refused = desk.does(&format!("workpaper mark q3.json --permit {last} --status checked --by Eve"), 3);
    assert!(refused.contains("2 signatures would end"));
    assert_eq!(fs::read(desk.path("q3.json")).unwrap(), before);
    desk.does(
        &format!("workpaper mark q3.json --permit {last} --status checked --by Eve --end-signatures"),
        0,
    );
    assert_eq!(desk.json("q3.json")["signatures"], Value::Array(Vec::new()));
    // the projection follows the mark
    assert_eq!(desk.json("q3.json")["content"]["projections"][0]["figures"]["found_overstatement"], "0");
    desk.does("reperform q3.json @demo", 0);
    assert!(!desk.path("q3.json.partial").exists());
}

#[test]
fn whatever_is_altered_is_found_with_its_place() {
    let desk = Desk::new();
    desk.sample("--method random --size 5", "q3.json");
    desk.mark_all("q3.json");
    desk.does("workpaper project q3.json --of exceptions --tolerable 40", 0);
    // what is altered, the exit status, the code, and the place that is named
    for (pointer, value, status, code, place) in [
        ("/content/verdicts/0/outcome", Value::from("disproved"), 1, "WORKPAPER_VERDICT_DIFFERS", ""),
        ("/content/verdicts/0/claims/0/verdict", "disproved".into(), 1, "WORKPAPER_VERDICT_DIFFERS", ""),
        ("/content/samples/0/seed", "00".into(), 1, "WORKPAPER_SAMPLE_DIFFERS", ""),
        ("/content/samples/0/drawn/0/permit", "p".into(), 1, "WORKPAPER_SAMPLE_DIFFERS", ""),
        ("/content/samples/0/drawn/1/amount_usd_micros", 7.into(), 1, "WORKPAPER_SAMPLE_DIFFERS", ""),
        ("/content/samples/0/total_usd_micros", "1".into(), 1, "WORKPAPER_SAMPLE_DIFFERS", ""),
        ("/content/samples/0/strata/0/items", 52.into(), 1, "WORKPAPER_SAMPLE_DIFFERS", ""),
        (
            "/content/samples/0/engagement",
            "x".into(),
            1,
            "WORKPAPER_SAMPLE_DIFFERS",
            "/content/samples/0/seed",
        ),
        ("/content/samples/0/method", "dice".into(), 1, "WORKPAPER_SAMPLE_DIFFERS", "/content/samples/0\n"),
        ("/content/samples/0/size", u32::MAX.into(), 1, "WORKPAPER_SAMPLE_DIFFERS", "/content/samples/0\n"),
        ("/content/projections/0/figures/exceptions", "1".into(), 1, "WORKPAPER_PROJECTION_DIFFERS", ""),
        (
            "/content/projections/0/sample",
            9.into(),
            1,
            "WORKPAPER_PROJECTION_DIFFERS",
            "/content/projections/0\n",
        ),
        ("/content/marks/0/status", "exception".into(), 1, "WORKPAPER_PROJECTION_DIFFERS", EXCEPTIONS),
        ("/content/marks/4/id", "zzzz".into(), 1, "WORKPAPER_MARK_WITHOUT_ITEM", ""),
        // another premise contradicts nothing
        ("/content/files/0/sha256", "sha256:00".into(), 3, "WORKPAPER_EVIDENCE_DIFFERS", ""),
        ("/content/trust/0/sha256", "sha256:00".into(), 3, "WORKPAPER_EVIDENCE_DIFFERS", ""),
        (
            "/content/options",
            json!(["--self-attested"]),
            3,
            "WORKPAPER_VERDICT_DIFFERS",
            "/content/options/0",
        ),
        ("/content/tool/version", "0.0.1".into(), 3, "WORKPAPER_TOOL_DIFFERS", ""),
        ("/content/tool/name", "other".into(), 3, "WORKPAPER_TOOL_DIFFERS", "/content/tool"),
        ("/content/as_of", "tomorrow".into(), 4, "WORKPAPER_INVALID", "altered.json"),
        ("/format", "keel.workpaper/v2".into(), 4, "WORKPAPER_INVALID", "altered.json"),
    ] {
        let altered = desk.alter("q3.json", pointer, value);
        let text = desk.does(&format!("reperform {altered} @demo"), status);
        let place = if place.is_empty() { pointer } else { place };
        assert!(text.contains(code) && text.contains(place), "{pointer}\n{text}");
    }
}

const EXCEPTIONS: &str = "/content/projections/0/figures/exceptions";

#[test]
fn other_evidence_leaves_the_question_open() {
    let desk = Desk::new();
    desk.sample("--method random --size 5", "q3.json");
    let copy = desk.path("borealis-research");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(demo("borealis-research")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
    }
    fs::copy(demo("trust-root.json"), desk.path("trust-root.json")).unwrap();
    let again = "reperform q3.json borealis-research --trust-root trust-root.json";
    assert!(desk.does(again, 0).starts_with("SAME"));
    let export = copy.join("export.json");
    let text = fs::read_to_string(&export).unwrap();
    fs::write(&export, text.replacen("10467", "10468", 1)).unwrap();
    let other = desk.does(again, 3);
    assert!(
        other.contains("WORKPAPER_EVIDENCE_DIFFERS") && other.contains("/content/files/2/sha256"),
        "{other}"
    );
    desk.does("reperform q3.json absent --trust-root trust-root.json", 4);
    let self_attested = desk.does("reperform q3.json borealis-research --self-attested", 3);
    assert!(self_attested.contains("/content/options/0"));
}

#[test]
fn signed_papers_that_are_altered_are_refused() {
    let desk = Desk::new();
    desk.sample("--method random --size 2", "q3.json");
    desk.does("workpaper sign q3.json --key-file key1 --at 2026-11-28", 0);
    for pointer in
        ["/content/title", "/content/samples/0/seed", "/signatures/0/signed_at", "/signatures/0/role"]
    {
        let value = if pointer.ends_with("role") { "reviewer" } else { "2026-11-29T00:00:00Z" };
        let altered = desk.alter("q3.json", pointer, value.into());
        for line in ["workpaper verify", "workpaper show", "reperform"] {
            let evidence = if line == "reperform" { " @demo" } else { "" };
            let text = desk.does(&format!("{line} {altered}{evidence}"), 1);
            assert!(text.contains("WORKPAPER_SIGNATURE_INVALID"), "{pointer}\n{text}");
        }
        desk.does(&format!("workpaper countersign {altered} --key-file key2"), 3);
    }
}

#[test]
fn nothing_is_written_over_and_keys_are_private() {
    let desk = Desk::new();
    desk.sample("--method random --size 2", "q3.json");
    let before = fs::read(desk.path("q3.json")).unwrap();
    let again = "sample @demo --method random --size 3 @engagement --out q3.json";
    assert!(desk.does(again, 4).contains("exists already"));
    assert_eq!(fs::read(desk.path("q3.json")).unwrap(), before);
    for (line, status) in [
        ("sample @demo --method random --size 52 @engagement --out x.json --csv x.csv", 3),
        ("sample @demo --method random --size 0 @engagement --out x.json --csv x.csv", 3),
        ("sample @demo --method stratified --size 5 @engagement --out x.json", 2),
        ("sample @demo --method random --size 5 --stratify-by model @engagement --out x.json", 2),
        ("sample absent --method random --size 5 @engagement --out x.json", 4),
        ("workpaper new absent --out x.json", 4),
        ("workpaper mark q3.json --status checked --by Ada", 2),
        ("workpaper mark q3.json --permit p --status checked --by Ada --correct-usd 0.0000001", 2),
        ("workpaper project q3.json --of amounts --confidence 96", 2),
        ("workpaper project q3.json --of exceptions --tolerable 1.5", 2),
    ] {
        desk.does(line, status);
        let names: Vec<_> =
            fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 4, "{line} left {names:?}");
    }
    #[cfg(unix)]
    {
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        fs::set_permissions(desk.path("key1"), open).unwrap();
        let text = desk.does("workpaper sign q3.json --key-file key1", 4);
        assert!(text.contains("chmod 600") && !text.contains("0101"), "{text}");
    }
    assert_eq!(fs::read(desk.path("q3.json")).unwrap(), before);
}

#[test]
fn hostile_papers_end_in_an_answer() {
    let desk = Desk::new();
    desk.sample("--method random --size 2", "q3.json");
    let text = fs::read_to_string(desk.path("q3.json")).unwrap();
    let hostile = [
        "[".repeat(1_000_000),
        String::new(),
        text.replacen("\"format\"", "\"format\": \"keel.workpaper/v1\",\n  \"format\"", 1),
        text.replacen("\"size\": 2", "\"size\": 99999999999999999999", 1),
        text.replacen("\"title\"", "\"titel\"", 1),
        text[..text.len() / 2].to_owned(),
        format!("\u{feff}{text}"),
    ];
    for paper in hostile {
        fs::write(desk.path("hostile.json"), &paper).unwrap();
        for line in ["workpaper show", "workpaper verify", "workpaper sign --key-file key1"] {
            let answer = desk.does(&format!("{line} hostile.json"), 4);
            assert!(answer.contains("WORKPAPER_INVALID"), "{answer}");
        }
        assert_eq!(fs::read_to_string(desk.path("hostile.json")).unwrap(), paper);
    }
    let acting = desk.alter("q3.json", "/content/title", "\u{1b}[2J\u{202e}".into());
    assert!(!desk.does(&format!("workpaper show {acting}"), 0).contains(['\u{1b}', '\u{202e}']));
}
