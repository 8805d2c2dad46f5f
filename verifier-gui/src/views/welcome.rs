use egui::Ui;
use verifier_core::render::escape;

use crate::command::{Command, CommandSender};
use crate::state::State;

pub(super) fn show(state: &State, sender: &CommandSender, ui: &mut Ui) {
    ui.add_space(24.0);
    ui.heading("Open evidence");
    ui.label("Drop a file, folder or archive here, or type its path above and press Enter.");
    ui.label("This window shows what the verifier found. It changes nothing and opens no connection.");
    if !state.recent.is_empty() {
        ui.add_space(16.0);
        ui.strong("Opened before");
        for path in &state.recent {
            if ui.link(escape(&path.to_string_lossy())).clicked() {
                sender.send(Command::Open(vec![path.clone()]));
            }
        }
    }
}
