//! Claims: what is stated about a set of evidence, judged family by family.
//!
//! This storey chooses codes and verdicts; the floors below return values and small errors.

pub mod bundle;
pub mod checkpoint;
pub mod closure;
pub mod decided;
pub mod export;
pub mod incident;
pub mod key_status;
pub mod ledger;
pub mod log;
pub mod monitor;
pub mod payload_digest;
pub mod permit;
pub(crate) mod revocation;
pub mod scope;
pub mod sigstore;
pub mod timestamps;
pub mod tlog;
pub(crate) mod trust_kit;
pub mod voice;
pub mod walk;
pub mod workflow;

/// Registered claim names of this path (spec 26 section 3).
pub mod name {
    /// Bytes match the manifest hash and the manifest signature is valid.
    pub const EXPORT_INTEGRITY: &str = "export.integrity.v1";
    /// Manifest identity members fit the payload.
    pub const SCOPE_IDENTITY: &str = "export.scope_identity.v1";
    /// Chain entries are unaltered and in order.
    pub const LOCAL_CONTINUITY: &str = "governance_chain.local_continuity.v1";
    /// Closure payloads are signed.
    pub const CLOSURE_SIGNATURE: &str = "closure.signature.v1";
    /// Closure digests match response events.
    pub const CLOSURE_DIGEST: &str = "closure.digest_consistency.v1";
    /// The dispatched request is the approved one.
    pub const CLOSURE_DISPATCH: &str = "closure.dispatch_binding.v1";
    /// An export discloses exactly a declared population.
    pub const SCOPE_FAITHFULNESS: &str = "export.scope_faithfulness.v1";
    /// A scope-state sidecar is authentic and belongs to an authentic checkpoint.
    pub const SCOPE_STATE: &str = "checkpoint.scope_state.v1";
    /// The composite hash is that of the heads.
    pub const CHECKPOINT_COMPOSITE: &str = "checkpoint.composite_hash.v1";
    /// The checkpoint is signed.
    pub const CHECKPOINT_SIGNATURE: &str = "checkpoint.signature.v1";
    /// Timestamps are of the composite hash.
    pub const CHECKPOINT_TSA_IMPRINT: &str = "checkpoint.tsa_imprint.v1";
    /// Timestamps are of accepted authorities.
    pub const CHECKPOINT_TSA_CHAIN: &str = "checkpoint.tsa_chain.v1";
    /// The issuer signed this decision.
    pub const PERMIT_DECISION: &str = crate::claim::permit::DECISION;
    /// A human approved this permit.
    pub const REVIEW_TRANSITION: &str = crate::claim::permit::REVIEW_TRANSITION;
    /// A signed event revoked the permit.
    pub const PERMIT_REVOKED: &str = "permit.revoked.v1";
    /// No dispatch of the permit after its revocation, up to the checkpoint.
    pub const DISPATCH_ABSENCE: &str = "permit.dispatch_absence_after_revocation.v1";
    /// The status of a key is complete up to a checkpoint.
    pub const KEY_STATUS: &str = "key.status.completeness.v1";
    /// A single-file bundle is consistent and signed.
    pub const BUNDLE: &str = "evidence_bundle.self_attesting.v1";
    /// Entries of an excerpt have the hashes that they state.
    pub const EXCERPT_ENTRIES: &str = "excerpt.entries.v1";
    /// Whole records of an excerpt are under a head that its maker signed.
    pub const EXCERPT_RECORDS: &str = "excerpt.records.v1";
    /// The expected signer signed the artifact.
    pub const SIGSTORE_SIGNATURE: &str = "sigstore.signature.v1";
    /// The log has an entry of the signature.
    pub const SIGSTORE_LOG_INCLUSION: &str = "sigstore.log_inclusion.v1";
    /// The signature existed at a proven time.
    pub const SIGSTORE_SIGNING_TIME: &str = "sigstore.signing_time.v1";
}
