//! `sample`, `workpaper` and `reperform`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};
use verifier_core::ledger::Decimal;
use verifier_core::sample::{Method, Stratum};
use verifier_core::time::Timestamp;
use verifier_core::workpaper::MarkStatus;

use super::EXIT_STATUS;
use super::limits::LimitArgs;
use super::output::ColorChoice;
use super::policy::PolicyArgs;
use super::trust::parse_date;

/// Evidence, and under what policy it is verified.
#[derive(Clone, Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// Exports, bundles, folders or archives
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<OsString>,
    /// Manifest of the export given as PATH
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<OsString>,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// No progress line
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) verification: PolicyArgs,
}

/// How items are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodName {
    /// Simple random, without replacement
    Random,
    /// Every n-th from a random start; projected as if it were random
    Systematic,
    /// Random within strata: in proportion to their size and at least one of each, or as --allocate states
    Stratified,
    /// In proportion to the cost; items of an interval or more are certain
    MonetaryUnit,
}

/// What strata are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StratumName {
    /// Provider
    Provider,
    /// Model
    Model,
    /// Project
    Project,
    /// Decision
    Decision,
    /// Power of ten of the cost
    Amount,
}

impl StratumName {
    fn stratum(self) -> Stratum {
        match self {
            Self::Provider => Stratum::Provider,
            Self::Model => Stratum::Model,
            Self::Project => Stratum::Project,
            Self::Decision => Stratum::Decision,
            Self::Amount => Stratum::Amount,
        }
    }
}

/// Options of `sample`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SampleArgs {
    /// How items are chosen
    #[arg(long, value_name = "METHOD", required = true)]
    method: MethodName,
    /// Items to draw
    #[arg(long, value_name = "N")]
    size: Option<u32>,
    /// Draw one in every so many items (systematic), or in every so many USD (monetary-unit), instead of a number of items
    #[arg(long, value_name = "N|USD")]
    interval: Option<String>,
    /// Items to draw of one stratum, instead of a size for all; for each stratum once
    #[arg(long, value_name = "STRATUM=N", value_parser = parse_allocation)]
    allocate: Vec<(String, u32)>,
    /// What the strata are; only with --method stratified
    #[arg(long, value_name = "FIELD")]
    stratify_by: Option<StratumName>,
    /// The auditor's text, whose SHA-256 was published before the evidence was handed over (`workpaper commit`)
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) engagement: String,
    /// The working paper to make; a file that exists is not replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<OsString>,
    /// Add the sample to this working paper instead; it must come out again from the same evidence
    #[arg(long, value_name = "WORKPAPER")]
    pub(crate) add_to: Option<OsString>,
    /// Signatures over the paper as it was may end; without it a signed paper is not changed
    #[arg(long)]
    pub(crate) end_signatures: bool,
    /// Write the drawn items as CSV, each with its proof reference
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<OsString>,
    /// Title of the working paper
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) title: String,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
}

impl SampleArgs {
    /// The method with its size, interval or sizes.
    pub(crate) fn method(&self) -> Result<Method, &'static str> {
        let by = match (self.method, self.stratify_by) {
            (MethodName::Stratified, Some(by)) => by.stratum(),
            (MethodName::Stratified, None) => return Err("--method stratified needs --stratify-by"),
            (_, Some(_)) => return Err("--stratify-by goes with --method stratified"),
            (_, None) => Stratum::None,
        };
        match (self.method, self.size, &self.interval, self.allocate.is_empty()) {
            (MethodName::Random, Some(size), None, true) => Ok(Method::Random { size }),
            (MethodName::Systematic, Some(size), None, true) => Ok(Method::Systematic { size }),
            (MethodName::Stratified, Some(size), None, true) => Ok(Method::Stratified { size, by }),
            (MethodName::MonetaryUnit, Some(size), None, true) => Ok(Method::MonetaryUnit { size }),
            (MethodName::Systematic, None, Some(every), true) => {
                let every = every.parse().ok().filter(|every| *every > 0);
                let every = every.ok_or("--interval of a systematic sample takes a number of items")?;
                Ok(Method::SystematicInterval { every })
            }
            (MethodName::MonetaryUnit, None, Some(usd), true) => {
                let interval = micros(usd).and_then(|amount| u64::try_from(amount).ok());
                let interval = interval.filter(|amount| *amount > 0).ok_or(
                    "--interval of a monetary-unit sample takes an amount in USD of at most six decimals",
                )?;
                Ok(Method::MonetaryUnitInterval { interval })
            }
            (MethodName::Stratified, None, None, false) => {
                let sizes: BTreeMap<String, u32> = self.allocate.iter().cloned().collect();
                if sizes.len() != self.allocate.len() {
                    return Err("--allocate names a stratum twice");
                }
                Ok(Method::StratifiedFixed { by, sizes })
            }
            (_, None, None, true) => {
                Err("give --size, or --interval or --allocate where the method takes it")
            }
            (_, _, Some(_), _) => {
                Err("--interval goes with --method systematic or monetary-unit, in place of --size")
            }
            (_, _, _, _) => Err("--allocate goes with --method stratified, in place of --size"),
        }
    }
}

fn parse_allocation(text: &str) -> Result<(String, u32), String> {
    // Names of strata may hold an equals sign.
    let (name, size) = text.rsplit_once('=').ok_or("not of the form STRATUM=N")?;
    let size = size.parse().map_err(|_| "the number of items after = is none")?;
    Ok((name.to_owned(), size))
}

/// An amount in USD as micro-USD.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let rounded = Decimal::parse(text).and_then(Decimal::to_micros).ok()?;
    rounded.is_exact.then_some(rounded.micros)
}

/// Options of `workpaper`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkpaperArgs {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What to do with a working paper.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Action {
    /// Print what is published of an engagement before the evidence is handed over: its SHA-256
    Commit(CommitArgs),
    /// Verify evidence and make a working paper without a sample
    #[command(after_help = EXIT_STATUS)]
    New(Box<NewArgs>),
    /// Mark a permit or finding as checked, exception or explained
    Mark(MarkArgs),
    /// Project what the marks on a sample say to the population, and keep it in the paper
    Project(ProjectArgs),
    /// Sign as the one who made the paper
    Sign(SignArgs),
    /// Sign as a reviewer, over the content and the signatures before
    Countersign(SignArgs),
    /// Show what a paper says
    Show(ShowArgs),
    /// Check the signatures of a paper against the keys that must have signed
    #[command(after_help = EXIT_STATUS)]
    Verify(VerifyArgs),
}

/// Options of `workpaper commit`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CommitArgs {
    /// The auditor's text, with enough randomness that nobody can guess it
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) engagement: String,
}

/// Options of `workpaper new`.
#[derive(Clone, Debug, Args)]
pub(crate) struct NewArgs {
    /// The working paper to make; a file that exists is not replaced
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) out: OsString,
    /// Title of the working paper
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) title: String,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
}

/// The paper that is changed.
#[derive(Clone, Debug, Args)]
pub(crate) struct PaperArgs {
    /// The working paper
    #[arg(value_name = "WORKPAPER", required = true)]
    pub(crate) paper: OsString,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusName {
    /// In order
    Checked,
    /// Not in order
    Exception,
    /// Not in order at first sight, and explained
    Explained,
}

impl From<StatusName> for MarkStatus {
    fn from(name: StatusName) -> Self {
        match name {
            StatusName::Checked => Self::Checked,
            StatusName::Exception => Self::Exception,
            StatusName::Explained => Self::Explained,
        }
    }
}

/// Options of `workpaper mark`.
#[derive(Clone, Debug, Args)]
pub(crate) struct MarkArgs {
    /// Id of the permit
    #[arg(long, value_name = "ID")]
    pub(crate) permit: Option<String>,
    /// Code and place of the finding
    #[arg(long, value_name = "ID")]
    pub(crate) finding: Option<String>,
    /// The mark
    #[arg(long, value_name = "STATUS", required = true)]
    pub(crate) status: StatusName,
    /// A note
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
    /// Who marks
    #[arg(long, value_name = "NAME", required = true)]
    pub(crate) by: String,
    /// What the permit should have cost, in USD
    #[arg(long, value_name = "USD")]
    pub(crate) correct_usd: Option<String>,
    /// When; default now
    #[arg(long, value_name = "TIME", value_parser = parse_date)]
    pub(crate) at: Option<Timestamp>,
    /// Signatures over the paper as it was may end; without it a signed paper is not changed
    #[arg(long)]
    pub(crate) end_signatures: bool,
    #[command(flatten)]
    pub(crate) paper: PaperArgs,
}

/// What is projected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProjectName {
    /// How many items have an exception
    Exceptions,
    /// How much the total is misstated
    Amounts,
}

/// Options of `workpaper project`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProjectArgs {
    /// What is projected
    #[arg(long, value_name = "WHAT", required = true)]
    pub(crate) of: ProjectName,
    /// The sample, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) sample: u32,
    /// Confidence of the upper limit in percent: 80, 85, 90, 95, 98 or 99
    #[arg(long, value_name = "PERCENT", default_value_t = 95)]
    pub(crate) confidence: u64,
    /// What is tolerable: a number of items, or an overstatement in USD
    #[arg(long, value_name = "N|USD")]
    pub(crate) tolerable: Option<String>,
    /// Signatures over the paper as it was may end; without it a signed paper is not changed
    #[arg(long)]
    pub(crate) end_signatures: bool,
    #[command(flatten)]
    pub(crate) paper: PaperArgs,
}

/// Options of `workpaper sign` and `workpaper countersign`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SignArgs {
    /// File with the private key: 64 hexadecimal digits, readable by its owner only
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) key_file: OsString,
    /// When; default now
    #[arg(long, value_name = "TIME", value_parser = parse_date)]
    pub(crate) at: Option<Timestamp>,
    #[command(flatten)]
    pub(crate) paper: PaperArgs,
}

/// Options of `workpaper show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) paper: PaperArgs,
}

/// Whose signatures are expected.
#[derive(Clone, Debug, Args)]
pub(crate) struct SignerArgs {
    /// Public key that must have signed (ed25519:BASE64); may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// A reviewer must have countersigned
    #[arg(long)]
    pub(crate) countersigned: bool,
}

/// Options of `workpaper verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) signers: SignerArgs,
    /// Colour of the text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) paper: PaperArgs,
}

/// Options of `reperform`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReperformArgs {
    /// The working paper
    #[arg(value_name = "WORKPAPER", required = true)]
    pub(crate) paper: OsString,
    /// What was published of the engagement before the evidence was handed over (sha256:…)
    #[arg(long, value_name = "DIGEST")]
    pub(crate) commitment: Option<String>,
    #[command(flatten)]
    pub(crate) signers: SignerArgs,
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
}

/// Ends the help of `reperform`.
pub(crate) const REPERFORM_STATUS: &str = "\
The date and the requirements are those of the paper unless others are given; trusted keys,
files and limits are yours to state.

Exit status:
  0  the same: everything that the paper states comes out here, whatever it states
  1  another result from the same files, options, date and version, or a wrong signature
  2  usage: the command line cannot be understood; nothing was looked at
  3  not established: files, options, date or version are others, or a signature is missing
  4  the paper or the evidence cannot be read";
