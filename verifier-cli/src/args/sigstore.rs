//! `sigstore BUNDLE`.

use std::ffi::OsString;

use clap::Args;
use verifier_core::sigstore::identity::{Expected, Name};
use verifier_core::time::Timestamp;

use super::front::ADDED;
use super::limits::LimitArgs;
use super::output::OutputArgs;
use super::trust::parse_date;

/// Options of `sigstore`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SigstoreArgs {
    /// The bundle (.sigstore.json)
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundle: OsString,
    /// What was signed
    #[arg(long, value_name = "FILE")]
    pub(crate) artifact: Option<OsString>,
    /// SHA-256 of what was signed, as sha256:HEX, instead of the file
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    pub(crate) digest: Option<[u8; 32]>,
    /// The identity that must have signed: the certificate's subject alternative name
    #[arg(long, value_name = "IDENTITY")]
    certificate_identity: Option<String>,
    /// Same, where * stands for any characters but /
    #[arg(long, value_name = "PATTERN")]
    certificate_identity_glob: Option<String>,
    /// The provider that must have vouched for the identity
    #[arg(long, value_name = "URL")]
    certificate_oidc_issuer: Option<String>,
    /// The public key (PEM) that must have signed, for a bundle without a certificate
    #[arg(long, value_name = "FILE")]
    key: Option<OsString>,
    /// Trusted root (JSON) that replaces the compiled-in one of the public-good instance
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<OsString>,
    /// Trust kit (`keel-verify trust pack`) to take the trusted root from, unless --trusted-root names one
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_kit: Option<OsString>,
    /// Witnesses that must have cosigned the head of the log (a witness policy; its logs do not count here)
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) witness_policy: Option<OsString>,
    /// State verdicts as of this date or time instead of now (a date alone is its first moment, UTC)
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(crate) as_of: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Who must have signed, as stated.
pub(crate) enum Signer<'a> {
    Identity(Expected),
    Key(&'a OsString),
}

impl SigstoreArgs {
    /// The signer that the options state.
    pub(crate) fn signer(&self) -> Result<Signer<'_>, &'static str> {
        let name = match (&self.certificate_identity, &self.certificate_identity_glob) {
            (Some(name), None) => Some(Name::Exact(name.clone())),
            (None, Some(pattern)) => Some(Name::Glob(pattern.clone())),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err("give one of --certificate-identity and --certificate-identity-glob");
            }
        };
        match (name, &self.certificate_oidc_issuer, &self.key) {
            (Some(name), Some(issuer), None) => {
                Ok(Signer::Identity(Expected { name, issuer: issuer.clone() }))
            }
            (None, None, Some(key)) => Ok(Signer::Key(key)),
            (_, _, Some(_)) => Err("--key excludes --certificate-identity and --certificate-oidc-issuer"),
            _ => Err(
                "say who must have signed: --certificate-identity with --certificate-oidc-issuer, or --key",
            ),
        }
    }
}

fn parse_digest(text: &str) -> Result<[u8; 32], String> {
    text.strip_prefix("sha256:")
        .and_then(|hex| verifier_core::bytes::hex::decode(hex.as_bytes()))
        .ok_or_else(|| "not sha256: and 64 lower-case hexadecimal digits".to_owned())
}
