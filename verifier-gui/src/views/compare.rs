//! Two archives of one window side by side.

use egui::{Grid, RichText, ScrollArea, TextEdit, Ui};
use verifier_core::diff::{Change, Difference};
use verifier_core::finding::Location;
use verifier_core::finding::catalog::audit::DIFF_NOT_VERIFIED;
use verifier_core::render::escape;

use super::widgets::{self, Mark, figure, figure_title, mark, section};
use crate::command::{Command, CommandSender};
use crate::money::grouped;
use crate::state::{Compared, Session};

/// Differences that are listed.
const SHOWN: usize = 300;
const COUNT: f32 = 90.0;

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.heading("Compare");
        ui.horizontal(|ui| {
            let label = ui.label("Other archive");
            let mut text = session.other.clone();
            let edit =
                TextEdit::singleline(&mut text).id_salt("other").hint_text("an export of the same window");
            if ui.add(edit.desired_width(420.0)).labelled_by(label.id).changed() {
                sender.send(Command::EditOther(text));
            }
            let ready = !session.other.trim().is_empty() && !session.is_comparing;
            if ui.add_enabled(ready, egui::Button::new("Compare")).clicked() {
                sender.send(Command::Compare);
            }
            if session.is_comparing {
                ui.spinner();
                ui.label("verifying and comparing");
            }
        });
        match &session.compared {
            None if session.is_comparing => {}
            None => {
                ui.label(
                    "Give a second archive of the same window, such as one that another auditor received.",
                );
            }
            Some(Err(why)) => {
                ui.horizontal_wrapped(|ui| {
                    mark(Mark::Bad, "not compared", ui);
                    ui.label(escape(why).into_owned());
                });
            }
            Some(Ok(compared)) => result(compared, sender, ui),
        }
    });
}

fn result(compared: &Compared, sender: &CommandSender, ui: &mut Ui) {
    let diff = &compared.diff;
    let equal = diff.is_equal();
    let both = !compared.findings.iter().any(|finding| finding.code == &DIFF_NOT_VERIFIED);
    let (shape, text) = match (both, equal) {
        (true, true) => (Mark::Good, "Both hold the same records, and both verify."),
        (false, true) => (Mark::Open, "Both hold the same records, but not both verify."),
        (true, false) => {
            (Mark::Bad, "The histories differ, and both are signed: they cannot both be the whole truth.")
        }
        (false, false) => (Mark::Open, "The archives differ, and not both verify."),
    };
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        mark(shape, text, ui);
        ui.label(RichText::new(text).size(16.0).strong());
    });
    for (name, file) in ["First", "Second"].into_iter().zip(&diff.files) {
        ui.horizontal_wrapped(|ui| {
            ui.weak(name);
            ui.label(escape(&file.label).into_owned());
            ui.monospace(escape(&file.sha256).into_owned());
        });
    }
    section("Records", ui);
    Grid::new("groups").num_columns(5).striped(true).spacing([16.0, 2.0]).show(ui, |ui| {
        ui.strong("Chain");
        for title in ["Same", "Added", "Missing", "Rewritten"] {
            figure_title(title, COUNT, ui);
        }
        ui.end_row();
        let mut row = |name: &str, counts: &verifier_core::diff::Counts| {
            ui.label(escape(name).into_owned());
            for count in [counts.same, counts.added, counts.missing, counts.rewritten] {
                figure(&grouped(&count.to_string()), COUNT, ui);
            }
            ui.end_row();
        };
        for group in &diff.groups {
            row(group.scope.as_deref().unwrap_or("other records"), &group.counts);
        }
        row("all", &diff.counts);
    });
    first(compared, ui);
    section("Differences", ui);
    if diff.differences.is_empty() {
        ui.label("none");
    }
    for difference in diff.differences.iter().take(SHOWN) {
        line(compared, difference, sender, ui);
    }
    if let Some(more) = diff.differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        ui.weak(format!("and {more} more"));
    }
    if !diff.members.is_empty() {
        section("Members outside the records", ui);
    }
    for member in diff.members.iter().take(SHOWN) {
        ui.label(format!("{} {}", member.change.as_str(), escape(&member.pointer)));
    }
    for finding in &compared.findings {
        widgets::finding(finding, sender, ui);
    }
}

/// The fields in which the first rewritten record differs.
fn first(compared: &Compared, ui: &mut Ui) {
    let diff = &compared.diff;
    let Some(of) = &diff.fields_of else { return };
    section("First rewritten record", ui);
    ui.label(escape(&of.name.to_string()).into_owned());
    Grid::new("fields").num_columns(3).striped(true).spacing([16.0, 2.0]).show(ui, |ui| {
        for title in ["Member", "First archive", "Second archive"] {
            ui.strong(title);
        }
        ui.end_row();
        for field in &diff.fields {
            ui.monospace(escape(&field.pointer).into_owned());
            for value in [&field.first, &field.second] {
                match value {
                    Some(value) => ui.monospace(escape(value).into_owned()),
                    None => ui.weak("absent"),
                };
            }
            ui.end_row();
        }
    });
}

fn line(compared: &Compared, difference: &Difference, sender: &CommandSender, ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        let shape = match difference.change {
            Change::Rewritten | Change::Missing => Mark::Bad,
            Change::Added => Mark::Open,
        };
        mark(shape, difference.change.as_str(), ui);
        ui.label(difference.change.as_str());
        ui.label(escape(&difference.name.to_string()).into_owned());
        // Only the first archive is open, so only its bytes can be shown.
        if let (Some(place), Some(file)) = (&difference.first, compared.diff.files.first()) {
            let location = Location {
                file: file.label.clone(),
                pointer: Some(place.pointer.clone()),
                bytes: Some(place.bytes.0..place.bytes.1),
            };
            widgets::place(&location, sender, ui);
        }
    });
}
