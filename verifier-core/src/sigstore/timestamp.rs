//! RFC 3161 timestamps over a bundle's signature, by the timestamp authorities of the trusted root (spec 16 section
//! 16.7.3, check 8).
//!
//! Every timestamp must verify. An authority counts only within its window in the trusted root, which is what
//! stands in for revocation.

use super::bundle::Bundle;
use super::check::{Outcome, Problem};
use super::trusted_root::Authority;
use super::verify::VerifiedTime;
use crate::timestamp::{Token, verify_by_authority};
use crate::x509::{Certificate, PathProblem};

/// Whether all timestamps verify, and the times of those that do.
pub(super) fn check(bundle: &Bundle, authorities: &[Authority]) -> (Outcome, Vec<VerifiedTime>) {
    if bundle.timestamps.is_empty() {
        return (Outcome::NotApplicable("the bundle has no timestamp"), Vec::new());
    }
    let mut problems = Vec::new();
    let mut times = Vec::new();
    for (position, bytes) in bundle.timestamps.iter().enumerate() {
        match verify_one(position, bytes, bundle.content.signature(), authorities) {
            Ok(time) => times.push(time),
            Err(problem) => problems.push(problem),
        }
    }
    (problems.into(), times)
}

/// The first authority that made it decides; otherwise what keeps the nearest one from having made it.
fn verify_one(
    position: usize,
    bytes: &[u8],
    signature: &[u8],
    authorities: &[Authority],
) -> Result<VerifiedTime, Problem> {
    let token = Token::read(bytes).map_err(|problem| wrong(position, &problem))?;
    let mut reason = Problem::TimestampAuthority {
        position,
        reason: "the trusted root has no timestamp authority".to_owned(),
    };
    for authority in authorities {
        let chain: Result<Vec<Certificate>, _> =
            authority.chain.iter().map(|der| Certificate::read(der)).collect();
        let chain = match chain {
            Ok(chain) => chain,
            Err(error) => {
                let reason_text = format!("the timestamp authority's chain: {error}");
                reason = Problem::TimestampAuthority { position, reason: reason_text };
                continue;
            }
        };
        match verify_by_authority(&token, signature, &chain) {
            Ok(at) if authority.window.contains(at) => {
                return Ok(VerifiedTime { source: "timestamped at", at });
            }
            Ok(at) => {
                let window = &authority.window;
                let reason_text =
                    format!("the timestamp authority counts {window}; its timestamp is of {at}");
                reason = Problem::TimestampAuthority { position, reason: reason_text };
            }
            Err(problem @ crate::timestamp::Problem::Path(_)) if is_unknown(&problem) => {
                if matches!(reason, Problem::TimestampAuthority { .. }) {
                    let reason_text =
                        format!("the timestamp is of no authority of the trusted root: {problem}");
                    reason = Problem::TimestampAuthority { position, reason: reason_text };
                }
            }
            Err(problem) => reason = wrong(position, &problem),
        }
    }
    Err(reason)
}

fn wrong(position: usize, problem: &crate::timestamp::Problem) -> Problem {
    Problem::Timestamp { position, reason: problem.to_string() }
}

/// Whether the authority is another one, rather than the timestamp wrong.
fn is_unknown(problem: &crate::timestamp::Problem) -> bool {
    matches!(problem, crate::timestamp::Problem::Path(error) if error.problem == PathProblem::NoIssuer)
}
