//! Policies good and bad, and what they come to over reports made by hand.

use std::collections::BTreeSet;

use super::{Facts, Fault, MAX_BYTES, Policy};
use crate::finding::catalog::{export, input, walk};
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::{
    CheckpointTime, FileSummary, Gate, Outcome, Report, ReportBuilder, Requested, RuleState, SignerSummary,
    Subject, TimeSource,
};
use crate::time::Timestamp;
use crate::trust::Basis;

mod several;
mod spend;

const INTEGRITY: &str = "export.integrity.v1";
const WALK: &str = "governance_chain.local_continuity.v1";
const KEY: &str = "ed25519:QZyTKzFjdOpkh0RgFoadLBMoBKAZ2FlHCz2dJqQ3aDg=";

fn parse(text: &str) -> Policy {
    Policy::parse(format!("version = 1\n{text}").as_bytes()).unwrap()
}

fn faults(text: &str) -> Vec<Fault> {
    Policy::parse(text.as_bytes()).unwrap_err()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn report(change: impl FnOnce(&mut ReportBuilder)) -> Report {
    let mut out = ReportBuilder::new(2, BTreeSet::new());
    out.artifact.kind = "export".to_owned();
    let digest = format!("sha256:{}", "0".repeat(64));
    let sha256 = Some(digest);
    out.artifact.files.push(FileSummary {
        role: "payload",
        path: "export.json".to_owned(),
        sha256,
        bytes: Some(1),
    });
    out.signers.push(SignerSummary {
        signed: "export manifest".to_owned(),
        public_key: KEY.to_owned(),
        key_id: None,
        basis: Basis::Root,
        source: "trust root".to_owned(),
        signed_at: None,
    });
    out.claim(INTEGRITY, Requested::Evidence);
    out.supported(INTEGRITY, Subject::unnamed("payload"), &export::CONTENT_HASH_MATCH, "same bytes");
    change(&mut out);
    out.finish(&at("2026-08-04T00:00:00Z"))
}

fn clean() -> Report {
    report(|_| {})
}

fn lacking(times: usize) -> Report {
    report(|out| {
        out.claim(WALK, Requested::Operator);
        for number in 0..times {
            let place = Location::file("export.json").pointing(format!("/records/{number}"));
            let finding = Finding::lacks(&walk::WALK_PREV_HASH_DISCONTINUITY, "a gap").at(place);
            out.unsupported(WALK, Subject::unnamed("chain"), finding);
        }
    })
}

fn judge(policy: &Policy, reports: &[Report], as_of: &str) -> Gate {
    let as_of = at(as_of);
    policy.judge(&Facts {
        name: "keel-policy.toml",
        sha256: "sha256:00".to_owned(),
        paths: &["readme.txt".to_owned(), "export.json".to_owned()],
        reports,
        trust_root: Some(format!("sha256:{}", "a".repeat(64))),
        money: None,
        as_of: &as_of,
    })
}

fn outcome(policy: &str, reports: &[Report]) -> Outcome {
    judge(&parse(policy), reports, "2026-08-04T00:00:00Z").outcome
}

fn rule(gate: &Gate, id: &str) -> (RuleState, String) {
    let rule = gate.rules.iter().find(|rule| rule.id == id).unwrap();
    (rule.state, rule.message.clone())
}

#[test]
fn a_whole_policy_is_read() {
    let policy = parse(
        r#"
[require]
claims = ["integrity", "governance_chain.local_continuity.v1"]
witnesses = "2of3"
[keys]
pinned = ["ed25519:QZyTKzFjdOpkh0RgFoadLBMoBKAZ2FlHCz2dJqQ3aDg="]
trust_root = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[checkpoint]
max_age = "36h"
allow_stated_time = true
[findings]
fail_at = "warning"
[money]
max_spend_usd = "250.00"
no_overdraft = true
rules = ["F1", "B7"]
[[accept]]
code = "MANIFEST_FIELD_UNSIGNED"
reason = "not relied on"
expires = 2026-12-31
file = "manifest.json"
"#,
    );
    assert_eq!(policy.claims, [INTEGRITY, WALK]);
    assert_eq!((policy.witnesses, policy.max_spend), (Some((2, 3)), Some(250_000_000)));
    assert_eq!(policy.max_checkpoint_age, Some(36 * 3_600_000_000));
    assert_eq!((policy.exceptions[0].expires.as_str(), policy.exceptions[0].line), ("2026-12-31", 18));
}

#[test]
fn mistakes_are_faults_with_line_and_hint() {
    for (text, line, hint) in [
        ("version = 1\n[requier]\nclaims = []", 2, "did you mean require?"),
        ("version = 1\n[require]\nclaim = [\"walk\"]", 3, "did you mean claims?"),
        ("version = 1\n\n[require]\nclaims = [\n\"walk\",\n\"wlak\"]", 6, "did you mean \"walk\"?"),
        ("version = 1\n[require]\nclaims = [\"walk\", \"governance_chain.local_continuity.v1\"]", 3, "twice"),
        ("version = 1\n[require]\nclaims = \"walk\"", 3, "must be a list of texts, and is text"),
        ("version = 1\n[require]\nclaims = [1]", 3, "an integer"),
        ("version = 1\n[require]\nclaims = []", 3, "1 to 1000 entries"),
        ("version = 1\n[require]\nwitnesses = \"4of3\"", 3, "K of N"),
        ("version = 1\nrequire = 3", 2, "must be a table"),
        ("version = 1\n[keys]\npinned = [\"ed25519:AAAA\"]", 3, "is no key"),
        ("version = 1\n[keys]\ntrust_root = \"sha256:zz\"", 3, "64 hexadecimal digits"),
        ("version = 1\n[checkpoint]\nmax_age = \"1 day\"", 3, "whole number"),
        ("version = 1\n[checkpoint]\nmax_age = 36", 3, "must be text in quotation marks, and is an integer"),
        ("version = 1\n[checkpoint]\nallow_stated_time = true", 2, "max_age is missing"),
        ("version = 1\n[findings]\nfail_at = \"fatal\"", 3, "\"note\""),
        ("version = 1\n[money]\nmax_spend_usd = 250.0", 3, "a number with a decimal point"),
        ("version = 1\n[money]\nmax_spend_usd = \"-1\"", 3, "amount"),
        ("version = 1\n[money]\nno_overdraft = \"yes\"", 3, "true or false"),
        ("version = 1\n[money]\nrules = [\"F99\"]", 3, "no money rule"),
        (
            "version = 1\n[[accept]]\ncode = \"WALK_PREV_HASH_DISCONTINUTY\"\nreason = \"r\"\nexpires = \"2026-12-31\"",
            3,
            "did you mean",
        ),
        (
            "version = 1\n[[accept]]\ncode = \"INPUT_LEFTOVER\"\nreason = \"r\"\nexpires = \"2026-02-30\"",
            5,
            "a day that exists",
        ),
        (
            "version = 1\n[[accept]]\ncode = \"INPUT_LEFTOVER\"\nreason = \"r\"\nexpires = \"soon\"",
            5,
            "a day that exists",
        ),
        ("version = 1\n[[accept]]\ncode = \"INPUT_LEFTOVER\"\nexpires = \"2026-12-31\"", 2, "has no reason"),
        (
            "version = 1\n[[accept]]\ncode = \"INPUT_LEFTOVER\"\nreason = \" \"\nexpires = \"2026-12-31\"",
            4,
            "empty",
        ),
        ("version = 1\n[accept]\ncode = \"INPUT_LEFTOVER\"", 2, "[[accept]]"),
        ("version = 1\nversion = 1", 2, "duplicate key"),
        ("version = 2", 1, "must be 1"),
        ("", 1, "is missing"),
        ("version = 1\n[require", 2, ""),
    ] {
        let faults = faults(text);
        assert!(faults[0].line == line && faults[0].message.contains(hint), "{text}: {faults:?}");
    }
    let twice = "[[accept]]\ncode = \"INPUT_LEFTOVER\"\nreason = \"r\"\nexpires = \"2026-12-31\"\n";
    assert!(faults(&format!("version = 1\n{twice}{twice}"))[0].message.contains("twice"));
}

#[test]
fn huge_deep_and_broken_files_are_faults() {
    let deep = format!("version = 1\nx = {}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let wide =
        format!("version = 1\n{}", (0..20_000).map(|number| format!("k{number} = 1\n")).collect::<String>());
    let many = "[[accept]]\n".repeat(5_000);
    for text in
        [deep.as_bytes(), wide.as_bytes(), many.as_bytes(), b"version = 1\n\xff", &vec![b'#'; MAX_BYTES + 1]]
    {
        let faults = Policy::parse(text).unwrap_err();
        assert!(!faults.is_empty() && faults.len() <= 20);
    }
    assert_eq!(Policy::parse(b"version = 1\n\xff").unwrap_err()[0].line, 2);
}

#[test]
fn nothing_verified_never_passes() {
    assert_eq!(outcome("", &[clean()]), Outcome::Verified);
    assert_eq!(outcome("", &[]), Outcome::NotEstablished);
    let mut empty = ReportBuilder::new(2, BTreeSet::new());
    empty.finding(Finding::notes(&input::INPUT_LEFTOVER, "readme.txt"));
    let empty = empty.finish(&at("2026-08-04"));
    assert_eq!(empty.outcome, Outcome::Verified, "or the rule is not tried");
    assert_eq!(outcome("", &[empty]), Outcome::NotEstablished);
    let unreadable = report(|out| {
        out.finding(Finding::new(&input::INPUT_UNREADABLE, Effect::Unreadable, "no such file"));
    });
    let accept = "[[accept]]\ncode = \"INPUT_UNREADABLE\"\nreason = \"r\"\nexpires = \"2099-12-31\"";
    assert_eq!(outcome(accept, &[clean(), unreadable]), Outcome::Unreadable);
    let leftover = |file: &str| {
        [report(|out| out.finding(Finding::notes(&input::INPUT_LEFTOVER, "x").at(Location::file(file))))]
    };
    assert_eq!(outcome("", &leftover("folder/readme.txt")), Outcome::Verified);
    assert_eq!(outcome("", &leftover("readme.txt")), Outcome::NotEstablished, "it was named");
    let mut trusted = clean();
    trusted.accepted_without_trust = true;
    assert_eq!(outcome("", &[trusted]), Outcome::NotEstablished);
}

#[test]
fn claims_keys_and_roots_are_demanded() {
    let reports = [clean()];
    assert_eq!(outcome("[require]\nclaims = [\"integrity\"]", &reports), Outcome::Verified);
    assert_eq!(outcome("[require]\nclaims = [\"walk\"]", &reports), Outcome::NotEstablished);
    assert_eq!(outcome("[require]\nwitnesses = \"1of1\"", &reports), Outcome::NotEstablished);
    assert_eq!(outcome(&format!("[keys]\npinned = [\"{KEY}\"]"), &reports), Outcome::Verified);
    let other = "[keys]\npinned = [\"ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=\"]";
    assert_eq!(outcome(other, &reports), Outcome::Disproved);
    let mut unsigned = clean();
    unsigned.signers.clear();
    assert_eq!(outcome(other, &[unsigned]), Outcome::NotEstablished);
    assert_eq!(
        outcome(&format!("[keys]\ntrust_root = \"sha256:{}\"", "a".repeat(64)), &reports),
        Outcome::Verified
    );
    assert_eq!(
        outcome(&format!("[keys]\ntrust_root = \"sha256:{}\"", "b".repeat(64)), &reports),
        Outcome::Disproved
    );
}

#[test]
fn the_age_of_a_checkpoint_is_that_of_its_proven_time() {
    let with = |times: &[(&str, TimeSource)]| {
        let mut checkpoint = several::checkpoint(&[("project:a", 3, 3)]);
        for (time, source) in times {
            checkpoint.checkpoints.push(CheckpointTime { time: (*time).to_owned(), source: *source });
        }
        [several::holding("project:a", 3), checkpoint]
    };
    let policy = "[checkpoint]\nmax_age = \"24h\"";
    assert_eq!(outcome(policy, &[clean()]), Outcome::NotEstablished);
    assert_eq!(outcome(policy, &with(&[("2026-08-03T00:00:00Z", TimeSource::Timestamp)])), Outcome::Verified);
    assert_eq!(
        outcome(policy, &with(&[("2026-08-02T23:59:59Z", TimeSource::Timestamp)])),
        Outcome::Disproved
    );
    assert_eq!(
        outcome(policy, &with(&[("2026-08-05T00:00:00Z", TimeSource::Timestamp)])),
        Outcome::NotEstablished
    );
    let stated = with(&[
        ("2026-08-02T00:00:00Z", TimeSource::Timestamp),
        ("2026-08-03T12:00:00Z", TimeSource::Stated),
    ]);
    assert_eq!(outcome(policy, &stated), Outcome::Disproved, "what nobody confirms does not count");
    assert_eq!(outcome(&format!("{policy}\nallow_stated_time = true"), &stated), Outcome::Verified);
}

#[test]
fn findings_fail_from_a_severity_on() {
    let noted = [report(|out| out.finding(Finding::notes(&input::INPUT_LEFTOVER, "readme.txt")))];
    assert_eq!(outcome("[findings]\nfail_at = \"warning\"", &noted), Outcome::Verified);
    assert_eq!(outcome("[findings]\nfail_at = \"note\"", &noted), Outcome::Disproved);
    let accept = "[findings]\nfail_at = \"note\"\n[[accept]]\ncode = \"INPUT_LEFTOVER\"\nreason = \"r\"\nexpires = \"2026-08-04\"";
    assert_eq!(outcome(accept, &noted), Outcome::Verified);
    let limited = [report(|out| {
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        out.finding(Finding::new(&export::PAYLOAD_NOT_EXAMINED, effect, "not looked at"));
    })];
    assert_eq!(outcome("[findings]\nfail_at = \"warning\"", &limited), Outcome::Disproved);
    assert_eq!(outcome("[findings]\nfail_at = \"error\"", &limited), Outcome::Verified);
}

/// How many findings are listed changes nothing about what they come to.
#[test]
fn findings_that_are_not_listed_count_by_their_own_severity() {
    let unlisted = |listed: u32, requested: Requested| {
        let mut out = ReportBuilder::new(listed, BTreeSet::new());
        out.artifact.kind = "export".to_owned();
        out.claim(INTEGRITY, Requested::Evidence);
        out.supported(INTEGRITY, Subject::unnamed("payload"), &export::CONTENT_HASH_MATCH, "same bytes");
        out.finding(Finding::notes(&export::PAYLOAD_NOT_EXAMINED, "a note of the same code"));
        out.claim(WALK, requested);
        let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
        let finding = Finding::new(&export::PAYLOAD_NOT_EXAMINED, effect, "not looked at");
        out.unsupported(WALK, Subject::unnamed("chain"), finding);
        [out.finish(&at("2026-08-04T00:00:00Z"))]
    };
    let failed = |level: &str, reports: &[Report]| {
        let gate = judge(&parse(&format!("[findings]\nfail_at = \"{level}\"")), reports, "2026-08-04");
        rule(&gate, "findings").0 == RuleState::Failed
    };
    for listed in [0, 1, 2] {
        let automatic = unlisted(listed, Requested::Automatic);
        assert!(failed("note", &automatic) && failed("warning", &automatic), "{listed} listed");
        assert!(!failed("error", &automatic), "{listed} listed");
        assert!(failed("error", &unlisted(listed, Requested::Operator)), "{listed} listed");
    }
}

#[test]
fn an_exception_counts_until_its_last_day_and_no_further_than_it_says() {
    let accept = |more: &str| {
        parse(&format!(
            "[[accept]]\ncode = \"WALK_PREV_HASH_DISCONTINUITY\"\nreason = \"migration\"\nexpires = \"2026-08-31\"\n{more}"
        ))
    };
    let reports = [lacking(1)];
    assert_eq!(reports[0].outcome, Outcome::NotEstablished);
    let gate = judge(&accept(""), &reports, "2026-08-31T23:59:59Z");
    assert_eq!((gate.outcome, gate.accepted.len()), (Outcome::Verified, 1));
    let gate = judge(&accept(""), &reports, "2026-09-01T00:00:00Z");
    assert_eq!((gate.outcome, gate.accepted.len()), (Outcome::Disproved, 0));
    let (state, message) = rule(&gate, "exceptions");
    assert!(
        state == RuleState::Failed
            && message.contains("line 2")
            && message.contains("expired after 2026-08-31")
    );

    let when = "2026-08-10T00:00:00Z";
    assert_eq!(judge(&accept("pointer = \"/records/0\""), &reports, when).outcome, Outcome::Verified);
    assert_eq!(judge(&accept("pointer = \"/records/1\""), &reports, when).outcome, Outcome::NotEstablished);
    assert_eq!(judge(&accept("file = \"other.json\""), &reports, when).outcome, Outcome::NotEstablished);
    let other = format!("evidence = \"sha256:{}\"", "f".repeat(64));
    assert_eq!(judge(&accept(&other), &reports, when).outcome, Outcome::NotEstablished);

    // two of five findings are listed: an exception for one place says nothing about the other four
    let many = [lacking(5)];
    assert_eq!(judge(&accept(""), &many, when).outcome, Outcome::Verified);
    assert_eq!(judge(&accept("file = \"export.json\""), &many, when).outcome, Outcome::NotEstablished);

    // another failure beside it still fails
    let mixed = [report(|out| {
        out.finding(Finding::lacks(&walk::WALK_PREV_HASH_DISCONTINUITY, "a gap"));
        out.finding(Finding::disproves(&export::CONTENT_HASH_MISMATCH, "other bytes"));
    })];
    assert_eq!(judge(&accept(""), &mixed, when).outcome, Outcome::Disproved);
}

#[test]
fn money_without_rows_is_not_established() {
    for policy in ["max_spend_usd = \"1\"", "no_overdraft = true", "rules = [\"F1\"]"] {
        assert_eq!(outcome(&format!("[money]\n{policy}"), &[clean()]), Outcome::NotEstablished, "{policy}");
    }
}
