//! Random damage to the committed honest and hostile cases: a report comes out, and it is the same with one thread
//! and with three.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use testvectors::{Case, Origin};
use verifier_core::evidence::{Batch, NamedFiles, gather, named};
use verifier_core::time::Timestamp;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};

use crate::edit::Edit;
use crate::evidence::{bytes_of, sign_manifest};

const CASES: u32 = 200;
/// Larger files are the business of other tests.
const FILE_BYTES: usize = 300 << 10;

/// JSON values that some reader cannot hold, or takes for something else.
const TOKENS: [&str; 16] = [
    "null",
    "-0",
    "1e400",
    "NaN",
    "9007199254740993",
    "123456789012345678901234567890",
    "-1",
    "0.1",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "{\"a\":1,\"a\":2}",
    "true",
    "[[[[[[[[]]]]]]]]",
];

#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Cut(Index, Index),
    Repeat(Index, Index),
    Edit(Index),
    Token(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1u8..).prop_map(|(at, mask)| Damage::Flip(at, mask)),
        (at(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (at(), at()).prop_map(|(from, to)| Damage::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        at().prop_map(Damage::Edit),
        (at(), 0..TOKENS.len()).prop_map(|(at, token)| Damage::Token(at, token)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let edit = |at: &Index| {
            let document: Value = serde_json::from_slice(bytes).ok()?;
            let edits = Edit::all(&document);
            (!edits.is_empty()).then(|| (at.get(&edits).clone(), document))
        };
        let range = |from: &Index, to: &Index| {
            let (from, to) = (from.index(bytes.len() + 1), to.index(bytes.len() + 1));
            from.min(to)..from.max(to)
        };
        match self {
            Self::Flip(at, mask) if !bytes.is_empty() => {
                let mut bytes = bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
                bytes
            }
            Self::Insert(at, more) => {
                let (before, after) = bytes.split_at(at.index(bytes.len() + 1));
                [before, more, after].concat()
            }
            Self::Cut(from, to) => {
                let range = range(from, to);
                [&bytes[..range.start], &bytes[range.end..]].concat()
            }
            Self::Repeat(from, to) => {
                let range = range(from, to);
                [&bytes[..range.end], &bytes[range]].concat()
            }
            Self::Edit(at) => {
                edit(at).map_or_else(|| bytes.to_vec(), |(edit, document)| bytes_of(&edit.apply(&document)))
            }
            Self::Token(at, token) => edit(at).map_or_else(
                || bytes.to_vec(),
                |(edit, document)| {
                    let marked = serde_json::to_string(&edit.replacing("@token@").apply(&document)).unwrap();
                    marked.replace("\"@token@\"", TOKENS[*token]).into_bytes()
                },
            ),
            Self::Flip(..) => Vec::new(),
        }
    }
}

/// The policy and the paths of a command line; options that only the command reads are left out.
fn arguments(case: &Case, folder: &Path) -> (TrustPolicy, Vec<PathBuf>) {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-08-04T00:00:00Z").unwrap());
    policy.walk = Check::Required;
    policy.closures = Check::Required;
    let mut paths = Vec::new();
    let mut words = case.args.iter();
    while let Some(word) = words.next() {
        let mut named = || {
            let name = words.next()?;
            Some(NamedBlob::new(name.as_str(), fs::read(folder.join(name)).ok()?))
        };
        match word.as_str() {
            "--key-manifest" => policy.keys = named().map_or(KeySource::SelfAttested, KeySource::Manifest),
            "--trust-root" => policy.trust_root = named(),
            other if other.starts_with('-') => {}
            other => paths.extend(Some(folder.join(other)).filter(|path| path.exists())),
        }
    }
    (policy, paths)
}

fn report(case: &Case, policy: &TrustPolicy, paths: &[PathBuf]) -> String {
    let batches: Vec<Batch> = match paths {
        [export, manifest] if case.args[0] == "export" => {
            vec![named(NamedFiles { export, manifest, sidecar: None, checkpoint: None }, &policy.limits)]
        }
        _ => gather(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>(), &policy.limits),
    };
    let reports: Vec<_> = batches.iter().flat_map(|batch| verify_batch(batch, policy, &NoProgress)).collect();
    assert!(paths.is_empty() || !reports.is_empty());
    serde_json::to_string(&reports).unwrap()
}

/// Makes the manifest fit the export again, so that nothing ends at the first digest.
fn sign_again(folder: &Path, paths: &[PathBuf]) {
    let [export, manifest] = paths else { return };
    let document = fs::read(manifest).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    if let (Some(document), Ok(bytes)) = (document.filter(Value::is_object), fs::read(export)) {
        fs::write(folder.join(manifest), bytes_of(&sign_manifest(document, &bytes))).unwrap();
    }
}

#[test]
fn random_damage() {
    let is_small = |case: &Case| {
        case.expect.exit != [2]
            && !case.files.is_empty()
            && case.files.keys().all(|name| case.read(name).is_ok_and(|bytes| bytes.len() <= FILE_BYTES))
    };
    let mut cases = Case::of(Origin::Generated).unwrap();
    cases.extend(Case::of(Origin::Hostile).unwrap());
    cases.retain(is_small);
    assert!(cases.len() > 100, "only {} cases", cases.len());

    // a fixed seed, so that a failure is everybody's failure
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let input = (any::<Index>(), any::<Index>(), prop::collection::vec(damage(), 1..4), any::<bool>());
    let outcome = runner.run(&input, |(case, file, damages, signs)| {
        let case = case.get(&cases);
        let names: Vec<&String> = case.files.keys().collect();
        let name = file.get(&names);
        let folder = tempfile::tempdir().unwrap();
        case.write_files(folder.path()).unwrap();
        let whole = case.read(name).unwrap();
        let damaged = damages.iter().fold(whole, |bytes, damage| damage.apply(&bytes));
        fs::write(folder.path().join(name), damaged).unwrap();
        let (mut policy, paths) = arguments(case, folder.path());
        if signs {
            sign_again(folder.path(), &paths);
        }
        let one = report(case, &policy, &paths);
        prop_assert_eq!(&one, &report(case, &policy, &paths), "{} {}", case.id, name);
        policy.workers = NonZeroUsize::new(3).unwrap();
        prop_assert_eq!(&one, &report(case, &policy, &paths), "{} {} with three threads", case.id, name);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
