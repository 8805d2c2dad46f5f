//! `claim NAME …`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};
use verifier_core::verify::{self, KeyQuestion, KeyStatusInput};

use super::export::chosen;
use super::limits::LimitArgs;
use super::output::{ColorChoice, OutputArgs};
use super::trust::{RequireArgs, TrustArgs};
use crate::input;

/// Options of `claim`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClaimArgs {
    #[command(subcommand)]
    pub(crate) claim: Claim,
}

/// The claims that the reference evaluates by name, and ours.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Claim {
    /// A denied delegation was denied for the right reason
    #[command(name = "delegation_denied_correctly")]
    DelegationDenied(DelegationArgs),
    /// An export is a faithful slice of its scopes
    #[command(name = "scope_faithfulness")]
    ScopeFaithfulness(ScopeArgs),
    /// An operator approved the permit (version 1 slot)
    #[command(name = "permit.operator_approval.v1")]
    OperatorApprovalV1(SlotArgs),
    /// A second party signed the permit (version 1 slot)
    #[command(name = "permit.counter_signature.v1")]
    CounterSignatureV1(SlotArgs),
    /// An auditor attested the permit (version 1 slot)
    #[command(name = "permit.audit_attestation.v1")]
    AuditAttestationV1(SlotArgs),
    /// An operator approved the permit (version 2 slot)
    #[command(name = "permit.operator_approval.v2")]
    OperatorApprovalV2(SlotArgs),
    /// A second party signed the permit (version 2 slot)
    #[command(name = "permit.counter_signature.v2")]
    CounterSignatureV2(SlotArgs),
    /// An auditor attested the permit (version 2 slot)
    #[command(name = "permit.audit_attestation.v2")]
    AuditAttestationV2(SlotArgs),
    /// Same as permit.operator_approval.v1
    #[command(name = "operator_approval")]
    OperatorApproval(SlotArgs),
    /// Same as permit.counter_signature.v1
    #[command(name = "counter_signature")]
    CounterSignature(SlotArgs),
    /// Same as permit.audit_attestation.v1
    #[command(name = "audit_attestation")]
    AuditAttestation(SlotArgs),
    /// Same as permit.operator_approval.v1
    #[command(name = "operator_approved")]
    OperatorApproved(SlotArgs),
    /// Same as permit.counter_signature.v1
    #[command(name = "counter_signed")]
    CounterSigned(SlotArgs),
    /// Same as permit.audit_attestation.v1
    #[command(name = "audit_attested")]
    AuditAttested(SlotArgs),
    /// The status of a key at an instant is complete up to a checkpoint
    #[command(name = "key.status.completeness.v1")]
    KeyStatus(KeyStatusArgs),
    /// Require one claim, by its registered name, of any evidence
    Run(RunArgs),
    /// List the claims of the registry
    List(ListArgs),
}

/// Options of `claim delegation_denied_correctly`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DelegationArgs {
    /// The export with the governance events
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) evidence_file: OsString,
    /// The event to judge; without it, the last denial
    #[arg(long, value_name = "ID")]
    pub(crate) event_id: Option<String>,
    /// Accepted; the output is always JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `claim scope_faithfulness`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScopeArgs {
    /// The export
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) export_file: OsString,
    /// Its manifest
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) manifest: OsString,
    /// The scope-state sidecar
    #[arg(long, value_name = "FILE")]
    pub(crate) sidecar: Option<OsString>,
    /// The checkpoint that the sidecar extends
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<OsString>,
    /// Key manifest to take keys from
    #[arg(long, value_name = "FILE")]
    pub(crate) key_manifest: Option<OsString>,
    /// Accepted; the output is always JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of the signature-slot claims.
#[derive(Clone, Debug, Args)]
pub(crate) struct SlotArgs {
    /// A pack folder, or the export
    #[arg(value_name = "PACK")]
    pack: Option<OsString>,
    /// The export
    #[arg(long, value_name = "FILE")]
    export_file: Option<OsString>,
    /// Its manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    /// Key manifest to take keys from
    #[arg(long, value_name = "FILE")]
    pub(crate) key_manifest: Option<OsString>,
    /// The key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_manifest: Option<OsString>,
    /// The scope-state sidecar of the key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_sidecar: Option<OsString>,
    /// The checkpoint of the key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_checkpoint: Option<OsString>,
    /// Accepted; the output is always JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl SlotArgs {
    /// The pack or export; an empty name is none.
    pub(crate) fn file(&self) -> Option<&OsString> {
        chosen(&self.export_file, &self.pack)
    }
}

/// Options of `claim key.status.completeness.v1`.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeyStatusArgs {
    /// The account whose key it is, a UUID
    #[arg(long, value_name = "UUID", required = true)]
    account_id: String,
    /// Whose key: operator, buyer_principal, mcp_server, provider_principal or co_signer
    #[arg(long, value_name = "SCOPE", required = true)]
    key_scope: String,
    /// SHA-256 of the key, 64 hexadecimal digits
    #[arg(long, value_name = "HEX", required = true)]
    key_id: String,
    /// The instant in question, as the signed bytes state it
    #[arg(long, value_name = "TIME", required = true)]
    at: String,
    /// What the key is expected to be at that instant
    #[arg(long, value_name = "STATUS", value_enum, default_value = "not-revoked")]
    expect: ExpectedStatus,
    /// The key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_manifest: Option<OsString>,
    /// The scope-state sidecar of the key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_sidecar: Option<OsString>,
    /// The checkpoint of the key-status manifest
    #[arg(long, value_name = "FILE")]
    key_status_checkpoint: Option<OsString>,
    /// Accepted; the output is always JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What a key is expected to be.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExpectedStatus {
    Revoked,
    NotRevoked,
}

impl KeyStatusArgs {
    /// The question and its documents, each read up to `limit` bytes.
    pub(crate) fn input(&self, limit: u64) -> KeyStatusInput {
        let read = |file: &Option<OsString>| file.as_ref().map(|file| input::named_file(file, limit));
        KeyStatusInput {
            question: KeyQuestion {
                account_id: self.account_id.clone(),
                key_scope: self.key_scope.clone(),
                key_id: self.key_id.clone(),
                instant: self.at.clone(),
                expected: match self.expect {
                    ExpectedStatus::Revoked => verify::ExpectedStatus::Revoked,
                    ExpectedStatus::NotRevoked => verify::ExpectedStatus::NotRevoked,
                },
            },
            manifest: read(&self.key_status_manifest),
            sidecar: read(&self.key_status_sidecar),
            checkpoint: read(&self.key_status_checkpoint),
        }
    }
}

/// Options of `claim run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// Registered name, such as governance_chain.local_continuity.v1
    #[arg(value_name = "CLAIM")]
    pub(crate) name: String,
    /// Files, folders or archives
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) require: RequireArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `claim list`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}
