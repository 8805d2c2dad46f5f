//! Every format over the same reports: a verified and a tampered archive, and a report whose texts try to act.
//!
//! `tests/snapshots/render/<report>.<format>` holds what is expected; `UPDATE=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use testvectors::{Case, Origin};

use super::{Document, csv, github, gitlab, html, json, junit, markdown, samples, sarif};
use crate::archive::{Entry, NoSiblings};
use crate::evidence::{Evidence, ExportSet, Part};
use crate::report::{Acceptance, Gate, GateRule, Outcome, Report, RuleState};
use crate::time::Timestamp;
use crate::trust::{KeySource, NamedBlob, TrustPolicy};
use crate::verify::{NoProgress, verify};

type Write = fn(&Document<'_>, &mut dyn std::io::Write) -> std::io::Result<()>;

fn write_json(document: &Document<'_>, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    json::write(&document.reports[0], out)
}

const FORMATS: [(&str, Write); 8] = [
    ("json", write_json),
    ("sarif", sarif::write),
    ("junit.xml", junit::write),
    ("md", markdown::write),
    ("github.txt", github::write),
    ("gitlab.json", gitlab::write),
    ("csv", csv::write),
    ("html", html::write),
];

fn part(name: &str, bytes: Vec<u8>) -> Part {
    let entry = Entry::from_bytes(name, bytes);
    Part { label: name.to_owned(), entry, siblings: std::sync::Arc::new(NoSiblings), above: None }
}

fn archive(id: &str) -> Report {
    let case = Case::of(Origin::Generated).unwrap().into_iter().find(|case| case.id == id).unwrap();
    let read = |name: &str| case.read(name).unwrap();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("key-manifest.json", read("key-manifest.json")));
    policy.trust_root = Some(NamedBlob::new("trust-root.json", read("trust-root.json")));
    let manifest = part("manifest.json", read("manifest.json"));
    let set = ExportSet::new(part("export.json", read("export.json")), Some(manifest));
    verify(&Evidence::Export(set), &policy, &NoProgress)
}

fn reports() -> [(&'static str, Report); 3] {
    let [verified, tampered] = ["generated-export-small", "generated-chain-payload-changed"].map(archive);
    assert_eq!((verified.outcome, tampered.outcome), (Outcome::Verified, Outcome::Disproved));
    [("verified", verified), ("tampered", tampered), ("hostile", samples::hostile())]
}

fn rendered(write: Write, document: &Document<'_>) -> String {
    let mut out = Vec::new();
    write(document, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_format_is_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/render");
    let mut differing = Vec::new();
    for (name, report) in reports() {
        let document = Document::of(std::slice::from_ref(&report));
        for (extension, write) in FORMATS {
            let text = rendered(write, &document);
            assert_eq!(text, rendered(write, &document), "{name}.{extension}: same report, same bytes");
            let file = folder.join(format!("{name}.{extension}"));
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, &text).unwrap();
            }
            if fs::read_to_string(&file).unwrap_or_default() != text {
                differing.push(format!("{name}.{extension}"));
            }
        }
    }
    assert!(differing.is_empty(), "differ from tests/snapshots/render: {differing:?}");
}

/// Control characters, marks of direction and what hides, in no format.
#[test]
fn no_character_of_the_evidence_acts() {
    let report = samples::hostile();
    let reports = [report];
    let document = Document::of(&reports);
    for (extension, write) in FORMATS {
        let text = rendered(write, &document);
        let plain = text.replace('\n', " ");
        assert_eq!(super::escape(&plain), plain, "{extension}");
        if !["json", "sarif", "github.txt", "gitlab.json", "csv"].contains(&extension) {
            assert!(!text.contains("<script>") && !text.contains("<img"), "{extension}");
        }
    }
}

#[test]
fn sarif_follows_its_schema() {
    let path = testvectors::root().join("standards/sarif/sarif-schema-2.1.0.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut all: Vec<(&str, Vec<Report>)> =
        reports().into_iter().map(|(name, own)| (name, vec![own])).collect();
    all.extend(samples::all().map(|(name, report)| (name, vec![report])));
    all.push(("nothing", Vec::new()));
    all.push(("two", vec![samples::accepted(), samples::refused()]));
    let gate = gate();
    for (name, reports) in &all {
        for gate in [None, Some(&gate)] {
            let text = rendered(sarif::write, &Document { reports, gate });
            let log: Value = serde_json::from_str(&text).unwrap();
            let problems: Vec<String> = validator
                .iter_errors(&log)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(problems.is_empty(), "{name}: {problems:?}");
            for run in log["runs"].as_array().unwrap() {
                for result in run["results"].as_array().unwrap() {
                    let rule = &run["tool"]["driver"]["rules"]
                        [usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
                    assert_eq!(rule["id"], result["ruleId"], "{name}");
                    assert!(rule["help"]["markdown"].as_str().is_some_and(|text| text.len() > 40), "{name}");
                }
            }
        }
    }
    let mut wrong: Value = serde_json::from_str(&rendered(sarif::write, &Document::of(&all[0].1))).unwrap();
    wrong["runs"][0]["results"] = "none".into();
    assert!(!validator.is_valid(&wrong), "the schema refuses nothing");
}

fn gate() -> Gate {
    let rule = |id, state, message: &str| GateRule { id, state, message: message.to_owned() };
    Gate {
        outcome: Outcome::Disproved,
        policy: "keel-policy.toml".to_owned(),
        sha256: "sha256:00".to_owned(),
        as_of: "2026-01-01T00:00:00Z".to_owned(),
        rules: vec![
            rule("evidence", RuleState::Met, "everything is verified"),
            rule("max_spend", RuleState::Failed, "at most 1 USD; 2 USD\n::error::forged"),
        ],
        accepted: vec![Acceptance {
            report: 0,
            finding: 0,
            code: "WALK_RECORD_HASH_MISMATCH",
            reason: "known</td>".to_owned(),
            until: "2026-02-01".to_owned(),
        }],
    }
}

/// What is not verified must not look clean to a service that only counts entries.
#[test]
fn a_run_that_is_not_verified_is_never_empty() {
    for (name, report) in samples::all().into_iter().chain(reports()) {
        let reports = [report];
        let document = Document::of(&reports);
        let verified = reports[0].outcome == Outcome::Verified;
        let junit = rendered(junit::write, &document);
        assert!(!junit.contains("<testsuites name=\"keel-verify\" tests=\"0\""), "{name}");
        let failed = junit.contains("<failure ") || junit.contains("<error ");
        assert_eq!(failed, !verified, "{name}: junit");
        let errors =
            rendered(github::write, &document).lines().filter(|line| line.starts_with("::error")).count();
        assert_eq!(errors > 0, !verified, "{name}: github");
        let issues: Vec<Value> = serde_json::from_str(&rendered(gitlab::write, &document)).unwrap();
        let serious =
            issues.iter().any(|issue| ["critical", "major"].contains(&issue["severity"].as_str().unwrap()));
        assert_eq!(serious, !verified, "{name}: gitlab");
        let sarif: Value = serde_json::from_str(&rendered(sarif::write, &document)).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.iter().any(|result| result["level"] == "error"), !verified, "{name}: sarif");
    }
    let none = Document::of(&[]);
    assert!(rendered(junit::write, &none).contains("<failure "));
    assert!(rendered(gitlab::write, &none).contains("critical"));
    assert!(rendered(github::write, &none).contains("NOT ESTABLISHED"));
    assert!(rendered(markdown::write, &none).contains("NOT ESTABLISHED"));
    assert!(rendered(html::write, &none).contains("NOT ESTABLISHED"));
    assert!(rendered(csv::write, &none).starts_with("# NOT ESTABLISHED"));
}

/// A gate that is not passed must not look clean either, over evidence that is verified or missing.
#[test]
fn a_gate_that_is_not_passed_is_never_empty() {
    let [(_, verified), ..] = reports();
    let mut gate = gate();
    gate.accepted.clear();
    for reports in [vec![verified.clone(), verified], Vec::new()] {
        for outcome in [Outcome::Disproved, Outcome::NotEstablished, Outcome::Verified] {
            gate.outcome = outcome;
            let (state, unmet) = match outcome {
                Outcome::Verified => (RuleState::Met, 0),
                Outcome::Disproved => (RuleState::Failed, 1),
                _ => (RuleState::NotEstablished, 1),
            };
            gate.rules[1].state = state;
            let document = Document { reports: &reports, gate: Some(&gate) };
            let sarif: Value = serde_json::from_str(&rendered(sarif::write, &document)).unwrap();
            for run in sarif["runs"].as_array().unwrap() {
                assert_eq!(run["invocations"][0]["exitCode"], outcome.exit_status(), "{outcome:?}");
            }
            let errors: Vec<&Value> = sarif["runs"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|run| run["results"].as_array().unwrap())
                .filter(|result| result["level"] == "error")
                .collect();
            assert_eq!(errors.len(), unmet, "{outcome:?}: sarif");
            let named =
                errors.iter().all(|one| one["message"]["text"].as_str().unwrap().contains("at most 1 USD"));
            assert!(named, "{outcome:?}: sarif");
            let failures = rendered(junit::write, &document).matches("<failure ").count();
            let nothing = usize::from(reports.is_empty());
            assert_eq!(failures, 2 * unmet + nothing, "{outcome:?}: junit");
            let lines = rendered(github::write, &document);
            let errors = lines.lines().filter(|line| line.starts_with("::error ")).count();
            assert_eq!(errors, unmet, "{outcome:?}: github");
            let issues: Vec<Value> = serde_json::from_str(&rendered(gitlab::write, &document)).unwrap();
            assert_eq!(issues.iter().filter(|issue| issue["severity"] == "major").count(), unmet);
            let table = rendered(csv::write, &document);
            let rows = table.lines().filter(|line| line.contains(",error,")).count();
            assert_eq!(rows, unmet, "{outcome:?}: csv");
            let word = super::document::word(outcome);
            assert!(table.starts_with(&format!("# {word} by")), "{outcome:?}: csv");
            for write in [markdown::write, html::write] {
                let text = rendered(write, &document);
                assert!(text.contains(word) && text.contains(state.as_str()), "{outcome:?}: {text}");
            }
        }
    }
}

/// Every line that the runner reads is one of ours.
#[test]
fn workflow_commands_cannot_be_forged() {
    let reports = [samples::hostile()];
    let gate = gate();
    let text = rendered(github::write, &Document { reports: &reports, gate: Some(&gate) });
    for line in text.lines() {
        let Some(command) = line.strip_prefix("::") else {
            assert!(!line.starts_with("##["), "{line}");
            continue;
        };
        let (head, _) = command.split_once("::").unwrap();
        let (level, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "title"].contains(&name) && !value.contains(':'), "{line}");
        }
    }
    assert!(text.contains("b%250A"), "a percent sign of the evidence stays one");
}

/// Each cell of the table is one cell, and none begins a formula.
#[test]
fn a_spreadsheet_computes_nothing() {
    let reports = [samples::hostile()];
    let text = rendered(csv::write, &Document::of(&reports));
    let table: Vec<&str> = text.lines().skip_while(|line| line.starts_with('#')).collect();
    for line in table {
        let cells = cells(line);
        assert_eq!(cells.len(), 16, "{line}");
        assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{line}");
    }
    for line in text.lines().take_while(|line| line.starts_with('#')) {
        assert!(!line.contains([',', ';', '"']), "{line}");
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

/// Tags are closed, headings do not skip a level, tables have captions, and nothing is loaded.
#[test]
fn the_page_stands_alone_and_is_well_formed() {
    for (name, report) in samples::all().into_iter().chain(reports()) {
        let reports = [report];
        let gate = gate();
        let text = rendered(html::write, &Document { reports: &reports, gate: Some(&gate) });
        let body = text.split("</style>").nth(1).unwrap();
        let mut open: Vec<&str> = Vec::new();
        let mut level = 0;
        let mut seen = BTreeSet::new();
        for tag in body.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let word = tag.trim_start_matches('/').split(' ').next().unwrap();
            seen.insert(word);
            if tag.starts_with('/') {
                // head, body and html were opened before the style
                if let Some(last) = open.pop() {
                    assert_eq!(last, word, "{name}");
                }
                continue;
            }
            if let Some(digit) = word.strip_prefix('h').and_then(|digit| digit.parse::<usize>().ok()) {
                assert!(digit <= level + 1, "{name}: h{digit} after h{level}");
                level = digit;
            }
            open.push(word);
        }
        let allowed = BTreeSet::from([
            "head", "body", "html", "main", "h1", "h2", "h3", "div", "strong", "p", "table", "caption",
            "thead", "tbody", "tr", "th", "td", "code", "ul", "li", "footer",
        ]);
        assert!(seen.is_subset(&allowed), "{name}: {:?}", seen.difference(&allowed));
        assert_eq!(body.matches("<table>").count(), body.matches("<caption>").count(), "{name}");
        assert!(text.contains("<html lang=\"en\">") && text.contains("@page"), "{name}");
    }
}

/// JUnit is read with a small reader of our own: one root, closed elements, known names.
#[test]
fn junit_is_well_formed() {
    let gate = gate();
    for (name, report) in samples::all().into_iter().chain(reports()) {
        let reports = [report];
        let text = rendered(junit::write, &Document { reports: &reports, gate: Some(&gate) });
        let mut open: Vec<String> = Vec::new();
        for tag in text.split('<').skip(2) {
            let tag = tag.split('>').next().unwrap();
            let word = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
            let known = [
                "testsuites",
                "testsuite",
                "testcase",
                "properties",
                "property",
                "failure",
                "error",
                "skipped",
            ];
            assert!(known.contains(&word.as_str()), "{name}: {word}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{name}: {tag}");
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(word), "{name}");
            } else if !tag.ends_with('/') {
                open.push(word);
            }
        }
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

#[test]
fn the_document_of_a_gate_follows_its_schema() {
    let schema = serde_json::from_str(json::GATE_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let reports = [samples::refused()];
    let mut out = Vec::new();
    json::write_gate(&gate(), &reports, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    let problems: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let mut wrong = document;
    wrong["gate"]["surplus"] = 1.into();
    assert!(!validator.is_valid(&wrong));
}
