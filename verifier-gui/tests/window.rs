//! The window, driven through its accessibility tree, without a GPU or a display.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail by panicking")]

use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use verifier_core::finding::catalog::export;
use verifier_core::finding::{Finding, Location};
use verifier_core::report::{Report, ReportBuilder, Requested, Subject};
use verifier_core::time::Timestamp;
use verifier_gui::state::{Session, State};
use verifier_gui::{App, Command, CommandSender, view};

const INTEGRITY: &str = "export.integrity.v1";

fn tampered() -> Report {
    let mut out = ReportBuilder::new(10, Default::default());
    out.artifact.kind = "export".to_owned();
    out.claim(INTEGRITY, Requested::Evidence);
    let finding = Finding::disproves(&export::CONTENT_HASH_MISMATCH, "not the signed \u{202e}file")
        .at(Location::file("export.json"))
        .fact("computed", "sha256:4413");
    out.unsupported(INTEGRITY, Subject::new("payload_content_hash", "export.json"), finding);
    out.not_proven = vec!["the signing time".to_owned()];
    out.finish(&Timestamp::parse("2026-11-26").unwrap())
}

fn showing(reports: Vec<Report>) -> (Harness<'static, State>, mpsc::Receiver<Command>) {
    let (sender, commands) = mpsc::channel();
    let sender = CommandSender::new(sender);
    let reports = reports.into_iter().map(Arc::new).collect();
    let session = Session { paths: vec!["export.json".into()], reports, selected: 0, cancelled: false };
    let state = State { session: Some(session), ..State::default() };
    let mut harness =
        Harness::new_ui_state(move |ui, state: &mut State| view::window(state, &sender, ui), state);
    harness.run();
    (harness, commands)
}

#[test]
fn a_refusal_is_shown_with_claim_code_and_values() {
    let (harness, _commands) = showing(vec![tampered()]);
    harness.get_by_label("DISPROVED");
    harness.get_by_label(INTEGRITY);
    harness.get_by_label("disproved");
    harness.get_by_label("CONTENT_HASH_MISMATCH (disproved)");
    harness.get_by_label("computed: sha256:4413");
    harness.get_by_label("• the signing time");
    harness.get_by_label("not the signed \\u{202e}file");
    assert!(harness.query_by_label("VERIFIED").is_none());
}

#[test]
fn several_sets_can_be_chosen() {
    let (mut harness, commands) = showing(vec![tampered(), tampered()]);
    harness.get_all_by_label("DISPROVED export").last().unwrap().click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::Select(1)));
}

#[test]
fn nothing_is_claimed_before_evidence_is_opened() {
    let state = State::default();
    let (sender, commands) = mpsc::channel();
    let sender = CommandSender::new(sender);
    let mut harness =
        Harness::new_ui_state(move |ui, state: &mut State| view::window(state, &sender, ui), state);
    harness.run();
    harness.get_by_label("Open evidence");
    harness.get_by_label("Verify").click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::OpenField));
}

#[test]
fn a_missing_file_ends_in_a_refusal() {
    let context = egui::Context::default();
    let mut app = App::new(&context, vec![Command::Open(vec!["/no/such/file".into()])]);
    let started = Instant::now();
    while app.state().session.is_none() {
        assert!(started.elapsed() < Duration::from_secs(60), "no result");
        app.advance(&context);
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut harness = Harness::new_ui(move |ui| app.draw(ui));
    harness.run();
    harness.get_by_label("CANNOT BE READ");
}
