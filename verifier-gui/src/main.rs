//! `keel-review`: opens the window. `keel-review [PATH…] [--key-manifest FILE] [--trust-root FILE|--trust-kit FILE]`.

use std::process::ExitCode;

use eframe::egui::{Vec2, ViewportBuilder};
use verifier_gui::settings::Settings;
use verifier_gui::{App, Command};

const HELP: &str = "\
keel-review: review of evidence archives in a window. It changes nothing and opens no connection.

Usage: keel-review [PATH…] [--key-manifest FILE] [--trust-root FILE | --trust-kit FILE]

  PATH                  files, folders or archives that are verified together
  --key-manifest FILE   where keys come from; without it the keys of the trust root
  --trust-root FILE     the trust root; without it the compiled-in one
  --trust-kit FILE      all trust material in one file (keel-verify trust pack): roots, timestamp authorities, logs, witnesses
  -h, --help            this text
  -V, --version         the version

F1 in the window lists its keys. The same verdicts on a terminal: keel-verify.
";

fn main() -> ExitCode {
    use std::io::Write;
    for argument in std::env::args_os().skip(1) {
        let text = match argument.to_str() {
            Some("-h" | "--help") => HELP.to_owned(),
            Some("-V" | "--version") => format!("keel-review {}\n", env!("CARGO_PKG_VERSION")),
            _ => continue,
        };
        std::io::stdout().write_all(text.as_bytes()).ok();
        return ExitCode::SUCCESS;
    }
    let start = Command::from_arguments(std::env::args_os().skip(1));
    let place = Settings::place();
    let known = place.as_deref().map(Settings::load).unwrap_or_default();
    let size = known.size.map_or(Vec2::new(1280.0, 800.0), Vec2::from);
    let viewport = ViewportBuilder::default()
        .with_title("keel-review")
        .with_inner_size(size)
        .with_min_inner_size(Vec2::new(800.0, 500.0))
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let opened = eframe::run_native(
        "keel-review",
        options,
        Box::new(|creation| Ok(Box::new(App::remembering(&creation.egui_ctx, start, place)))),
    );
    match opened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "keel-review: no window can be opened: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
