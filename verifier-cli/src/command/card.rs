//! `card PATH…`: prints the checkpoint card of verified evidence, or compares evidence with a card.

use std::convert::Infallible;
use std::path::Path;

use serde_json::json;
use verifier_core::audit::card::{Card, Comparison, MAX_BYTES};
use verifier_core::audit::{self, SetRecord};
use verifier_core::evidence;
use verifier_core::finding::catalog::audit::{AUDIT_SET_NOT_VERIFIED, CARD_INVALID, CARD_NOT_COMPARABLE};
use verifier_core::finding::{Effect, Finding};
use verifier_core::render::ascii;
use verifier_core::report::{Outcome, TOOL};

use super::{Console, Ended};
use crate::args::audit::PlainForm;
use crate::args::diff::CardArgs;
use crate::exit::Exit;
use crate::render::audit as render;
use crate::render::progress::ProgressLine;
use crate::render::style::Page;

pub(super) fn run(args: &CardArgs, console: &mut Console<'_>) -> Ended {
    let policy = match args.verification.policy(None, console.environment) {
        Ok(policy) => policy,
        Err(message) => return console.misused("card", message),
    };
    let other = match &args.compare {
        None => None,
        Some(file) => {
            let blob = match console.read(file, MAX_BYTES) {
                Ok(blob) => blob,
                Err(ended) => return ended,
            };
            let card = std::str::from_utf8(blob.as_slice())
                .map_err(|_| "it is not text".to_owned())
                .and_then(|text| Card::parse(text).map_err(|error| error.to_string()));
            match card {
                Ok(card) => Some(card),
                Err(why) => {
                    let message = format!("{}: {why}", file.to_string_lossy());
                    return console.failed(Exit::UNREADABLE, &CARD_INVALID, &message);
                }
            }
        }
    };
    let paths: Vec<&Path> = args.paths.iter().map(Path::new).collect();
    let plan = audit::plan(evidence::gather(&paths, &policy.limits));
    let progress = ProgressLine::new(console.environment.err_is_terminal && !args.quiet);
    let examined = audit::examine(&plan.sets, &policy, None, &progress, &mut |_| Ok::<(), Infallible>(()));
    progress.clear();
    let members = examined.unwrap_or_else(|never| match never {});
    let sets: Vec<SetRecord> = members.into_iter().map(|member| member.record).collect();
    let fails =
        |finding: &&Finding| finding.effect == Effect::Unreadable || finding.effect.verdict().is_some();
    let failing = plan.beside.iter().find(fails).cloned();
    let Some(card) = other else {
        if let Some(finding) = failing {
            let message = format!("{}: {}", finding.location.file, finding.message);
            let exit = match finding.effect {
                Effect::Unreadable => Exit::UNREADABLE,
                _ => Exit::NOT_ESTABLISHED,
            };
            return console.failed(exit, finding.code, &message);
        }
        return match Card::of(&sets) {
            Ok(card) => console.print(Exit::VERIFIED, |out| write!(out, "{card}")),
            Err(why) => {
                let worst = sets.iter().map(|set| set.outcome).fold(Outcome::NotEstablished, Outcome::worst);
                let code = if worst == Outcome::NotEstablished {
                    &CARD_NOT_COMPARABLE
                } else {
                    &AUDIT_SET_NOT_VERIFIED
                };
                console.failed(Exit::from(worst), code, &why)
            }
        };
    };
    let mut comparison = card.compare(&sets);
    if let Some(finding) = failing {
        comparison.outcome = comparison.outcome.worst(match finding.effect {
            Effect::Unreadable => Outcome::Unreadable,
            _ => Outcome::NotEstablished,
        });
    }
    comparison.findings.extend(plan.beside);
    let environment = console.environment;
    console.print(Exit::from(comparison.outcome), |out| match args.format {
        PlainForm::Human => render::comparison(&comparison, &mut Page::new(out, args.color, environment)),
        PlainForm::Json => ascii::write(&document(&comparison), out),
    })
}

fn document(comparison: &Comparison) -> serde_json::Value {
    json!({
        "format": "keel-verify.card-comparison/v1",
        "tool": { "name": TOOL, "version": env!("CARGO_PKG_VERSION") },
        "outcome": comparison.outcome,
        "exit_status": comparison.outcome.exit_status(),
        "chains": comparison.chains.iter().map(|(scope, relation)| json!({
            "scope": scope,
            "relation": relation.as_str(),
        })).collect::<Vec<_>>(),
        "not_on_card": comparison.not_on_card,
        "findings": comparison.findings,
    })
}
