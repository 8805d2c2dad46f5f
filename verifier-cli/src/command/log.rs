//! `log PATH` and `compare-heads HEAD HEAD …`.

use std::fs::File as Output;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use verifier_core::archive::{self, Container, Source};
use verifier_core::claim::log::{self, ArchivedLog, Beside};
use verifier_core::report::Report;
use verifier_core::tlog::tiles::{File, Files};
use verifier_core::trust::{NamedBlob, TrustPolicy};

use super::{Console, Ended, Stopped, show};
use crate::args::limits::LimitArgs;
use crate::args::log::{CompareHeadsArgs, LogArgs, LogTrustArgs};
use crate::args::trust::{self, RequireArgs, Switches, TrustArgs};
use crate::exit::Exit;
use crate::input;
use crate::render::escape;

/// Bytes of a signed tree head.
const HEAD_BYTES: u64 = 64 << 10;

pub(super) fn run(args: &LogArgs, console: &mut Console<'_>) -> Ended {
    let policy = match policy(&args.logs, &args.require, &args.limits, console) {
        Ok(policy) => policy,
        Err(message) => return console.misused("log", message),
    };
    let bytes = args.limits.document_bytes();
    let known: Vec<NamedBlob> = args.known_head.iter().map(|file| input::named_file(file, bytes)).collect();
    let path = Path::new(&args.path);
    let report = if path.is_dir() {
        let head = input::named_file(path.join("checkpoint").as_os_str(), HEAD_BYTES);
        log::verify(&head, Some(&Folder(path.to_owned())), &known, &policy)
    } else if let Ok(archive) = archive::open(Source::Path(path), &policy.limits)
        && archive.container() != Container::File
        && let Some(archived) = ArchivedLog::find(&archive)
    {
        log::verify(&archived.head(HEAD_BYTES), Some(&archived), &known, &policy)
    } else {
        let entry = args.entry.as_ref().map(|file| input::named_file(file, bytes));
        log::verify_file(&input::named_file(&args.path, bytes), entry.as_ref(), &known, &policy)
    };
    finish(report, &args.output, console)
}

pub(super) fn compare(args: &CompareHeadsArgs, console: &mut Console<'_>) -> Ended {
    let policy = match policy(&args.logs, &args.require, &args.limits, console) {
        Ok(policy) => policy,
        Err(message) => return console.misused("compare-heads", message),
    };
    let bytes = args.limits.document_bytes();
    let heads: Vec<NamedBlob> = args.heads.iter().map(|file| input::named_file(file, bytes)).collect();
    let folder = args.log.as_ref().map(|folder| Folder(PathBuf::from(folder)));
    let proof = args.proof.as_ref().map(|file| input::named_file(file, bytes));
    let beside =
        Beside { files: folder.as_ref().map(|folder| -> &dyn Files { folder }), proof: proof.as_ref() };
    let compared = log::compare(&heads, &beside, &policy);
    if let Some(path) = &args.write_proof {
        let done = write_proof(Path::new(path), compared.split.as_deref());
        // The report comes first, and its exit status stands, whatever became of the file.
        let exit = Exit::from(compared.report.outcome);
        writeln!(console.err, "keel-verify compare-heads: {}", escape::text(&done))
            .map_err(|error| Stopped { exit, error })?;
    }
    finish(compared.report, &args.output, console)
}

/// Writes the file that proves a split view, and says what became of it.
fn write_proof(path: &Path, text: Option<&str>) -> String {
    let name = path.display();
    let Some(text) = text else { return format!("no split view was found, so {name} was not written") };
    match Output::create_new(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => format!("the split view is in {name}"),
        Err(error) => format!("{name} cannot be written: {}", input::reason(&error)),
    }
}

fn policy(
    logs: &LogTrustArgs,
    require: &RequireArgs,
    limits: &LimitArgs,
    console: &Console<'_>,
) -> Result<TrustPolicy, &'static str> {
    let keys = TrustArgs::default();
    let mut policy = trust::policy(&keys, require, limits, Switches::default(), console.environment)?;
    logs.apply(limits, &mut policy);
    Ok(policy)
}

fn finish(report: Report, output: &crate::args::output::OutputArgs, console: &mut Console<'_>) -> Ended {
    show::reports(&[report], output, false, console)
}

/// The files of a log under a folder.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, file: File) -> Result<Option<Vec<u8>>, String> {
        let path = self.0.join(file.path());
        match std::fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err("it is no regular file".to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(input::reason(&error)),
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&path)
            .and_then(|opened| opened.take(file.limit().saturating_add(1)).read_to_end(&mut bytes))
            .map_err(|error| input::reason(&error))?;
        Ok(Some(bytes))
    }
}
