//! Populations over many archives: what is complete, and every way in which it is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cards;
mod evidence;
mod resume;

use evidence::*;
use verifier_core::audit::{Completeness, Expectation};
use verifier_core::finding::Verdict;
use verifier_core::report::Outcome;

/// Four archives of ten records each, and a checkpoint over record 40.
fn quarter() -> Archives {
    let all = chain(PROJECT, 40, None);
    let archives = Archives::new();
    for part in 0..4 {
        archives.add(&format!("part-{part}"), PROJECT, &all[part * 10..part * 10 + 10]);
    }
    archives.file("checkpoint.json", &checkpoint(&[&all[39]]));
    archives
}

fn only(audit: &verifier_core::audit::Audit) -> &verifier_core::audit::ScopeAudit {
    assert_eq!(audit.scopes.len(), 1);
    &audit.scopes[0]
}

#[test]
fn a_whole_chain_with_a_checkpoint_is_complete() {
    let audit = quarter().plain();
    let scope = only(&audit);
    assert_eq!(scope.completeness, Completeness::Complete, "{:#?}", audit.findings);
    assert_eq!((audit.outcome, audit.verdict), (Outcome::Verified, Verdict::Supported));
    assert_eq!((scope.records, scope.held.len()), (40, 1));
    let population = scope.population.as_ref().unwrap();
    assert_eq!((population.first.sequence, population.last.sequence), (1, 40));
    assert_eq!(population.first.time, day(1));
    assert_eq!(scope.months, [("2026-01".to_owned(), 31), ("2026-02".to_owned(), 9)]);
    assert_eq!(audit.keys.len(), 1);
    assert_eq!(audit.keys[0].sets.len(), 5, "four exports and the checkpoint");
}

#[test]
fn without_a_bound_the_end_is_open() {
    let archives = quarter();
    let audit = archives.remove("checkpoint.json").plain();
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished);
    assert_eq!(codes(&audit), ["AUDIT_TAIL_UNBOUND"]);
    assert_eq!(audit.outcome, Outcome::NotEstablished);
}

/// A checkpoint that names the last record of an earlier period says nothing about a later one.
#[test]
fn evidence_of_an_earlier_period_is_not_the_later_one() {
    let later = Expectation { to: None, ..period(400, 401) };
    let audit = quarter().audit(later);
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished, "{:#?}", audit.findings);
    assert_eq!(codes(&audit), ["AUDIT_TAIL_UNBOUND"]);
    assert_eq!(audit.outcome, Outcome::NotEstablished);
}

/// Every command that verifies, not only an audit, compares what was given on one occasion.
#[test]
fn a_fork_in_another_folder_is_verified_nowhere() {
    use std::borrow::Cow;
    use verifier_core::verify::{NoProgress, verify_all};
    let (all, fork) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let outcome = |head: &serde_json::Value| {
        let archives = Archives::new();
        archives.add("a", PROJECT, &all).file("c.json", &checkpoint(&[head]));
        let paths = [archives.folder.path().join("a"), archives.folder.path().join("c.json")];
        let paths: Vec<&std::path::Path> = paths.iter().map(std::path::PathBuf::as_path).collect();
        let policy = policy();
        let batches = verifier_core::evidence::gather(&paths, &policy.limits);
        let reports = verify_all(&batches, &policy, &|_| Cow::Borrowed(&policy), &NoProgress);
        assert_eq!(reports.len(), 2);
        reports.iter().map(|report| report.outcome).fold(Outcome::Verified, Outcome::worst)
    };
    assert_eq!(outcome(&all[19]), Outcome::Verified);
    assert_eq!(outcome(&fork[19]), Outcome::Disproved);
}

/// Two paths that are no text can be shown alike; both are looked at.
#[test]
fn archives_that_look_alike_are_both_looked_at() {
    let (all, fork) = (chain(PROJECT, 20, None), chain(PROJECT, 20, Some(8)));
    let archives = Archives::new();
    archives.add("a", PROJECT, &all).add("b", PROJECT, &fork);
    let paths = [archives.folder.path().join("a"), archives.folder.path().join("b")];
    let paths: Vec<&std::path::Path> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let mut batches = verifier_core::evidence::gather(&paths, &policy().limits);
    for batch in &mut batches {
        for set in &mut batch.sets {
            if let verifier_core::evidence::Evidence::Export(set) = set {
                set.payload.label = "\u{fffd}/export.json".to_owned();
            }
        }
    }
    assert_eq!(verifier_core::audit::plan(batches).sets.len(), 2);
}

/// The last archive is gone; the checkpoint remembers it.
#[test]
fn a_deleted_tail_is_found() {
    let audit = quarter().remove("part-3").plain();
    assert_eq!(only(&audit).completeness, Completeness::Incomplete);
    assert_eq!(only(&audit).missing, [(31, 40)]);
    assert_eq!(codes(&audit), ["AUDIT_TAIL_MISSING"]);
    assert_eq!(audit.outcome, Outcome::Disproved);
}

#[test]
fn a_deleted_head_is_found() {
    let audit = quarter().remove("part-0").plain();
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished);
    assert_eq!(codes(&audit), ["AUDIT_HEAD_NOT_SHOWN"]);
    assert!(only(&audit).statement.contains("records 1 to 10"), "{}", only(&audit).statement);
    // A period that begins later does not ask for them, if a record before it is shown.
    let archives = quarter();
    let audit = archives.remove("part-0").audit(period(12, 35));
    assert_eq!(only(&audit).completeness, Completeness::Complete, "{:#?}", audit.findings);
    let audit = archives.audit(period(11, 35));
    assert_eq!(codes(&audit), ["AUDIT_HEAD_NOT_SHOWN"]);
}

#[test]
fn a_deleted_file_in_the_middle_is_found() {
    let audit = quarter().remove("part-1").plain();
    assert_eq!(only(&audit).completeness, Completeness::Incomplete);
    assert_eq!(only(&audit).missing, [(11, 20)]);
    assert_eq!(codes(&audit), ["AUDIT_RECORDS_MISSING"]);
    let two = quarter();
    let audit = two.remove("part-1").remove("part-2").plain();
    assert_eq!(only(&audit).missing, [(11, 30)]);
}

/// One record, and two neighbours, are cut out between two archives that are each continuous.
#[test]
fn deleted_records_in_the_interior_are_found() {
    let all = chain(PROJECT, 40, None);
    for (gone, missing) in [(20..21, (21, 21)), (19..21, (20, 21))] {
        let archives = Archives::new();
        archives.add("a", PROJECT, &all[..gone.start]).add("b", PROJECT, &all[gone.end..]);
        let audit = archives.file("c.json", &checkpoint(&[&all[39]])).plain();
        assert_eq!(only(&audit).completeness, Completeness::Incomplete);
        assert_eq!(only(&audit).missing, [missing]);
        assert_eq!(codes(&audit), ["AUDIT_RECORDS_MISSING"]);
        // The issuer itself cuts them out of one archive and signs it again.
        let archives = Archives::new();
        let cut: Vec<_> = [&all[..gone.start], &all[gone.end..]].concat();
        let audit = archives.add("a", PROJECT, &cut).file("c.json", &checkpoint(&[&all[39]])).plain();
        assert_eq!(only(&audit).completeness, Completeness::Incomplete);
        assert_eq!(only(&audit).missing, [missing]);
        assert!(codes(&audit).contains(&"AUDIT_SET_NOT_VERIFIED"), "{:?}", codes(&audit));
    }
}

/// A whole chain is noticed when a checkpoint or the caller names it, and not otherwise.
#[test]
fn a_deleted_scope_is_found_when_something_names_it() {
    let (ours, theirs) = (chain(PROJECT, 5, None), chain(OTHER, 7, None));
    let archives = Archives::new();
    archives.add("ours", PROJECT, &ours).file("c.json", &checkpoint(&[&ours[4], &theirs[6]]));
    let audit = archives.plain();
    let other = format!("project:{OTHER}");
    let missing = audit.scopes.iter().find(|scope| scope.scope == other).unwrap();
    assert_eq!((missing.completeness, missing.missing.as_slice()), (Completeness::Incomplete, &[(1, 7)][..]));
    assert_eq!(codes(&audit), ["AUDIT_SCOPE_MISSING"]);
    archives.remove("c.json").file("c.json", &checkpoint(&[&ours[4]]));
    assert_eq!(archives.plain().outcome, Outcome::Verified);
    assert!(archives.plain().not_proven.iter().any(|text| text.contains("no further chain exists")));
    let expected = Expectation { expected: [other.clone()].into(), ..Expectation::default() };
    let audit = archives.audit(expected);
    assert_eq!(codes(&audit), ["AUDIT_SCOPE_MISSING"]);
    assert_eq!(audit.outcome, Outcome::NotEstablished);
    let chosen = Expectation { scopes: [SCOPE.to_owned()].into(), ..Expectation::default() };
    archives.remove("c.json").file("c.json", &checkpoint(&[&ours[4], &theirs[6]]));
    let audit = archives.audit(chosen);
    assert_eq!((audit.outcome, audit.not_judged.as_slice()), (Outcome::Verified, &[other][..]));
}

#[test]
fn overlaps_agree_or_do_not() {
    let all = chain(PROJECT, 40, None);
    let archives = Archives::new();
    archives.add("a", PROJECT, &all[..25]).add("b", PROJECT, &all[20..]);
    let audit = archives.file("c.json", &checkpoint(&[&all[39]])).plain();
    assert_eq!(audit.outcome, Outcome::Verified, "{:#?}", audit.findings);
    let overlap = &only(&audit).overlaps[0];
    assert_eq!((overlap.first, overlap.last, overlap.conflict), (21, 25, None));
    assert_eq!(only(&audit).records, 40, "an overlap is not counted twice");

    let other = chain(PROJECT, 40, Some(23));
    let archives = Archives::new();
    let audit = archives.add("a", PROJECT, &all[..25]).add("b", PROJECT, &other[20..]).plain();
    assert_eq!(only(&audit).completeness, Completeness::Contradicted);
    assert!(codes(&audit).starts_with(&["AUDIT_CHAIN_FORK"]), "{:?}", codes(&audit));
    assert_eq!(only(&audit).overlaps[0].conflict, Some((23, 25)));
    assert_eq!(audit.outcome, Outcome::Disproved);
}

/// Everything from record 5 on was written again, and the archives share no record.
#[test]
fn rewritten_stretches_are_found() {
    let (all, other) = (chain(PROJECT, 40, None), chain(PROJECT, 40, Some(5)));
    let archives = Archives::new();
    let audit = archives.add("a", PROJECT, &all[..20]).add("b", PROJECT, &other[9..]).plain();
    assert!(codes(&audit).starts_with(&["AUDIT_CHAIN_REWRITTEN"]), "{:?}", codes(&audit));
    assert_eq!(only(&audit).overlaps[0].conflict, Some((10, 20)));

    let archives = Archives::new();
    let audit = archives.add("a", PROJECT, &all[..20]).add("b", PROJECT, &other[20..]).plain();
    assert!(codes(&audit).starts_with(&["AUDIT_LINK_BROKEN"]), "{:?}", codes(&audit));

    let archives = Archives::new();
    archives.add("b", PROJECT, &other).file("c.json", &checkpoint(&[&all[29]]));
    let audit = archives.plain();
    assert!(codes(&audit).starts_with(&["AUDIT_CHECKPOINT_CONFLICT"]), "{:?}", codes(&audit));
    assert_eq!(only(&audit).completeness, Completeness::Contradicted);

    let archives = Archives::new();
    archives.add("a", PROJECT, &all).file("c.json", &checkpoint(&[&all[29]]));
    let audit = archives.file("d.json", &checkpoint(&[&other[29]])).plain();
    assert!(codes(&audit).contains(&"AUDIT_CHECKPOINTS_DISAGREE"), "{:?}", codes(&audit));
}

/// A record that names another one as its predecessor than the one before it by number.
#[test]
fn one_predecessor_has_one_successor() {
    let all = chain(PROJECT, 20, None);
    let mut previous = all[9]["record_hash"].as_str().unwrap().to_owned();
    let jump: Vec<_> =
        (21..=25).map(|number| record(PROJECT, number, number, "allow", &mut previous)).collect();
    let archives = Archives::new();
    let audit = archives.add("a", PROJECT, &all).add("b", PROJECT, &jump).plain();
    assert!(codes(&audit).contains(&"AUDIT_CHAIN_FORK"), "{:?}", codes(&audit));
    assert_eq!(only(&audit).completeness, Completeness::Contradicted);
}

/// An archive whose signature does not verify never completes a population, and disproves none of its records.
#[test]
fn an_archive_that_does_not_verify_counts_for_nothing() {
    let archives = quarter();
    let manifest = archives.folder.path().join("part-1/manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("ed25519:", "ed25519:A");
    std::fs::write(&manifest, text).unwrap();
    let audit = archives.plain();
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished, "{:#?}", audit.findings);
    assert!(codes(&audit).contains(&"AUDIT_RANGE_NOT_VERIFIED"));
    assert!(codes(&audit).contains(&"AUDIT_SET_NOT_VERIFIED"));
    assert!(only(&audit).missing.is_empty());
    assert_ne!(audit.outcome, Outcome::Verified);
}

/// An unsigned checkpoint binds nothing.
#[test]
fn a_checkpoint_that_does_not_verify_binds_nothing() {
    let all = chain(PROJECT, 10, None);
    let archives = Archives::new();
    let text = String::from_utf8(checkpoint(&[&all[9]])).unwrap();
    let at = text.find("\"signature\"").unwrap();
    let broken = format!("{}{}", &text[..at], text[at..].replacen("ed25519:", "ed25519:A", 1));
    let audit = archives.add("a", PROJECT, &all).file("c.json", broken.as_bytes()).plain();
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished);
    assert!(codes(&audit).contains(&"AUDIT_TAIL_UNBOUND"));
}

#[test]
fn periods_are_judged_by_stated_times() {
    let archives = quarter();
    let audit = archives.audit(period(5, 30));
    assert_eq!(only(&audit).completeness, Completeness::Complete, "{:#?}", audit.findings);
    let population = only(&audit).population.as_ref().unwrap();
    assert_eq!((population.first.sequence, population.last.sequence), (5, 29));
    assert_eq!(only(&audit).records, 25);
    // Nothing shows that no record came after the last one and before the end.
    let audit = archives.audit(period(5, 50));
    assert_eq!(codes(&audit), ["AUDIT_TAIL_UNBOUND"]);
    // A gap outside the period is none of its business, one at its edge may be.
    archives.remove("part-1");
    assert_eq!(archives.audit(period(25, 35)).outcome, Outcome::Verified);
    let audit = archives.audit(period(15, 35));
    assert_eq!(only(&audit).completeness, Completeness::NotEstablished);
    assert_eq!(archives.audit(period(5, 35)).outcome, Outcome::Disproved);
}

#[test]
fn nothing_to_judge_is_not_success() {
    let archives = Archives::new();
    let audit = archives.file("notes.txt", b"hello").plain();
    assert!(codes(&audit).contains(&"AUDIT_NOTHING_TO_JUDGE"));
    assert_eq!(audit.outcome, Outcome::NotEstablished);
    assert!(audit.findings.iter().any(|finding| finding.location.file.ends_with("notes.txt")));
}

/// Writes 40 archives of 25,000 records each, a checkpoint, and beside the folder the issuer's key, for measurements.
#[test]
#[ignore = "writes 500 MB to the folder that AUDIT_SAMPLE names"]
fn sample() {
    let folder =
        std::path::PathBuf::from(std::env::var("AUDIT_SAMPLE").expect("AUDIT_SAMPLE names a folder"));
    let (archives, each) = (40, 25_000);
    let mut previous = verifier_core::chain::GENESIS_PREV_HASH.to_owned();
    let mut last = serde_json::Value::Null;
    for part in 0..archives {
        let records: Vec<_> = (part * each + 1..=(part + 1) * each)
            .map(|number| record(PROJECT, number, number / 10_000 + 1, "allow", &mut previous))
            .collect();
        let own = folder.join(format!("part-{part:02}"));
        std::fs::create_dir_all(&own).unwrap();
        let (payload, manifest) = export(PROJECT, &records);
        std::fs::write(own.join("export.json"), payload).unwrap();
        std::fs::write(own.join("manifest.json"), manifest).unwrap();
        last = records[each - 1].clone();
    }
    std::fs::write(folder.join("checkpoint.json"), checkpoint(&[&last])).unwrap();
    std::fs::write(folder.with_extension("key"), public().to_text()).unwrap();
}
