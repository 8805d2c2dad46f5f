//! What the window draws. Views read the state and send commands; every text of the evidence is escaped.

mod browse;
mod compare;
mod course;
mod exceptions;
mod help;
mod money;
mod overview;
mod permits;
mod proof;
mod report;
mod review;
mod source;
mod timeline;
mod welcome;
mod widgets;

use egui::{CentralPanel, Key, Modifiers, Panel, TextEdit, Ui};
use verifier_core::evidence::Layer;
use verifier_core::render::{escape, headline};
use verifier_core::workpaper::MarkStatus;

use crate::command::{Command, CommandSender};
use crate::review::ReviewCommand;
use crate::state::{Closing, Running, Session, State, View};

/// Draws the window.
pub fn window(state: &State, sender: &CommandSender, ui: &mut Ui) {
    keys(state, sender, ui);
    Panel::top("input").show(ui, |ui| input(state, sender, ui));
    if let (None, Some(session)) = (&state.running, &state.session) {
        Panel::left("views")
            .resizable(false)
            .exact_size(132.0)
            .show(ui, |ui| navigation(state, session, sender, ui));
        Panel::bottom("status").show(ui, |ui| status(session, ui));
    }
    CentralPanel::default_margins().show(ui, |ui| {
        if state.shows_help {
            return help::show(sender, ui);
        }
        if let (None, Some(browse)) = (&state.running, &state.browse) {
            return browse::show(browse, sender, ui);
        }
        match (&state.running, &state.session) {
            (Some(running), _) => progress(running, sender, ui),
            (None, Some(session)) => result(state, session, sender, ui),
            (None, None) => welcome::show(state, sender, ui),
        }
    });
}

/// Keys that work everywhere.
fn keys(state: &State, sender: &CommandSender, ui: &mut Ui) {
    let typing = ui.ctx().egui_wants_keyboard_input();
    let pressed =
        |modifiers: Modifiers, key: Key| ui.ctx().input_mut(|input| input.consume_key(modifiers, key));
    if pressed(Modifiers::COMMAND, Key::O) {
        sender.send(Command::Browse(None));
    }
    if state.browse.is_some() && pressed(Modifiers::NONE, Key::Escape) {
        sender.send(Command::CloseBrowse);
    }
    if pressed(Modifiers::NONE, Key::F1) || (state.shows_help && pressed(Modifiers::NONE, Key::Escape)) {
        sender.send(Command::ToggleHelp);
    }
    if state.running.is_some() && pressed(Modifiers::NONE, Key::Escape) {
        sender.send(Command::Cancel);
    }
    let numbers =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    for (view, key) in View::ALL.into_iter().zip(numbers) {
        if pressed(Modifiers::COMMAND, key) {
            sender.send(Command::Show(view));
        }
    }
    if !typing {
        for (modifiers, key, command) in [
            (Modifiers::COMMAND, Key::Z, ReviewCommand::Undo),
            (Modifiers::COMMAND, Key::Y, ReviewCommand::Redo),
        ] {
            if pressed(modifiers, key) {
                sender.send(Command::Review(command));
            }
        }
    }
    if state.view == View::Permits && !typing {
        for (key, by) in [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, 20), (Key::PageUp, -20)] {
            if pressed(Modifiers::NONE, key) {
                sender.send(Command::MoveRow(by));
            }
        }
        for (key, status) in [
            (Key::C, Some(MarkStatus::Checked)),
            (Key::X, Some(MarkStatus::Exception)),
            (Key::E, Some(MarkStatus::Explained)),
            (Key::Delete, None),
        ] {
            if pressed(Modifiers::NONE, key) {
                sender.send(Command::Review(ReviewCommand::MarkSelected(status)));
            }
        }
    }
}

const ROOT: &str =
    "A trust root, or a trust kit with logs, witnesses and timestamp authorities (keel-verify trust pack)";

fn input(state: &State, sender: &CommandSender, ui: &mut Ui) {
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 880.0).max(160.0);
        let path = field(["Evidence", "a file, folder or archive", ""], &state.path, width, ui);
        if let Some(text) = path.edited {
            sender.send(Command::EditPath(text));
        }
        let keys = field(["Key manifest", "none", ""], &state.key_manifest, 120.0, ui);
        if let Some(text) = keys.edited {
            sender.send(Command::EditKeyManifest(text));
        }
        let root = field(["Trust root", "compiled in", ROOT], &state.trust_root, 220.0, ui);
        if let Some(text) = root.edited {
            sender.send(Command::EditTrustRoot(text));
        }
        if ui.button("Open…").clicked() {
            sender.send(Command::Browse(None));
        }
        if ui.button("Verify").clicked() || path.entered || keys.entered || root.entered {
            sender.send(Command::OpenField);
        }
        if ui.button("Keys (F1)").clicked() {
            sender.send(Command::ToggleHelp);
        }
        let is_dark = ui.visuals().dark_mode;
        if ui.button(if is_dark { "Light" } else { "Dark" }).clicked() {
            ui.ctx().set_theme(if is_dark { egui::Theme::Light } else { egui::Theme::Dark });
        }
    });
    ui.add_space(4.0);
}

struct Edited {
    edited: Option<String>,
    entered: bool,
}

fn field([name, hint, about]: [&str; 3], text: &str, width: f32, ui: &mut Ui) -> Edited {
    let label = ui.label(name);
    let mut text = text.to_owned();
    let edit = TextEdit::singleline(&mut text).hint_text(hint).desired_width(width);
    let mut response = ui.add(edit).labelled_by(label.id);
    if !about.is_empty() {
        response = response.on_hover_text(about);
    }
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    Edited { edited: response.changed().then_some(text), entered }
}

fn progress(running: &Running, sender: &CommandSender, ui: &mut Ui) {
    let names: Vec<_> = running.paths.iter().map(|path| path.to_string_lossy()).collect();
    ui.heading(running.step);
    ui.label(escape(&names.join(", ")).into_owned());
    for layer in Layer::ALL {
        ui.horizontal(|ui| {
            let (word, part) = match running.layer.cmp(&Some(layer)) {
                std::cmp::Ordering::Greater => ("done", 1.0),
                std::cmp::Ordering::Equal if layer == Layer::Bytes => {
                    ("reading", share(running.done, running.of))
                }
                std::cmp::Ordering::Equal => ("checking", 0.0),
                std::cmp::Ordering::Less => ("waiting", 0.0),
            };
            ui.add_sized([130.0, 18.0], egui::Label::new(layer.title()));
            ui.add(egui::ProgressBar::new(part).desired_width(360.0).text(word));
        });
    }
    if running.step == "Reading rows" {
        ui.add(
            egui::ProgressBar::new(share(running.done, running.of)).desired_width(490.0).show_percentage(),
        );
    }
    if ui.button("Stop").clicked() {
        sender.send(Command::Cancel);
    }
}

fn share(done: u64, of: u64) -> f32 {
    let percent = done.min(of).saturating_mul(100).checked_div(of).unwrap_or(0);
    f32::from(u8::try_from(percent).unwrap_or(100)) / 100.0
}

fn navigation(state: &State, session: &Session, sender: &CommandSender, ui: &mut Ui) {
    ui.add_space(8.0);
    for view in View::ALL {
        let count = match view {
            View::Exceptions => Some(exceptions::count(session)),
            View::Permits => session.books().map(|books| books.ledger.permits.len()),
            _ => None,
        };
        let title = match count {
            Some(count) => format!("{} ({})", view.title(), crate::money::grouped(&count.to_string())),
            None => view.title().to_owned(),
        };
        let button = egui::Button::selectable(view == state.view, title).min_size(egui::vec2(0.0, 28.0));
        let layout = egui::Layout::top_down_justified(egui::Align::LEFT);
        if ui.with_layout(layout, |ui| ui.add(button)).inner.clicked() {
            sender.send(Command::Show(view));
        }
    }
}

/// What everything that is shown rests on.
fn status(session: &Session, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let digest = session.report().and_then(|report| report.artifact.files.first());
        if let Some(file) = digest {
            ui.label(escape(&file.path).into_owned());
            if let Some(digest) = &file.sha256 {
                let short: String = digest.chars().take(23).collect();
                ui.weak(format!("{short}…")).on_hover_text(digest);
            }
        }
        if let Some(report) = session.report() {
            ui.weak(format!("as of {}", report.as_of));
        }
    });
}

fn result(state: &State, session: &Session, sender: &CommandSender, ui: &mut Ui) {
    let unsaved = match (&state.closing, &state.leaving) {
        (Closing::Unsaved, _) => Some("close the window"),
        (_, Some(_)) if !session.review.is_saved => Some("open the other evidence"),
        _ => None,
    };
    if let Some(what) = unsaved {
        ui.horizontal_wrapped(|ui| {
            widgets::mark(widgets::Mark::Open, "not saved", ui);
            ui.strong(format!("The review is not saved. Save it in Review, or {what} once more to lose it."));
        });
    }
    match &state.closing {
        Closing::Checking => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(
                    "Reading the evidence once more before the window closes; close again to leave at once.",
                );
            });
        }
        Closing::Changed(files) => {
            ui.horizontal_wrapped(|ui| {
                widgets::mark(widgets::Mark::Bad, "changed", ui);
                let names = escape(&files.join(", ")).into_owned();
                ui.strong(format!(
                    "Changed since it was verified: {names}. What was shown is no longer what is there; open it again, or close once more to leave."
                ));
            });
        }
        Closing::No | Closing::Unsaved | Closing::Done => {}
    }
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
    let Some(report) = session.report() else {
        ui.strong("Nothing was verified.");
        return;
    };
    match state.view {
        View::Overview => overview::show(report, session, sender, ui),
        View::Exceptions => exceptions::show(session, sender, ui),
        View::Permits => permits::show(session, sender, ui),
        View::Money => money::show(session, sender, ui),
        View::Timeline => timeline::show(session, sender, ui),
        View::Compare => compare::show(session, sender, ui),
        View::Review => review::show(session, sender, ui),
        View::Report => report::show(report, session, sender, ui),
        View::Source => source::show(session, ui),
    }
}
