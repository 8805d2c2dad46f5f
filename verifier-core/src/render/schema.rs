//! JSON Schemas (draft 2020-12) of the documents that programs read, apart from [reports](super::json::SCHEMA) and
//! [gates](super::json::GATE_SCHEMA).
//!
//! Every object is closed. A member is added to a version only as one that readers may ignore and old documents lack;
//! anything else is another version.

/// `keel-verify.audit/v1`, see [`Audit::document`](crate::audit::Audit::document).
pub const AUDIT: &str = include_str!("../../schemas/audit-v1.schema.json");
/// `keel-verify.card-comparison/v1`.
pub const CARD_COMPARISON: &str = include_str!("../../schemas/card-comparison-v1.schema.json");
/// `keel-verify.diff/v1`.
pub const DIFF: &str = include_str!("../../schemas/diff-v1.schema.json");
/// `keel-verify.keys/v1`.
pub const KEYS: &str = include_str!("../../schemas/keys-v1.schema.json");
/// `keel-verify.ledger/v1`.
pub const LEDGER: &str = include_str!("../../schemas/ledger-v1.schema.json");
/// `keel-verify.reconciliation/v1`.
pub const RECONCILIATION: &str = include_str!("../../schemas/reconciliation-v1.schema.json");
/// `keel-verify.redteam/v1`.
pub const REDTEAM: &str = include_str!("../../schemas/redteam-v1.schema.json");
/// `keel.workpaper/v1`, see [`Workpaper`](crate::workpaper::Workpaper).
pub const WORKPAPER: &str = include_str!("../../schemas/workpaper-v1.schema.json");
/// `keel-verify.trust-kit-status/v1`.
pub const TRUST_KIT_STATUS: &str = include_str!("../../schemas/trust-kit-status-v1.schema.json");
