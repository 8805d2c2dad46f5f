//! Single-file evidence bundles, `keel.evidence_bundle/v1` (spec 13).
//!
//! ```text
//! artifact_ref.digest = "sha256:" + hex SHA-256( legacy canonical of body without artifact_ref and anchor )
//! content_hash        = "sha256:" + hex SHA-256( legacy canonical of body )
//! signature           = Ed25519( export_signing key, UTF-8 of content_hash )
//! ```
//!
//! Written with version and envelope before the body, so that whoever opens a large file sees at once what it is.
//!
//! The anchor names the checkpoint that was signed with the same view of the state.

use serde_json::{Map, Value, json};
use verifier_core::canon::Profile;

use super::{Job, bundle, keep};
use crate::document;
use crate::error::{Error, Result};
use crate::issuer::Issuer;
use crate::keys::{KeySet, Purpose, Signer};

/// The budget ledger of a project as a bundle.
pub(super) fn ledger_bundle(job: &Job<'_>) -> Result<Value> {
    let mut body = Map::new();
    body.insert("schema".to_owned(), json!("keel.evidence/v1"));
    body.insert("export_id".to_owned(), json!(job.export_id));
    body.insert("project_id".to_owned(), json!(job.project.id));
    add_ledger(job, &mut body)?;
    seal(body, &format!("{}-ledger", job.export_id), &job.checkpoint, job.keys)
}

/// A whole export as one bundle: the members of `export.json`, the ledger and the checkpoint.
///
/// # Errors
/// When the state fails or holds nothing to export.
pub fn single_bundle(issuer: &mut Issuer, project: Option<&str>) -> Result<Value> {
    let at = issuer.now();
    let (store, keys) = issuer.parts();
    let (sealed, checkpoint) = store.read(|rows| {
        let job = Job::new(rows, keys, project, at)?;
        let mut payload = Vec::new();
        bundle::write(&job, &mut payload)?;
        let mut body: Map<String, Value> =
            serde_json::from_slice(&payload).map_err(|error| Error::Damaged(format!("export: {error}")))?;
        body.insert("schema".to_owned(), json!("keel.evidence/v1"));
        body.insert("export_id".to_owned(), json!(job.export_id));
        body.insert("checkpoint".to_owned(), job.checkpoint.clone());
        add_ledger(&job, &mut body)?;
        let sealed = seal(body, &job.export_id, &job.checkpoint, keys)?;
        Ok((sealed, Some(job.checkpoint).filter(|_| job.is_new_checkpoint)))
    })?;
    keep(store, checkpoint)?;
    Ok(sealed)
}

fn add_ledger(job: &Job<'_>, body: &mut Map<String, Value>) -> Result<()> {
    let envelopes: Vec<Value> = job
        .rows
        .envelopes(&job.project.id)?
        .into_iter()
        .map(|(name, envelope)| {
            json!({
                "name": name,
                "envelope_id": envelope.id,
                "total_budget_usd_micros": envelope.total,
                "reserved_budget_usd_micros": envelope.reserved,
                "spent_budget_usd_micros": envelope.spent,
                "remaining_budget_usd_micros": envelope.remaining(),
            })
        })
        .collect();
    body.insert("budget_envelopes".to_owned(), json!(envelopes));
    body.insert("budget_allocation_events".to_owned(), json!(job.rows.ledger(&job.project.id)?));
    body.insert("signed_reservation_linkages".to_owned(), json!(job.rows.linkages(&job.project.id)?));
    Ok(())
}

/// Adds reference and anchor and signs.
///
/// # Errors
/// When the body has no canonical form.
fn seal(mut body: Map<String, Value>, id: &str, checkpoint: &Value, keys: &KeySet) -> Result<Value> {
    let digest = document::prefixed_digest(Profile::Legacy, &Value::Object(body.clone()))?;
    let path = format!("/v1/evidence/{id}");
    body.insert(
        "artifact_ref".to_owned(),
        json!({
            "schema_version": "artifact_ref.v1",
            "type": "compliance_export",
            "id": id,
            "urn": format!("urn:x-keel:artifact:compliance_export:{id}"),
            "region": "local",
            "canonical_url": format!("https://permit-issuer.invalid{path}"),
            "path": path,
            "digest": digest,
        }),
    );
    body.insert(
        "anchor".to_owned(),
        json!({
            "kind": "published_checkpoint",
            "checkpoint_id": checkpoint.get("checkpoint_id"),
            "composite_hash": checkpoint.get("composite_hash"),
            "published_at": checkpoint.get("computed_at"),
        }),
    );
    let body = Value::Object(body);
    let envelope = envelope(&body, keys.signer(Purpose::ExportSigning)?)?;
    Ok(json!({
        "schema_version": "keel.evidence_bundle/v1",
        "body": body,
        "signature_envelope": envelope,
    }))
}

/// The signature over a complete body.
///
/// # Errors
/// When the body has no canonical form.
pub(crate) fn envelope(body: &Value, signer: &dyn Signer) -> Result<Value> {
    let content_hash = document::prefixed_digest(Profile::Legacy, body)?;
    Ok(json!({
        "signature": signer.sign_text(&content_hash),
        "content_hash": content_hash,
        "public_key": signer.public_key().to_text(),
        "public_key_id": Purpose::ExportSigning.key_id(&signer.public_key()),
        "tsa_receipts": [],
    }))
}

/// The text of a bundle.
///
/// # Errors
/// When the bundle has no canonical form.
pub fn write_bundle(bundle: &Value) -> Result<Vec<u8>> {
    let mut out = b"{".to_vec();
    for (position, name) in ["schema_version", "signature_envelope", "body"].into_iter().enumerate() {
        let separator = if position == 0 { "" } else { ",\n" };
        out.extend(format!("{separator}\"{name}\":").into_bytes());
        let member = bundle.get(name).unwrap_or(&Value::Null);
        out.extend(document::canonical(Profile::Legacy, member)?);
    }
    out.extend(b"}\n");
    Ok(out)
}
