//! `log PATH` and `compare-heads HEAD OTHER`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use verifier_core::claim::log;
use verifier_core::report::Report;
use verifier_core::tlog::tiles::{File, Files};
use verifier_core::trust::{NamedBlob, TrustPolicy};

use super::{Console, Ended, show};
use crate::args::limits::LimitArgs;
use crate::args::log::{CompareHeadsArgs, LogArgs, LogTrustArgs};
use crate::args::trust::{self, RequireArgs, Switches, TrustArgs};
use crate::input;

/// Bytes of a signed tree head.
const HEAD_BYTES: u64 = 64 << 10;

pub(super) fn run(args: &LogArgs, console: &mut Console<'_>) -> Ended {
    let policy = match policy(&args.logs, &args.require, &args.limits, console) {
        Ok(policy) => policy,
        Err(message) => return console.misused("log", message),
    };
    let path = Path::new(&args.path);
    let report = if path.is_dir() {
        let head = input::named_file(path.join("checkpoint").as_os_str(), HEAD_BYTES);
        log::verify(&head, Some(&Folder(path.to_owned())), &policy)
    } else {
        log::verify(&input::named_file(&args.path, HEAD_BYTES), None, &policy)
    };
    finish(report, &args.output, console)
}

pub(super) fn compare(args: &CompareHeadsArgs, console: &mut Console<'_>) -> Ended {
    let policy = match policy(&args.logs, &args.require, &args.limits, console) {
        Ok(policy) => policy,
        Err(message) => return console.misused("compare-heads", message),
    };
    let read = |file: &OsStr| -> NamedBlob { input::named_file(file, HEAD_BYTES) };
    let folder = args.log.as_ref().map(|folder| Folder(PathBuf::from(folder)));
    let files = folder.as_ref().map(|folder| -> &dyn Files { folder });
    let report = log::compare(&read(&args.first), &read(&args.second), files, &policy);
    finish(report, &args.output, console)
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
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(input::reason(&error)),
        }
        input::read(&path, file.limit()).map(|blob| Some(blob.as_slice().to_vec()))
    }
}
