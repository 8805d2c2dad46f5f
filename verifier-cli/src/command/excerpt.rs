//! `excerpt PATH… --permit ID|--paper FILE --out FILE`: hands over some permits with what ties them to a signed head.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use verifier_core::archive::{Entry, NoSiblings};
use verifier_core::evidence::{Evidence, ExportSet, Part};
use verifier_core::excerpt::{EntryProof, ExcerptError, Made, Maker, Order, make};
use verifier_core::finding::catalog::excerpt::{EXCERPT_NOT_MADE, EXCERPT_SOURCE_NOT_VERIFIED};
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::catalog::workpaper::WORKPAPER_EVIDENCE_DIFFERS;
use verifier_core::report::{Outcome, Report};
use verifier_core::trust::{Check, TrustPolicy};
use verifier_core::verify::{NoProgress, verify as verify_set};

use super::workpaper::{Done, create, load, unwritten, verify};
use super::{Console, Ended};
use crate::args::excerpt::ExcerptArgs;
use crate::exit::Exit;
use crate::render::excerpt as render;
use crate::render::style::Page;
use crate::signing_key;

pub(super) fn run(args: &ExcerptArgs, console: &mut Console<'_>) -> Ended {
    if args.permit.is_empty() && args.paper.is_none() {
        return console.misused("excerpt", "say which permits: --permit or --paper");
    }
    let key = match args.key_file.as_ref().map(|file| signing_key::read(Path::new(file))).transpose() {
        Ok(key) => key,
        Err(message) => return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, &message),
    };
    let mut out = match create(&args.out, console) {
        Ok(out) => out,
        Err(ended) => return ended,
    };
    let done = match verify("excerpt", &args.evidence, None, console) {
        Ok(done) => done,
        Err(ended) => return ended,
    };
    if let Err(ended) = done.readable(console) {
        return ended;
    }
    let permits = match permits(args, &done, console) {
        Ok(permits) => permits,
        Err(ended) => return ended,
    };
    if done.outcome() != Outcome::Verified {
        let why = done.reports.iter().find(|report| report.outcome != Outcome::Verified);
        let why = why.and_then(|report| report.findings.first()).map(|finding| finding.code.id);
        let message = format!("an excerpt is cut out of verified evidence: {}", why.unwrap_or("no claim"));
        return console.failed(Exit::from(done.outcome()), &EXCERPT_SOURCE_NOT_VERIFIED, &message);
    }
    if done.reports.iter().any(|report| report.accepted_without_trust) {
        let message = "an excerpt is cut out of evidence whose signer is established, not out of what was accepted without";
        return console.failed(Exit::NOT_ESTABLISHED, &EXCERPT_SOURCE_NOT_VERIFIED, message);
    }
    let Some((set, verified)) = done.export() else {
        let message = "name one export: an excerpt is of one";
        return console.failed(Exit::NOT_ESTABLISHED, &EXCERPT_NOT_MADE, message);
    };
    let policy = done.policy();
    let maker = key.as_ref().zip(args.name.as_deref()).map(|(key, name)| Maker { name, key });
    let order = Order { permits: &permits, verified, maker, limits: &policy.limits, workers: policy.workers };
    let made = match make(set, &order) {
        Ok(made) => made,
        Err(error) => {
            let exit = match error {
                ExcerptError::Read(_) | ExcerptError::Changed => Exit::UNREADABLE,
                _ => Exit::NOT_ESTABLISHED,
            };
            return console.failed(exit, &EXCERPT_NOT_MADE, &error.to_string());
        }
    };
    let report = judge(&made, &args.out, policy);
    if matches!(report.outcome, Outcome::Disproved | Outcome::Unreadable) {
        let why = report.findings.first().map_or("", |finding| &finding.message);
        let message = format!("what was cut out does not verify: {why}");
        return console.failed(Exit::NOT_ESTABLISHED, &EXCERPT_NOT_MADE, &message);
    }
    if let Some(folder) = &args.proofs {
        if made.proofs.is_empty() {
            let message = "no inclusion proofs are beside the export";
            return console.failed(Exit::NOT_ESTABLISHED, &EXCERPT_NOT_MADE, message);
        }
        if let Err(error) = write_proofs(Path::new(folder), &made.proofs) {
            return unwritten(folder, &error, console);
        }
    }
    if let Err(error) = out.write_all(&made.bytes).and_then(|()| out.commit()) {
        return unwritten(&args.out, &error, console);
    }
    let environment = console.environment;
    console.print(Exit::from(report.outcome), |out| {
        let mut page = Page::new(out, args.evidence.color, environment);
        render::made(Path::new(&args.out), &made, &report, &mut page)
    })
}

/// The permits that were named, and those that the paper's samples drew.
fn permits(args: &ExcerptArgs, done: &Done, console: &mut Console<'_>) -> Result<BTreeSet<String>, Ended> {
    let mut permits: BTreeSet<String> = args.permit.iter().cloned().collect();
    let Some(file) = &args.paper else { return Ok(permits) };
    let (_, paper) = load(file, &args.evidence.verification.limits, console)?;
    if !done.content("", None).is_of_the_files_of(&paper.content) {
        let message = format!("{} is of other evidence", file.to_string_lossy());
        return Err(console.failed(Exit::NOT_ESTABLISHED, &WORKPAPER_EVIDENCE_DIFFERS, &message));
    }
    let drawn = paper.content.samples.iter().flat_map(|sample| &sample.drawn);
    permits.extend(drawn.map(|drawn| drawn.permit.clone()));
    if permits.is_empty() {
        let message = format!("{} has no sample", file.to_string_lossy());
        return Err(console.failed(Exit::NOT_ESTABLISHED, &EXCERPT_NOT_MADE, &message));
    }
    Ok(permits)
}

/// What a reader will find who trusts the maker's key too; requirements for an export cannot be met by an excerpt.
fn judge(made: &Made, name: &OsStr, policy: &TrustPolicy) -> Report {
    let label = name.to_string_lossy().into_owned();
    let entry = Entry::from_bytes(&label, made.bytes.clone());
    let part = Part { label, entry, siblings: Arc::new(NoSiblings), above: None };
    let mut logs = policy.logs.clone();
    logs.keys.extend(made.maker_key.clone());
    let policy = TrustPolicy {
        logs,
        require: BTreeSet::new(),
        walk: Check::Automatic,
        closures: Check::Automatic,
        ..policy.clone()
    };
    verify_set(&Evidence::Excerpt(part), &policy, &NoProgress)
}

impl Done {
    /// The one export, and its digest as it was verified.
    fn export(&self) -> Option<(&ExportSet, &str)> {
        let mut exports = self.sets().filter_map(|set| match set {
            Evidence::Export(export) => Some(export),
            _ => None,
        });
        let (Some(export), None) = (exports.next(), exports.next()) else { return None };
        let mut files = self.reports.iter().flat_map(|report| &report.artifact.files);
        let payload = files.find(|file| file.role == "payload" && file.path == export.payload.label)?;
        Some((export, payload.sha256.as_deref()?))
    }
}

/// Writes `ENTRY.json` and `ENTRY.tlog-proof` for each entry, named by its index in the log, into a new folder.
fn write_proofs(folder: &Path, proofs: &BTreeMap<u64, EntryProof>) -> io::Result<()> {
    if folder.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists));
    }
    let mut aside = folder.as_os_str().to_owned();
    aside.push(".partial");
    let aside = PathBuf::from(aside);
    fs::create_dir(&aside)?;
    let written = proofs
        .iter()
        .try_for_each(|(index, proof)| {
            fs::write(aside.join(format!("{index}.json")), &proof.entry)?;
            fs::write(aside.join(format!("{index}.tlog-proof")), &proof.proof)
        })
        .and_then(|()| fs::rename(&aside, folder));
    if written.is_err() {
        fs::remove_dir_all(&aside).ok();
    }
    written
}
