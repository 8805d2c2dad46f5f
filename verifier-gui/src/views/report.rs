use egui::{ScrollArea, TextEdit, Ui};
use verifier_core::finding::Verdict;
use verifier_core::render::escape;
use verifier_core::report::{ClaimOutcome, Report};

use super::widgets::{self, Mark, mark, section, word};
use crate::command::{Command, CommandSender};
use crate::state::Session;

pub(super) fn show(report: &Report, session: &Session, sender: &CommandSender, ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        save(session, sender, ui);
        section("Signed by", ui);
        if report.signers.is_empty() {
            ui.label("nobody: no signature was established in this run");
        }
        for signer in &report.signers {
            ui.strong(escape(&signer.signed).into_owned());
            ui.monospace(escape(&signer.public_key).into_owned());
            ui.label(format!("trusted because of {}", escape(&signer.source)));
            if let Some(at) = &signer.signed_at {
                ui.label(format!("signed at {} (stated by the signer)", escape(at)));
            }
            ui.add_space(4.0);
        }
        section("Evidence", ui);
        for file in &report.artifact.files {
            ui.label(format!("{}: {}", file.role.replace('_', " "), escape(&file.path)));
            if let Some(digest) = &file.sha256 {
                ui.monospace(escape(digest).into_owned());
            }
        }
        for (title, facts) in [
            ("Stated under the signature", &report.artifact.signed),
            ("Stated without a signature", &report.artifact.unsigned),
        ] {
            if !facts.is_empty() {
                section(title, ui);
            }
            for (name, value) in facts {
                ui.label(format!("{}: {}", escape(name), escape(value)));
            }
        }
        section("Claims", ui);
        if report.claims.is_empty() {
            ui.label("none was evaluated");
        }
        report.claims.iter().for_each(|claim| draw_claim(claim, ui));
        section("Checks", ui);
        for step in &report.coverage {
            let counts: Vec<String> =
                step.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
            ui.label(match &step.skipped {
                Some(why) => format!("not run: {}: {}", step.title, escape(why)),
                None => format!("ran: {} {}", step.title, counts.join(", ")),
            });
        }
        if !report.findings.is_empty() {
            section("Findings", ui);
        }
        for finding in &report.findings {
            ui.strong(format!("{} ({})", finding.code.id, widgets::effect(finding.effect)))
                .on_hover_text(format!("{}\n\n{}", finding.code.explanation, finding.code.remedy));
            widgets::finding(finding, sender, ui);
            ui.add_space(4.0);
        }
        ui.add_space(8.0);
        ui.weak(format!("Verdicts as of {}", report.as_of));
    });
}

/// The same report that the command line writes.
fn save(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Save the report as");
        let mut text = session.report_file.clone();
        let hint = "report.html, .json, .md, .csv, .sarif, .xml";
        let edit =
            TextEdit::singleline(&mut text).id_salt("report-file").hint_text(hint).desired_width(340.0);
        if ui.add(edit).labelled_by(label.id).changed() {
            sender.send(Command::EditReportFile(text));
        }
        let named = !session.report_file.trim().is_empty();
        if ui.add_enabled(named, egui::Button::new("Save report")).clicked() {
            sender.send(Command::SaveReport);
        }
        match &session.report_said {
            Some(Ok(said)) => {
                mark(Mark::Good, "written", ui);
                ui.label(escape(said).into_owned());
            }
            Some(Err(why)) => {
                mark(Mark::Bad, "not written", ui);
                ui.label(escape(why).into_owned());
            }
            None => {}
        }
    });
}

fn draw_claim(claim: &ClaimOutcome, ui: &mut Ui) {
    let verdict = claim.verdict.as_str().replace('_', " ");
    ui.horizontal_wrapped(|ui| {
        mark(Mark::from(claim.verdict), &verdict, ui);
        ui.label(claim.name);
        ui.label(word(Mark::from(claim.verdict), &verdict, ui));
        if claim.required {
            ui.weak("required");
        }
    });
    ui.indent(claim.name, |ui| {
        for subject in claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported).take(20)
        {
            ui.label(format!("{}: {}", subject.code.id, escape(&subject.message)));
        }
        for text in &claim.does_not_establish {
            ui.weak(format!("does not establish: {}", escape(text)));
        }
    });
}
