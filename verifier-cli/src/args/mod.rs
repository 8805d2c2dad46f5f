//! The command line, one file per command; shared groups in [`trust`], [`limits`] and [`output`].
//!
//! Options have the reference verifier's names and meaning (spec 08 section 3, spec 03 section 6); what it does not
//! have stands under the heading [`front::ADDED`].

pub(crate) mod audit;
mod checkpoint;
pub(crate) mod ci;
pub(crate) mod claim;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod excerpt;
pub(crate) mod export;
pub(crate) mod front;
pub(crate) mod keys;
pub(crate) mod later;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod monitor;
pub(crate) mod output;
pub(crate) mod policy;
pub(crate) mod reconcile;
pub(crate) mod redteam;
pub(crate) mod render;
pub(crate) mod sigstore;
pub(crate) mod timestamps;
pub(crate) mod trust;
pub(crate) mod trust_kit;
pub(crate) mod verify;
pub(crate) mod workpaper;

use clap::{CommandFactory, Parser, Subcommand};

pub(crate) use checkpoint::CheckpointArgs;

/// A parsed command line.
#[derive(Debug, Parser)]
#[command(
    name = "keel-verify",
    version,
    about = ABOUT,
    after_help = EXIT_STATUS,
    override_usage = "keel-verify [OPTIONS] PATH…\n       keel-verify COMMAND …",
    disable_help_subcommand = true,
    disable_version_flag = true,
    args_override_self = true,
    subcommand_required = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Detect and verify files, folders and archives (the command may be left out)
    #[command(after_help = EXIT_STATUS)]
    Verify(verify::VerifyArgs),
    /// Verify a signed export with its manifest, or an evidence bundle
    #[command(after_help = EXIT_STATUS)]
    Export(export::ExportArgs),
    /// Evaluate one claim, or list the claims
    #[command(after_help = EXIT_STATUS)]
    Claim(claim::ClaimArgs),
    /// Verify, then apply a pipeline's policy: claims, keys, ages, findings, money, accepted exceptions
    #[command(after_help = EXIT_STATUS)]
    Ci(ci::CiArgs),
    /// Show a key manifest: entries, validity, and who signed it
    Keys(keys::KeysArgs),
    /// Collect all trust material into one file, or show what of it counts at a date
    #[command(after_help = EXIT_STATUS)]
    Trust(trust_kit::TrustKitArgs),
    /// Print the JSON Schema of this program's own documents
    Schema(output::SchemaArgs),
    /// Explain a code: what was compared and what to do next
    Explain(keys::ExplainArgs),
    /// Print a verifier_output.v3.0 document as JSON, tree, graph or HTML
    Render(render::RenderArgs),
    /// Show what this program sees: version, embedded data, clock, terminal, limits
    Doctor(doctor::DoctorArgs),
    /// Verify a checkpoint
    Checkpoint(CheckpointArgs),
    /// Verify a transparency log: its signed head, and all of its files
    #[command(after_help = EXIT_STATUS)]
    Log(log::LogArgs),
    /// Decide whether two heads of one log are of one history
    #[command(after_help = EXIT_STATUS)]
    CompareHeads(log::CompareHeadsArgs),
    /// Verify many archives of a period and judge whether each chain's population is complete
    #[command(after_help = EXIT_STATUS)]
    Audit(audit::AuditArgs),
    /// Compare two exports of one window record by record
    #[command(after_help = EXIT_STATUS)]
    Diff(diff::DiffArgs),
    /// Print a checkpoint card, or compare evidence with the card of somebody else
    #[command(after_help = EXIT_STATUS)]
    Card(diff::CardArgs),
    /// Replay budgets, judge the money rules and total the cost of verified evidence
    #[command(after_help = EXIT_STATUS)]
    Ledger(ledger::LedgerArgs),
    /// Compare the permits of verified evidence with gateway logs and invoices
    #[command(after_help = EXIT_STATUS)]
    Reconcile(reconcile::ReconcileArgs),
    /// Draw a sample of permits that anyone can draw again, into a working paper
    #[command(after_help = EXIT_STATUS)]
    Sample(workpaper::SampleArgs),
    /// Mark, project, sign, show and verify working papers
    Workpaper(workpaper::WorkpaperArgs),
    /// Hand over some permits only, tied to a signed tree head; keel-verify FILE verifies the excerpt
    #[command(after_help = EXIT_STATUS)]
    Excerpt(excerpt::ExcerptArgs),
    /// Make a working paper again from the evidence, and say what differs
    #[command(after_help = workpaper::REPERFORM_STATUS)]
    Reperform(workpaper::ReperformArgs),
    /// Attack honest evidence in memory with many small changes, and show what is not noticed
    #[command(after_help = EXIT_STATUS)]
    Redteam(redteam::RedteamArgs),
    /// Verify a Sigstore bundle over an artifact: signer, transparency log, signing time
    #[command(after_help = EXIT_STATUS)]
    Sigstore(sigstore::SigstoreArgs),
    /// Verify an authority proof of an export
    AuthorityProof(later::AuthorityProofArgs),
    /// Verify a work-chain pack
    WorkChain(later::WorkChainArgs),
    /// Check a checkpoint-log consistency surface
    Monitor(monitor::MonitorArgs),
    /// Take over a new trust root
    RefreshKeys(later::RefreshKeysArgs),
    /// Check this program against its signed release manifest
    SelfCheck(later::SelfCheckArgs),
    /// Print a shell completion script
    Completions(keys::CompletionsArgs),
    /// Print the manual page, or that of one command
    Man(keys::ManArgs),
}

/// The definition, for help, completions and the arrangement of the line.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
}

const ABOUT: &str = "Verifies Keel AI-permit evidence offline: signed exports, manifests, evidence bundles, \
key manifests, folders and archives of them. It never opens a network connection; keys are the compiled-in \
trust root or files that you name.";

/// Ends the help of every command that verifies.
pub(crate) const EXIT_STATUS: &str = "\
Exit status:
  0  verified: everything required is established and nothing contradicts it
  1  disproved: the evidence contradicts itself or its signatures
  2  usage: the command line cannot be understood; nothing was looked at
  3  not established: something required is missing, untrusted, out of scope or
     not implemented; also an internal error of this program
  4  the input cannot be read, or the report cannot be written
Everything but 0 is a failure. `keel-verify explain CODE` explains a code.";

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_consistent() {
        super::definition().debug_assert();
    }
}
