//! Limits on what the input may cost, as options.

use clap::Args;
use verifier_core::bytes::Limits;

use super::front::ADDED;

/// `--max-…`; the defaults are those of [`Limits`].
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LimitArgs {
    /// Bytes of one file as stored (default 16 GiB)
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = ADDED)]
    max_file_bytes: Option<u64>,
    /// Bytes of one document held in memory (default 64 MiB)
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = ADDED)]
    max_document_bytes: Option<u64>,
    /// Bytes that one compressed stream may expand to (default 16 GiB)
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, help_heading = ADDED)]
    max_expanded_bytes: Option<u64>,
    /// Expansion factor of one compressed stream (default 1000)
    #[arg(long, value_name = "N", help_heading = ADDED)]
    max_ratio: Option<u32>,
    /// Entries of one archive or folder (default 20000)
    #[arg(long, value_name = "N", help_heading = ADDED)]
    max_entries: Option<u32>,
    /// Nesting of JSON arrays and objects (default 512)
    #[arg(long, value_name = "N", help_heading = ADDED)]
    max_json_depth: Option<u16>,
    /// Values and names in one JSON document held in memory (default 16 million)
    #[arg(long, value_name = "N", help_heading = ADDED)]
    max_json_nodes: Option<u32>,
    /// Findings listed for one code; the rest are counted (default 100)
    #[arg(long, value_name = "N", help_heading = ADDED)]
    max_findings: Option<u32>,
}

impl LimitArgs {
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let set = |slot: &mut u64, value: Option<u64>| *slot = value.unwrap_or(*slot);
        let set32 = |slot: &mut u32, value: Option<u32>| *slot = value.unwrap_or(*slot);
        set(&mut limits.file_bytes, self.max_file_bytes);
        set(&mut limits.document_bytes, self.max_document_bytes);
        set(&mut limits.expanded_bytes, self.max_expanded_bytes);
        set32(&mut limits.ratio, self.max_ratio);
        set32(&mut limits.entries, self.max_entries);
        set32(&mut limits.json_nodes, self.max_json_nodes);
        set32(&mut limits.findings_per_code, self.max_findings);
        limits.json_depth = self.max_json_depth.unwrap_or(limits.json_depth);
        limits
    }

    pub(crate) fn document_bytes(&self) -> u64 {
        self.limits().document_bytes
    }
}

/// A number with an optional unit: `K`, `M`, `G` (powers of 1024), with or without `iB`.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "" => 1,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        _ => return Err("expected a number of bytes, with K, M or G for powers of 1024".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number of bytes".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "that number of bytes is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts_take_units() {
        assert_eq!(parse_bytes("512"), Ok(512));
        assert_eq!(parse_bytes("2MiB"), Ok(2 << 20));
        assert_eq!(parse_bytes("1G"), Ok(1 << 30));
        for text in ["", "-1", "1.5M", "K", "1T", "99999999999999999999", "18446744073709551615K"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_option_sets_its_limit() {
        let args = LimitArgs { max_json_depth: Some(9), max_file_bytes: Some(7), ..Default::default() };
        let expected = Limits { json_depth: 9, file_bytes: 7, ..Limits::default() };
        assert_eq!(args.limits(), expected);
    }
}
