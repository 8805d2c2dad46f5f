//! `keel-review`: opens the window. `keel-review [PATH…] [--key-manifest FILE] [--trust-root FILE]`.

use std::process::ExitCode;

use eframe::egui::{Vec2, ViewportBuilder};
use verifier_gui::{App, Command};

fn main() -> ExitCode {
    let start = Command::from_arguments(std::env::args_os().skip(1));
    let viewport = ViewportBuilder::default()
        .with_title("keel-review")
        .with_inner_size(Vec2::new(960.0, 760.0))
        .with_min_inner_size(Vec2::new(480.0, 320.0))
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let opened = eframe::run_native(
        "keel-review",
        options,
        Box::new(|creation| Ok(Box::new(App::new(&creation.egui_ctx, start)))),
    );
    match opened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            writeln!(std::io::stderr(), "keel-review: no window can be opened: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
