//! Everything that is shown. Views read it; only [`crate::update`] changes it.

use std::path::PathBuf;
use std::sync::Arc;

use verifier_core::diff::Diff;
use verifier_core::evidence::{Batch, Layer};
use verifier_core::finding::{Finding, Location};
use verifier_core::report::Report;

use crate::browse::Browse;
use crate::filter::Field;
use crate::money::Books;
use crate::review::Review;

/// What fills the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Outcome and the answers to the questions that an audit begins with.
    #[default]
    Overview,
    /// What is wrong or missing, worst first.
    Exceptions,
    /// All permits.
    Permits,
    /// Spend, budgets and rules.
    Money,
    /// Events on one axis.
    Timeline,
    /// Against another archive of the window.
    Compare,
    /// Marks, samples, the review file.
    Review,
    /// Claims, checks, signers: the whole report.
    Report,
    /// The bytes of a place.
    Source,
}

impl View {
    /// All views, in the order of their keys.
    pub const ALL: [Self; 9] = [
        Self::Overview,
        Self::Exceptions,
        Self::Permits,
        Self::Money,
        Self::Timeline,
        Self::Compare,
        Self::Review,
        Self::Report,
        Self::Source,
    ];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Exceptions => "Exceptions",
            Self::Permits => "Permits",
            Self::Money => "Money",
            Self::Timeline => "Timeline",
            Self::Compare => "Compare",
            Self::Review => "Review",
            Self::Report => "Full report",
            Self::Source => "Source",
        }
    }
}

/// The application's state.
#[derive(Debug, Default)]
pub struct State {
    /// The path field.
    pub path: String,
    /// The field of the key manifest; empty for the keys of the trust root.
    pub key_manifest: String,
    /// The field of the trust root; empty for the compiled-in one.
    pub trust_root: String,
    /// The folder that evidence is chosen from.
    pub browse: Option<Browse>,
    /// Paths opened before, newest first.
    pub recent: Vec<PathBuf>,
    /// What fills the window.
    pub view: View,
    /// Whether the list of keys is shown.
    pub shows_help: bool,
    /// What is being verified.
    pub running: Option<Running>,
    /// What was verified last.
    pub session: Option<Session>,
    /// Number of the last job.
    pub last_job: u64,
    /// Columns that the table of permits begins with; empty for the usual ones.
    pub columns: Vec<Field>,
    /// What was asked for while the review was not saved; asked for once more, it is opened.
    pub leaving: Option<Vec<PathBuf>>,
    /// How far the closing of the window is.
    pub closing: Closing,
}

/// The window closes after the evidence was read once more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Closing {
    /// Nobody asked.
    #[default]
    No,
    /// The review is not saved; the window stays until it is closed once more.
    Unsaved,
    /// The evidence is being read again.
    Checking,
    /// These files are no longer what was verified; the window stays until it is closed once more.
    Changed(Vec<String>),
    /// It may close.
    Done,
}

/// A verification that has not ended.
#[derive(Debug)]
pub struct Running {
    /// Its number; events of other jobs are late and ignored.
    pub job: u64,
    /// What was opened.
    pub paths: Vec<PathBuf>,
    /// What it is doing.
    pub step: &'static str,
    /// The layer of checks that it is at, of the set at hand.
    pub layer: Option<Layer>,
    /// Bytes read.
    pub done: u64,
    /// Bytes to read, about.
    pub of: u64,
    /// Whether a person asked to stop.
    pub cancelled: bool,
}

/// A verification that has ended.
#[derive(Debug)]
pub struct Session {
    /// What was opened.
    pub paths: Vec<PathBuf>,
    /// One report for each set of evidence.
    pub reports: Vec<Arc<Report>>,
    /// Which one is shown.
    pub selected: usize,
    /// Whether it was stopped, so that the reports are incomplete.
    pub cancelled: bool,
    /// The rows of everything that was opened, or why there are none.
    pub books: Result<Arc<Books>, String>,
    /// The evidence, to read places of it again.
    pub batches: Arc<Vec<Batch>>,
    /// The table of permits.
    pub table: Table,
    /// The field of the other archive.
    pub other: String,
    /// Whether it is being compared.
    pub is_comparing: bool,
    /// What the comparison gave.
    pub compared: Option<Result<Arc<Compared>, String>>,
    /// The field of the report's file.
    pub report_file: String,
    /// What became of writing it.
    pub report_said: Option<Result<String, String>>,
    /// What was marked and drawn.
    pub review: Review,
    /// The members of the permit that is looked at.
    pub record: Option<Record>,
    /// The claim whose members are marked.
    pub proof: Option<&'static str>,
    /// The place that is shown.
    pub source: Option<Excerpt>,
}

/// Two archives against each other.
#[derive(Debug)]
pub struct Compared {
    /// What differs.
    pub diff: Diff,
    /// What it comes to.
    pub findings: Vec<Finding>,
}

/// The members of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The row of the ledger.
    pub row: u32,
    /// The members in the order of the bytes, or why they cannot be listed.
    pub members: Result<Vec<Member>, String>,
}

/// A member of a record that holds no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// JSON pointer in the file.
    pub pointer: String,
    /// The value as it is written, perhaps cut.
    pub value: String,
}

impl Session {
    /// The report that is shown.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        self.reports.get(self.selected).map(AsRef::as_ref)
    }

    /// The rows.
    #[must_use]
    pub fn books(&self) -> Option<&Arc<Books>> {
        self.books.as_ref().ok()
    }
}

/// The table of permits: what is shown of the rows, in which order.
#[derive(Debug)]
pub struct Table {
    /// The filter as typed.
    pub filter: String,
    /// Why the filter is not one; the rows are those of the last one that was.
    pub error: Option<String>,
    /// Positions of the rows that pass, in order; `None` for all in input order.
    pub rows: Option<Arc<Vec<u32>>>,
    /// Whether newer rows are on their way.
    pub is_filtering: bool,
    /// Number of the newest filter job.
    pub job: u64,
    /// The column that orders the rows, and whether the largest come first.
    pub sort: Option<(Field, bool)>,
    /// Columns that are shown.
    pub columns: Vec<Field>,
    /// The row that is looked at, as a position in the ledger.
    pub selected: Option<u32>,
    /// Whether the selected row has to come into view.
    pub scrolls: bool,
    /// The file that the table is written to.
    pub sheet: String,
    /// What became of writing it.
    pub saved: Option<Result<String, String>>,
}

impl Default for Table {
    fn default() -> Self {
        let hidden =
            [Field::Day, Field::Reason, Field::Operation, Field::Project, Field::Policy, Field::Status];
        Self {
            filter: String::new(),
            error: None,
            rows: None,
            is_filtering: false,
            job: 0,
            sort: None,
            columns: Field::ALL.into_iter().filter(|field| !hidden.contains(field)).collect(),
            selected: None,
            scrolls: false,
            sheet: String::new(),
            saved: None,
        }
    }
}

impl Table {
    /// A table that begins with these columns; none for the usual ones.
    #[must_use]
    pub fn beginning(columns: &[Field]) -> Self {
        let mut table = Self::default();
        if !columns.is_empty() {
            table.columns = columns.to_vec();
        }
        table
    }

    /// Number of rows that are shown of `all`.
    #[must_use]
    pub fn count(&self, all: usize) -> usize {
        self.rows.as_ref().map_or(all, |rows| rows.len())
    }

    /// The ledger's row at a position of the table.
    #[must_use]
    pub fn row(&self, position: usize) -> Option<u32> {
        match &self.rows {
            Some(rows) => rows.get(position).copied(),
            None => u32::try_from(position).ok(),
        }
    }
}

/// Some bytes around a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The place.
    pub location: Location,
    /// Text before, at and behind the place, or why it cannot be shown.
    pub text: Result<[String; 3], String>,
    /// Whether more stands before and behind.
    pub is_cut: (bool, bool),
}
