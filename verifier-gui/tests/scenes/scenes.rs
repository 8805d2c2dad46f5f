//! What is shown: the demo archive, changed copies of it, and a window without evidence.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use verifier_core::bytes::Limits;
use verifier_core::evidence::{Batch, Evidence, gather, gather_bytes};
use verifier_core::finding::Location;
use verifier_core::ledger;
use verifier_core::report::Report;
use verifier_core::time::Timestamp;
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};
use verifier_core::workpaper::Content;
use verifier_gui::money::Books;
use verifier_gui::state::{Running, State, View};
use verifier_gui::worker::{Event, Outcome, Worker};
use verifier_gui::{Command, update};

/// The date that the verdicts are stated for.
const AS_OF: &str = "2026-11-26T00:00:00Z";
const DEMO: &str = "../testvectors/demo";

/// One picture.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    view: View,
    prepare: fn(&mut Desk),
}

impl Scene {
    pub(crate) const ALL: &'static [Self] = &[
        Self {
            name: "welcome",
            view: View::Overview,
            prepare: |desk| desk.state.recent = vec!["/evidence/2026-q3".into()],
        },
        Self { name: "help", view: View::Overview, prepare: |desk| desk.state.shows_help = true },
        Self { name: "progress", view: View::Overview, prepare: Desk::run },
        Self { name: "overview", view: View::Overview, prepare: Desk::open },
        Self { name: "permits", view: View::Permits, prepare: Desk::look_at_a_permit },
        Self { name: "money", view: View::Money, prepare: Desk::open },
        Self { name: "timeline", view: View::Timeline, prepare: Desk::open },
        Self { name: "review", view: View::Review, prepare: Desk::open },
        Self { name: "report", view: View::Report, prepare: Desk::open },
        Self { name: "source", view: View::Source, prepare: Desk::look_at_bytes },
        Self { name: "tampered-overview", view: View::Overview, prepare: Desk::open_tampered },
        Self { name: "tampered-exceptions", view: View::Exceptions, prepare: Desk::open_tampered },
        Self { name: "hostile-permits", view: View::Permits, prepare: Desk::look_at_a_hostile_permit },
        Self { name: "hostile-money", view: View::Money, prepare: Desk::open_hostile },
        Self { name: "hostile-exceptions", view: View::Exceptions, prepare: Desk::open_hostile },
        Self { name: "unreadable", view: View::Overview, prepare: Desk::open_nothing },
        Self { name: "no-permits", view: View::Permits, prepare: Desk::open_nothing },
        Self { name: "no-money", view: View::Money, prepare: Desk::open_nothing },
    ];

    pub(crate) fn state(&self) -> State {
        let mut desk = Desk { state: State::default(), worker: Worker::start(|| {}) };
        (self.prepare)(&mut desk);
        desk.state.view = self.view;
        desk.state
    }
}

/// The program without its window.
struct Desk {
    state: State,
    worker: Worker,
}

impl Desk {
    fn send(&mut self, command: Command) {
        update::apply(command, &mut self.state, &self.worker);
    }

    fn until(&mut self, done: impl Fn(&State) -> bool) {
        let started = Instant::now();
        while !done(&self.state) {
            assert!(started.elapsed() < Duration::from_secs(120), "no result");
            if let Some(event) = self.worker.wait(Duration::from_millis(20)) {
                update::take(event, &mut self.state);
            }
        }
    }

    fn open(&mut self) {
        let path = Path::new(DEMO).join("borealis-research");
        self.state.path = path.to_string_lossy().into_owned();
        self.verify(gather(&[path.as_path()], &Limits::default()));
    }

    fn open_nothing(&mut self) {
        self.state.path = "/no/such/file".to_owned();
        self.verify(gather(&[Path::new("/no/such/file")], &Limits::default()));
    }

    fn open_tampered(&mut self) {
        self.open_changed("tampered.tar", |text| text.replacen("\"u-wei\"", "\"u-wie\"", 1));
    }

    /// Texts that would run off the screen, turn it round, or ring a bell.
    fn open_hostile(&mut self) {
        let long = format!("\"{}\"", "W".repeat(5_000));
        self.open_changed("hostile\u{202e}.tar", |text| {
            text.replace("\"u-wei\"", "\"\\u202eevil\\u0007\\r\\n\\u001b[2J\"")
                .replace("\"claude-opus-4-1\"", &long)
                .replace(
                    "\"actual_cost_usd_micros\":",
                    "\"actual_cost_usd_micros\":-9223372036854775808,\"x\":",
                )
        });
    }

    /// Opens the demo with an export that `change` changed.
    fn open_changed(&mut self, name: &str, change: impl Fn(String) -> String) {
        let mut archive = tar::Builder::new(Vec::new());
        for name in ["export.json", "manifest.json", "key-manifest.json"] {
            let text = std::fs::read_to_string(Path::new(DEMO).join("borealis-research").join(name)).unwrap();
            let text = if name == "export.json" { change(text) } else { text };
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len().try_into().unwrap());
            header.set_mode(0o644);
            archive.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        // The field holds what a person typed, as it is.
        self.state.path = "/evidence/changed.tar".to_owned();
        self.verify(vec![gather_bytes(name, archive.into_inner().unwrap(), &Limits::default())]);
    }

    /// What the worker does, for a date that stays.
    fn verify(&mut self, batches: Vec<Batch>) {
        let root = Path::new(DEMO).join("trust-root.json");
        self.state.trust_root = root.to_string_lossy().into_owned();
        let content = Ok(std::fs::read(root).unwrap().into());
        let mut policy = TrustPolicy::new(Timestamp::parse(AS_OF).unwrap());
        policy.trust_root = Some(NamedBlob { name: "trust-root.json".to_owned(), content });
        let reports: Vec<Report> =
            batches.iter().flat_map(|batch| verify_batch(batch, &policy, &NoProgress)).collect();
        let sets: Vec<&Evidence> = batches.iter().flat_map(|batch| &batch.sets).collect();
        let ledger = ledger::read(&sets, &policy.limits, policy.workers, &NoProgress);
        let books = match ledger {
            Ok(ledger) if !ledger.permits.is_empty() => Ok(Arc::new(Books::new(ledger, &reports))),
            Ok(_) => Err("this evidence has no permit records and no budget bookings".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let outcome = Outcome {
            content: Content::of("", Vec::new(), &reports, None),
            reports: reports.into_iter().map(Arc::new).collect(),
            books,
            batches: Arc::new(batches),
        };
        let paths = vec![PathBuf::from(&self.state.path)];
        self.state.running =
            Some(Running { job: 1, paths, step: "", layer: None, done: 0, of: 0, cancelled: false });
        update::take(Event::Finished { job: 1, outcome: Box::new(outcome) }, &mut self.state);
    }

    fn run(&mut self) {
        self.state.path = "/evidence/2026-q3".to_owned();
        self.state.running = Some(Running {
            job: 1,
            paths: vec!["/evidence/2026-q3".into()],
            step: "Verifying",
            layer: Some(verifier_core::evidence::Layer::Bytes),
            done: 37,
            of: 100,
            cancelled: false,
        });
    }

    fn look_at_a_permit(&mut self) {
        self.open();
        self.send(Command::Drill("decision == allow && cost > 0.01 usd".to_owned()));
        self.until(|state| !state.session.as_ref().unwrap().table.is_filtering);
        let row = self.state.session.as_ref().unwrap().table.row(0).unwrap();
        self.send(Command::SelectRow(row));
        self.until(|state| state.session.as_ref().unwrap().record.is_some());
    }

    fn look_at_a_hostile_permit(&mut self) {
        self.open_hostile();
        self.send(Command::SelectRow(0));
        self.until(|state| state.session.as_ref().unwrap().record.is_some());
    }

    fn look_at_bytes(&mut self) {
        self.open();
        let books = self.state.session.as_ref().unwrap().books().unwrap();
        let place = &books.ledger.permits[0].place;
        let location = Location {
            file: books.ledger.sources[0].label.clone(),
            pointer: Some(books.ledger.pointer(place)),
            bytes: Some(place.span()),
        };
        self.send(Command::ShowPlace(location));
        self.until(|state| state.session.as_ref().unwrap().source.is_some());
    }
}
