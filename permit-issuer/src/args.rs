//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Decides AI calls under policy and budget, before they run, and produces Keel evidence of it.
#[derive(Debug, Parser)]
#[command(version, about, long_about = None, after_help = "\
Exit status: 0 done; 1 something was refused or failed; 2 usage.
A denied permit is a decision, not a failure.

decide, dispatch, close, review, revoke and sidecar read one JSON object a line on standard input and write one
a line on standard output, in the same order and flushed, errors included. They can run as long as a gateway does.")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a state directory: one project, one Ed25519 key for each purpose, key manifest, trust root
    Init(Init),
    /// Add a project to a state directory
    AddProject(AddProject),
    /// Replace the policy of a project
    SetPolicy(SetPolicy),
    /// Check a policy document and print its id, version and digest
    CheckPolicy {
        /// TOML or JSON
        policy: PathBuf,
    },
    /// Decide on requests: request in, permit out
    Decide(Stream),
    /// Bind permits to the exact provider requests that are about to leave
    Dispatch(Stream),
    /// Close permits: response digests, usage, budget
    Close(Stream),
    /// Record what a person says to held permits
    Review(Stream),
    /// Withdraw permits
    Revoke(Stream),
    /// All of the above on one pipe: every line names its "op"
    Sidecar(Stream),
    /// Let due permits expire and give their reservations back
    Expire(State),
    /// Sign the heads of all chains and print the checkpoint
    Checkpoint(State),
    /// Print projects, chain heads and budgets as JSON
    Status(State),
    /// Keep a transparency log of all chain entries, in the `log` folder of the state directory
    #[command(subcommand)]
    Log(Log),
    /// Keep a witness, which cosigns heads of logs that only ever grew
    #[command(subcommand)]
    Witness(Witness),
    /// Write signed evidence for an auditor
    Export(Export),
    /// Retire the key of a purpose and make a new one
    RotateKey(RotateKey),
    /// Write a made-up week of three projects as signed evidence: fixed clock, public keys, same bytes every time
    Demo {
        /// Directory to make
        directory: PathBuf,
        /// Keep a transparency log with three witnesses, and put inclusion proofs into the exports
        #[arg(long)]
        with_log: bool,
    },
    /// Write or check the generated test vectors
    Vectors(Vectors),
    /// Write a large signed export for measurements
    #[command(hide = true)]
    BenchExport(BenchExport),
    /// Write a quarter of calls with a gateway log, an invoice and known errors
    #[command(hide = true)]
    BenchQuarter(BenchQuarter),
    /// Write a large transparency log for measurements
    #[command(hide = true)]
    BenchLog(BenchLog),
}

/// The state directory.
#[derive(Debug, ClapArgs)]
pub struct State {
    /// State directory
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Instant to use in place of the clock, for reproducible runs
    #[arg(long, value_name = "TIME", hide = true)]
    pub now: Option<String>,
}

/// Arguments of `init`.
#[derive(Debug, ClapArgs)]
pub struct Init {
    /// The state directory to make
    #[command(flatten)]
    pub state: State,
    /// Project name
    #[arg(long, value_name = "NAME")]
    pub project: String,
    /// Project UUID; random when absent
    #[arg(long, value_name = "UUID")]
    pub project_id: Option<String>,
    /// Policy document, TOML or JSON
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
}

/// Arguments of `add-project`.
#[derive(Debug, ClapArgs)]
pub struct AddProject {
    /// The state directory
    #[command(flatten)]
    pub state: State,
    /// Project name
    #[arg(long, value_name = "NAME")]
    pub project: String,
    /// Project UUID; random when absent
    #[arg(long, value_name = "UUID")]
    pub project_id: Option<String>,
    /// Policy document, TOML or JSON
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
}

/// Arguments of `set-policy`.
#[derive(Debug, ClapArgs)]
pub struct SetPolicy {
    /// The state directory
    #[command(flatten)]
    pub state: State,
    /// Project name or UUID, where there are several
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Policy document, TOML or JSON
    pub policy: PathBuf,
}

/// Arguments of the commands that read JSON lines.
#[derive(Debug, ClapArgs)]
pub struct Stream {
    /// The state directory
    #[command(flatten)]
    pub state: State,
    /// Put provider requests, without secrets, into the evidence, so that a verifier can recompute their digest
    #[arg(long)]
    pub keep_request_bodies: bool,
}

/// Arguments of `export`.
#[derive(Debug, ClapArgs)]
pub struct Export {
    /// The state directory
    #[command(flatten)]
    pub state: State,
    /// Project name or UUID, where there are several
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Directory to make with export, manifest, key manifest and ledger
    #[arg(required_unless_present_any = ["zip", "bundle"], conflicts_with_all = ["zip", "bundle"])]
    pub directory: Option<PathBuf>,
    /// The same files in one zip file
    #[arg(long, value_name = "FILE", conflicts_with = "bundle")]
    pub zip: Option<PathBuf>,
    /// Everything in one keel.evidence_bundle/v1 file
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// Add the checkpoint over all chains as a file of its own
    #[arg(long, conflicts_with = "bundle")]
    pub with_checkpoint: bool,
    /// Add a proof for every chain entry that the newest head of the log includes it
    #[arg(long, conflicts_with = "bundle")]
    pub with_proofs: bool,
    /// Append, sign and have a new head cosigned by this witness first; as often as there are witnesses. The policy for the
    /// auditor is written to witness-policy.txt in the state directory
    #[arg(long = "witness", value_name = "DIR", requires = "with_proofs")]
    pub witnesses: Vec<PathBuf>,
    /// How many of the witnesses the policy asks for; more than half when absent
    #[arg(long, value_name = "COUNT", requires = "witnesses")]
    pub quorum: Option<usize>,
}

/// The commands on a log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Make the log and its key; log.vkey is for whoever has to trust it
    Init {
        /// The state directory
        #[command(flatten)]
        state: State,
        /// Name of the log, such as example.com/keel/1; nobody else may use it
        #[arg(long, value_name = "NAME")]
        origin: String,
    },
    /// Append all chain entries that the log does not have
    Append(State),
    /// Append, sign the head, and have it cosigned by witnesses on this machine
    Checkpoint {
        /// The state directory
        #[command(flatten)]
        state: State,
        /// Folder of a witness; as often as there are witnesses
        #[arg(long = "witness", value_name = "DIR")]
        witnesses: Vec<PathBuf>,
    },
    /// Take the newest cosigned head into the chain of every project: what is dispatched afterwards is proven to be later
    Observe(State),
    /// Print the newest signed head as JSON
    Show(State),
    /// Print the request to a witness elsewhere: consistency proof and newest head
    Request {
        /// The state directory
        #[command(flatten)]
        state: State,
        /// How many entries the witness has seen
        #[arg(long, value_name = "SIZE", default_value_t = 0)]
        old: u64,
    },
    /// Print the policy file for auditors: the log, the witnesses, and how many of them must have seen a head
    Policy {
        /// The state directory
        #[command(flatten)]
        state: State,
        /// Key text of a witness, as in its vkey file; as often as there are witnesses
        #[arg(long = "witness", value_name = "VKEY", required = true)]
        witnesses: Vec<String>,
        /// How many must have seen a head; more than half when absent
        #[arg(long, value_name = "COUNT")]
        quorum: Option<usize>,
    },
    /// Sign the newest head once more as a Sigstore bundle, for submission to a public log by other tools
    SignBundle {
        /// The state directory
        #[command(flatten)]
        state: State,
        /// P-256 key in PKCS #8 PEM, as `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` makes it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Directory for head, bundle and public key
        directory: PathBuf,
    },
    /// Add the cosignature lines on standard input to the newest head
    AddCosignatures(State),
}

/// The commands on a witness.
#[derive(Debug, Subcommand)]
pub enum Witness {
    /// Make a witness and its key
    Init {
        /// Folder to make
        directory: PathBuf,
        /// Name of the witness, such as example.com/witness
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Key text of a log to watch, as in log.vkey; as often as there are logs
        #[arg(long = "log", value_name = "VKEY", required = true)]
        logs: Vec<String>,
    },
    /// Answer the request on standard input; exit status 1 and the reason when the head is not cosigned
    Cosign {
        /// Folder of the witness
        directory: PathBuf,
        /// Instant to use in place of the clock, for reproducible runs
        #[arg(long, value_name = "TIME", hide = true)]
        now: Option<String>,
    },
}

/// Arguments of `rotate-key`.
#[derive(Debug, ClapArgs)]
pub struct RotateKey {
    /// The state directory
    #[command(flatten)]
    pub state: State,
    /// Which key
    #[arg(value_parser = ["export_signing", "permit_binding_signing", "integrity_checkpoint", "scope_state"])]
    pub purpose: String,
}

/// Arguments of `vectors`.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub struct Vectors {
    /// Write all cases under this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Compare all cases under this directory byte by byte
    #[arg(long, value_name = "DIR")]
    pub check: Option<PathBuf>,
}

/// Arguments of `bench-log`.
#[derive(Debug, ClapArgs)]
pub struct BenchLog {
    /// Entries
    #[arg(long)]
    pub entries: u64,
    /// Directory to make: the log, and its key text in log.vkey
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `bench-quarter`.
#[derive(Debug, ClapArgs)]
pub struct BenchQuarter {
    /// Calls
    #[arg(long, default_value_t = 1_000_000)]
    pub calls: u64,
    /// How often each kind of error is planted
    #[arg(long, default_value_t = 10)]
    pub each: u64,
    /// Directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Arguments of `bench-export`.
#[derive(Debug, ClapArgs)]
pub struct BenchExport {
    /// Governance events in one chain
    #[arg(long, default_value_t = 0, conflicts_with = "closures")]
    pub events: u64,
    /// Signed closures in an audit export bundle
    #[arg(long, default_value_t = 0)]
    pub closures: u64,
    /// Directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
