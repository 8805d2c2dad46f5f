use super::bundle::Bundle;
use super::check::{Outcome, Problem};
use super::trusted_root::Authority;
use super::verify::VerifiedTime;

pub(super) fn check(bundle: &Bundle, authorities: &[Authority]) -> (Outcome, Vec<VerifiedTime>) {
    let _ = authorities;
    if bundle.timestamps.is_empty() {
        return (Outcome::NotApplicable("the bundle has no timestamp"), Vec::new());
    }
    (Problem::Timestamp { position: 0, reason: String::new() }.into(), Vec::new())
}
