//! Attacks on a small export of the issuer.

use super::*;
use crate::bytes::Limits;
use crate::evidence::{NoProgress, gather};
use crate::time::Timestamp;
use crate::trust::NamedBlob;

/// Five permits with their manifest and key manifest, in memory.
fn small() -> (Evidence, TrustPolicy) {
    let case = testvectors::Case::all()
        .unwrap()
        .into_iter()
        .find(|case| case.id == "generated-export-small")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    case.write_files(folder.path()).unwrap();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    let root = std::fs::read(folder.path().join("trust-root.json")).unwrap();
    std::fs::remove_file(folder.path().join("trust-root.json")).unwrap();
    policy.trust_root = Some(NamedBlob::new("trust-root.json", root));
    let batches = gather(&[folder.path()], &Limits::default());
    let export =
        batches.into_iter().flat_map(|batch| batch.sets).find(|set| matches!(set, Evidence::Export(_)));
    let export = export.unwrap();
    // From memory, so that the folder may go.
    let target = Target::new(&export, &policy).unwrap();
    (target.with(usize::MAX, Vec::new()), policy)
}

#[test]
fn nothing_survives_that_the_report_calls_covered() {
    let (evidence, policy) = small();
    let attack = attack(&evidence, &policy, "a seed", 400, &NoProgress).unwrap();
    let missed: Vec<_> = attack.survivors.iter().filter(|survivor| !survivor.is_listed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(attack.outcome(), Outcome::Verified);
    let total = attack.total();
    assert_eq!(total.made, 400);
    assert_eq!(total.caught + total.same + total.listed, total.made);
    assert!(total.listed > 0, "unsigned members of the manifest are among the places");
    for class in Class::ALL {
        assert!(attack.classes.get(&class).is_some_and(|counts| counts.made > 3), "{class:?}");
    }
}

#[test]
fn nothing_tried_is_nothing_held() {
    let (evidence, policy) = small();
    assert_eq!(attack(&evidence, &policy, "s", 0, &NoProgress).unwrap().outcome(), Outcome::NotEstablished);
}

#[test]
fn the_same_seed_gives_the_same_attack_with_any_number_of_threads() {
    let (evidence, mut policy) = small();
    let show = |attack: Attack| format!("{attack:?}");
    let one = show(attack(&evidence, &policy, "s", 70, &NoProgress).unwrap());
    policy.workers = NonZeroUsize::new(3).unwrap();
    assert_eq!(show(attack(&evidence, &policy, "s", 70, &NoProgress).unwrap()), one);
    assert_ne!(show(attack(&evidence, &policy, "t", 70, &NoProgress).unwrap()), one);
}

/// Evidence of a case, in memory, and how it is verified.
fn case(id: &str, name: &str, keys: &str) -> (Evidence, TrustPolicy) {
    let case = testvectors::Case::all().unwrap().into_iter().find(|case| case.id == id).unwrap();
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.keys = crate::trust::KeySource::Manifest(NamedBlob::new(keys, case.read(keys).unwrap()));
    if let Ok(root) = case.read("trust-root.json") {
        policy.trust_root = Some(NamedBlob::new("trust-root.json", root));
    }
    let batch = crate::evidence::gather_bytes(name, case.read(name).unwrap(), &policy.limits);
    (batch.sets.into_iter().next().unwrap(), policy)
}

/// Neither ending with the first failure nor what is remembered may change a verdict: a sample is verified again, by the
/// ordinary way and on a thread that remembers nothing.
#[test]
fn every_verdict_is_that_of_an_ordinary_verification() {
    let inputs = [
        small(),
        case("generated-evidence-bundle-ledger", "bundle.json", "key-manifest.json"),
        case("generated-checkpoint-heads", "checkpoint.json", "keys.json"),
    ];
    let mut unnoticed = 0;
    for (evidence, policy) in inputs {
        let memory = Arc::new(Memory::default());
        let target = memory.with(|| Target::new(&evidence, &policy)).unwrap();
        memory.close();
        let mut caught = 0;
        for number in 0..150 {
            let mutant = mutant::make(&target, "differential", number).unwrap();
            let changed = target.with(mutant.file, mutant.bytes.clone());
            let quick = memory.with(|| failure(&changed, &policy));
            let report = crate::verify::verify(&changed, &policy, &NoProgress);
            let place = format!("{} {}: {}", target.label(mutant.file), mutant.pointer, mutant.what);
            assert_eq!(quick.is_none(), report.outcome == Outcome::Verified, "{place}: {quick:?}");
            let failing: Vec<_> =
                report.findings.iter().filter(|one| one.effect.verdict().is_some()).collect();
            match quick {
                Some(code) => {
                    caught += 1;
                    assert!(failing.iter().any(|finding| finding.code.id == code), "{place}: {code}");
                }
                None => unnoticed += 1,
            }
        }
        assert!(caught > 10, "{caught} caught");
    }
    assert!(unnoticed > 50, "{unnoticed} not noticed");
}

/// A verifier that asks for no signature and no chain notices little: the attack must show that.
#[test]
fn a_weak_policy_has_survivors() {
    let (evidence, mut policy) = small();
    policy.keys = crate::trust::KeySource::SelfAttested;
    match attack(&evidence, &policy, "s", 70, &NoProgress) {
        Ok(attack) => assert!(attack.total().caught > 0),
        Err(error) => assert!(matches!(error, TargetError::NotVerified(_))),
    }
    let broken = Target::new(&evidence, &policy_without_root());
    assert!(matches!(broken, Err(TargetError::NotVerified(_))));
}

fn policy_without_root() -> TrustPolicy {
    TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap())
}
