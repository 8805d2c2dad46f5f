//! `audit PATH…`: verifies everything, then judges the population of each chain.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use verifier_core::audit::state::{State, StateKey};
use verifier_core::audit::{self, Expectation, Member};
use verifier_core::evidence;
use verifier_core::finding::catalog::audit::{
    AUDIT_STATE_KEY_INVALID, AUDIT_STATE_REFUSED, AUDIT_STATE_UNWRITABLE,
};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::render::ascii;

use super::{Console, Ended};
use crate::args::audit::{AuditArgs, PlainForm};
use crate::exit::Exit;
use crate::input;
use crate::output_file::OutputFile;
use crate::render::audit as render;
use crate::render::progress::ProgressLine;
use crate::render::style::Page;

/// Largest state file that is read.
const STATE_BYTES: u64 = 8 << 30;
/// Largest key file that is read.
const KEY_BYTES: u64 = 1 << 16;
/// The state is written after the first sets, and then no more often than this.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// Pause between two writings of the state, as a multiple of the time that one takes.
const PAUSE: u32 = 20;

pub(super) fn run(args: &AuditArgs, console: &mut Console<'_>) -> Ended {
    if let Err(message) = args.check() {
        return console.misused("audit", message);
    }
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("audit", message),
    };
    let (before, mut book) = match (&args.state, &args.state_key) {
        (Some(state), Some(key)) => {
            if within(Path::new(state), &args.paths) {
                return console.misused("audit", "the state file must not lie in a folder that is audited");
            }
            match StateBook::open(Path::new(state), key, audit::binding(&policy), console) {
                Ok((before, book)) => (Some(before), Some(book)),
                Err(ended) => return ended,
            }
        }
        _ => (None, None),
    };
    let paths: Vec<&Path> = args.paths.iter().map(Path::new).collect();
    let plan = audit::plan(evidence::gather(&paths, &policy.limits));
    let progress = ProgressLine::new(console.environment.err_is_terminal && !args.quiet);
    let mut save = |members: &[Member]| match (&before, &mut book) {
        (Some(before), Some(book)) if members.len() < plan.sets.len() => book.save_part(before, members),
        (Some(before), Some(book)) => book.save(&before.after(members)),
        _ => Ok(()),
    };
    let members = audit::examine(&plan.sets, &policy, before.as_ref(), &progress, &mut save);
    progress.clear();
    // Without any set nothing was saved yet.
    let members = match members.and_then(|members| {
        if members.is_empty() {
            save(&members)?;
        }
        Ok(members)
    }) {
        Ok(members) => members,
        Err(message) => return console.failed(Exit::UNREADABLE, &AUDIT_STATE_UNWRITABLE, &message),
    };
    if before.is_some() && !args.quiet {
        let reused = members.iter().filter(|member| member.taken_over).count();
        let verified = members.len().saturating_sub(reused);
        writeln!(console.err, "{verified} sets verified, {reused} taken over from the state").ok();
    }
    let earlier = before.as_ref().map(|before| before.gone(&members)).unwrap_or_default();
    let expectation = Expectation {
        from: args.from.clone(),
        to: args.to.clone(),
        scopes: args.scope.iter().cloned().collect(),
        expected: args.expect_scope.iter().cloned().collect(),
    };
    let records = members.into_iter().map(|member| member.record).collect();
    let audit = audit::conclude(records, plan.beside, &earlier, expectation, policy.limits.findings_per_code);
    let exit = Exit::from(audit.outcome);
    let environment = console.environment;
    console.print(exit, |out| match args.format {
        PlainForm::Human => {
            render::human(&audit, &policy.as_of, &mut Page::new(out, args.color, environment))
        }
        PlainForm::Json => ascii::write(&audit.document(&policy.as_of), out),
    })
}

/// A state file in use.
struct StateBook {
    path: PathBuf,
    key: StateKey,
    /// When it may be written again.
    next: Option<Instant>,
}

impl StateBook {
    fn open(
        path: &Path,
        key: &OsStr,
        binding: [u8; 32],
        console: &mut Console<'_>,
    ) -> Result<(State, Self), Ended> {
        let pem = console.read(key, KEY_BYTES)?;
        let key = std::str::from_utf8(pem.as_slice())
            .map_err(|_| "it is not text".to_owned())
            .and_then(StateKey::from_pem)
            .map_err(|why| {
                let message = format!("{}: {why}", key.to_string_lossy());
                console.failed(Exit::UNREADABLE, &AUDIT_STATE_KEY_INVALID, &message)
            })?;
        let before = match path.try_exists() {
            Ok(false) => State::default().under(binding),
            Ok(true) => {
                let blob = input::read(path, STATE_BYTES).map_err(|why| {
                    let message = format!("{} cannot be read: {why}", path.display());
                    console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message)
                })?;
                let state = std::str::from_utf8(blob.as_slice())
                    .map_err(|_| "it is not text".to_owned())
                    .and_then(|text| State::read(text, &key).map_err(|refused| refused.to_string()));
                match state {
                    Ok(state) => state.under(binding),
                    Err(why) => {
                        let message = format!("{}: {why}", path.display());
                        return Err(console.failed(Exit::UNREADABLE, &AUDIT_STATE_REFUSED, &message));
                    }
                }
            }
            Err(error) => {
                let message = format!("{} cannot be read: {}", path.display(), input::reason(&error));
                return Err(console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message));
            }
        };
        Ok((before, Self { path: path.to_owned(), key, next: None }))
    }

    /// Saves what is known so far, so seldom that it takes a small part of the time.
    fn save_part(&mut self, before: &State, members: &[Member]) -> Result<(), String> {
        let begin = Instant::now();
        if self.next.is_some_and(|next| begin < next) {
            return Ok(());
        }
        self.save(&before.with(members))?;
        let pause = begin.elapsed().saturating_mul(PAUSE).max(WRITE_EVERY);
        self.next = begin.checked_add(pause);
        Ok(())
    }

    fn save(&self, state: &State) -> Result<(), String> {
        let text = state.write(&self.key).map_err(|error| format!("{}: {error}", self.path.display()))?;
        let write = || {
            let mut file = OutputFile::resume(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.commit()
        };
        write().map_err(|error: std::io::Error| {
            format!("{} cannot be written: {}", self.path.display(), input::reason(&error))
        })
    }
}

/// Whether a file lies under one of the paths.
fn within(file: &Path, paths: &[std::ffi::OsString]) -> bool {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(parent) = parent.canonicalize() else { return false };
    paths.iter().filter_map(|path| Path::new(path).canonicalize().ok()).any(|path| {
        path.is_dir() && parent.starts_with(&path) || file.canonicalize().is_ok_and(|file| file == path)
    })
}
