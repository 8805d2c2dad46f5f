//! Checkpoints over the chain of the small story, and bundles that are anchored in one.

use serde_json::{Value, json};

use super::bundle::{Fault, resign, set};
use super::{Case, LABEL, SUPPORTED, story};
use crate::document;
use crate::error::{Error, Result};
use crate::export::write_bundle;
use crate::keys::{Purpose, Seed, SeedSource, Signer};
use crate::scenario::mutate::Outcome;

const ARGS: [&str; 5] = ["checkpoint", "checkpoint.json", "--key-manifest", "keys.json", "--json"];
const ANCHOR_ARGS: [&str; 9] = [
    "export",
    "bundle.json",
    "--checkpoint",
    "checkpoint.json",
    "--key-manifest",
    "key-manifest.json",
    "--trust-root",
    "trust-root.json",
    "--json",
];

const COMPOSITE: &str = "checkpoint.composite_hash.v1";
const SIGNATURE: &str = "checkpoint.signature.v1";
const BUNDLE: &str = "evidence_bundle.self_attesting.v1";
const DISPROVED: &str = "disproved";

const CHECKPOINTS: [Fault; 7] = [
    Fault {
        name: "heads",
        title: "the head of the small story's chain",
        apply: |_, _| Ok(()),
        outcome: Outcome::Verified,
        claim: (SIGNATURE, SUPPORTED, "CHECKPOINT_SIGNATURE_SUPPORTED"),
        notes: "as the issuer signs it",
    },
    Fault {
        name: "sequence-lowered",
        title: "the head is one entry earlier than the signed one",
        apply: |checkpoint, _| {
            let head = head(checkpoint)?;
            let lowered = head.get("sequence_number").and_then(Value::as_i64).unwrap_or_default() - 1;
            set(head, "/sequence_number", json!(lowered))
        },
        outcome: Outcome::Disproved,
        claim: (COMPOSITE, DISPROVED, "CHECKPOINT_COMPOSITE_HASH_MISMATCH"),
        notes: "what hides the newest entry of a chain",
    },
    Fault {
        name: "head-of-another-record",
        title: "the head names another record",
        apply: |checkpoint, _| set(head(checkpoint)?, "/last_record_hash", json!("ab".repeat(32))),
        outcome: Outcome::Disproved,
        claim: (COMPOSITE, DISPROVED, "CHECKPOINT_COMPOSITE_HASH_MISMATCH"),
        notes: "the composite hash covers the hashes of the heads",
    },
    Fault {
        name: "chain-added",
        title: "a chain was added and the composite hash computed again",
        apply: |checkpoint, _| {
            if let Some(heads) = checkpoint.get_mut("chain_heads").and_then(Value::as_object_mut) {
                heads.insert(
                    "admin:global".to_owned(),
                    json!({"sequence_number": 1, "last_record_hash": "cd".repeat(32)}),
                );
            }
            rehash(checkpoint)
        },
        outcome: Outcome::Disproved,
        claim: (SIGNATURE, DISPROVED, "SIGNATURE_VERIFICATION_FAILED"),
        notes: "the hash can be computed by anybody, the signature cannot",
    },
    Fault {
        name: "signed-by-a-stranger",
        title: "the checkpoint is signed by a key that nobody lists",
        apply: |checkpoint, _| {
            let stranger = Seed::public_fixture("stranger")?;
            sign(checkpoint, &stranger, &stranger.public_key().fingerprint())
        },
        outcome: Outcome::NotEstablished,
        claim: (SIGNATURE, "insufficient_evidence", "TRUST_ROOT_UNRESOLVABLE"),
        notes: "its own key inside it proves nothing",
    },
    Fault {
        name: "signed-by-a-stranger-in-the-issuers-name",
        title: "the checkpoint is signed by a stranger and names the issuer's key",
        apply: |checkpoint, keys| {
            let id = keys.key_id(Purpose::IntegrityCheckpoint)?;
            let key = keys.signer(Purpose::IntegrityCheckpoint)?.public_key();
            sign(checkpoint, &Seed::public_fixture("stranger")?, &id)?;
            set(checkpoint, "/public_key", json!(key.to_text()))
        },
        outcome: Outcome::Disproved,
        claim: (SIGNATURE, DISPROVED, "SIGNATURE_VERIFICATION_FAILED"),
        notes: "a name is not a signature",
    },
    Fault {
        name: "signature-missing",
        title: "the checkpoint carries no signature",
        apply: |checkpoint, _| {
            if let Some(members) = checkpoint.as_object_mut() {
                members.remove("signature");
            }
            Ok(())
        },
        outcome: Outcome::NotEstablished,
        claim: (SIGNATURE, "insufficient_evidence", "CHECKPOINT_SIGNATURE_MISSING"),
        notes: "a hash without a signer fixes nothing",
    },
];

const ANCHORED: [Fault; 3] = [
    Fault {
        name: "given",
        title: "the ledger beside the checkpoint that it is anchored in",
        apply: |_, _| Ok(()),
        outcome: Outcome::Verified,
        claim: (BUNDLE, SUPPORTED, "EVIDENCE_BUNDLE_SUPPORTED"),
        notes: "as the issuer exports them",
    },
    Fault {
        name: "in-another-checkpoint",
        title: "the bundle is anchored in a checkpoint of another id and signed again",
        apply: |bundle, keys| {
            let id = json!("00000000-0000-4000-8000-00000000dead");
            set(bundle, "/body/anchor/checkpoint_id", id)?;
            resign(bundle, keys.signer(Purpose::ExportSigning)?)
        },
        outcome: Outcome::Disproved,
        claim: (BUNDLE, DISPROVED, "BUNDLE_ANCHOR_MISMATCH"),
        notes: "the bundle is genuine, and not of this checkpoint",
    },
    Fault {
        name: "in-other-heads",
        title: "the bundle is anchored in other chain heads and signed again",
        apply: |bundle, keys| {
            let hash = json!(format!("sha256:{}", "ef".repeat(32)));
            set(bundle, "/body/anchor/composite_hash", hash)?;
            resign(bundle, keys.signer(Purpose::ExportSigning)?)
        },
        outcome: Outcome::Disproved,
        claim: (BUNDLE, DISPROVED, "BUNDLE_ANCHOR_MISMATCH"),
        notes: "the id of a checkpoint is not signed; its composite hash is",
    },
];

pub(super) fn cases() -> Result<Vec<Case>> {
    let pack = story::small()?;
    let mut rest = pack.files()?;
    rest.retain(|(name, _)| matches!(*name, "key-manifest.json" | "trust-root.json"));
    let keys = SeedSource::Fixture(LABEL).key_set(story::START)?;
    let mut cases = Vec::new();
    for fault in &CHECKPOINTS {
        let mut checkpoint = pack.checkpoint.clone();
        (fault.apply)(&mut checkpoint, &keys)?;
        let mut files = vec![("checkpoint.json", document::pretty(&checkpoint)?)];
        // The reference takes no trust root here that could vouch for a signed manifest.
        let keys = json!({"keys": pack.key_manifest.get("keys")});
        files.push(("keys.json", document::pretty(&keys)?));
        cases.push(fault.case("checkpoint", "generated-checkpoint-heads", &ARGS, files));
    }
    for fault in &ANCHORED {
        let mut bundle = pack.ledger.clone();
        (fault.apply)(&mut bundle, &keys)?;
        let mut files = vec![
            ("bundle.json", write_bundle(&bundle)?),
            ("checkpoint.json", document::pretty(&pack.checkpoint)?),
        ];
        files.extend(rest.iter().cloned());
        cases.push(fault.case("anchored-bundle", "generated-anchored-bundle-given", &ANCHOR_ARGS, files));
    }
    Ok(cases)
}

/// The only head.
fn head(checkpoint: &mut Value) -> Result<&mut Value> {
    checkpoint
        .get_mut("chain_heads")
        .and_then(Value::as_object_mut)
        .and_then(|heads| heads.values_mut().next())
        .ok_or_else(|| Error::Damaged("the checkpoint has no head".to_owned()))
}

fn rehash(checkpoint: &mut Value) -> Result<()> {
    let heads = checkpoint.get("chain_heads").and_then(Value::as_object).cloned().unwrap_or_default();
    let line = |(scope, head): (&String, &Value)| {
        let hash = head.get("last_record_hash").and_then(Value::as_str).unwrap_or_default();
        let sequence = head.get("sequence_number").and_then(Value::as_i64).unwrap_or_default();
        format!("{scope}:{sequence}:{hash}")
    };
    let mut lines: Vec<String> = heads.iter().map(line).collect();
    lines.sort();
    let composite = format!("sha256:{}", document::sha256_hex(lines.join("\n").as_bytes()));
    set(checkpoint, "/composite_hash", json!(composite))
}

fn sign(checkpoint: &mut Value, signer: &dyn Signer, key_id: &str) -> Result<()> {
    let composite = checkpoint.get("composite_hash").and_then(Value::as_str).unwrap_or_default().to_owned();
    set(checkpoint, "/signature", json!(signer.sign_text(&composite)))?;
    set(checkpoint, "/public_key", json!(signer.public_key().to_text()))?;
    set(checkpoint, "/key_id", json!(key_id))
}
