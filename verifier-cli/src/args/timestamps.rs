//! Whose timestamps count.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use verifier_core::trust::TrustPolicy;
use verifier_core::trust::kit::Category;

use super::front::ADDED;
use super::limits::LimitArgs;
use super::trust;
use crate::input;

/// Accepted timestamp authorities and their revocation lists.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TimestampArgs {
    /// Certificates (PEM) of the timestamp authorities to accept, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_ca_bundle: Option<OsString>,
    /// Revocation list (PEM) to take into account beside the known ones; may be repeated
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) tsa_crl: Vec<OsString>,
    /// Folder with a published set of timestamp authorities, which replaces the built-in one
    #[arg(long, value_name = "FOLDER", help_heading = ADDED)]
    pub(crate) tsa_trust: Option<OsString>,
    /// Accept tokens under this policy (object identifier) only; may be repeated
    #[arg(long, value_name = "OID", value_parser = parse_policy, help_heading = ADDED)]
    pub(crate) tsa_policy: Vec<String>,
    /// Fail unless every timestamp receipt is validated
    #[arg(long)]
    pub(crate) require_tsa_chain: bool,
}

/// Reads a dotted object identifier.
fn parse_policy(text: &str) -> Result<String, String> {
    let arc = |arc: &str| arc.parse::<u64>().is_ok_and(|number| number.to_string() == arc);
    let wrong = || "not an object identifier, such as 1.3.6.1.4.1.4146.2.3".to_owned();
    if text.contains('.') && text.split('.').all(arc) { Ok(text.to_owned()) } else { Err(wrong()) }
}

/// Claims that a required timestamp chain means; those that the evidence has nothing of are not asked for.
const CHAIN: &str = "checkpoint.tsa_chain.v1";

impl TimestampArgs {
    /// The exclusions between the options.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.tsa_ca_bundle.is_some() && self.tsa_trust.is_some() {
            return Err(
                "--tsa-ca-bundle and --tsa-trust both replace the built-in authorities; give one of them",
            );
        }
        Ok(())
    }

    /// Reads the named files. One that cannot be read is reported by the check that needs it.
    pub(crate) fn apply(&self, limits: &LimitArgs, policy: &mut TrustPolicy) {
        let bytes = limits.document_bytes();
        if self.tsa_ca_bundle.is_some() || self.tsa_trust.is_some() {
            policy.set_aside(Category::TimestampAuthorities);
            policy.timestamps.anchors =
                self.tsa_ca_bundle.as_ref().map(|file| input::named_file(file, bytes));
            policy.timestamps.directory =
                self.tsa_trust.as_ref().map(|folder| input::folder(Path::new(folder)));
        }
        policy.timestamps.lists = self.tsa_crl.iter().map(|file| input::named_file(file, bytes)).collect();
        policy.timestamps.policies = self.tsa_policy.clone();
        if self.require_tsa_chain {
            trust::require(policy, CHAIN);
        }
    }
}
