use egui::{ScrollArea, Ui};
use verifier_core::render::escape;

use super::widgets::{Mark, mark};
use crate::browse::Browse;
use crate::command::{Command, CommandSender};

pub(super) fn show(browse: &Browse, sender: &CommandSender, ui: &mut Ui) {
    ui.heading("Open evidence");
    ui.label(escape(&browse.folder.to_string_lossy()).into_owned());
    ui.horizontal(|ui| {
        if ui.button("Verify this folder").clicked() {
            sender.send(Command::Open(vec![browse.folder.clone()]));
        }
        if let Some(above) = browse.folder.parent()
            && ui.button("Folder above").clicked()
        {
            sender.send(Command::Browse(Some(above.to_path_buf())));
        }
        if ui.button("Close").clicked() {
            sender.send(Command::CloseBrowse);
        }
    });
    ui.separator();
    let entries = match &browse.entries {
        Ok(entries) => entries,
        Err(why) => {
            ui.horizontal_wrapped(|ui| {
                mark(Mark::Bad, "not readable", ui);
                ui.label(format!("This folder cannot be read: {}. Choose another.", escape(why)));
            });
            return;
        }
    };
    if entries.is_empty() {
        ui.label("This folder is empty.");
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (path, is_folder) in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let title = if *is_folder { format!("{}/", escape(&name)) } else { escape(&name).into_owned() };
            if ui.link(title).clicked() {
                sender.send(if *is_folder {
                    Command::Browse(Some(path.clone()))
                } else {
                    Command::Open(vec![path.clone()])
                });
            }
        }
        if browse.is_cut {
            ui.weak("There are more; type the path instead.");
        }
    });
}
