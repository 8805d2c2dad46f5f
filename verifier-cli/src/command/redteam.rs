//! `redteam PATH`: changes honest evidence in memory, and shows what the verifier does not notice.

use std::path::Path;

use verifier_core::evidence;
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::{Effect, Finding};
use verifier_core::redteam::{Attack, TargetError, attack};
use verifier_core::render::ascii;
use verifier_core::report::Outcome;

use super::{Console, Ended};
use crate::args::audit::PlainForm;
use crate::args::redteam::RedteamArgs;
use crate::exit::Exit;
use crate::render::progress::ProgressLine;
use crate::render::redteam as render;
use crate::render::style::Page;

pub(super) fn run(args: &RedteamArgs, console: &mut Console<'_>) -> Ended {
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("redteam", message),
    };
    let paths: Vec<&Path> = args.paths.iter().map(Path::new).collect();
    let batches = evidence::gather(&paths, &policy.limits);
    if batches.iter().all(|batch| batch.sets.is_empty()) {
        return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, "nothing here is evidence");
    }
    // What was not looked at holds nothing.
    let fails =
        |finding: &&Finding| finding.effect == Effect::Unreadable || finding.effect.verdict().is_some();
    if let Some(finding) = batches.iter().flat_map(|batch| &batch.findings).find(fails) {
        let exit = match finding.effect {
            Effect::Unreadable => Exit::UNREADABLE,
            _ => Exit::NOT_ESTABLISHED,
        };
        let message = format!("{}: {}", finding.location.file, finding.message);
        return console.failed(exit, finding.code, &message);
    }
    let progress = ProgressLine::new(console.environment.err_is_terminal && !args.quiet);
    let mut attacks: Vec<(String, Result<Attack, TargetError>)> = Vec::new();
    for set in batches.iter().flat_map(|batch| &batch.sets) {
        attacks.push((set.label().to_owned(), attack(set, &policy, &args.seed, args.n, &progress)));
    }
    progress.clear();
    let outcome = attacks.iter().fold(Outcome::Verified, |outcome, (_, attack)| {
        outcome.worst(match attack {
            Ok(attack) => attack.outcome(),
            Err(TargetError::NotVerified(own)) => own.worst(Outcome::NotEstablished),
            Err(TargetError::Read(_)) => Outcome::Unreadable,
            Err(_) => Outcome::NotEstablished,
        })
    });
    let shown = render::Shown { attacks: &attacks, seed: &args.seed, outcome };
    let environment = console.environment;
    console.print(Exit::from(outcome), |out| match args.format {
        PlainForm::Human => render::human(&shown, &mut Page::new(out, args.color, environment)),
        PlainForm::Json => ascii::write(&render::document(&shown), out),
    })
}
