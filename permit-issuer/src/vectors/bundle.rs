//! Evidence bundles, `keel.evidence_bundle/v1`: the envelope and its faults.

use serde_json::{Value, json};
use verifier_core::canon::Profile;

use super::{Case, LABEL, SUPPORTED, story};
use crate::document;
use crate::error::{Error, Result};
use crate::export::{envelope, write_bundle};
use crate::keys::{KeySet, Purpose, Seed, SeedSource, Signer};
use crate::scenario::mutate::{Claim, Outcome};

const ARGS: [&str; 7] = [
    "export",
    "bundle.json",
    "--key-manifest",
    "key-manifest.json",
    "--trust-root",
    "trust-root.json",
    "--json",
];

const BUNDLE: &str = "evidence_bundle.self_attesting.v1";

/// A change of one document, and what it comes to.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) apply: fn(&mut Value, &KeySet) -> Result<()>,
    pub(super) outcome: Outcome,
    pub(super) claim: Claim,
    pub(super) notes: &'static str,
}

impl Fault {
    /// The case of a document that was changed; `clean` is the id of the unchanged one.
    pub(super) fn case(
        &self,
        artifact: &'static str,
        clean: &'static str,
        args: &[&'static str],
        files: Vec<(&'static str, Vec<u8>)>,
    ) -> Case {
        let is_clean = self.outcome == Outcome::Verified;
        Case {
            artifact,
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            files,
            args: args.to_vec(),
            outcome: self.outcome,
            claims: vec![self.claim],
            codes: if is_clean { Vec::new() } else { vec![self.claim.2] },
            twin: (!is_clean).then_some(clean),
            // A key inside a bundle is all that the reference asks for.
            is_accepted_by_reference: is_clean || self.claim.2 == "BUNDLE_SIGNER_UNTRUSTED",
            notes: self.notes.to_owned(),
        }
    }
}

const CASES: [Fault; 6] = [
    Fault {
        name: "ledger",
        title: "the budget ledger of the small story",
        apply: |_, _| Ok(()),
        outcome: Outcome::Verified,
        claim: (BUNDLE, SUPPORTED, "EVIDENCE_BUNDLE_SUPPORTED"),
        notes: "as the issuer exports it",
    },
    Fault {
        name: "amount-changed",
        title: "a reserved amount was changed",
        apply: |bundle, _| set(bundle, "/body/budget_allocation_events/1/amount", json!(1)),
        outcome: Outcome::Disproved,
        claim: (BUNDLE, "disproved", "ARTIFACT_REF_DIGEST_MISMATCH"),
        notes: "the reference digest covers the body without reference and anchor",
    },
    Fault {
        name: "anchor-changed",
        title: "the anchor names another checkpoint",
        apply: |bundle, _| {
            set(bundle, "/body/anchor/checkpoint_id", json!("00000000-0000-4000-8000-00000000dead"))
        },
        outcome: Outcome::Disproved,
        claim: (BUNDLE, "disproved", "BUNDLE_CONTENT_HASH_MISMATCH"),
        notes: "the anchor is outside the reference digest and inside the content hash",
    },
    Fault {
        name: "rehashed",
        title: "an amount was changed and both digests recomputed",
        apply: |bundle, _| {
            set(bundle, "/body/budget_allocation_events/1/amount", json!(1))?;
            rehash(bundle)
        },
        outcome: Outcome::Disproved,
        claim: (BUNDLE, "disproved", "BUNDLE_SIGNATURE_INVALID"),
        notes: "digests can be recomputed by anybody, the signature cannot",
    },
    Fault {
        name: "signed-by-a-stranger",
        title: "the bundle is genuine in itself and signed by a key that nobody lists",
        apply: |bundle, _| {
            let stranger = Seed::public_fixture("stranger")?;
            resign(bundle, &stranger)
        },
        outcome: Outcome::Disproved,
        claim: (BUNDLE, "disproved", "BUNDLE_SIGNER_UNTRUSTED"),
        notes: "the reference trusts the key inside the bundle",
    },
    Fault {
        name: "signed-with-the-wrong-purpose",
        title: "the bundle is signed by the issuer's checkpoint key",
        apply: |bundle, keys| resign(bundle, keys.signer(Purpose::IntegrityCheckpoint)?),
        outcome: Outcome::Disproved,
        claim: (BUNDLE, "disproved", "BUNDLE_SIGNER_UNTRUSTED"),
        notes: "a key may sign only what its purpose says",
    },
];

pub(super) fn cases() -> Result<Vec<Case>> {
    let pack = story::small()?;
    let mut rest = pack.files()?;
    rest.retain(|(name, _)| matches!(*name, "key-manifest.json" | "trust-root.json"));
    let keys = SeedSource::Fixture(LABEL).key_set(story::START)?;
    let clean = pack.ledger;
    CASES
        .iter()
        .map(|fault| {
            let mut bundle = clean.clone();
            (fault.apply)(&mut bundle, &keys)?;
            let mut files = vec![("bundle.json", write_bundle(&bundle)?)];
            files.extend(rest.iter().cloned());
            Ok(fault.case("evidence-bundle", "generated-evidence-bundle-ledger", &ARGS, files))
        })
        .collect()
}

pub(super) fn set(bundle: &mut Value, pointer: &str, value: Value) -> Result<()> {
    let slot =
        bundle.pointer_mut(pointer).ok_or_else(|| Error::Damaged(format!("the bundle has no {pointer}")))?;
    *slot = value;
    Ok(())
}

fn rehash(bundle: &mut Value) -> Result<()> {
    let mut body = bundle.get("body").and_then(Value::as_object).cloned().unwrap_or_default();
    let reference = body.remove("artifact_ref");
    let anchor = body.remove("anchor");
    let digest = document::prefixed_digest(Profile::Legacy, &Value::Object(body.clone()))?;
    body.insert("artifact_ref".to_owned(), json!(reference));
    body.insert("anchor".to_owned(), json!(anchor));
    let mut body = Value::Object(body);
    set(&mut body, "/artifact_ref/digest", json!(digest))?;
    let content_hash = document::prefixed_digest(Profile::Legacy, &body)?;
    set(bundle, "/body", body)?;
    set(bundle, "/signature_envelope/content_hash", json!(content_hash))
}

pub(super) fn resign(bundle: &mut Value, signer: &dyn Signer) -> Result<()> {
    let body = bundle.get("body").cloned().unwrap_or_default();
    set(bundle, "/signature_envelope", envelope(&body, signer)?)
}
