//! A log by itself: its signed head, all of its files, and two heads beside each other (spec 16.3 to 16.6, 16.9).

use super::tlog::{self, TrustedHead};
use crate::finding::catalog::tlog as code;
use crate::finding::{Effect, Finding, Location, catalog};
use crate::merkle::rfc6962::CompactRange;
use crate::report::{FileSummary, Report, ReportBuilder, Requested, Subject};
use crate::tlog::tiles::{Files, LogProblem, check_log, root_of};
use crate::trust::{NamedBlob, TrustPolicy};

/// A trusted log signed this head.
const HEAD: &str = "transparency_log.head.v1";
/// The log's files are what the head commits to.
const FILES: &str = "transparency_log.files.v1";
/// Two heads are of one history.
const CONSISTENCY: &str = "transparency_log.consistency.v1";

fn begin(kind: &str, policy: &TrustPolicy) -> ReportBuilder {
    let mut out = ReportBuilder::new(policy.limits.findings_per_code, policy.require.clone());
    out.artifact.kind = kind.to_owned();
    out
}

/// Reads a head file; what is wrong is reported.
fn text<'a>(file: &'a NamedBlob, out: &mut ReportBuilder) -> Option<&'a str> {
    let sha256 = file.content.as_ref().ok().map(|blob| crate::crypto::prefixed(&blob.sha256()));
    let bytes = file.content.as_ref().ok().and_then(|blob| u64::try_from(blob.as_slice().len()).ok());
    out.artifact.files.push(FileSummary { role: "tree_head", path: file.name.clone(), sha256, bytes });
    let read = file.content.as_ref().map_err(Clone::clone);
    match read.and_then(|blob| blob.as_str().ok_or_else(|| "it is no text".to_owned())) {
        Ok(text) => Some(text),
        Err(why) => {
            let finding = Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, why);
            out.finding(finding.at(Location::file(&file.name)));
            None
        }
    }
}

fn signed<'a>(file: &'a NamedBlob, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<TrustedHead<'a>> {
    out.claim(HEAD, Requested::Evidence);
    let text = text(file, out)?;
    let place = Location::file(&file.name);
    let trusted = tlog::head(text, &policy.logs, &policy.as_of, HEAD, &place, out)?;
    let message = format!("{} signed this head of {} entries", trusted.head.origin, trusted.head.size);
    out.supported(HEAD, Subject::new("tree_head", trusted.head.origin), &code::TLOG_HEAD_SUPPORTED, message);
    out.artifact.signed.push(("Log".to_owned(), trusted.head.origin.to_owned()));
    out.artifact.signed.push(("Entries".to_owned(), trusted.head.size.to_string()));
    Some(trusted)
}

/// Verifies a head and, where they are at hand, all files of its log.
#[must_use]
pub fn verify(head: &NamedBlob, files: Option<&dyn Files>, policy: &TrustPolicy) -> Report {
    let mut out = begin("transparency_log", policy);
    if let Some(trusted) = signed(head, policy, &mut out) {
        match files {
            Some(files) => {
                out.claim(FILES, Requested::Evidence);
                let subject = Subject::new("log", trusted.head.origin);
                match check_log(files, trusted.head.size, &trusted.head.root, policy.workers) {
                    Ok(()) => {
                        let message =
                            format!("all {} entries hash to the root of the head", trusted.head.size);
                        out.supported(FILES, subject, &code::TLOG_ROOT_SUPPORTED, message);
                        out.ran(
                            "tlog.files",
                            "entries and tiles of the log",
                            &[("entries", trusted.head.size)],
                        );
                    }
                    Err(problem) => out.unsupported(FILES, subject, of_files(&problem, head)),
                }
            }
            None => out.skipped("tlog.files", "entries and tiles of the log", "only a head was given"),
        }
    }
    out.finish(&policy.as_of)
}

fn of_files(problem: &LogProblem, head: &NamedBlob) -> Finding {
    let finding = match problem {
        LogProblem::Unreadable(..) | LogProblem::Size(_) => {
            Finding::lacks(&code::TLOG_FILES_INVALID, problem.to_string())
        }
        _ => Finding::disproves(&code::TLOG_FILES_INVALID, problem.to_string()),
    };
    finding.at(Location::file(&head.name))
}

/// Compares two heads that one log signed: they must be of one history.
#[must_use]
pub fn compare(
    first: &NamedBlob,
    second: &NamedBlob,
    files: Option<&dyn Files>,
    policy: &TrustPolicy,
) -> Report {
    let mut out = begin("tree_heads", policy);
    let (one, two) = (signed(first, policy, &mut out), signed(second, policy, &mut out));
    if let (Some(one), Some(two)) = (one, two) {
        out.claim(CONSISTENCY, Requested::Evidence);
        let subject = Subject::new("log", one.head.origin);
        match consistent(&one, &two, files) {
            Ok(message) => out.supported(CONSISTENCY, subject, &code::TLOG_HEADS_CONSISTENT, message),
            Err(finding) => {
                let finding = finding.at(Location::file(&first.name)).fact("other head", second.name.clone());
                out.unsupported(CONSISTENCY, subject, with_roots(finding, &one, &two));
            }
        }
    }
    out.finish(&policy.as_of)
}

fn with_roots(finding: Finding, one: &TrustedHead<'_>, two: &TrustedHead<'_>) -> Finding {
    let root = |head: &TrustedHead<'_>| crate::bytes::hex::encode(&head.head.root);
    finding
        .fact("size", one.head.size.to_string())
        .fact("root", root(one))
        .fact("other size", two.head.size.to_string())
        .fact("other root", root(two))
}

fn consistent(
    one: &TrustedHead<'_>,
    two: &TrustedHead<'_>,
    files: Option<&dyn Files>,
) -> Result<String, Box<Finding>> {
    let (one, two) = (&one.head, &two.head);
    if one.origin != two.origin {
        let message = format!("the heads are of two logs: {} and {}", one.origin, two.origin);
        return Err(Box::new(Finding::lacks(&code::TLOG_CONSISTENCY_OPEN, message)));
    }
    let split = |message: &str| Box::new(Finding::disproves(&code::TLOG_SPLIT_VIEW, message));
    let open = |message: String| Box::new(Finding::lacks(&code::TLOG_CONSISTENCY_OPEN, message));
    if one.size == two.size {
        return if one.root == two.root {
            Ok("the heads are the same".to_owned())
        } else {
            Err(split("the log signed two roots for one size"))
        };
    }
    let (small, large) = if one.size < two.size { (one, two) } else { (two, one) };
    if small.size == 0 {
        return if small.root == CompactRange::default().root() {
            Ok("the smaller head is of the empty log".to_owned())
        } else {
            Err(split("the log signed a root for an empty tree that it does not have"))
        };
    }
    let Some(files) = files else {
        let message = "the heads are of different sizes, and the log's folder was not named";
        return Err(open(message.to_owned()));
    };
    let roots = root_of(files, &[small.size, large.size]).map_err(|problem| open(problem.to_string()))?;
    match roots.as_slice() {
        [first, second] if *first == small.root && *second == large.root => {
            Ok(format!("the head of {} entries extends the one of {}", large.size, small.size))
        }
        [_, second] if *second == large.root => {
            Err(split("the log's entries give the larger head, and not the smaller one that it signed too"))
        }
        _ => {
            let message = "the log's entries do not give the larger head, so they cannot decide";
            Err(open(message.to_owned()))
        }
    }
}
