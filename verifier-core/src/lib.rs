//! Decides what Keel evidence proves.
//!
//! Evidence is what a control plane exported about its decisions: permits, events in hash chains, closures, and
//! the manifests and bundles that sign them. One call takes it to a verdict:
//!
//! ```no_run
//! use verifier_core::{archive, bytes::Limits, evidence, time::Timestamp, trust::TrustPolicy, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = Limits::default();
//! let archive = archive::open(archive::Source::Path("evidence".as_ref()), &limits)?;
//! let assembly = evidence::assemble(evidence::parts(&archive), &limits);
//! let policy = TrustPolicy::new(Timestamp::parse("2026-11-26T00:00:00Z").ok_or("not a date")?);
//! for set in &assembly.sets {
//!     let report = verify::verify(set, &policy, &verify::NoProgress);
//!     println!("{}: {:?}", set.label(), report.outcome);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`archive`] opens folders, archives and files; [`evidence`] recognises by content what each file is and puts
//! together what is verified together; [`trust::TrustPolicy`] is everything that the caller decides (keys,
//! requirements, date, limits); [`verify::verify`] never fails: what is wrong is a [`finding::Finding`] in the
//! [`report::Report`], with a stable code of [`finding::catalog`], and [`render`] writes it down. The checks are
//! in [`claim`], one module for each thing that can be claimed, over the shared formats below it.
//!
//! The same evidence and policy give the same report, with any number of threads: nothing here reads a clock,
//! the environment, the network or a home folder. Evidence is taken for hostile: sizes, depth and expansion are
//! limited before memory is used, and a problem never ends in a panic.
//!
//! Verified here: audit exports (bundle versions 1 and 2, governance events, JSON lines, workflow evidence,
//! incident bundles), their chains, closures, permit decisions and scope, inclusion of their entries in a
//! transparency log, key manifests, evidence bundles, checkpoints, voice-session attestations, RFC 3161 timestamps,
//! checkpoint-consistency documents, Sigstore bundles, and where asked for revoked permits. Not judged by this
//! release: signature slots and co-signatures of permits, authority claims, packages and work chains. Evidence
//! that carries or demands those is never reported as verified for them.
#![warn(missing_docs)]

pub mod archive;
pub mod audit;
pub mod bytes;
pub mod canon;
pub mod chain;
pub mod claim;
pub mod crypto;
pub mod diff;
pub mod evidence;
pub mod excerpt;
pub mod finding;
pub mod format;
pub mod gate;
pub mod json;
pub mod ledger;
pub(crate) mod memo;
pub mod merkle;
pub mod par;
pub mod projection;
pub mod reconcile;
pub mod redteam;
pub mod registry;
pub mod render;
pub mod report;
pub mod sample;
pub mod sigstore;
pub mod time;
pub mod timestamp;
pub mod tlog;
pub mod trust;
pub mod verify;
pub mod workpaper;
pub mod x509;
