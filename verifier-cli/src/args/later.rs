//! Commands that this release parses, but does not carry out: their options have the reference's usage rules, so
//! that a script learns about a mistake in its command line before it learns about the release.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::export::chosen;
use super::limits::LimitArgs;
use super::trust::TrustArgs;

/// Options of `authority-proof`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuthorityProofArgs {
    /// The export
    #[arg(value_name = "EXPORT_FILE")]
    export: Option<OsString>,
    /// Its manifest
    #[arg(value_name = "MANIFEST")]
    manifest_path: Option<OsString>,
    /// Same as EXPORT_FILE, and wins over it
    #[arg(long, value_name = "FILE")]
    export_file: Option<OsString>,
    /// Same as MANIFEST, and wins over it
    #[arg(long, value_name = "FILE")]
    manifest: Option<OsString>,
    /// Only the permit with this id
    #[arg(long, value_name = "ID")]
    permit_id: Option<String>,
    /// Action classes
    #[arg(long, value_name = "FILE")]
    action_class_map: Option<OsString>,
    /// Keys of the delegating parties
    #[arg(long, value_name = "FILE")]
    authority_keys: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl AuthorityProofArgs {
    /// The export file; the option wins, an empty name is none.
    pub(crate) fn file(&self) -> Option<&OsString> {
        chosen(&self.export_file, &self.export)
    }
}

/// Options of `work-chain`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkChainArgs {
    /// The pack
    #[arg(value_name = "WORK_CHAIN_PACK", required = true)]
    pub(crate) pack: OsString,
    /// Trust root
    #[arg(long, value_name = "FILE", alias = "key-manifest")]
    trust_root: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `monitor`.
#[derive(Clone, Debug, Args)]
pub(crate) struct MonitorArgs {
    /// The consistency surface; only file: URLs can be read, since no connection is ever opened
    #[arg(long, value_name = "URL")]
    pub(crate) consistency_url: Option<String>,
    /// The last accepted head
    #[arg(long, value_name = "FILE")]
    state_file: Option<OsString>,
    /// A pinned head
    #[arg(long, value_name = "FILE")]
    pin_file: Option<OsString>,
    /// Require transparency-log witnesses
    #[arg(long)]
    require_rekor: bool,
    /// How many times to look
    #[arg(long, value_name = "N", value_parser = parse_count, default_value = "1")]
    cycles: i64,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "60")]
    interval: f64,
    /// Seconds for one look
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "10")]
    timeout: f64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Options of `refresh-keys`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RefreshKeysArgs {
    /// Where the reference would fetch from; this program fetches nothing
    #[arg(long, value_name = "SOURCE", default_value = "auto")]
    source: KeyServer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KeyServer {
    Auto,
    Api,
    Github,
}

/// Options of `self-check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SelfCheckArgs {
    /// What is installed
    #[arg(long, value_name = "FORM", default_value = "auto")]
    form: InstalledForm,
    /// Accepted for old scripts; this program is always offline
    #[arg(long)]
    offline: bool,
    /// Accepted for old scripts; nothing is cached
    #[arg(long)]
    no_cache: bool,
    /// Check the published package of the reference
    #[arg(long, value_name = "VERSION", num_args = 0..=1)]
    published_wheel: Option<Option<String>>,
    /// Accepted for old scripts; nothing is cached
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<OsString>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InstalledForm {
    Auto,
    Wheel,
}

/// An integer as the reference's parser reads it: blanks around it, single underscores inside.
fn parse_count(text: &str) -> Result<i64, String> {
    let digits = plain_digits(text.trim()).ok_or("not a whole number")?;
    digits.parse().map_err(|_| "not a whole number".to_owned())
}

/// Seconds, also fractional.
fn parse_seconds(text: &str) -> Result<f64, String> {
    let digits = plain_digits(text.trim()).ok_or("not a number of seconds")?;
    digits.parse().map_err(|_| "not a number of seconds".to_owned())
}

/// The text without its underscores, each of which must stand between two digits.
fn plain_digits(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('_').collect();
    let between = parts.windows(2).all(|pair| match pair {
        [left, right] => {
            left.ends_with(|c: char| c.is_ascii_digit()) && right.starts_with(|c: char| c.is_ascii_digit())
        }
        _ => false,
    });
    between.then(|| parts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_like_the_references() {
        assert_eq!(parse_count(" 1_0 "), Ok(10));
        assert_eq!(parse_count("-3"), Ok(-3));
        for text in ["", "1.5", "soon", "1__0", "_1", "0x1"] {
            assert!(parse_count(text).is_err(), "{text}");
        }
        assert_eq!(parse_seconds("-.5"), Ok(-0.5));
        assert!(parse_seconds("inf").is_ok_and(f64::is_infinite));
        assert!(parse_seconds("soon").is_err());
    }
}
