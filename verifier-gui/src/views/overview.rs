use egui::{Frame, Grid, RichText, ScrollArea, Ui};
use verifier_core::render::{answers, escape, headline};
use verifier_core::report::Report;

use super::exceptions;
use super::widgets::{Mark, mark, section, word};
use crate::command::{Command, CommandSender};
use crate::money::{amount, grouped};
use crate::state::{Session, View};
use crate::theme;

pub(super) fn show(report: &Report, session: &Session, sender: &CommandSender, ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let line = headline::of(report);
        let colour = theme::outcome(report.outcome, report.accepted_without_trust, ui.visuals());
        Frame::group(ui.style()).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(line.word).color(colour).size(26.0).strong());
            ui.label(RichText::new(line.text).size(15.0));
        });
        section("Five questions", ui);
        for answer in answers::of(report) {
            ui.horizontal_top(|ui| {
                mark(Mark::from(answer.state), answer.state.word(), ui);
                ui.vertical(|ui| {
                    ui.horizontal_wrapped(|ui| {
                        ui.strong(answer.question);
                        ui.label(word(Mark::from(answer.state), answer.state.word(), ui));
                    });
                    ui.label(answer.text);
                });
            });
            ui.add_space(4.0);
        }
        section("What is in it", ui);
        figures(report, session, sender, ui);
        skipped(report, ui);
        if !report.not_proven.is_empty() {
            section("Not proven by this run", ui);
        }
        for text in &report.not_proven {
            ui.label(format!("• {}", escape(text)));
        }
    });
}

fn figures(report: &Report, session: &Session, sender: &CommandSender, ui: &mut Ui) {
    Grid::new("figures").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        let supported = report.claims.iter().filter(|claim| Mark::from(claim.verdict) == Mark::Good).count();
        ui.label("Claims supported");
        ui.label(format!("{supported} of {}", report.claims.len()));
        ui.end_row();
        ui.label("Exceptions");
        let count = exceptions::count(session);
        if ui.link(grouped(&count.to_string())).clicked() {
            sender.send(Command::Show(View::Exceptions));
        }
        ui.end_row();
        match &session.books {
            Ok(books) => {
                ui.label("Permits");
                if ui.link(grouped(&books.ledger.permits.len().to_string())).clicked() {
                    sender.send(Command::Show(View::Permits));
                }
                ui.end_row();
                for (decision, count) in &books.decisions {
                    ui.label(format!("   {}", escape(decision)));
                    if ui.link(grouped(&count.to_string())).clicked() {
                        sender.send(Command::Drill(format!("decision == \"{decision}\"")));
                    }
                    ui.end_row();
                }
                let created = || books.ledger.permits.iter().filter(|row| row.created_micros.get().is_some());
                let first = created().min_by_key(|row| row.created_micros.get());
                let last = created().max_by_key(|row| row.created_micros.get());
                if let Some((first, last)) = first.zip(last) {
                    ui.label("Period");
                    ui.label(format!("{} to {}", escape(&first.created_at), escape(&last.created_at)));
                    ui.end_row();
                }
                ui.label("Actual cost");
                if ui.link(format!("USD {}", amount(books.total.actual))).clicked() {
                    sender.send(Command::Show(View::Money));
                }
                ui.end_row();
            }
            Err(why) => {
                ui.label("Permits");
                ui.label(escape(why).into_owned());
                ui.end_row();
            }
        }
    });
}

/// What was not checked, and why.
fn skipped(report: &Report, ui: &mut Ui) {
    let skipped: Vec<_> = report.coverage.iter().filter(|step| step.skipped.is_some()).collect();
    if skipped.is_empty() {
        return;
    }
    section("Not checked", ui);
    for step in skipped {
        ui.horizontal_top(|ui| {
            mark(Mark::Open, "not checked", ui);
            let why = step.skipped.as_deref().unwrap_or_default();
            ui.label(format!("{}: {}", step.title, escape(why)));
        });
    }
}
