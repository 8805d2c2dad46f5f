//! The way in: one set of evidence and a policy give one report.
//!
//! [`verify`] never fails and never panics: whatever goes wrong is a finding of the report.

use crate::claim;
use crate::evidence::{Evidence, Part};
use crate::finding::{Effect, Finding, Location, catalog};
use crate::report::{Report, ReportBuilder};
use crate::trust::TrustPolicy;

/// Told how far a run is, and asked whether to go on.
pub trait Progress: Sync {
    /// `done` of about `of` bytes were read.
    fn advance(&self, done: u64, of: u64);
    /// Whether to stop; the report then says that the run is incomplete.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Ignores progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _done: u64, _of: u64) {}
}

/// Verifies one set of evidence.
#[must_use]
pub fn verify(evidence: &Evidence, policy: &TrustPolicy, progress: &dyn Progress) -> Report {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, policy.require.clone());
    match evidence {
        Evidence::Export(set) => claim::export::verify(set, policy, progress, &mut out),
        Evidence::Bundle(part) => claim::bundle::verify(part, policy, &mut out),
        Evidence::KeyManifest(part) => unsupported("key manifest", part, &mut out),
        Evidence::Unsupported { kind, part } => unsupported(kind, part, &mut out),
    }
    out.finish(&policy.as_of)
}

fn unsupported(kind: &str, part: &Part, out: &mut ReportBuilder) {
    out.artifact.kind = kind.to_owned();
    let message = format!("{kind} is recognised, and this release has no check for it on its own");
    let effect = Effect::Fails { verdict: crate::finding::Verdict::UnverifiableScope };
    out.finding(
        Finding::new(&catalog::input::KIND_NOT_VERIFIED, effect, message).at(Location::file(&part.label)),
    );
}
