use egui::{CollapsingHeader, RichText, ScrollArea, Ui};
use verifier_core::finding::{Effect, Finding};
use verifier_core::workpaper::MarkKind;

use super::review;
use super::widgets::{self, Mark, mark, word};
use crate::command::CommandSender;
use crate::state::Session;

/// Findings of one code that are shown.
const SHOWN: usize = 100;

/// Findings that are more than notes, over all sets and the books.
pub(super) fn count(session: &Session) -> usize {
    all(session).filter(|finding| finding.effect != Effect::Notes).count()
}

fn all(session: &Session) -> impl Iterator<Item = &Finding> {
    let books = session.books().into_iter().flat_map(|books| &books.findings);
    session.reports.iter().flat_map(|report| &report.findings).chain(books)
}

/// The order of seriousness.
fn rank(effect: Effect) -> usize {
    match (Mark::from(effect), effect) {
        (Mark::Bad, _) => 0,
        (_, Effect::Fails { .. }) => 1,
        (_, Effect::Limits { .. }) => 2,
        _ => 3,
    }
}

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let mut groups: Vec<(usize, &'static str, Vec<&Finding>)> = Vec::new();
    for finding in all(session) {
        let key = (rank(finding.effect), finding.code.id);
        match groups.iter_mut().find(|(rank, code, _)| (*rank, *code) == key) {
            Some((_, _, findings)) => findings.push(finding),
            None => groups.push((key.0, key.1, vec![finding])),
        }
    }
    groups.sort_by_key(|(rank, ..)| *rank);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        if groups.is_empty() {
            ui.heading("No exceptions");
            ui.label("No check found anything wrong, missing or worth a note. What was not checked stands in the overview.");
        }
        for (rank, code, findings) in groups {
            group(session, rank, code, &findings, sender, ui);
        }
    });
}

fn group(
    session: &Session,
    rank: usize,
    id: &str,
    findings: &[&Finding],
    sender: &CommandSender,
    ui: &mut Ui,
) {
    let Some(first) = findings.first() else { return };
    let shape = Mark::from(first.effect);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        mark(shape, &widgets::effect(first.effect), ui);
        ui.label(RichText::new(first.code.title).size(15.0).strong());
        ui.label(word(shape, &widgets::effect(first.effect), ui));
        ui.monospace(id);
        if findings.len() > 1 {
            ui.weak(format!("{} times", findings.len()));
        }
    });
    ui.indent(("explanation", rank, id), |ui| {
        ui.label(first.code.explanation);
        ui.label(RichText::new(format!("What to do: {}", first.code.remedy)).italics());
        let opened = rank < 3;
        let title = if findings.len() == 1 {
            "Place and values".to_owned()
        } else {
            format!("{} places", findings.len())
        };
        CollapsingHeader::new(title).id_salt(("places", rank, id)).default_open(opened).show(ui, |ui| {
            for finding in findings.iter().take(SHOWN) {
                widgets::finding(finding, sender, ui);
                if rank < 3 {
                    let id = review::finding_id(finding.code.id, &finding.location);
                    review::buttons(&session.review, MarkKind::Finding, &id, sender, ui);
                }
                ui.add_space(4.0);
            }
            if let Some(more) = findings.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                ui.weak(format!("and {more} more"));
            }
        });
    });
}
