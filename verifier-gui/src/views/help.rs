use egui::{Grid, Ui};

use crate::command::{Command, CommandSender};
use crate::state::View;

pub(super) fn show(sender: &CommandSender, ui: &mut Ui) {
    ui.heading("Keys");
    Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
        let mut line = |keys: &str, what: &str| {
            ui.strong(keys);
            ui.label(what);
            ui.end_row();
        };
        line("F1", "this list");
        line("Ctrl+O", "choose evidence from a folder");
        line("Escape", "close this list; stop a verification");
        line("Tab, Shift+Tab", "next and previous control; Space or Enter presses it");
        line("Enter in the path field", "verify");
        for (number, view) in (1..).zip(View::ALL) {
            line(&format!("Ctrl+{number}"), view.title());
        }
        line("Arrow keys, Page Up, Page Down", "in Permits: another row");
        line("C, X, E, Delete", "in Permits: mark as checked, exception, explained; take the mark away");
        line("+, -, arrow keys, Home", "in Timeline: zoom, earlier, later, all");
        line("Closing the window", "reads the evidence once more; a changed file keeps the window open");
        line("Ctrl+Z, Ctrl+Y", "take the last mark back; make it again");
        line("Ctrl and +, -, 0", "larger, smaller, normal size");
        line("Ctrl+C", "copy the marked text");
    });
    ui.add_space(12.0);
    ui.heading("Filters");
    for text in [
        "decision == deny && cost > 10 usd && provider == \"openai\"",
        "model ~ mini or tokens >= 10000",
        "not dispatched == yes and day >= 2026-08-05",
        "alice (alone: in any field)",
    ] {
        ui.monospace(text);
    }
    ui.add_space(12.0);
    if ui.button("Close").clicked() {
        sender.send(Command::ToggleHelp);
    }
}
