//! What the pictures show: the demo archive, a tampered copy of it, and a window without evidence.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use verifier_core::finding::Location;
use verifier_core::time::Timestamp;
use verifier_core::trust::{NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify_batch};
use verifier_gui::state::{Running, State, View};
use verifier_gui::worker::Worker;
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
        Self { name: "welcome", view: View::Overview, prepare: |desk| desk.state.recent = vec!["/evidence/2026-q3".into()] },
        Self { name: "help", view: View::Overview, prepare: |desk| desk.state.shows_help = true },
        Self { name: "progress", view: View::Overview, prepare: Desk::run },
        Self { name: "overview", view: View::Overview, prepare: Desk::open },
        Self { name: "permits", view: View::Permits, prepare: Desk::look_at_a_permit },
        Self { name: "money", view: View::Money, prepare: Desk::open },
        Self { name: "review", view: View::Review, prepare: Desk::open },
        Self { name: "report", view: View::Report, prepare: Desk::open },
        Self { name: "source", view: View::Source, prepare: Desk::look_at_bytes },
        Self { name: "tampered-overview", view: View::Overview, prepare: Desk::open_tampered },
        Self { name: "tampered-exceptions", view: View::Exceptions, prepare: Desk::open_tampered },
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
        self.verify(Path::new(DEMO).join("borealis-research"));
    }

    fn open_nothing(&mut self) {
        self.verify("/no/such/file".into());
    }

    fn open_tampered(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        for name in ["export.json", "manifest.json", "key-manifest.json"] {
            let text = std::fs::read_to_string(Path::new(DEMO).join("borealis-research").join(name)).unwrap();
            let text = if name == "export.json" { text.replacen("\"u-wei\"", "\"u-wie\"", 1) } else { text };
            std::fs::write(copy.path().join(name), text).unwrap();
        }
        self.verify(copy.path().to_path_buf());
        // The path of the copy differs in each run.
        self.state.path = "/evidence/tampered".to_owned();
        self.state.recent = vec!["/evidence/tampered".into()];
    }

    /// Opens a path and states the verdicts for a date that stays.
    fn verify(&mut self, path: PathBuf) {
        let root = Path::new(DEMO).join("trust-root.json");
        self.send(Command::EditTrustRoot(root.to_string_lossy().into_owned()));
        self.send(Command::Open(vec![path]));
        self.until(|state| state.session.is_some());
        let mut policy = TrustPolicy::new(Timestamp::parse(AS_OF).unwrap());
        policy.trust_root =
            Some(NamedBlob { name: "trust-root.json".to_owned(), content: Ok(std::fs::read(root).unwrap().into()) });
        let session = self.state.session.as_mut().unwrap();
        if !session.batches.is_empty() {
            session.reports = session
                .batches
                .iter()
                .flat_map(|batch| verify_batch(batch, &policy, &NoProgress))
                .map(Arc::new)
                .collect();
        }
    }

    fn run(&mut self) {
        self.state.path = "/evidence/2026-q3".to_owned();
        self.state.running = Some(Running {
            job: 1,
            paths: vec!["/evidence/2026-q3".into()],
            step: "Verifying",
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
