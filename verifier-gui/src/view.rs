//! The one view: path, outcome, claims, checks, findings, what is not proven. Every text of the evidence is escaped.

use egui::{CentralPanel, Key, Panel, RichText, ScrollArea, TextEdit, Ui};
use verifier_core::finding::{Effect, Finding, Verdict};
use verifier_core::render::{escape, headline};
use verifier_core::report::{ClaimOutcome, Report};

use crate::command::{Command, CommandSender};
use crate::state::{Session, State};
use crate::theme;

/// Draws the window.
pub fn window(state: &State, sender: &CommandSender, ui: &mut Ui) {
    Panel::top("input").show(ui, |ui| input(state, sender, ui));
    CentralPanel::default_margins().show(ui, |ui| match (&state.running, &state.session) {
        (Some(running), _) => {
            let names: Vec<_> = running.paths.iter().map(|path| path.to_string_lossy()).collect();
            ui.label(format!("Verifying {}", escape(&names.join(", "))));
            ui.add(egui::ProgressBar::new(share(running.done, running.of)).show_percentage());
            if ui.button("Stop").clicked() {
                sender.send(Command::Cancel);
            }
        }
        (None, Some(session)) => result(session, sender, ui),
        (None, None) => {
            ui.heading("Open evidence");
            ui.label("Drop a file, folder or archive here, or type its path above.");
            ui.label(
                "This window shows what the verifier found. It changes nothing and opens no connection.",
            );
        }
    });
}

fn share(done: u64, of: u64) -> f32 {
    let percent = done.min(of).saturating_mul(100).checked_div(of).unwrap_or(0);
    f32::from(u8::try_from(percent).unwrap_or(100)) / 100.0
}

fn input(state: &State, sender: &CommandSender, ui: &mut Ui) {
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let path = field("Evidence", "a file, folder or archive", &state.path, ui);
        if let Some(text) = path.edited {
            sender.send(Command::EditPath(text));
        }
        if ui.button("Verify").clicked() || path.entered {
            sender.send(Command::OpenField);
        }
    });
    ui.horizontal(|ui| {
        let keys = field("Key manifest", "empty: the keys of the trust root", &state.key_manifest, ui);
        if let Some(text) = keys.edited {
            sender.send(Command::EditKeyManifest(text));
        }
    });
    ui.horizontal(|ui| {
        let root = field("Trust root", "empty: the compiled-in one", &state.trust_root, ui);
        if let Some(text) = root.edited {
            sender.send(Command::EditTrustRoot(text));
        }
    });
    ui.add_space(4.0);
}

struct Edited {
    edited: Option<String>,
    entered: bool,
}

fn field(name: &str, hint: &str, text: &str, ui: &mut Ui) -> Edited {
    let label = ui.add_sized([100.0, 20.0], egui::Label::new(name));
    let mut text = text.to_owned();
    let width = (ui.available_width() - 80.0).max(120.0);
    let edit = TextEdit::singleline(&mut text).hint_text(hint);
    let response = ui.add_sized([width, 20.0], edit).labelled_by(label.id);
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    Edited { edited: response.changed().then_some(text), entered }
}

fn result(session: &Session, sender: &CommandSender, ui: &mut Ui) {
    if session.reports.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for (index, report) in session.reports.iter().enumerate() {
                let title = format!("{} {}", headline::of(report).word, headline::subject(report));
                if ui.selectable_label(index == session.selected, title).clicked() {
                    sender.send(Command::Select(index));
                }
            }
        });
        ui.separator();
    }
    if session.cancelled {
        ui.strong("Stopped before the end: this result is incomplete.");
    }
    match session.report() {
        Some(report) => {
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| draw_report(report, ui));
        }
        None => {
            ui.strong("Nothing was verified.");
        }
    }
}

fn draw_report(report: &Report, ui: &mut Ui) {
    let line = headline::of(report);
    let colour = theme::outcome(report.outcome, report.accepted_without_trust, ui.visuals());
    ui.label(RichText::new(line.word).color(colour).size(24.0).strong());
    ui.label(line.text);
    section("Signed by", ui);
    if report.signers.is_empty() {
        ui.label("nobody: no signature was established in this run");
    }
    for signer in &report.signers {
        ui.label(escape(&format!("{}: {} ({})", signer.signed, signer.public_key, signer.source)));
    }
    section("Claims", ui);
    if report.claims.is_empty() {
        ui.label("none was evaluated");
    }
    for claim in &report.claims {
        draw_claim(claim, ui);
    }
    section("Checks", ui);
    for step in &report.coverage {
        let counts: Vec<String> = step.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        ui.label(match &step.skipped {
            Some(why) => format!("not run: {}: {}", step.title, escape(why)),
            None => format!("ran: {} {}", step.title, counts.join(", ")),
        });
    }
    if !report.findings.is_empty() {
        section("Findings", ui);
    }
    for finding in &report.findings {
        draw_finding(finding, ui);
    }
    let total: u64 = report.counts.iter().map(|count| count.count).fold(0, u64::saturating_add);
    let more = total.saturating_sub(u64::try_from(report.findings.len()).unwrap_or(u64::MAX));
    if more > 0 {
        ui.label(format!("and {more} more"));
    }
    if !report.not_proven.is_empty() {
        section("Not proven by this run", ui);
    }
    for text in &report.not_proven {
        ui.label(format!("• {}", escape(text)));
    }
    ui.add_space(8.0);
    ui.weak(format!("Verdicts as of {}", report.as_of));
}

fn section(title: &str, ui: &mut Ui) {
    ui.add_space(8.0);
    ui.heading(title);
}

fn draw_claim(claim: &ClaimOutcome, ui: &mut Ui) {
    let (mark, colour) = theme::verdict(claim.verdict, ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(mark).color(colour).strong());
        ui.label(claim.name);
        ui.label(RichText::new(claim.verdict.as_str().replace('_', " ")).color(colour));
        if claim.required {
            ui.weak("required");
        }
    });
    for subject in claim.subjects.iter().filter(|subject| subject.verdict != Verdict::Supported).take(20) {
        ui.indent(claim.name, |ui| {
            ui.label(format!("{}: {}", subject.code.id, escape(&subject.message)))
                .on_hover_text(subject.code.remedy);
        });
    }
}

fn draw_finding(finding: &Finding, ui: &mut Ui) {
    let word = match finding.effect {
        Effect::Fails { verdict } | Effect::Limits { verdict } => verdict.as_str().replace('_', " "),
        Effect::Unreadable => "unreadable".to_owned(),
        Effect::Notes => "note".to_owned(),
    };
    ui.strong(format!("{} ({word})", finding.code.id))
        .on_hover_text(format!("{}\n\n{}", finding.code.explanation, finding.code.remedy));
    let mut lines = vec![escape(&finding.message).into_owned()];
    let place = [Some(finding.location.file.as_str()), finding.location.pointer.as_deref()];
    let place: Vec<_> = place.into_iter().flatten().filter(|text| !text.is_empty()).map(escape).collect();
    if !place.is_empty() {
        lines.push(format!("at {}", place.join(" ")));
    }
    lines.extend(finding.facts.iter().map(|fact| format!("{}: {}", fact.label, escape(&fact.value))));
    for line in lines {
        ui.label(line);
    }
}
