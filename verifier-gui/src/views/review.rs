//! The review: samples, marks, signatures, and the file that keeps them.

use egui::{Grid, ScrollArea, TextEdit, Ui};
use verifier_core::finding::Location;
use verifier_core::render::escape;
use verifier_core::sample::{Stratum, commitment};
use verifier_core::workpaper::{MarkKind, MarkStatus, Role};

use super::widgets::{Mark, figure, figure_title, mark, section};
use crate::command::{Command, CommandSender};
use crate::money::{amount, grouped};
use crate::review::{Review, ReviewCommand};
use crate::state::Session;

/// Marks that are listed.
const SHOWN: usize = 500;

/// Methods, as they are chosen.
const METHODS: [(&str, &str, Stratum); 7] = [
    ("Random", "random", Stratum::None),
    ("Systematic", "systematic", Stratum::None),
    ("Monetary unit", "monetary_unit", Stratum::None),
    ("Stratified by provider", "stratified", Stratum::Provider),
    ("Stratified by model", "stratified", Stratum::Model),
    ("Stratified by decision", "stratified", Stratum::Decision),
    ("Stratified by amount", "stratified", Stratum::Amount),
];

pub(super) fn shape(status: MarkStatus) -> Mark {
    match status {
        MarkStatus::Checked => Mark::Good,
        MarkStatus::Exception => Mark::Bad,
        MarkStatus::Explained => Mark::Note,
    }
}

pub(super) fn show(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let review = &session.review;
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.heading("Review");
        said(review, ui);
        keep(review, sender, ui);
        section("Samples", ui);
        draw_form(session, review, sender, ui);
        samples(review, sender, ui);
        section("Marks", ui);
        marks(review, sender, ui);
    });
}

fn said(review: &Review, ui: &mut Ui) {
    match &review.said {
        Some(Ok(text)) => {
            ui.horizontal_wrapped(|ui| {
                mark(Mark::Good, "done", ui);
                ui.label(escape(text).into_owned());
            });
        }
        Some(Err(text)) => {
            ui.horizontal_wrapped(|ui| {
                mark(Mark::Bad, "not done", ui);
                ui.label(escape(text).into_owned());
            });
        }
        None => {}
    }
}

fn edit(name: &str, hint: &str, text: &str, width: f32, ui: &mut Ui) -> Option<String> {
    let label = ui.label(name);
    let mut text = text.to_owned();
    let field = TextEdit::singleline(&mut text).id_salt(name).hint_text(hint).desired_width(width);
    ui.add(field).labelled_by(label.id).changed().then_some(text)
}

/// File, name and signatures.
fn keep(review: &Review, sender: &CommandSender, ui: &mut Ui) {
    let send = |command| sender.send(Command::Review(command));
    ui.horizontal_wrapped(|ui| {
        if let Some(text) = edit("Reviewer", "your name", &review.by, 160.0, ui) {
            send(ReviewCommand::EditReviewer(text));
        }
        if let Some(text) = edit("Review file", "review.json", &review.file, 280.0, ui) {
            send(ReviewCommand::EditFile(text));
        }
        let named = !review.file.trim().is_empty();
        if ui.add_enabled(named, egui::Button::new("Save review")).clicked() {
            send(ReviewCommand::Save);
        }
        if ui.add_enabled(named, egui::Button::new("Open review")).clicked() {
            send(ReviewCommand::Open);
        }
        ui.label(if review.is_saved { "saved" } else { "not saved yet" });
    });
    ui.horizontal_wrapped(|ui| {
        if let Some(text) = edit("Key file", "64 hexadecimal digits", &review.key, 280.0, ui) {
            send(ReviewCommand::EditKey(text));
        }
        let named = !review.key.trim().is_empty();
        for (title, role) in [("Sign as preparer", Role::Preparer), ("Sign as reviewer", Role::Reviewer)] {
            if ui.add_enabled(named, egui::Button::new(title)).clicked() {
                send(ReviewCommand::Sign(role));
            }
        }
    });
    if review.signed.is_empty() {
        ui.horizontal(|ui| {
            mark(Mark::Open, "not signed", ui);
            ui.label("Nobody has signed this state of the review.");
        });
    }
    for signed in &review.signed {
        ui.horizontal_wrapped(|ui| {
            mark(Mark::Good, "signature verifies", ui);
            ui.label(format!(
                "signed as {} at {} (stated) by",
                signed.role().as_str(),
                escape(signed.signed_at())
            ));
            ui.monospace(escape(signed.public_key()).into_owned());
        });
    }
    ui.weak("A signature shows that the review was not changed since. Whose key it is you must know.");
}

fn draw_form(session: &Session, review: &Review, sender: &CommandSender, ui: &mut Ui) {
    let send = |command| sender.send(Command::Review(command));
    ui.horizontal_wrapped(|ui| {
        let chosen = METHODS.iter().find(|(_, name, by)| (*name, *by) == review.method);
        let title = chosen.map_or("Method", |(title, ..)| title);
        ui.menu_button(title, |ui| {
            for (title, name, by) in METHODS {
                if ui.button(title).clicked() {
                    send(ReviewCommand::Choose(name, by));
                    ui.close();
                }
            }
        });
        if let Some(text) = edit("Size", "25", &review.size, 60.0, ui) {
            send(ReviewCommand::EditSize(text));
        }
        let hint = "your engagement and a text that nobody can guess";
        if let Some(text) = edit("Engagement", hint, &review.engagement, 320.0, ui) {
            send(ReviewCommand::EditEngagement(text));
        }
        let can = session.books().is_some() && !review.engagement.trim().is_empty();
        if ui.add_enabled(can, egui::Button::new("Draw sample")).clicked() {
            send(ReviewCommand::Draw);
        }
    });
    if !review.engagement.trim().is_empty() {
        ui.horizontal_wrapped(|ui| {
            ui.weak("Its commitment, to publish before the evidence is handed over:");
            ui.monospace(commitment(&review.engagement));
        });
    }
    ui.weak("The items follow from the engagement and the evidence alone: anyone can draw them again, and nobody can foresee them.");
}

fn samples(review: &Review, sender: &CommandSender, ui: &mut Ui) {
    if review.paper.content.samples.is_empty() {
        ui.label("No sample was drawn.");
        return;
    }
    Grid::new("samples").num_columns(6).striped(true).spacing([16.0, 2.0]).show(ui, |ui| {
        ui.strong("Method");
        for title in ["Drawn", "Marked", "Population"] {
            figure_title(title, 90.0, ui);
        }
        ui.strong("Engagement");
        ui.strong("");
        ui.end_row();
        for (index, sample) in review.paper.content.samples.iter().enumerate() {
            ui.label(escape(&sample.method.replace('_', " ")).into_owned());
            for count in [sample.drawn.len(), review.done(sample)] {
                figure(&grouped(&count.to_string()), 90.0, ui);
            }
            figure(&grouped(&sample.items.to_string()), 90.0, ui);
            ui.label(escape(&sample.engagement).into_owned());
            if ui.button("Show its permits").clicked() {
                sender.send(Command::Review(ReviewCommand::ShowSample(index)));
            }
            ui.end_row();
        }
    });
    for sample in &review.paper.content.samples {
        if let Some(interval) = sample.interval_usd_micros {
            ui.weak(format!(
                "monetary unit: one of every USD {}, {} items without an amount cannot be drawn",
                amount(i128::from(interval)),
                grouped(&sample.items_without_amount.to_string())
            ));
        }
    }
}

fn marks(review: &Review, sender: &CommandSender, ui: &mut Ui) {
    let (undo, redo) = review.can_undo();
    ui.horizontal(|ui| {
        if ui.add_enabled(undo, egui::Button::new("Undo")).clicked() {
            sender.send(Command::Review(ReviewCommand::Undo));
        }
        if ui.add_enabled(redo, egui::Button::new("Redo")).clicked() {
            sender.send(Command::Review(ReviewCommand::Redo));
        }
        let of = |status| review.paper.content.marks.iter().filter(|mark| mark.status == status).count();
        for status in MarkStatus::ALL {
            mark(shape(status), status.as_str(), ui);
            ui.label(format!("{} {}", of(status), status.as_str()));
        }
    });
    if review.paper.content.marks.is_empty() {
        ui.label("Nothing is marked. In Permits the keys C, X and E mark the chosen permit: checked, exception, explained.");
    }
    for marked in review.paper.content.marks.iter().take(SHOWN) {
        ui.horizontal_wrapped(|ui| {
            mark(shape(marked.status), marked.status.as_str(), ui);
            ui.label(marked.status.as_str());
            match marked.kind {
                MarkKind::Permit => {
                    if ui.link(escape(&marked.id).into_owned()).clicked() {
                        let id = marked.id.replace('\\', "\\\\").replace('"', "\\\"");
                        sender.send(Command::Drill(format!("permit == \"{id}\"")));
                    }
                }
                MarkKind::Finding => {
                    ui.label(escape(&marked.id).into_owned());
                }
            }
            ui.label(escape(&marked.note).into_owned());
            ui.weak(format!("{} {}", escape(&marked.by), escape(&marked.at)));
        });
    }
    if let Some(more) = review.paper.content.marks.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        ui.weak(format!("and {more} more"));
    }
}

/// Buttons that mark one subject, and its present mark.
pub(super) fn buttons(review: &Review, kind: MarkKind, id: &str, sender: &CommandSender, ui: &mut Ui) {
    let now = review.paper.content.marked(kind, id);
    ui.horizontal_wrapped(|ui| {
        for status in MarkStatus::ALL {
            let chosen = now.is_some_and(|mark| mark.status == status);
            let title = match status {
                MarkStatus::Checked => "Checked",
                MarkStatus::Exception => "Exception",
                MarkStatus::Explained => "Explained",
            };
            if ui.add(egui::Button::new(title).selected(chosen)).clicked() {
                let status = (!chosen).then_some(status);
                sender.send(Command::Review(ReviewCommand::Mark(kind, id.to_owned(), status)));
            }
        }
        if let Some(now) = now {
            mark(shape(now.status), now.status.as_str(), ui);
            ui.weak(format!("{} {}", escape(&now.by), escape(&now.note)));
        }
    });
}

/// What a mark on a finding is kept under: its code and place.
pub(super) fn finding_id(code: &str, location: &Location) -> String {
    let pointer = location.pointer.as_deref().unwrap_or_default();
    format!("{code} {} {pointer}", location.file).trim_end().to_owned()
}
