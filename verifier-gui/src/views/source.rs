use egui::text::{LayoutJob, TextFormat};
use egui::{FontId, ScrollArea, Ui};
use verifier_core::render::escape;

use crate::state::Session;

pub(super) fn show(session: &Session, ui: &mut Ui) {
    let Some(excerpt) = &session.source else {
        ui.heading("Source");
        ui.label("Choose a place in Exceptions or a permit in Permits; its bytes are shown here.");
        return;
    };
    let location = &excerpt.location;
    ui.heading(escape(&location.file).into_owned());
    if let Some(pointer) = &location.pointer {
        ui.monospace(escape(pointer).into_owned());
    }
    if let Some(bytes) = &location.bytes {
        ui.weak(format!("bytes {} to {}", bytes.start, bytes.end));
    }
    ui.separator();
    match &excerpt.text {
        Err(why) => {
            ui.label(escape(why).into_owned());
        }
        Ok([before, within, behind]) => {
            let mut job = LayoutJob::default();
            job.wrap.break_anywhere = true;
            job.wrap.max_width = ui.available_width() - 16.0;
            let plain = TextFormat::simple(FontId::monospace(13.0), ui.visuals().weak_text_color());
            let marked = TextFormat {
                background: ui.visuals().selection.bg_fill.gamma_multiply(0.45),
                ..TextFormat::simple(FontId::monospace(13.0), ui.visuals().strong_text_color())
            };
            let (more_before, more_behind) = excerpt.is_cut;
            let dots = |more: bool| if more { "… " } else { "" };
            job.append(dots(more_before), 0.0, plain.clone());
            job.append(&lines(before), 0.0, plain.clone());
            job.append(&lines(within), 0.0, marked);
            job.append(&lines(behind), 0.0, plain.clone());
            job.append(dots(more_behind), 0.0, plain);
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                ui.add(egui::Label::new(job).selectable(true));
            });
        }
    }
}

/// Escaped, except that line ends stay.
fn lines(text: &str) -> String {
    let escaped: Vec<_> = text.split('\n').map(escape).collect();
    escaped.join("\n")
}
