//! `monitor`.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use verifier_core::claim::monitor::RekorMaterial;
use verifier_core::time::Timestamp;
use verifier_core::trust::NamedBlob;

use super::front::ADDED;
use super::limits::LimitArgs;
use super::trust::parse_date;
use crate::input;

/// Options of `monitor` (spec 15 section 1.1).
#[derive(Clone, Debug, Args)]
pub(crate) struct MonitorArgs {
    /// The consistency document; only file: URLs can be read, since no connection is ever opened
    #[arg(long, value_name = "URL")]
    consistency_url: Option<String>,
    /// The consistency document as a file, and wins over the URL
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    surface: Option<OsString>,
    /// The last accepted head; written after each look that succeeds. Without it nothing is kept
    #[arg(long, value_name = "FILE")]
    state_file: Option<OsString>,
    /// A pinned head, compared with beside the state
    #[arg(long, value_name = "FILE")]
    pin_file: Option<OsString>,
    /// Require transparency-log witnesses of every entry; what shows them are the log's bundles (--rekor-bundles)
    #[arg(long)]
    pub(crate) require_rekor: bool,
    /// Folder with a Sigstore bundle for each entry, whose log entry is about the entry's leaf hash
    #[arg(long, value_name = "DIR", help_heading = ADDED)]
    rekor_bundles: Option<OsString>,
    /// Trusted root (JSON) that replaces the compiled-in one of the public-good instance
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    trusted_root: Option<OsString>,
    /// State verdicts on witnesses as of this date or time instead of now (a date alone is its first moment, UTC)
    #[arg(long, value_name = "DATE", value_parser = parse_date, help_heading = ADDED)]
    as_of: Option<Timestamp>,
    /// How many times to look; the first look that fails is the last
    #[arg(long, value_name = "N", value_parser = parse_count, default_value = "1")]
    cycles: i64,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "60")]
    interval: f64,
    /// Accepted for old scripts; nothing is fetched
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "10")]
    timeout: f64,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl MonitorArgs {
    /// Reads the document; `None` when none was named.
    pub(crate) fn surface(&self) -> Option<NamedBlob> {
        let limit = self.limits.document_bytes();
        if let Some(file) = given(self.surface.as_ref()) {
            return Some(input::named_file(file, limit));
        }
        let url = self.consistency_url.as_ref().filter(|url| !url.is_empty());
        url.map(|url| input::named_url(url, limit))
    }

    /// What shows that a public log has the entries.
    ///
    /// # Errors
    /// Why the folder cannot be read, or that no date is known.
    pub(crate) fn rekor(&self, now: Option<&Timestamp>) -> Result<Option<RekorMaterial>, String> {
        let Some(folder) = given(self.rekor_bundles.as_ref()) else { return Ok(None) };
        let Some(as_of) = self.as_of.as_ref().or(now) else {
            return Err("the clock shows no usable date; state one with --as-of".to_owned());
        };
        let limit = self.limits.document_bytes();
        let bundles = input::files_of(Path::new(folder), limit)
            .map_err(|why| format!("{} cannot be read: {why}", folder.to_string_lossy()))?;
        let trusted_root = self.trusted_root.as_ref().map(|file| input::named_file(file, limit));
        Ok(Some(RekorMaterial { bundles, trusted_root, as_of: as_of.clone() }))
    }

    /// The pin file.
    pub(crate) fn pin(&self) -> Option<&OsStr> {
        given(self.pin_file.as_ref())
    }

    /// The state file.
    pub(crate) fn state(&self) -> Option<&OsStr> {
        given(self.state_file.as_ref())
    }

    /// Looks to make, at least one.
    pub(crate) fn cycles(&self) -> u64 {
        u64::try_from(self.cycles).unwrap_or(0).max(1)
    }

    /// Time between two looks; a negative or unusable number is none.
    pub(crate) fn interval(&self) -> Duration {
        Duration::try_from_secs_f64(self.interval).unwrap_or_default()
    }
}

fn given(file: Option<&OsString>) -> Option<&OsStr> {
    file.map(OsString::as_os_str).filter(|file| !file.is_empty())
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
