//! Exports with inclusion proofs under a witnessed head, and what can be wrong with them. All but one of the faults leave the
//! export itself untouched; that one is the reason for a log: a history that was changed and signed again.

use serde_json::json;
use verifier_core::canon::Profile;

use super::{Case, LABEL, SUPPORTED, story};
use crate::document;
use crate::error::{Error, Result};
use crate::keys::Seed;
use crate::scenario::Pack;
use crate::scenario::mutate::{Claim, Outcome};
use crate::tlog::{Head, NoteKey, Role, SignedHead, Witness, leaf_hash, policy, request, root, write_proofs};

const INCLUSION: &str = "transparency_log.inclusion.v1";
const WITNESS: &str = "transparency_log.witness.v1";
const DISPROVED: &str = "disproved";
const INSUFFICIENT: &str = "insufficient_evidence";

const ORIGIN: &str = "vectors.invalid/log";

/// 2026-08-03T08:01:00Z, when the export was made.
const SEEN: u64 = 1_785_744_060;

const ARGS: [&str; 13] = [
    "verify",
    "evidence",
    "--key-manifest",
    "evidence/key-manifest.json",
    "--trust-root",
    "trust-root.json",
    "--walk-events",
    "--verify-closure",
    "--witness-policy",
    "witness-policy.txt",
    "--require",
    "inclusion,witness:2of3",
    "--json",
];

/// An export, its proofs, and the policy of its auditor.
struct Scene {
    pack: Pack,
    proofs: String,
    policy: String,
}

struct Fault {
    name: &'static str,
    title: &'static str,
    apply: fn(&mut Scene) -> Result<()>,
    outcome: Outcome,
    claims: &'static [Claim],
    notes: &'static str,
}

const CASES: [Fault; 11] = [
    Fault {
        name: "witnessed",
        title: "every chain entry has a proof under a head that three witnesses saw",
        apply: |_| Ok(()),
        outcome: Outcome::Verified,
        claims: &[
            (INCLUSION, SUPPORTED, "TLOG_INCLUSION_SUPPORTED"),
            (WITNESS, SUPPORTED, "TLOG_QUORUM_MET"),
        ],
        notes: "as the issuer exports it",
    },
    Fault {
        name: "history-rewritten",
        title: "a token count was lowered, everything chained and signed again by the issuer itself",
        apply: |scene| {
            let payload = scene.pack.payload("allow", "usage.settled")?;
            payload.insert("actual_output_tokens".to_owned(), json!(1));
            scene.pack.rechain()?;
            scene.pack.sign()
        },
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_INCLUSION_INVALID"), (WITNESS, SUPPORTED, "TLOG_QUORUM_MET")],
        notes: "without the log nothing contradicts this export: its keys, hashes and signatures are all genuine",
    },
    Fault {
        name: "proofs-exchanged",
        title: "two entries carry each other's proof",
        apply: |scene| {
            let mut lines: Vec<&str> = scene.proofs.splitn(4, '\n').collect();
            let (first, second) = (lines.get(1).copied(), lines.get(2).copied());
            let exchanged = first.zip(second).and_then(|(first, second)| {
                let (first, second) = (first.split_once(' ')?, second.split_once(' ')?);
                Some((format!("{} {}", first.0, second.1), format!("{} {}", second.0, first.1)))
            });
            let (first, second) = exchanged.ok_or_else(no_line)?;
            lines.splice(1..3, [first.as_str(), second.as_str()]);
            scene.proofs = lines.join("\n");
            Ok(())
        },
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_INCLUSION_INVALID"), (WITNESS, SUPPORTED, "TLOG_QUORUM_MET")],
        notes: "both proofs are genuine, each for the other entry",
    },
    Fault {
        name: "path-too-long",
        title: "a proof has a hash too many",
        apply: |scene| {
            change_line(scene, |line| format!("{line} {}", line.rsplit(' ').next().unwrap_or_default()))
        },
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_PROOF_LENGTH")],
        notes: "index and size say how many hashes there are",
    },
    Fault {
        name: "index-outside",
        title: "a proof is for an index that the tree does not have",
        apply: |scene| change_line(scene, |line| line.replacen(" 0 ", " 1000 ", 1)),
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_INDEX_OUT_OF_RANGE")],
        notes: "the index is above the size of the signed head",
    },
    Fault {
        name: "proof-missing",
        title: "one chain entry has no proof",
        apply: |scene| {
            let (header, rest) = scene.proofs.split_once('\n').ok_or_else(no_line)?;
            let (_, rest) = rest.split_once('\n').ok_or_else(no_line)?;
            scene.proofs = format!("{header}\n{rest}");
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claims: &[(INCLUSION, INSUFFICIENT, "TLOG_INCLUSION_MISSING")],
        notes: "inclusion is required of every entry",
    },
    Fault {
        name: "one-witness",
        title: "only one of three witnesses saw the head",
        apply: |scene| {
            for number in [2, 3] {
                change_cosignature(scene, number, |_| String::new())?;
            }
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claims: &[
            (INCLUSION, SUPPORTED, "TLOG_INCLUSION_SUPPORTED"),
            (WITNESS, INSUFFICIENT, "TLOG_QUORUM_NOT_MET"),
        ],
        notes: "the policy asks for two",
    },
    Fault {
        name: "cosignature-forged",
        title: "the line of a witness does not verify",
        apply: |scene| change_cosignature(scene, 1, flip),
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_COSIGNATURE_INVALID")],
        notes: "a line under a configured key that does not verify rejects the whole head, even if two others would do",
    },
    Fault {
        name: "head-signature-replaced",
        title: "the log's own signature of the head is of another head",
        apply: |scene| change_signature_line(scene, &format!("\u{2014} {ORIGIN} "), flip),
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_NOTE_SIGNATURE_INVALID")],
        notes: "three witnesses do not replace the log's signature",
    },
    Fault {
        name: "proofs-of-another-export",
        title: "the proofs are those of another export in the same log",
        apply: |scene| {
            scene.proofs = proofs(&story::long()?)?;
            Ok(())
        },
        outcome: Outcome::Disproved,
        claims: &[(INCLUSION, DISPROVED, "TLOG_INCLUSION_INVALID")],
        notes: "event ids repeat between the two exports; what stands under them does not",
    },
    Fault {
        name: "head-of-another-log",
        title: "the head is signed by a key that the policy does not name",
        apply: |scene| {
            let stranger = NoteKey::new(ORIGIN, Role::Log, seed("another log")?)?;
            scene.policy = policy(
                stranger.public(),
                &witnesses()?.iter().map(Witness::public).collect::<Vec<_>>(),
                None,
            )?;
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claims: &[(INCLUSION, INSUFFICIENT, "TLOG_NOTE_KEY_UNKNOWN")],
        notes: "the auditor's policy names another key for this origin",
    },
];

pub(super) fn cases() -> Result<Vec<Case>> {
    CASES.iter().map(case).collect()
}

fn case(fault: &Fault) -> Result<Case> {
    let mut scene = scene()?;
    (fault.apply)(&mut scene)?;
    let mut files: Vec<(&'static str, Vec<u8>)> = scene
        .pack
        .files()?
        .into_iter()
        .map(|(name, bytes)| {
            let placed = match name {
                "export.json" => "evidence/export.json",
                "manifest.json" => "evidence/manifest.json",
                "key-manifest.json" => "evidence/key-manifest.json",
                outside => outside,
            };
            (placed, bytes)
        })
        .collect();
    files.push(("evidence/export.json.tlog-proofs", scene.proofs.into_bytes()));
    files.push(("witness-policy.txt", scene.policy.into_bytes()));
    Ok(Case {
        artifact: "log",
        name: fault.name.to_owned(),
        title: fault.title.to_owned(),
        files,
        args: ARGS.to_vec(),
        outcome: fault.outcome,
        claims: fault.claims.to_vec(),
        codes: fault
            .claims
            .iter()
            .filter(|(_, verdict, _)| *verdict != SUPPORTED)
            .map(|claim| claim.2)
            .collect(),
        twin: (fault.outcome != Outcome::Verified).then_some("generated-log-witnessed"),
        is_accepted_by_reference: false,
        notes: fault.notes.to_owned(),
    })
}

fn seed(name: &str) -> Result<Seed> {
    Seed::public_fixture(&format!("{LABEL} {name}"))
}

fn witnesses() -> Result<Vec<Witness>> {
    let log = NoteKey::new(ORIGIN, Role::Log, seed("log")?)?;
    (1..=3)
        .map(|number| {
            let name = format!("witness-{number}.invalid");
            Witness::new(&name, seed(&name)?, vec![log.public().clone()])
        })
        .collect()
}

fn scene() -> Result<Scene> {
    let pack = story::small()?;
    let log = NoteKey::new(ORIGIN, Role::Log, seed("log")?)?;
    let keys = witnesses()?;
    let keys: Vec<_> = keys.iter().map(Witness::public).collect();
    Ok(Scene { proofs: proofs(&pack)?, policy: policy(log.public(), &keys, None)?, pack })
}

/// The proofs of every entry of an export that is the whole log.
fn proofs(pack: &Pack) -> Result<String> {
    let entries = pack.chain()?;
    let mut leaves = Vec::new();
    let mut places = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        leaves.push(leaf_hash(&document::canonical(Profile::Legacy, entry)?));
        let event = entry.get("event_id").and_then(serde_json::Value::as_str).unwrap_or_default();
        places.push((event.to_owned(), position));
    }
    let key = NoteKey::new(ORIGIN, Role::Log, seed("log")?)?;
    let size = u64::try_from(leaves.len()).unwrap_or_default();
    let mut head = SignedHead::sign(Head { origin: ORIGIN.to_owned(), size, root: root(&leaves) }, &key);
    let witnesses = witnesses()?;
    for witness in &witnesses {
        let answer = witness.cosign(&request(0, &[], &head), |_| Ok(None), SEEN)?;
        let (cosigned, _) = answer.map_err(|answer| Error::Damaged(format!("witness: {}", answer.body)))?;
        head = cosigned;
    }
    Ok(write_proofs(&head, &leaves, &places))
}

/// Changes the proof of the first entry.
fn change_line(scene: &mut Scene, change: impl FnOnce(&str) -> String) -> Result<()> {
    let line = scene.proofs.lines().nth(1).ok_or_else(no_line)?.to_owned();
    scene.proofs = scene.proofs.replacen(&line, &change(&line), 1);
    Ok(())
}

/// Changes the line of a witness, its end included.
fn change_cosignature(scene: &mut Scene, number: u8, change: impl FnOnce(&str) -> String) -> Result<()> {
    change_signature_line(scene, &format!("\u{2014} witness-{number}.invalid "), change)
}

/// Changes the signature line that begins with `start`, its end included.
fn change_signature_line(scene: &mut Scene, start: &str, change: impl FnOnce(&str) -> String) -> Result<()> {
    let line = scene
        .proofs
        .split_inclusive('\n')
        .find(|line| line.starts_with(start))
        .ok_or_else(no_line)?
        .to_owned();
    scene.proofs = scene.proofs.replacen(&line, &change(&line), 1);
    Ok(())
}

/// Changes a character of the signature, far behind the time.
fn flip(line: &str) -> String {
    let (start, end) = line.split_at(line.len().saturating_sub(20));
    format!("{start}{}", end.replacen(char::is_lowercase, "A", 1))
}

fn no_line() -> Error {
    Error::Damaged("there is no such line".to_owned())
}
