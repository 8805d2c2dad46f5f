//! How one permit is proven, as a path of steps, and which members of its record each step covers.

use egui::{Color32, Frame, Margin, Pos2, RichText, Sense, Stroke, Ui, vec2};
use verifier_core::ledger::PermitRow;
use verifier_core::render::escape;
use verifier_core::report::{Bound, FieldCoverage, Report, SignerSummary, row_of};
use verifier_core::trust::Basis;

use super::widgets::{Mark, mark};
use crate::command::{Command, CommandSender};
use crate::money::Books;
use crate::state::{Record, Session};

/// A step of a path.
struct Step<'a> {
    title: String,
    /// The claim that decides it; a step without one is decided by the step before.
    claim: Option<&'static str>,
    shape: Mark,
    word: String,
    detail: Option<&'a str>,
}

const INTEGRITY: &str = "export.integrity.v1";

pub(super) fn show(session: &Session, books: &Books, row: &PermitRow, sender: &CommandSender, ui: &mut Ui) {
    let source = books.ledger.sources.get(usize::from(row.place.source));
    let is_here = |report: &&std::sync::Arc<Report>| {
        report.artifact.files.iter().any(|file| source.is_some_and(|source| source.label == file.path))
    };
    let Some(report) = session.reports.iter().find(is_here) else {
        ui.label("No report is about the file of this record.");
        return;
    };
    let account = session.table.selected.and_then(|at| books.ledger.accounts.get(usize::try_from(at).ok()?));
    let carried = Carried {
        decision: match &session.record {
            Some(Record { members: Ok(members), .. }) => {
                members.iter().any(|member| member.pointer.contains("/permit_decision/"))
            }
            _ => true,
        },
        entries: account.is_none_or(|account| account.has_entries),
        closure: !row.closure.is_none(),
    };
    for (title, steps) in paths(report, &carried) {
        ui.add_space(4.0);
        ui.strong(title);
        path(&steps, session.proof, sender, ui);
    }
    interval(report, books.ledger.text(row.permit), ui);
    members(session, report, ui);
}

fn step<'a>(report: &Report, title: &str, claim: &'static str) -> Option<Step<'a>> {
    let verdict = report.verdict(claim)?;
    let word = verdict.as_str().replace('_', " ");
    Some(Step { title: title.to_owned(), claim: Some(claim), shape: Mark::from(verdict), word, detail: None })
}

/// What this record has of its own: the claims are about all records that have it.
struct Carried {
    decision: bool,
    entries: bool,
    closure: bool,
}

/// A step that this record has a part in, or one that says that it has none.
fn own_step<'a>(report: &Report, is_carried: bool, title: &str, claim: &'static str) -> Option<Step<'a>> {
    if is_carried {
        return step(report, title, claim);
    }
    Some(open_step(title, "this record carries none"))
}

fn open_step<'a>(title: &str, why: &'a str) -> Step<'a> {
    let word = "not established".to_owned();
    Step { title: title.to_owned(), claim: None, shape: Mark::Open, word, detail: Some(why) }
}

fn paths<'a>(report: &'a Report, carried: &Carried) -> Vec<(&'static str, Vec<Step<'a>>)> {
    let mut signed = Vec::new();
    let title = "The decision, signed by the permit key";
    signed.extend(own_step(report, carried.decision, title, "permit.decision.v1"));
    let title = "Its events in the hash chain";
    signed.extend(own_step(report, carried.entries, title, "governance_chain.local_continuity.v1"));
    let title = "How the call ended, signed";
    signed.extend(own_step(report, carried.closure, title, "closure.signature.v1"));
    signed.extend(step(report, "This export, under the manifest's signature", INTEGRITY));
    if let Some(signer) = export_signer(report) {
        let trusted = signer.basis.is_trusted();
        let (shape, word) = if trusted { (Mark::Good, "trusted") } else { (Mark::Open, "not established") };
        let id = signer.key_id.as_deref().unwrap_or(&signer.public_key);
        signed.push(Step {
            title: format!("Key {id}"),
            claim: None,
            shape,
            word: word.to_owned(),
            detail: Some(&signer.source),
        });
        let root = match signer.basis {
            Basis::SelfAttested => "No trust root: the file vouches for itself",
            Basis::Pinned => "The key that you named",
            _ => "The trust root that you gave, or the compiled-in one",
        };
        signed.push(Step { title: root.to_owned(), claim: None, shape, word: word.to_owned(), detail: None });
    } else {
        signed.push(open_step("Key and trust root", "no trusted key is known to have signed this file"));
    }
    let mut logged = Vec::new();
    logged.extend(step(
        report,
        "Leaf, Merkle path and signed head of the log",
        "transparency_log.inclusion.v1",
    ));
    logged.extend(step(report, "Witnesses that cosigned the head", "transparency_log.witness.v1"));
    if logged.is_empty() {
        let why = "no inclusion proofs are beside the evidence";
        logged.push(open_step("Leaf, Merkle path, signed head, witnesses", why));
    }
    let mut timed = Vec::new();
    timed.extend(step(report, "Decided before the request left", "permit.decided_before_dispatch.v1"));
    timed.extend(step(report, "The time bounds of the decision", "permit.decision_interval.v1"));
    [("By signature", signed), ("By transparency log", logged), ("In time", timed)]
        .into_iter()
        .filter(|(_, steps)| !steps.is_empty())
        .collect()
}

fn export_signer(report: &Report) -> Option<&SignerSummary> {
    report.signers.iter().find(|signer| ["export manifest", "evidence bundle"].contains(&&*signer.signed))
}

/// Steps below each other, joined by arrows; a chosen one marks the members that its claim covers.
fn path(steps: &[Step<'_>], chosen: Option<&'static str>, sender: &CommandSender, ui: &mut Ui) {
    let mut from: Option<Pos2> = None;
    for step in steps {
        if from.is_some() {
            ui.add_space(12.0);
        }
        let is_chosen = chosen.is_some() && chosen == step.claim;
        let colour = step.shape.colour(ui);
        let stroke = Stroke::new(if is_chosen { 2.5 } else { 1.0 }, colour);
        let frame = Frame::new().stroke(stroke).corner_radius(4.0).inner_margin(Margin::symmetric(8, 4));
        let drawn = frame.show(ui, |ui| {
            ui.set_width((ui.available_width() - 4.0).max(120.0));
            ui.horizontal_top(|ui| {
                mark(step.shape, &step.word, ui);
                ui.vertical(|ui| {
                    ui.label(escape(&step.title).into_owned());
                    let below = match step.claim {
                        Some(claim) => format!("{claim}: {}", step.word),
                        None => step.word.clone(),
                    };
                    ui.weak(below);
                    if let Some(detail) = step.detail {
                        ui.weak(escape(detail).into_owned());
                    }
                });
            });
        });
        let rect = drawn.response.rect;
        if let Some(claim) = step.claim {
            let area = ui.interact(rect, ui.scope_id().with(("step", claim)), Sense::click());
            area.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Mark what {claim} covers"))
            });
            if area.clicked() {
                sender.send(Command::SelectProof((!is_chosen).then_some(claim)));
            }
        }
        if let Some(from) = from {
            arrow(from, Pos2::new(from.x, rect.top()), colour, ui);
        }
        from = Some(Pos2::new(rect.left() + 17.0, rect.bottom()));
    }
}

fn arrow(from: Pos2, to: Pos2, colour: Color32, ui: &Ui) {
    let stroke = Stroke::new(1.5, colour);
    ui.painter().line_segment([from, to], stroke);
    for side in [-3.5, 3.5] {
        ui.painter().line_segment([to, to + vec2(side, -5.0)], stroke);
    }
}

fn interval(report: &Report, permit: &str, ui: &mut Ui) {
    let intervals = report.decisions.as_ref().map(|decisions| &decisions.intervals);
    let mut own = intervals.into_iter().flatten();
    let Some(interval) = own.find(|interval| interval.permit_id.eq_ignore_ascii_case(permit)) else { return };
    let line = |what: &str, bound: &Option<Bound>| match bound {
        Some(bound) => format!("{what} {} ({})", escape(&bound.time), escape(&bound.source)),
        None => format!("{what} (not established: nobody outside vouches for a time)"),
    };
    ui.label(line("decided no later than", &interval.decided_no_later_than));
    ui.label(line("dispatched no earlier than", &interval.dispatched_no_earlier_than));
}

/// The members of the record in the order of its bytes, each with what covers it.
fn members(session: &Session, report: &Report, ui: &mut Ui) {
    ui.add_space(8.0);
    ui.strong("What covers each member of the record");
    let members = match &session.record {
        Some(Record { members: Ok(members), .. }) => members,
        Some(Record { members: Err(why), .. }) => {
            ui.label(escape(why).into_owned());
            return;
        }
        None => {
            ui.weak("reading …");
            return;
        }
    };
    ui.weak(match session.proof {
        Some(claim) => format!("Members that {claim} covers stand on a coloured ground."),
        None => "Choose a step above to see which members it covers.".to_owned(),
    });
    for member in members {
        let coverage = coverage(report, &member.pointer);
        let (shape, words) = match coverage {
            Some(coverage) => (shape(coverage), coverage.words()),
            None => (Mark::Open, "not proven: no proof of this run is known to cover it"),
        };
        let is_marked = coverage.is_some_and(|coverage| {
            let mut claims = coverage.signature.iter().chain(&coverage.proofs).map(|proof| proof.claim);
            session.proof.is_some_and(|chosen| claims.any(|claim| claim == chosen))
        });
        let ground = if is_marked { ui.visuals().selection.bg_fill } else { Color32::TRANSPARENT };
        Frame::new().fill(ground).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                mark(shape, words, ui);
                ui.vertical(|ui| {
                    let name = short(&member.pointer);
                    let line = format!("{}: {}", escape(name), escape(&member.value));
                    ui.add(egui::Label::new(RichText::new(line).monospace()).wrap());
                    ui.weak(words);
                });
            });
        });
    }
}

/// The pointer below the record.
fn short(pointer: &str) -> &str {
    let mut parts = pointer.match_indices('/').map(|(at, _)| at);
    parts.nth(2).and_then(|at| pointer.get(at..)).unwrap_or(pointer)
}

fn coverage<'a>(report: &'a Report, pointer: &str) -> Option<&'a FieldCoverage> {
    let mut seen: Vec<&str> = Vec::new();
    for field in &report.fields {
        if seen.contains(&field.artifact) {
            continue;
        }
        seen.push(field.artifact);
        if let Some(row) = row_of(field.artifact, pointer) {
            return report.fields.iter().find(|own| own.artifact == field.artifact && own.field == row.field);
        }
    }
    None
}

fn shape(coverage: &FieldCoverage) -> Mark {
    match coverage.words() {
        "proven" => Mark::Good,
        _ if coverage.is_covered() => Mark::Note,
        _ => Mark::Open,
    }
}
