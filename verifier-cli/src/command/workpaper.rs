//! `workpaper …`: makes, changes, signs, shows and verifies working papers.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use verifier_core::bytes::Blob;
use verifier_core::crypto::prefixed;
use verifier_core::evidence::{Batch, Evidence};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::catalog::workpaper::{
    WORKPAPER_INVALID, WORKPAPER_PROJECTION_NOT_POSSIBLE, WORKPAPER_WRITE_REFUSED,
};
use verifier_core::json::ParserLimits;
use verifier_core::ledger::Ledger;
use verifier_core::projection::Confidence;
use verifier_core::report::{Outcome, Report};
use verifier_core::sample::commitment;
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;
use verifier_core::workpaper::{
    Content, Expected, Mark, MarkKind, ProjectionKind, Role, Workpaper, judge, options,
};

use super::{Console, Ended, ledger, run as verification};
use crate::args::limits::LimitArgs;
use crate::args::output::ColorChoice;
use crate::args::workpaper::{
    Action, EvidenceArgs, MarkArgs, NewArgs, PaperArgs, ProjectArgs, ProjectName, ShowArgs, SignArgs,
    SignerArgs, VerifyArgs, WorkpaperArgs, micros,
};
use crate::exit::Exit;
use crate::input;
use crate::output_file::OutputFile;
use crate::render::style::Page;
use crate::render::workpaper as render;
use crate::signing_key;

pub(super) fn run(args: &WorkpaperArgs, console: &mut Console<'_>) -> Ended {
    match &args.action {
        Action::Commit(args) => {
            let digest = commitment(&args.engagement);
            console.print(Exit::VERIFIED, |out| writeln!(out, "{digest}"))
        }
        Action::New(args) => new(args, console),
        Action::Mark(args) => mark(args, console),
        Action::Project(args) => project(args, console),
        Action::Sign(args) => sign(args, Role::Preparer, console),
        Action::Countersign(args) => sign(args, Role::Reviewer, console),
        Action::Show(args) => show(args, console),
        Action::Verify(args) => check(args, console),
    }
}

/// Evidence that was verified.
pub(super) struct Done {
    policy: TrustPolicy,
    batches: Vec<Batch>,
    pub(super) reports: Vec<Report>,
}

impl Done {
    /// The rows of the very bytes that were verified.
    pub(super) fn rows(&self, args: &EvidenceArgs, console: &mut Console<'_>) -> Result<Ledger, Ended> {
        ledger::rows(&self.batches, &self.reports, &self.policy, args.quiet, console)
    }

    /// A paper without samples and marks.
    pub(super) fn content(&self, title: &str, tool: Option<String>) -> Content {
        Content::under(title, &self.policy, &self.reports, tool)
    }

    pub(super) fn policy(&self) -> &TrustPolicy {
        &self.policy
    }

    /// Ends the run when some of the evidence cannot be read.
    pub(super) fn readable(&self, console: &mut Console<'_>) -> Result<(), Ended> {
        match self.reports.iter().find(|report| report.outcome == Outcome::Unreadable) {
            None => Ok(()),
            Some(report) => {
                let why =
                    report.findings.first().map_or("the evidence cannot be read", |finding| &finding.message);
                let file = report.artifact.files.first().map_or("", |file| &file.path);
                Err(console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &format!("{file}: {why}")))
            }
        }
    }

    /// What was verified.
    pub(super) fn sets(&self) -> impl Iterator<Item = &Evidence> {
        self.batches.iter().flat_map(|batch| &batch.sets)
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.reports.iter().map(|report| report.outcome).fold(Outcome::Verified, Outcome::worst)
    }
}

/// Verifies the evidence; with a paper, as of its date and with its requirements.
pub(super) fn verify(
    command: &str,
    args: &EvidenceArgs,
    paper: Option<(Timestamp, &[String])>,
    console: &mut Console<'_>,
) -> Result<Done, Ended> {
    let as_of = paper.as_ref().map(|(as_of, _)| as_of);
    let mut policy = args
        .verification
        .policy(as_of, console.environment)
        .map_err(|message| console.misused(command, message))?;
    if let Some((_, stated)) = paper {
        options::demand(stated, &mut policy);
    }
    let batches = match verification::gather(&args.paths, args.manifest.as_deref(), &policy.limits) {
        Ok(batches) => batches,
        Err(message) => return Err(console.misused(command, message)),
    };
    let reports = verification::batches(&batches, &policy, args.quiet, console);
    Ok(Done { policy, batches, reports })
}

/// Begins a new file; one that exists may hold somebody's marks.
pub(super) fn create(path: &OsStr, console: &mut Console<'_>) -> Result<OutputFile, Ended> {
    let shown = path.to_string_lossy();
    if Path::new(path).exists() {
        let message = format!("{shown} exists already");
        return Err(console.failed(Exit::UNREADABLE, &WORKPAPER_WRITE_REFUSED, &message));
    }
    OutputFile::create(Path::new(path)).map_err(|error| unwritten(path, &error, console))
}

pub(super) fn unwritten(path: &OsStr, error: &io::Error, console: &mut Console<'_>) -> Ended {
    let message = format!("{} cannot be written: {}", path.to_string_lossy(), input::reason(error));
    console.failed(Exit::UNREADABLE, &WORKPAPER_WRITE_REFUSED, &message)
}

/// Digest of this executable.
pub(super) fn tool_digest() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    input::read(&path, 1 << 30).ok().map(|blob| prefixed(&blob.sha256()))
}

/// Says what a new paper holds; the exit is that of the evidence.
pub(super) fn made(
    path: &Path,
    paper: &Workpaper,
    outcome: Outcome,
    color: ColorChoice,
    console: &mut Console<'_>,
) -> Ended {
    let environment = console.environment;
    console.print(Exit::from(outcome), |out| {
        let mut page = Page::new(out, color, environment);
        render::made(path, paper, outcome, &mut page)
    })
}

fn new(args: &NewArgs, console: &mut Console<'_>) -> Ended {
    let mut out = match create(&args.out, console) {
        Ok(out) => out,
        Err(ended) => return ended,
    };
    let done = match verify("workpaper new", &args.evidence, None, console) {
        Ok(done) => done,
        Err(ended) => return ended,
    };
    if let Err(ended) = done.readable(console) {
        return ended;
    }
    let paper = Workpaper::new(done.content(&args.title, tool_digest()));
    if let Err(error) = out.write_all(&paper.to_bytes()).and_then(|()| out.commit()) {
        return unwritten(&args.out, &error, console);
    }
    made(Path::new(&args.out), &paper, done.outcome(), args.evidence.color, console)
}

/// Reads a paper; its signatures are not checked yet.
pub(super) fn load(
    path: &OsStr,
    limits: &LimitArgs,
    console: &mut Console<'_>,
) -> Result<(Blob, Workpaper), Ended> {
    let blob = console.read(path, limits.document_bytes())?;
    match Workpaper::load(&blob, ParserLimits::from(&limits.limits())) {
        Ok(paper) => Ok((blob, paper)),
        Err(error) => {
            let message = format!("{}: {error}", path.to_string_lossy());
            Err(console.failed(Exit::UNREADABLE, &WORKPAPER_INVALID, &message))
        }
    }
}

/// Why a paper is not changed.
pub(super) type Refusal = (Exit, &'static verifier_core::finding::Code, String);

/// Changes a paper in its place. The file beside it is begun first, so that of two who change the same paper at once one
/// is refused and nothing is lost.
pub(super) fn change(
    args: &PaperArgs,
    end_signatures: bool,
    console: &mut Console<'_>,
    change: impl FnOnce(&mut Workpaper) -> Result<(Exit, String), Refusal>,
) -> Ended {
    let mut out = match OutputFile::create(Path::new(&args.paper)) {
        Ok(out) => out,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!(
                "{} is being changed by another program, or a program was stopped: remove {0}.partial if none runs",
                args.paper.to_string_lossy()
            );
            return console.failed(Exit::UNREADABLE, &WORKPAPER_WRITE_REFUSED, &message);
        }
        Err(error) => return unwritten(&args.paper, &error, console),
    };
    let (_, mut paper) = match load(&args.paper, &args.limits, console) {
        Ok(loaded) => loaded,
        Err(ended) => return ended,
    };
    let before = paper.signatures.len();
    let (exit, message) = match change(&mut paper) {
        Ok(done) => done,
        Err((exit, code, message)) => return console.failed(exit, code, &message),
    };
    let ended = before.saturating_sub(paper.signatures.len());
    if ended > 0 && !end_signatures {
        let message = format!("{ended} signatures would end; --end-signatures allows it");
        return console.failed(Exit::NOT_ESTABLISHED, &WORKPAPER_WRITE_REFUSED, &message);
    }
    if let Err(error) = out.write_all(&paper.to_bytes()).and_then(|()| out.commit()) {
        return unwritten(&args.paper, &error, console);
    }
    console.print(exit, |out| {
        writeln!(out, "{message}")?;
        if ended > 0 {
            writeln!(out, "{ended} signatures over the paper as it was have ended")
        } else {
            Ok(())
        }
    })
}

fn now(at: Option<&Timestamp>, console: &Console<'_>) -> Option<String> {
    at.or(console.environment.now.as_ref()).map(Timestamp::to_rfc3339)
}

const NO_CLOCK: &str = "the clock shows no usable date; state one with --at";

fn mark(args: &MarkArgs, console: &mut Console<'_>) -> Ended {
    let (kind, id) = match (&args.permit, &args.finding) {
        (Some(id), None) => (MarkKind::Permit, id),
        (None, Some(id)) => (MarkKind::Finding, id),
        _ => return console.misused("workpaper mark", "give one of --permit and --finding"),
    };
    let correct = match args.correct_usd.as_deref().map(|text| micros(text).ok_or(())).transpose() {
        Ok(Some(_)) if kind == MarkKind::Finding => {
            return console.misused("workpaper mark", "--correct-usd goes with --permit");
        }
        Ok(correct) => correct,
        Err(()) => {
            let message = "--correct-usd takes an amount in USD of at most six decimals, such as 0.50";
            return console.misused("workpaper mark", message);
        }
    };
    let Some(at) = now(args.at.as_ref(), console) else {
        return console.misused("workpaper mark", NO_CLOCK);
    };
    let mark = Mark {
        kind,
        id: id.clone(),
        status: args.status.into(),
        note: args.note.clone(),
        by: args.by.clone(),
        at,
        correct_usd_micros: correct,
    };
    change(&args.paper, args.end_signatures, console, |paper| {
        let summary = render::marked(&mark, &paper.content);
        paper.change(|content| content.mark(mark));
        Ok((Exit::VERIFIED, summary))
    })
}

fn project(args: &ProjectArgs, console: &mut Console<'_>) -> Ended {
    let Some(confidence) = Confidence::of_percent(args.confidence) else {
        return console.misused("workpaper project", "--confidence is one of 80, 85, 90, 95, 98, 99");
    };
    let Some(position) = args.sample.checked_sub(1) else {
        return console.misused("workpaper project", "samples are counted from 1");
    };
    let (of, tolerable) = match args.of {
        ProjectName::Exceptions => {
            let read = |text: &String| text.parse::<u64>().map(i128::from).ok();
            (ProjectionKind::Exceptions, args.tolerable.as_ref().map(read))
        }
        ProjectName::Amounts => {
            let read = |text: &String| micros(text).filter(|amount| *amount >= 0).map(i128::from);
            (ProjectionKind::Amounts, args.tolerable.as_ref().map(read))
        }
    };
    let tolerable = match tolerable {
        Some(None) => {
            let message = "--tolerable takes a number of items, or an amount in USD with --of amounts";
            return console.misused("workpaper project", message);
        }
        other => other.flatten(),
    };
    change(&args.paper, args.end_signatures, console, |paper| {
        let mut result = Ok(());
        paper.change(|content| result = content.project(position, of, confidence, tolerable));
        match result {
            Ok(()) => Ok((
                projected(&paper.content, position, of),
                render::projection(&paper.content, position, of),
            )),
            Err(error) => Err((Exit::NOT_ESTABLISHED, &WORKPAPER_PROJECTION_NOT_POSSIBLE, error.to_string())),
        }
    })
}

/// The exit of a projection: that of its verdict, where something tolerable was stated.
fn projected(content: &Content, sample: u32, of: ProjectionKind) -> Exit {
    let own = content.projections.iter().find(|record| (record.sample, record.of) == (sample, of));
    match own.and_then(|record| record.verdict.as_deref()) {
        None | Some("supported") => Exit::VERIFIED,
        Some("disproved") => Exit::DISPROVED,
        Some(_) => Exit::NOT_ESTABLISHED,
    }
}

fn sign(args: &SignArgs, role: Role, console: &mut Console<'_>) -> Ended {
    let key = match signing_key::read(Path::new(&args.key_file)) {
        Ok(key) => key,
        Err(message) => return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message),
    };
    let Some(at) = now(args.at.as_ref(), console) else {
        return console.misused("workpaper sign", NO_CLOCK);
    };
    change(&args.paper, false, console, |paper| match paper.sign(&key, role, &at) {
        Ok(()) => {
            let message = format!("SIGNED as {} at {at} by {}", role.as_str(), key.public_key());
            Ok((Exit::VERIFIED, message))
        }
        Err(fault) => Err((Exit::NOT_ESTABLISHED, &WORKPAPER_WRITE_REFUSED, fault.to_string())),
    })
}

/// What the command line expects of signatures.
pub(super) fn expected(args: &SignerArgs) -> Expected {
    Expected { keys: args.key.clone(), countersigned: args.countersigned }
}

fn show(args: &ShowArgs, console: &mut Console<'_>) -> Ended {
    let (blob, paper) = match load(&args.paper.paper, &args.paper.limits, console) {
        Ok(loaded) => loaded,
        Err(ended) => return ended,
    };
    let judgement = judge(&paper, &Expected::default(), &args.paper.paper.to_string_lossy());
    let exit = match judgement.outcome {
        Outcome::Disproved => Exit::DISPROVED,
        _ => Exit::VERIFIED,
    };
    let environment = console.environment;
    console.print(exit, |out| {
        render::show(&blob, &paper, &judgement, &mut Page::new(out, args.color, environment))
    })
}

fn check(args: &VerifyArgs, console: &mut Console<'_>) -> Ended {
    let (blob, paper) = match load(&args.paper.paper, &args.paper.limits, console) {
        Ok(loaded) => loaded,
        Err(ended) => return ended,
    };
    let judgement = judge(&paper, &expected(&args.signers), &args.paper.paper.to_string_lossy());
    let environment = console.environment;
    console.print(Exit::from(judgement.outcome), |out| {
        render::verdict(&blob, &judgement, &mut Page::new(out, args.color, environment))
    })
}
