//! `manifest.json`: the signature over an export (spec 02 sections 2 and 5).
//!
//! ```text
//! content_hash = "sha256:" + hex SHA-256( all bytes of export.json )
//! signature    = Ed25519( export_signing key, UTF-8 of content_hash )
//! ```
//!
//! Only the content hash is signed. The manifest also pins which claims the export must support and by which published
//! rule documents: what the export holds evidence for, no more, so that a verifier that finds less fails.

use serde_json::{Value, json};

use super::bundle::Written;
use crate::clock::wire_time;
use crate::error::Result;
use crate::keys::{KeySet, Purpose};

/// A signed manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    value: Value,
}

/// Which claims an export holds evidence for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims {
    /// Chain entries.
    pub chain: bool,
    /// Permit decisions.
    pub decision: bool,
    /// Closures.
    pub closure: bool,
    /// Response digests.
    pub response_digests: bool,
    /// Dispatch digests.
    pub dispatch_digests: bool,
}

impl Manifest {
    /// The manifest.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// UUID of the exported project.
    pub(super) fn project_id(&self) -> &str {
        self.value.get("project_id").and_then(Value::as_str).unwrap_or_default()
    }

    /// Chain entries in the export: the first ones of the chain, as many as there were.
    pub(super) fn chain_length(&self) -> usize {
        let length = self.value.pointer("/chain_integrity/chain_length").and_then(Value::as_u64);
        length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default()
    }

    pub(super) fn sign(
        export_id: &str,
        project_id: &str,
        written: &Written,
        keys: &KeySet,
        at: i64,
    ) -> Result<Self> {
        let signer = keys.signer(Purpose::ExportSigning)?;
        let claims = Claims {
            chain: written.entries > 0,
            decision: written.records > 0,
            closure: written.closures > 0,
            response_digests: written.response_digests > 0,
            dispatch_digests: written.dispatch_digests > 0,
        };
        let mut value = json!({
            "export_id": export_id,
            "project_id": project_id,
            "export_type": "permits",
            "format": "json",
            "compressed": false,
            "record_count": written.records,
            "content_hash": written.content_hash,
            "signature": signer.sign_text(&written.content_hash),
            "public_key": signer.public_key().to_text(),
            "key_id": Purpose::ExportSigning.key_id(&signer.public_key()),
            "signed_at": wire_time(at),
            "keel_version": concat!("permit-issuer/", env!("CARGO_PKG_VERSION")),
            "chain_integrity": {
                "verified_at": wire_time(at),
                "chain_length": written.entries,
                "last_verified_hash": written.last_record_hash,
                "error": null,
            },
        });
        if let Some(members) = value.as_object_mut() {
            members.insert("claim_set".to_owned(), claims.claim_set());
            members.insert("semantics_pins".to_owned(), claims.pins());
        }
        Ok(Self { value })
    }
}

/// A claim, the evidence that it needs, and its rule documents.
type Row = (&'static str, fn(&Claims) -> bool, &'static [&'static str]);

const CLAIMS: [Row; 6] = [
    ("export.integrity.v1", |_| true, &["keel.export_manifest.integrity.v1"]),
    (
        "governance_chain.local_continuity.v1",
        |claims| claims.chain,
        &["keel.governance_chain.record_hash.v1"],
    ),
    ("permit.decision.v1", |claims| claims.decision, &["keel.permit.decision.v1"]),
    (
        "closure.signature.v1",
        |claims| claims.closure,
        &["keel.closure.format.v1", "keel.closure.format.v2", "keel.permit_binding.canonical_request.v1"],
    ),
    (
        "closure.digest_consistency.v1",
        |claims| claims.response_digests,
        &["keel.closure.format.v1", "keel.closure.format.v2", "keel.closure.digest_rules.v1"],
    ),
    (
        "closure.dispatch_binding.v1",
        |claims| claims.dispatch_digests,
        &[
            "keel.closure.format.v2",
            "keel.closure.digest_rules.v1",
            "keel.permit_binding.canonical_request.v1",
        ],
    ),
];

/// Identity, digest and published path of each rule document (spec 02 section 9.1).
const DOCUMENTS: [(&str, &str, &str); 7] = [
    (
        "keel.export_manifest.integrity.v1",
        "sha256:d1d67dca7eb9a662d26463c3dec841f47f8791df2fafb21e911dd26a83dabb76",
        "semantics/export_manifest/integrity_v1.json",
    ),
    (
        "keel.governance_chain.record_hash.v1",
        "sha256:a3213706c9e9531a74cd2355f2f05e537c7a70604cb869b7b76c65cba4a2b707",
        "semantics/governance_chain/record_hash_v1.json",
    ),
    (
        "keel.permit.decision.v1",
        "sha256:6c990d806ce3a72837464b5d20a3eb20caa9ad74e3ac147ee98ec37bdd10cbbb",
        "semantics/permit/decision_v1.json",
    ),
    (
        "keel.closure.format.v1",
        "sha256:b208b82fbf8187ecdc85410630fbfa30f86f34c4da28d4b418c5788a8ec893ba",
        "semantics/closure/format_v1.json",
    ),
    (
        "keel.closure.format.v2",
        "sha256:476b9aaf8f1b3e0fd46b9cfae522062e803ecbb1c24fdbb6ec60775b979d59f1",
        "semantics/closure/format_v2.json",
    ),
    (
        "keel.closure.digest_rules.v1",
        "sha256:eca06d960a9e16468a622938a17b77244d487b58459be4dce3e55ef006f29454",
        "semantics/closure/digest_rules_v1.json",
    ),
    (
        "keel.permit_binding.canonical_request.v1",
        "sha256:59633003ed97b2a65e756007fddd6f525a8c056de57a1cd40971034fa044f0ac",
        "semantics/permit_binding/canonical_request_v1.json",
    ),
];

impl Claims {
    /// The claims that the export must support.
    #[must_use]
    pub fn claim_set(&self) -> Value {
        let claims: Vec<Value> =
            self.rows().map(|(name, ..)| json!({"name": name, "required": true})).collect();
        json!({
            "version": "verifier-claims.v2",
            "registry": {
                "id": "keel.verifier_claim_registry.v2",
                "hash": "sha256:b21b06402a55ee38ffeafadee8fe491aef786e2a7b29650c762efc7cbe2f1344",
                "path": "claim_registry/v2.json",
            },
            "claims": claims,
        })
    }

    /// The rule documents behind them.
    #[must_use]
    pub fn pins(&self) -> Value {
        let needed: Vec<&str> = self.rows().flat_map(|(_, _, documents)| documents.iter().copied()).collect();
        let artifacts: Vec<Value> = DOCUMENTS
            .iter()
            .filter(|(id, ..)| needed.contains(id))
            .map(|(id, hash, path)| json!({"id": id, "hash": hash, "path": path}))
            .collect();
        json!({"version": "keel-semantics-pins.v0", "mode": "pinned", "artifacts": artifacts})
    }

    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        CLAIMS.iter().filter(|(_, holds, _)| holds(self))
    }
}
