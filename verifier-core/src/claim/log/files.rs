//! All files of a log against its head, and the head against earlier ones.

use super::compare::{Beside, pair};
use super::{CONSISTENCY, FILES, begin, head_in, signed, text, trust_kit};
use crate::archive::Archive;
use crate::claim::tlog::TrustedHead;
use crate::finding::catalog::tlog as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::{Report, ReportBuilder, Requested, Subject};
use crate::tlog::tiles::{File, Files, LogProblem};
use crate::tlog::whole::{Checked, check_log};
use crate::trust::{NamedBlob, TrustPolicy};

const STEP: &str = "tlog.files";
const TITLE: &str = "entries and tiles of the log";

/// Verifies a head and, where they are at hand, all files of its log. The log must have grown from every head in
/// `known`.
#[must_use]
pub fn verify(
    head: &NamedBlob,
    files: Option<&dyn Files>,
    known: &[NamedBlob],
    policy: &TrustPolicy,
) -> Report {
    let mut out = begin("transparency_log", policy);
    let trusted =
        text(head, "tree_head", &mut out).and_then(|text| signed(head_in(text), head, policy, &mut out));
    if let Some(trusted) = trusted {
        match files {
            Some(files) => {
                out.claim(FILES, Requested::Evidence);
                let checked = check_log(files, trusted.head.size, &trusted.head.root, policy.workers);
                report(checked, &trusted, head, &mut out);
            }
            None => out.skipped(STEP, TITLE, "only a head was given"),
        }
        for earlier in known {
            let read = text(earlier, "known_head", &mut out)
                .and_then(|text| signed(head_in(text), earlier, policy, &mut out));
            if let Some(earlier_head) = read {
                grown((&earlier_head, earlier), (&trusted, head), files, &mut out);
            }
        }
    }
    trust_kit::end(out, policy)
}

fn report(
    checked: Result<Checked, LogProblem>,
    trusted: &TrustedHead<'_>,
    head: &NamedBlob,
    out: &mut ReportBuilder,
) {
    let subject = Subject::new("log", trusted.head.origin);
    let checked = match checked {
        Ok(checked) => checked,
        Err(problem) => return out.unsupported(FILES, subject, of_files(&problem, head)),
    };
    let size = trusted.head.size;
    let message = if checked.without == 0 {
        format!("all {size} entries hash to the root of the head")
    } else {
        format!("{size} leaf hashes give the root of the head")
    };
    out.supported(FILES, subject, &code::TLOG_ROOT_SUPPORTED, message);
    if let Some(first) = checked.first {
        let message = format!("{} entries are not there, the first in {}", checked.without, first.path());
        // Leaving all of them out is a choice of the publisher, leaving out some is a hole.
        let finding = if checked.entries == 0 {
            Finding::notes(&code::TLOG_ENTRIES_MISSING, message)
        } else {
            let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
            Finding::new(&code::TLOG_ENTRIES_MISSING, effect, message)
        };
        out.finding(finding.on(FILES).at(Location::file(&head.name)));
        out.not_proven.push("what the entries say that are not there".to_owned());
    }
    out.ran(STEP, TITLE, &[("entries", checked.entries), ("leaves without their entry", checked.without)]);
}

fn of_files(problem: &LogProblem, head: &NamedBlob) -> Finding {
    let finding = match problem {
        LogProblem::Missing(_) | LogProblem::Unreadable(..) | LogProblem::Size(_) => {
            Finding::lacks(&code::TLOG_TILE_MISSING, problem.to_string())
        }
        LogProblem::Root(computed) => Finding::disproves(&code::TLOG_TILE_INVALID, problem.to_string())
            .fact("computed", crate::bytes::hex::encode(computed)),
        _ => Finding::disproves(&code::TLOG_TILE_INVALID, problem.to_string()),
    };
    finding.at(Location::file(&head.name))
}

/// A head that was known before must be of the history of the log's head, and not later than it.
fn grown(
    (known, file): (&TrustedHead<'_>, &NamedBlob),
    (head, head_file): (&TrustedHead<'_>, &NamedBlob),
    files: Option<&dyn Files>,
    out: &mut ReportBuilder,
) {
    out.claim(CONSISTENCY, Requested::Evidence);
    if known.head.origin == head.head.origin && known.head.size > head.head.size {
        let message = format!(
            "the log has {} entries, and {} had signed a head of {}",
            head.head.size, head.head.origin, known.head.size
        );
        let finding = Finding::disproves(&code::TLOG_ROLLBACK, message);
        let subject = Subject::new("log", head.head.origin);
        return out.unsupported(CONSISTENCY, subject, finding.at(Location::file(&file.name)));
    }
    pair((known, file), (head, head_file), &Beside { files, proof: None }, out);
}

/// A log whose folder is in an archive.
pub struct ArchivedLog<'a> {
    archive: &'a Archive,
    /// Path of the folder, with its last slash.
    folder: String,
}

impl<'a> ArchivedLog<'a> {
    /// Finds the one file `checkpoint` of an archive. `None` when there is none, or more than one.
    #[must_use]
    pub fn find(archive: &'a Archive) -> Option<Self> {
        let mut folders = archive.entries().iter().filter_map(|entry| {
            let folder = entry.name().strip_suffix("checkpoint")?;
            (folder.is_empty() || folder.ends_with('/')).then(|| folder.to_owned())
        });
        let folder = folders.next()?;
        folders.next().is_none().then_some(Self { archive, folder })
    }

    /// The head of the log.
    #[must_use]
    pub fn head(&self, limit: u64) -> NamedBlob {
        let name = format!("{}checkpoint", self.folder);
        let content = match self.archive.find(&name) {
            Some(entry) => entry.read(limit).map_err(|error| format!("{name} cannot be read: {error}")),
            None => Err(format!("{name} is not in the archive")),
        };
        NamedBlob { name: format!("{}:{name}", self.archive.origin()), content }
    }
}

impl Files for ArchivedLog<'_> {
    fn read(&self, file: File) -> Result<Option<Vec<u8>>, String> {
        let Some(entry) = self.archive.find(&format!("{}{}", self.folder, file.path())) else {
            return Ok(None);
        };
        if entry.size() > file.limit() {
            // Longer than it may be, which is all that has to be known.
            return Ok(Some(vec![0; usize::try_from(file.limit().saturating_add(1)).unwrap_or(usize::MAX)]));
        }
        let blob = entry.read(file.limit()).map_err(|error| error.to_string())?;
        Ok(Some(blob.as_slice().to_vec()))
    }
}
