//! The review of what was opened: marks with notes, samples, and the file that keeps them.
//!
//! The file is a working paper of the library ([`verifier_core::workpaper`]); the command line reads the same one. A change
//! ends the signatures over it, and every change of a mark can be taken back.

pub mod files;

use verifier_core::sample::{Method, Stratum};
use verifier_core::workpaper::{Content, Mark, MarkKind, MarkStatus, Role, SampleRecord, Signed, Workpaper};

/// What a person can do to the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewCommand {
    /// Mark a subject; `None` takes the mark away.
    Mark(MarkKind, String, Option<MarkStatus>),
    /// Mark the permit that is looked at.
    MarkSelected(Option<MarkStatus>),
    /// The note for the next mark was edited.
    EditNote(String),
    /// The reviewer's name was edited.
    EditReviewer(String),
    /// Take the last change of a mark back.
    Undo,
    /// Make it again.
    Redo,
    /// The name of the review file was edited.
    EditFile(String),
    /// Write the review.
    Save,
    /// Read a review of this evidence and go on with it.
    Open,
    /// The name of the key file was edited.
    EditKey(String),
    /// Sign the review.
    Sign(Role),
    /// The auditor's text for the next sample was edited.
    EditEngagement(String),
    /// The size of the next sample was edited.
    EditSize(String),
    /// Another method, and what its strata are.
    Choose(&'static str, Stratum),
    /// Draw it.
    Draw,
    /// Show the permits of a sample.
    ShowSample(usize),
}

/// A change of one mark.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    kind: MarkKind,
    id: String,
    before: Option<Mark>,
    after: Option<Mark>,
}

/// Changes that can be taken back.
const UNDO: usize = 1_000;

/// The review.
#[derive(Debug)]
pub struct Review {
    /// What is kept.
    pub paper: Workpaper,
    /// What this run came to; everything that is changed or signed here rests on it.
    run: Content,
    /// The signatures that verify.
    pub signed: Vec<Signed>,
    /// The note for the next mark.
    pub note: String,
    /// The reviewer.
    pub by: String,
    /// The field of the file.
    pub file: String,
    /// The field of the key file.
    pub key: String,
    /// The auditor's text for the next sample.
    pub engagement: String,
    /// The size of the next sample, as typed.
    pub size: String,
    /// Name of the next sample's method, and its strata.
    pub method: (&'static str, Stratum),
    /// What became of the last reading, writing, drawing or signing.
    pub said: Option<Result<String, String>>,
    /// Whether everything is in the file.
    pub is_saved: bool,
    undo: Vec<Change>,
    redo: Vec<Change>,
}

impl Review {
    /// A review that begins.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self {
            run: content.clone(),
            paper: Workpaper::new(content),
            signed: Vec::new(),
            note: String::new(),
            by: String::new(),
            file: String::new(),
            key: String::new(),
            engagement: String::new(),
            size: "25".to_owned(),
            method: ("random", Stratum::None),
            said: None,
            is_saved: true,
            undo: Vec::new(),
            redo: Vec::new(),
        }
    }

    /// The method of the next sample, or what is wrong with its size.
    ///
    /// # Errors
    /// A sentence.
    pub fn next_method(&self) -> Result<Method, String> {
        let size = self.size.trim().parse().ok().filter(|size| *size > 0);
        let size = size.ok_or("the size must be a whole number above zero")?;
        Method::find(self.method.0, size, self.method.1).ok_or_else(|| "the method is not known".to_owned())
    }

    /// Marks a subject, or takes its mark away.
    pub fn mark(&mut self, kind: MarkKind, id: &str, status: Option<MarkStatus>, at: String) {
        let before = self.paper.content.marked(kind, id).cloned();
        let after = status.map(|status| Mark {
            kind,
            id: id.to_owned(),
            status,
            note: self.note.trim().to_owned(),
            by: self.by.trim().to_owned(),
            at,
            correct_usd_micros: None,
        });
        if before.is_none() && after.is_none() {
            return;
        }
        let change = Change { kind, id: id.to_owned(), before, after };
        self.set(&change, true);
        self.undo.push(change);
        if self.undo.len() > UNDO {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.note.clear();
    }

    fn set(&mut self, change: &Change, forward: bool) {
        let target = if forward { &change.after } else { &change.before };
        self.change(|content| match target {
            Some(mark) => content.mark(mark.clone()),
            None => content.unmark(change.kind, &change.id),
        });
    }

    /// Changes the content; earlier signatures end.
    fn change(&mut self, change: impl FnOnce(&mut Content)) {
        let run = self.run.clone();
        self.paper.change(|content| {
            change(content);
            *content = std::mem::take(content).over(&run);
        });
        if self.paper.signatures.is_empty() {
            self.signed.clear();
        }
        self.is_saved = false;
    }

    /// Takes the last change of a mark back; gives what it was on.
    pub fn undo(&mut self) -> Option<String> {
        let change = self.undo.pop()?;
        self.set(&change, false);
        let id = change.id.clone();
        self.redo.push(change);
        Some(id)
    }

    /// Makes a change again that was taken back; gives what it is on.
    pub fn redo(&mut self) -> Option<String> {
        let change = self.redo.pop()?;
        self.set(&change, true);
        let id = change.id.clone();
        self.undo.push(change);
        Some(id)
    }

    /// Whether something can be taken back, and made again.
    #[must_use]
    pub fn can_undo(&self) -> (bool, bool) {
        (!self.undo.is_empty(), !self.redo.is_empty())
    }

    /// Keeps a sample.
    pub fn add_sample(&mut self, sample: SampleRecord) {
        let text = format!("{} permits drawn", sample.drawn.len());
        self.change(|content| content.samples.push(sample));
        self.said = Some(Ok(text));
    }

    /// Goes on with a paper that was read, if it is of the same evidence; the review that is there stays otherwise.
    ///
    /// # Errors
    /// A sentence.
    pub fn go_on(&mut self, paper: Workpaper) -> Result<String, String> {
        let signed = paper.check().map_err(|fault| {
            format!("the review file was changed after it was signed: {fault}. Nothing of it was taken; ask for the signed file")
        })?;
        if !self.is_saved {
            return Err("the review that is open is not saved. Save it first; nothing was taken".to_owned());
        }
        if !paper.content.is_of_the_files_of(&self.run) {
            return Err("the review is of other evidence than what is open. Nothing of it was taken; open the files that it names".to_owned());
        }
        let differs = paper.content.verdicts != self.run.verdicts;
        let mut said = match signed.as_slice() {
            [] => "the review goes on; it is not signed".to_owned(),
            [one] => format!("the review goes on; signed by {} at {}", one.public_key(), one.signed_at()),
            several => format!("the review goes on; {} signatures verify", several.len()),
        };
        if differs {
            said.push_str("; its verdicts are not those shown here, so it cannot be countersigned here");
        }
        let mut paper = paper;
        if signed.is_empty() {
            paper.content = paper.content.over(&self.run);
        }
        (self.paper, self.signed, self.is_saved) = (paper, signed, true);
        self.undo.clear();
        self.redo.clear();
        Ok(said)
    }

    /// Whether it may be signed: what it says of the evidence must be what this run found.
    ///
    /// # Errors
    /// A sentence.
    pub fn may_sign(&self) -> Result<(), String> {
        let (paper, run) = (&self.paper.content, &self.run);
        if paper.verdicts == run.verdicts && paper.is_of_the_files_of(run) {
            return Ok(());
        }
        Err("the review states other verdicts than this run gave; it was not signed. Change something to state those of this run".to_owned())
    }

    /// How many of a sample's permits are marked.
    #[must_use]
    pub fn done(&self, sample: &SampleRecord) -> usize {
        let is_marked = |permit: &str| self.paper.content.marked(MarkKind::Permit, permit).is_some();
        sample.drawn.iter().filter(|drawn| is_marked(&drawn.permit)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-27T01:00:00Z";

    fn review() -> Review {
        let mut review = Review::new(Content::default());
        review.by = "A. Auditor".to_owned();
        review
    }

    fn marks(review: &Review) -> Vec<(&str, MarkStatus)> {
        review.paper.content.marks.iter().map(|mark| (mark.id.as_str(), mark.status)).collect()
    }

    #[test]
    fn marks_are_taken_back_and_made_again() {
        let mut review = review();
        review.note = "seen".to_owned();
        review.mark(MarkKind::Permit, "a", Some(MarkStatus::Checked), AT.to_owned());
        assert_eq!(review.paper.content.marks[0].note, "seen");
        assert!(review.note.is_empty() && !review.is_saved);
        review.mark(MarkKind::Permit, "a", Some(MarkStatus::Exception), AT.to_owned());
        review.mark(MarkKind::Permit, "b", Some(MarkStatus::Explained), AT.to_owned());
        review.mark(MarkKind::Permit, "b", None, AT.to_owned());
        assert_eq!(marks(&review), [("a", MarkStatus::Exception)]);
        assert_eq!(review.undo().as_deref(), Some("b"));
        assert_eq!(review.undo().as_deref(), Some("b"));
        assert_eq!(review.undo().as_deref(), Some("a"));
        assert_eq!(marks(&review), [("a", MarkStatus::Checked)]);
        assert_eq!(review.redo().as_deref(), Some("a"));
        assert_eq!(marks(&review), [("a", MarkStatus::Exception)]);
        review.mark(MarkKind::Permit, "c", Some(MarkStatus::Checked), AT.to_owned());
        assert_eq!(review.redo(), None);
        review.mark(MarkKind::Finding, "nothing", None, AT.to_owned());
        assert_eq!(marks(&review).len(), 2);
    }

    #[test]
    fn a_review_goes_on_only_over_its_own_evidence_and_unchanged() {
        let file = |digest: &str| verifier_core::workpaper::FileRecord {
            role: "payload".to_owned(),
            name: "export.json".to_owned(),
            sha256: Some(digest.to_owned()),
            bytes: None,
        };
        let mut here = Review::new(Content { files: vec![file("sha256:aa")], ..Content::default() });
        let mut paper = Workpaper::new(Content { files: vec![file("sha256:aa")], ..Content::default() });
        let key = verifier_core::workpaper::SigningKey::from_text(&"07".repeat(32)).unwrap();
        paper.sign(&key, Role::Preparer, AT).unwrap();
        assert!(here.go_on(paper.clone()).unwrap().contains("signed by ed25519:"));
        assert!(here.may_sign().is_ok());
        assert_eq!(here.signed.len(), 1);
        here.mark(MarkKind::Permit, "a", Some(MarkStatus::Checked), AT.to_owned());
        assert!(here.signed.is_empty() && here.paper.signatures.is_empty());
        assert!(here.go_on(paper.clone()).unwrap_err().contains("not saved"));
        here.is_saved = true;
        let mut changed = paper;
        changed.content.title = "another".to_owned();
        assert!(here.go_on(changed).unwrap_err().contains("changed after it was signed"));
        let other = Workpaper::new(Content { files: vec![file("sha256:bb")], ..Content::default() });
        assert!(here.go_on(other).unwrap_err().contains("other evidence"));
        assert_eq!(marks(&here).len(), 1);
    }

    /// Verdicts that another run, or nobody, gave are not signed here.
    #[test]
    fn only_what_this_run_found_is_signed() {
        let verdict = |outcome: &str| verifier_core::workpaper::Verdicts {
            kind: "export".to_owned(),
            outcome: outcome.to_owned(),
            claims: Vec::new(),
            findings: Vec::new(),
        };
        let content = |outcome: &str| Content { verdicts: vec![verdict(outcome)], ..Content::default() };
        let mut here = Review::new(content("disproved"));
        // Unsigned: its marks are taken, its verdicts are those of this run.
        let mut forged = Workpaper::new(content("verified"));
        forged.content.title = "Q3".to_owned();
        here.go_on(forged.clone()).unwrap();
        assert_eq!(
            (&*here.paper.content.title, &*here.paper.content.verdicts[0].outcome),
            ("Q3", "disproved")
        );
        assert!(here.may_sign().is_ok());
        // Signed: it stays as it is and is not countersigned; a change states this run's verdicts.
        let key = verifier_core::workpaper::SigningKey::from_text(&"07".repeat(32)).unwrap();
        forged.sign(&key, Role::Preparer, AT).unwrap();
        assert!(here.go_on(forged).unwrap().contains("cannot be countersigned"));
        assert!(here.may_sign().unwrap_err().contains("other verdicts"));
        here.mark(MarkKind::Permit, "a", Some(MarkStatus::Checked), AT.to_owned());
        assert_eq!(here.paper.content.verdicts[0].outcome, "disproved");
        assert!(here.may_sign().is_ok() && here.signed.is_empty());
    }
}
