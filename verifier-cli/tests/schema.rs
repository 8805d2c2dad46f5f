//! Machine output against the published schemas: what commands print is valid, and every object is closed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = root.join("tests/cmd/fixtures").join(name);
    let path: PathBuf = if fixture.exists() { fixture } else { root.join("../testvectors/demo").join(name) };
    assert!(path.exists(), "{name}");
    path.to_str().unwrap().to_owned()
}

/// Standard output of the program, and its exit status.
fn run(words: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_keel-verify")).args(words).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().unwrap())
}

/// As [`run`], for a command with the options of a verification.
fn verified(words: &[&str]) -> (Value, i32) {
    let root = file("trust-root.json");
    let (text, status) = run(&[words, &["--trust-root", &root, "--as-of", "2026-09-01"]].concat());
    (serde_json::from_str(&text).unwrap_or(Value::String(text)), status)
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&run(&["schema", name]).0).unwrap()
}

/// Places whose members are names of the evidence or codes, so that any name may stand there.
const OPEN: [&str; 1] = ["noticed_by"];

/// Demands that the document is valid, and that no object of it takes a further member or lacks one.
fn hold(name: &str, document: &Value) {
    let schema = schema(name);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{name}: {problems:#?}");
    let mut objects = vec![String::new()];
    let mut at = 0;
    while let Some(pointer) = objects.get(at).cloned() {
        at += 1;
        let escaped = |key: &String| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        match document.pointer(&pointer).unwrap() {
            Value::Object(members) => objects.extend(members.keys().map(escaped)),
            Value::Array(items) => {
                objects.extend((0..items.len().min(3)).map(|index| format!("{pointer}/{index}")));
            }
            _ => {}
        }
    }
    for pointer in objects {
        let mut changed = document.clone();
        let Some(members) = changed.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
        if OPEN.iter().any(|open| pointer.ends_with(open)) {
            continue;
        }
        members.insert("surplus".to_owned(), Value::Null);
        assert!(!validator.is_valid(&changed), "{name}: a surplus member is accepted in {pointer:?}");
    }
    for member in document.as_object().unwrap().keys() {
        let mut changed = document.clone();
        changed.as_object_mut().unwrap().remove(member);
        assert!(!validator.is_valid(&changed), "{name}: {member} may be missing");
    }
}

/// An object with named members is closed, wherever it stands in a schema.
#[test]
fn every_object_of_every_schema_is_closed() {
    fn walk(name: &str, value: &Value) {
        if let Some(object) = value.as_object().filter(|object| object.contains_key("properties"))
            && object.get("type").is_some()
            // A report inside a gate has a schema of its own.
            && !(name == "gate" && value.pointer("/properties/schema/const") == Some(&"keel-verify.report/v1".into()))
        {
            assert!(
                object.get("additionalProperties") == Some(&Value::Bool(false)),
                "{name}: an open object: {:?}",
                object["properties"]
            );
        }
        match value {
            Value::Object(members) => members.values().for_each(|value| walk(name, value)),
            Value::Array(items) => items.iter().for_each(|value| walk(name, value)),
            _ => {}
        }
    }
    let help = run(&["schema", "--help"]).0;
    let (_, values) = help.split_once("possible values: ").unwrap();
    let names: Vec<&str> = values.split(']').next().unwrap().split(',').map(str::trim).collect();
    assert!(names.contains(&"report") && names.contains(&"redteam"), "{names:?}");
    for name in names {
        let schema = schema(name);
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        walk(name, &schema);
    }
}

#[test]
fn audit() {
    let demo = file("borealis-research");
    let (document, status) = verified(&["audit", &demo, "--format", "json"]);
    assert_eq!(document["exit_status"], status);
    hold("audit", &document);
    // The same history twice, one time cut: overlaps, gaps, failures.
    let folder = tempfile::tempdir().unwrap();
    for (number, cut) in [("a", false), ("b", true)] {
        let own = folder.path().join(number);
        fs::create_dir(&own).unwrap();
        for name in ["export.json", "manifest.json", "key-manifest.json"] {
            fs::copy(Path::new(&demo).join(name), own.join(name)).unwrap();
        }
        if cut {
            let text = fs::read_to_string(own.join("export.json")).unwrap();
            fs::write(own.join("export.json"), text.replacen("allow", "deny", 1)).unwrap();
        }
    }
    let folder = folder.path().to_str().unwrap();
    let (document, status) =
        verified(&["audit", folder, "--format", "json", "--expect-scope", "project:absent"]);
    assert_eq!(status, 1);
    assert!(!document["findings"].as_array().unwrap().is_empty());
    hold("audit", &document);
}

#[test]
fn diff_and_card() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let demo = file("borealis-research");
    let mut export: Value =
        serde_json::from_slice(&fs::read(Path::new(&demo).join("export.json")).unwrap()).unwrap();
    let records = export["records"].as_array_mut().unwrap();
    records.remove(1);
    records[0]["permit"]["reason"] = "another".into();
    fs::write(at("export.json"), serde_json::to_vec(&export).unwrap()).unwrap();
    fs::copy(Path::new(&demo).join("manifest.json"), at("manifest.json")).unwrap();
    let (same, _) = verified(&["diff", &demo, &demo, "--format", "json"]);
    assert_eq!(same["outcome"], "verified");
    hold("diff", &same);
    let (other, status) = verified(&["diff", &demo, &at(""), "--format", "json"]);
    assert_eq!(other["exit_status"], status);
    assert!(
        !other["differences"].as_array().unwrap().is_empty()
            && !other["fields"].as_array().unwrap().is_empty()
    );
    hold("diff", &other);

    let (card, status) = verified(&["card", &demo]);
    assert_eq!(status, 0);
    fs::write(at("card.txt"), card.as_str().unwrap()).unwrap();
    let (compared, status) = verified(&["card", &demo, "--compare", &at("card.txt"), "--format", "json"]);
    assert_eq!((&compared["exit_status"], status), (&0.into(), 0));
    hold("card", &compared);
}

#[test]
fn redteam() {
    let (document, status) =
        verified(&["redteam", &file("borealis-research"), "--n", "300", "--quiet", "--format", "json"]);
    assert_eq!(document["exit_status"], status);
    assert!(!document["attacks"][0]["survivors"].as_array().unwrap().is_empty());
    hold("redteam", &document);
    let root = file("checkpoint-keys.json");
    let words = ["redteam", &file("checkpoint-stamped.json"), "--key-manifest", &root, "--format", "json"];
    let (refused, _) = run(&[&words[..], &["--n", "1", "--as-of", "2020-01-01"]].concat());
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert!(refused["attacks"][0]["error"].is_string(), "{refused}");
    hold("redteam", &refused);
}

#[test]
fn ledger_and_reconciliation() {
    let demo = file("borealis-research");
    let (document, status) = verified(&["ledger", &demo, "--format", "json"]);
    assert_eq!(document["exit_status"], status);
    hold("ledger", &document);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("result.json");
    let words =
        ["reconcile", &demo, "--gateway", &file("gateway.jsonl"), "--invoice", &file("invoice-wrong.csv")];
    let (_, status) = verified(&[&words[..], &["--json", out.to_str().unwrap()]].concat());
    let document: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!(document["exit_status"], status);
    hold("reconcile", &document);
}

#[test]
fn workpaper() {
    let folder = tempfile::tempdir().unwrap();
    let paper = folder.path().join("q3.json");
    let paper = paper.to_str().unwrap();
    let demo = file("borealis-research");
    let drawn = |words: &[&str], place: &[&str]| {
        let words = [&["sample", &demo, "--engagement", "e x"], words, place].concat();
        assert_eq!(verified(&words).1, 0);
        serde_json::from_slice::<Value>(&fs::read(paper).unwrap()).unwrap()
    };
    drawn(&["--method", "systematic", "--interval", "20"], &["--out", paper]);
    let sizes = ["--allocate", "allow=2", "--allocate", "deny=1", "--allocate", "challenge=1"];
    let stratified = [&["--method", "stratified", "--stratify-by", "decision"], &sizes[..]].concat();
    drawn(&stratified, &["--add-to", paper]);
    let document = drawn(&["--method", "monetary-unit", "--size", "4"], &["--add-to", paper]);
    for sample in document["content"]["samples"].as_array().unwrap() {
        for item in sample["drawn"].as_array().unwrap() {
            let permit = item["permit"].as_str().unwrap();
            let mark = ["workpaper", "mark", paper, "--permit", permit, "--status", "checked", "--by", "Ada"];
            run(&mark);
        }
    }
    for number in ["1", "2"] {
        run(&["workpaper", "project", paper, "--of", "exceptions", "--sample", number, "--tolerable", "3"]);
    }
    run(&["workpaper", "project", paper, "--of", "amounts", "--sample", "3"]);
    let document: Value = serde_json::from_slice(&fs::read(paper).unwrap()).unwrap();
    assert_eq!(document["content"]["projections"].as_array().unwrap().len(), 3);
    hold("workpaper", &document);
}

#[test]
fn keys_and_trust_kit() {
    let (document, _) = run(&["keys", "default", "--json", "--as-of", "2026-09-01"]);
    hold("keys", &serde_json::from_str(&document).unwrap());
    let (document, _) = run(&["trust", "show", &file("kit-demo.json"), "--json", "--as-of", "2026-09-01"]);
    hold("trust-kit", &serde_json::from_str(&document).unwrap());
}
