//! The window, driven through its accessibility tree, without a GPU or a display.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail by panicking")]

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use verifier_core::bytes::Blob;
use verifier_core::finding::catalog::export;
use verifier_core::finding::{Finding, Location};
use verifier_core::json::ParserLimits;
use verifier_core::ledger::{Figure, Ledger, PermitRow};
use verifier_core::report::{Outcome, Report, ReportBuilder, Requested, Subject};
use verifier_core::time::Timestamp;
use verifier_core::trust::kit::{Item, TrustKit};
use verifier_core::workpaper::{Content, MarkStatus, Role};
use verifier_gui::filter::Field;
use verifier_gui::money::Books;
use verifier_gui::review::{Review, ReviewCommand};
use verifier_gui::state::{Closing, Session, State, Table, View};
use verifier_gui::{App, Command, CommandSender, views};

const INTEGRITY: &str = "export.integrity.v1";

fn tampered() -> Report {
    let mut out = ReportBuilder::new(10, Default::default());
    out.artifact.kind = "export".to_owned();
    out.claim(INTEGRITY, Requested::Evidence);
    let finding = Finding::disproves(&export::CONTENT_HASH_MISMATCH, "not the signed \u{202e}file")
        .at(Location {
            file: "export.json".to_owned(),
            pointer: Some("/records/0".to_owned()),
            bytes: Some(3..9),
        })
        .fact("computed", "sha256:4413");
    out.unsupported(INTEGRITY, Subject::new("payload_content_hash", "export.json"), finding);
    out.not_proven = vec!["the signing time".to_owned()];
    out.finish(&Timestamp::parse("2026-11-26").unwrap())
}

fn session(reports: Vec<Report>, books: Result<Books, String>) -> Session {
    Session {
        paths: vec!["export.json".into()],
        reports: reports.into_iter().map(Arc::new).collect(),
        selected: 0,
        cancelled: false,
        books: books.map(Arc::new),
        batches: Arc::default(),
        table: Table::default(),
        review: Review::new(Content::default()),
        other: String::new(),
        is_comparing: false,
        compared: None,
        report_file: String::new(),
        report_said: None,
        record: None,
        proof: None,
        source: None,
    }
}

/// Permits that are made up, so many of them.
fn books(permits: u32) -> Books {
    let mut ledger = Ledger::default();
    let [allow, deny, openai, anthropic] =
        ["allow", "deny", "openai", "anthropic"].map(|text| ledger.names.intern(text));
    for number in 0..permits {
        let permit = ledger.names.intern(&format!("permit-{number:07}"));
        ledger.permits.push(PermitRow {
            permit,
            sequence: Figure::of(i64::from(number) + 1),
            decision: if number % 10 == 0 { deny } else { allow },
            provider: if number % 3 == 0 { openai } else { anthropic },
            actual_cost: Figure::of(i64::from(number) * 1_000),
            created_at: "2026-08-03T08:00:00Z".into(),
            created_micros: Figure::of(1_785_744_000_000_000),
            ..PermitRow::default()
        });
        ledger.accounts.push(Default::default());
    }
    Books::new(ledger, &[])
}

fn showing(state: State) -> (Harness<'static, State>, mpsc::Receiver<Command>) {
    let (sender, commands) = mpsc::channel();
    let sender = CommandSender::new(sender);
    let draw = move |ui: &mut egui::Ui, state: &mut State| views::window(state, &sender, ui);
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).build_ui_state(draw, state);
    harness.run();
    (harness, commands)
}

fn with(session: Session, view: View) -> State {
    State { session: Some(session), view, ..State::default() }
}

#[test]
fn a_refusal_is_shown_with_code_values_remedy_and_place() {
    let (harness, _commands) =
        showing(with(session(vec![tampered()], Err("no rows".to_owned())), View::Overview));
    harness.get_by_label("DISPROVED");
    harness.get_by_label("Yes: the bytes are not the ones that were signed.");
    harness.get_by_label("• the signing time");
    assert!(harness.query_by_label("VERIFIED").is_none());
    let (mut harness, commands) =
        showing(with(session(vec![tampered()], Err("no rows".to_owned())), View::Exceptions));
    harness.get_by_label("CONTENT_HASH_MISMATCH");
    harness.get_by_label("sha256:4413");
    harness.get_by_label("not the signed \\u{202e}file");
    harness.get_by_label_contains("What to do: ");
    harness.get_by_label("show export.json /records/0").click();
    harness.run();
    assert!(matches!(commands.try_recv(), Ok(Command::ShowPlace(place)) if place.bytes == Some(3..9)));
}

#[test]
fn every_view_is_reached_by_keyboard_and_none_is_empty() {
    for (view, key) in View::ALL.into_iter().zip([
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
    ]) {
        let (mut harness, commands) = showing(with(session(vec![tampered()], Ok(books(50))), view));
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run();
        assert_eq!(commands.try_recv(), Ok(Command::Show(view)));
        let (_harness, _commands) = showing(with(session(vec![tampered()], Err("no rows".to_owned())), view));
    }
    let (mut harness, commands) = showing(State::default());
    harness.key_press(Key::F1);
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::ToggleHelp));
    let (harness, _commands) = showing(State { shows_help: true, ..State::default() });
    harness.get_by_label("Keys");
}

#[test]
fn several_sets_can_be_chosen() {
    let reports = vec![tampered(), tampered()];
    let (mut harness, commands) = showing(with(session(reports, Err("no rows".to_owned())), View::Overview));
    harness.get_all_by_label("DISPROVED export").last().unwrap().click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::Select(1)));
}

#[test]
fn nothing_is_claimed_before_evidence_is_opened() {
    let recent = vec!["/evidence/q3".into()];
    let (mut harness, commands) = showing(State { recent, ..State::default() });
    harness.get_by_label("Open evidence");
    harness.get_by_label("Verify").click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::OpenField));
    harness.get_by_label("/evidence/q3").click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::Open(vec!["/evidence/q3".into()])));
}

#[test]
fn the_table_sorts_selects_and_drills() {
    let (mut harness, commands) = showing(with(session(vec![tampered()], Ok(books(1000))), View::Permits));
    harness.get_by_label("1,000 of 1,000");
    harness.get_by_label("permit-0000003");
    harness.get_by_label("Cost USD").click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::Sort(Field::Cost)));
    harness.key_press(Key::ArrowDown);
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::MoveRow(1)));
    let mut opened = session(vec![tampered()], Ok(books(1000)));
    opened.table.error = Some("\"decison\" is no field; decision is one (character 1)".to_owned());
    opened.table.selected = Some(7);
    let (harness, _commands) = showing(with(opened, View::Permits));
    harness.get_by_label("\"decison\" is no field; decision is one (character 1)");
    harness.get_by_label("How it is proven");
    let (mut harness, commands) = showing(with(session(vec![tampered()], Ok(books(100))), View::Overview));
    harness.get_all_by_label("10").last().unwrap().click();
    harness.run();
    assert_eq!(commands.try_recv(), Ok(Command::Drill("decision == \"deny\"".to_owned())));
}

/// Runs the application until `done`, as a window would.
fn until(app: &mut App, context: &egui::Context, done: impl Fn(&State) -> bool) {
    let started = Instant::now();
    while !done(app.state()) {
        assert!(started.elapsed() < Duration::from_secs(120), "no result");
        app.advance(context);
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn demo() -> (std::path::PathBuf, String) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo");
    (vectors.join("borealis-research"), vectors.join("trust-root.json").to_string_lossy().into_owned())
}

#[test]
fn a_missing_file_ends_in_a_refusal() {
    let context = egui::Context::default();
    let mut app = App::new(&context, vec![Command::Open(vec!["/no/such/file".into()])]);
    until(&mut app, &context, |state| state.session.is_some());
    let mut harness = Harness::new_ui(move |ui| app.draw(ui));
    harness.run();
    harness.get_by_label("CANNOT BE READ");
}

#[test]
fn the_demo_is_verified_filtered_and_led_back_to_its_bytes() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![folder])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    let books = app.state().session.as_ref().unwrap().books().unwrap().clone();
    assert!(books.is_proven);
    assert_eq!(books.ledger.permits.len(), 51);
    app.send(Command::Drill("decision == deny".to_owned()));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().table.rows.is_some());
    let session = app.state().session.as_ref().unwrap();
    let denied = session.table.count(51);
    assert!(denied > 0 && denied < 51, "{denied}");
    assert_eq!(app.state().view, View::Permits);
    // A wrong filter leaves the rows as they were and says what is wrong.
    app.send(Command::EditFilter("decison == deny".to_owned()));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().table.error.is_some());
    assert_eq!(app.state().session.as_ref().unwrap().table.count(51), denied);
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("denied.csv");
    app.send(Command::EditSheet(sheet.to_string_lossy().into_owned()));
    app.send(Command::SaveSheet);
    until(&mut app, &context, |state| state.session.as_ref().unwrap().table.saved.is_some());
    let text = std::fs::read_to_string(&sheet).unwrap();
    assert!(text.starts_with("# ") && text.contains("# evidence verified: VERIFIED: "), "{text}");
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), denied + 1, "{text}");
    let row = &books.ledger.permits[0];
    let location = Location {
        file: books.ledger.sources[0].label.clone(),
        pointer: None,
        bytes: Some(row.place.span()),
    };
    app.send(Command::ShowPlace(location));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().source.is_some());
    let [_, within, _] = app.state().session.as_ref().unwrap().source.as_ref().unwrap().text.clone().unwrap();
    assert!(within.starts_with('{') && within.contains(books.ledger.text(row.permit)), "{within}");
}

/// In the field of the trust root a trust kit brings the log and its witnesses too, so that an excerpt can be verified.
#[test]
fn a_trust_kit_brings_logs_and_witnesses() {
    let cases = testvectors::Case::of(testvectors::Origin::Generated).unwrap();
    let case = cases.into_iter().find(|case| case.id == "generated-log-witnessed").unwrap();
    let folder = tempfile::tempdir().unwrap();
    case.write_files(folder.path()).unwrap();
    let limits = ParserLimits::default();
    let blob = |name: &str| Blob::new(case.read(name).unwrap());
    let mut items = Item::identify("policy", &blob("witness-policy.txt"), limits).unwrap();
    items.push(Item::trust_root("root", &blob("trust-root.json"), limits).unwrap());
    let kit = folder.path().join("kit.json");
    std::fs::write(&kit, TrustKit::of(items).unwrap().write()).unwrap();
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/excerpt/log.json");
    for (path, kind) in [(folder.path().join("evidence"), "export"), (seed, "excerpt")] {
        let context = egui::Context::default();
        let root = Command::EditTrustRoot(kit.to_string_lossy().into_owned());
        let mut app = App::new(&context, vec![root, Command::Open(vec![path])]);
        until(&mut app, &context, |state| state.session.is_some());
        let session = app.state().session.as_ref().unwrap();
        let report = session.reports.first().unwrap();
        assert_eq!(report.artifact.kind, kind);
        assert_eq!(report.outcome, Outcome::Verified, "{:#?}", report.findings);
        let mut harness = Harness::new_ui(move |ui| app.draw(ui));
        harness.run();
        harness.get_by_label_contains("Not since witnesses cosigned the log");
    }
}

/// Opens a tampered copy and reaches the finding with the keyboard alone.
#[test]
fn a_tampered_archive_is_found_out_by_keyboard() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let copy = tempfile::tempdir().unwrap();
    for name in ["export.json", "manifest.json", "key-manifest.json"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let text = if name == "export.json" { text.replacen("\"u-wei\"", "\"u-wie\"", 1) } else { text };
        std::fs::write(copy.path().join(name), text).unwrap();
    }
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![copy.path().to_path_buf()])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).build_ui(move |ui| {
        app.advance(&ui.ctx().clone());
        app.draw(ui);
    });
    harness.run();
    harness.get_by_label("DISPROVED");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    harness.run();
    harness.get_by_label("CONTENT_HASH_MISMATCH");
}

#[test]
fn cancelling_ends_and_says_that_the_result_is_incomplete() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![folder]), Command::Cancel];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    assert!(app.state().session.as_ref().unwrap().cancelled);
    let mut harness = Harness::new_ui(move |ui| app.draw(ui));
    harness.run();
    harness.get_by_label("Stopped before the end: this result is incomplete.");
}

/// Draws the table over a million rows and prints the time of a frame; run by hand:
/// `cargo test --release -p verifier-gui --test window -- --ignored --nocapture million`
#[test]
#[ignore = "prints a time, asserts only what is drawn"]
fn a_million_rows() {
    let state = with(session(vec![tampered()], Ok(books(1_000_000))), View::Permits);
    let (mut harness, _commands) = showing(state);
    harness.get_by_label("1,000,000 of 1,000,000");
    let mut times = Vec::new();
    for frame in 0..200_u32 {
        harness.state_mut().session.as_mut().unwrap().table.selected = Some(frame * 5_000);
        harness.state_mut().session.as_mut().unwrap().table.scrolls = true;
        let started = Instant::now();
        harness.step();
        times.push(started.elapsed());
    }
    times.sort();
    println!(
        "frame over 1,000,000 rows: median {:?}, 95 % {:?}, slowest {:?}",
        times[100], times[190], times[199]
    );
    let books = harness.state().session.as_ref().unwrap().books().unwrap().clone();
    let started = Instant::now();
    let filter = verifier_gui::filter::parse("decision == deny && cost > 10 usd").unwrap();
    let rows =
        verifier_gui::table::select(&books.ledger, filter, Some((Field::Cost, true)), &|| false).unwrap();
    println!("filter and sort of 1,000,000 rows: {:?}, {} rows", started.elapsed(), rows.len());
}

/// Marks by keyboard, draws a sample, saves, signs, and goes on with it in a new window.
#[test]
fn a_review_is_kept_signed_and_reopened() {
    let context = egui::Context::default();
    let (evidence, root) = demo();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("review.json").to_string_lossy().into_owned();
    let key = folder.path().join("reviewer.key");
    std::fs::write(&key, format!("{}\n", "07".repeat(32))).unwrap();
    let key = key.to_string_lossy().into_owned();
    let open = || {
        let start = vec![Command::EditTrustRoot(root.clone()), Command::Open(vec![evidence.clone()])];
        let mut app = App::new(&context, start);
        until(&mut app, &context, |state| state.session.is_some());
        app
    };
    let review = |app: &App| app.state().session.as_ref().unwrap().review.paper.clone();
    let said = |app: &mut App, commands: Vec<ReviewCommand>| {
        commands.into_iter().for_each(|command| app.send(Command::Review(command)));
        until(app, &context, |state| state.session.as_ref().unwrap().review.said.is_some());
        app.state().session.as_ref().unwrap().review.said.clone().unwrap()
    };
    let mut app = open();
    for command in [
        Command::SelectRow(3),
        Command::Review(ReviewCommand::EditReviewer("A. Auditor".to_owned())),
        Command::Review(ReviewCommand::EditNote("invoice seen".to_owned())),
        Command::Review(ReviewCommand::MarkSelected(Some(MarkStatus::Checked))),
        Command::Review(ReviewCommand::EditEngagement("Borealis Q3, nonce 5b1f".to_owned())),
        Command::Review(ReviewCommand::EditSize("5".to_owned())),
    ] {
        app.send(command);
    }
    assert_eq!(said(&mut app, vec![ReviewCommand::Draw]), Ok("5 permits drawn".to_owned()));
    app.send(Command::Review(ReviewCommand::ShowSample(0)));
    until(&mut app, &context, |state| state.view == View::Permits);
    assert_eq!(app.state().session.as_ref().unwrap().table.count(51), 5);
    app.send(Command::Review(ReviewCommand::EditKey(key.clone())));
    app.send(Command::Review(ReviewCommand::EditFile(file.clone())));
    app.send(Command::Review(ReviewCommand::Sign(Role::Preparer)));
    until(&mut app, &context, |state| !state.session.as_ref().unwrap().review.signed.is_empty());
    app.send(Command::Review(ReviewCommand::Save));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().review.is_saved);
    let kept = review(&app);
    assert_eq!((kept.content.marks.len(), kept.content.samples.len(), kept.signatures.len()), (1, 1, 1));

    let mut again = open();
    again.send(Command::Review(ReviewCommand::EditFile(file.clone())));
    let text = said(&mut again, vec![ReviewCommand::Open]).unwrap();
    assert!(text.contains("signed by ed25519:"), "{text}");
    assert_eq!(review(&again).content.marks, kept.content.marks);
    again.send(Command::Show(View::Review));
    again.advance(&context);
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).build_ui(move |ui| again.draw(ui));
    harness.run();
    harness.get_by_label("invoice seen");
    harness.get_by_label_contains("signed as preparer at ");

    // Changed after it was signed: a sentence, and the review that is there stays.
    let text = std::fs::read_to_string(&file).unwrap().replace("invoice seen", "invoice lost");
    std::fs::write(&file, text).unwrap();
    let mut other = open();
    other.send(Command::Review(ReviewCommand::EditFile(file)));
    let why = said(&mut other, vec![ReviewCommand::Open]).unwrap_err();
    assert!(why.contains("changed after it was signed"), "{why}");
    assert!(review(&other).content.marks.is_empty());
}

/// The demo's first permit: every step of its path stands there, and every member of its record with what covers it.
#[test]
fn the_proof_of_a_permit_is_drawn_with_what_it_covers() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![folder])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    app.send(Command::Show(View::Permits));
    app.send(Command::SelectRow(0));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().record.is_some());
    let record = app.state().session.as_ref().unwrap().record.clone().unwrap();
    let members = record.members.unwrap();
    assert!(members.iter().any(|member| member.pointer == "/records/0/permit/id"), "{members:?}");
    app.send(Command::SelectProof(Some("governance_chain.local_continuity.v1")));
    app.advance(&context);
    let mut harness = Harness::builder().with_size([1280.0, 2400.0]).build_ui(move |ui| app.draw(ui));
    harness.run();
    harness.get_by_label("By signature");
    harness.get_by_label("Its events in the hash chain");
    harness.get_by_label("Mark what export.integrity.v1 covers");
    harness.get_by_label_contains("Members that governance_chain.local_continuity.v1 covers");
    assert!(harness.query_all_by_label_contains("signed only: what its signer says").next().is_some());
    assert!(harness.query_all_by_label_contains("proven").next().is_some());
}

#[test]
fn the_timeline_and_the_budgets_of_the_demo_are_drawn() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![folder])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    let books = app.state().session.as_ref().unwrap().books().unwrap().clone();
    assert!(books.timeline.lanes.iter().any(|lane| lane.title.starts_with("deny in ")));
    assert_eq!(
        books
            .timeline
            .lanes
            .iter()
            .filter(|lane| !lane.filter.is_empty())
            .map(|lane| lane.count)
            .sum::<u64>(),
        51
    );
    assert!(books.envelopes.iter().any(|line| !line.balances.is_empty()));
    // Every permit has one grade of evidence, and a grade leads to its permits.
    let mut graded = 0;
    for (grade, _, count) in &books.grades {
        let filter = format!("grade == \"{grade}\"");
        app.send(Command::Drill(filter.clone()));
        until(&mut app, &context, |state| {
            let table = &state.session.as_ref().unwrap().table;
            table.filter == filter && !table.is_filtering && table.rows.is_some()
        });
        let shown = app.state().session.as_ref().unwrap().table.count(51);
        assert_eq!(u64::try_from(shown).unwrap(), *count, "{grade}");
        graded += shown;
    }
    assert_eq!(graded, 51);
    app.send(Command::ShowEnvelope(books.envelopes[0].envelope.clone()));
    until(&mut app, &context, |state| state.session.as_ref().unwrap().table.filter.is_empty());
    let shown = app.state().session.as_ref().unwrap().table.count(51);
    assert!((1..51).contains(&shown), "{shown}");
    app.send(Command::Show(View::Timeline));
    app.advance(&context);
    let (sender, commands) = mpsc::channel();
    let sender = CommandSender::new(sender);
    let draw = move |ui: &mut egui::Ui| views::window(app.state(), &sender, ui);
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).build_ui(draw);
    harness.run();
    harness.get_by_label("Breaks of the chains");
    harness.get_by_label("Zoom in").click();
    harness.run();
    harness.get_all_by_label_contains("Show the permits of ").next().unwrap().click();
    harness.run();
    assert!(
        commands
            .try_iter()
            .any(|command| matches!(command, Command::Drill(filter) if filter.starts_with("day >= ")))
    );
}

/// A copy in which one record was changed is an exception with the first differing entry; the same archive is the same.
#[test]
fn two_archives_are_compared() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let copy = tempfile::tempdir().unwrap();
    for name in ["export.json", "manifest.json", "key-manifest.json"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let text = if name == "export.json" { text.replacen("\"u-wei\"", "\"u-wie\"", 1) } else { text };
        std::fs::write(copy.path().join(name), text).unwrap();
    }
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![folder.clone()])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    let compare = |app: &mut App, path: &Path| {
        app.send(Command::EditOther(path.to_string_lossy().into_owned()));
        app.send(Command::Compare);
        app.advance(&context);
        until(app, &context, |state| state.session.as_ref().unwrap().compared.is_some());
        app.state().session.as_ref().unwrap().compared.clone().unwrap()
    };
    let same = compare(&mut app, &folder).unwrap();
    assert!(same.diff.is_equal());
    assert!(compare(&mut app, Path::new("/no/such/file")).is_err());
    let other = compare(&mut app, copy.path()).unwrap();
    assert!(other.diff.counts.rewritten > 0 && other.diff.counts.missing == 0, "{:?}", other.diff.counts);
    app.send(Command::Show(View::Compare));
    app.advance(&context);
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).build_ui(move |ui| app.draw(ui));
    harness.run();
    assert!(harness.query_all_by_label("The archives differ, and not both verify.").next().is_some());
    harness.get_by_label("First rewritten record");
}

/// What is written is what the command line writes; a file that changed after it was verified keeps the window open.
#[test]
fn reports_are_saved_and_changed_evidence_is_told_at_the_end() {
    let context = egui::Context::default();
    let (folder, root) = demo();
    let copy = tempfile::tempdir().unwrap();
    for name in ["export.json", "manifest.json", "key-manifest.json"] {
        std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    }
    let start = vec![Command::EditTrustRoot(root), Command::Open(vec![copy.path().to_path_buf()])];
    let mut app = App::new(&context, start);
    until(&mut app, &context, |state| state.session.is_some());
    let out = tempfile::tempdir().unwrap();
    for (name, begins) in
        [("a.html", "<!doctype html>"), ("a.json", "{"), ("a.sarif", "{"), ("a.md", "#"), ("a.doc", "")]
    {
        let path = out.path().join(name);
        app.send(Command::EditReportFile(path.to_string_lossy().into_owned()));
        app.send(Command::SaveReport);
        app.advance(&context);
        until(&mut app, &context, |state| state.session.as_ref().unwrap().report_said.is_some());
        let said = app.state().session.as_ref().unwrap().report_said.clone().unwrap();
        assert_eq!(said.is_ok(), !begins.is_empty(), "{said:?}");
        if said.is_ok() {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.to_lowercase().starts_with(begins), "{name}: {text:.40}");
        }
    }
    std::fs::write(copy.path().join("export.json"), "{}").unwrap();
    app.send(Command::Close);
    app.advance(&context);
    until(&mut app, &context, |state| matches!(&state.closing, Closing::Changed(files) if files.len() == 1));
    app.send(Command::Close);
    app.advance(&context);
    assert!(app.state().session.is_none());
}
