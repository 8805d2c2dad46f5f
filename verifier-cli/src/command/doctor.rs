//! `doctor`: what this program sees. Nothing is verified except the data that is compiled in.
//!
//! The JSON has the reference's shape (spec 15 section 4); the checks are those that matter to a single binary.

use std::io::{self, Write};

use serde_json::{Value, json};
use verifier_core::crypto::{prefixed, sha256};
use verifier_core::finding::catalog;
use verifier_core::render::ascii;
use verifier_core::time::Timestamp;
use verifier_core::trust::{BUNDLED_TRUST_ROOT, BUNDLED_TRUST_ROOT_SHA256, KeyRing, TrustPolicy};

use super::{Console, Ended};
use crate::args::doctor::DoctorArgs;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::input;
use crate::render::escape;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Ok,
    Info,
    Warn,
    Problem,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Problem => "problem",
        }
    }
}

struct Check {
    name: &'static str,
    status: Status,
    message: String,
    value: Value,
    remediation: Option<&'static str>,
}

pub(super) fn run(args: &DoctorArgs, console: &mut Console<'_>) -> Ended {
    let environment = console.environment;
    let mut checks = vec![
        binary(),
        trust_root(environment),
        clock(environment),
        terminal(environment),
        threads(environment),
        limits(args),
        codes(),
    ];
    if args.check_network {
        checks.push(network());
    }
    let worst = checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok);
    let fail =
        (args.fail_on_problem && worst == Status::Problem) || (args.fail_on_warning && worst >= Status::Warn);
    let exit = if fail { Exit::DISPROVED } else { Exit::VERIFIED };
    console.print(exit, |out| if args.json { write_json(&checks, out) } else { write_text(&checks, out) })
}

fn binary() -> Check {
    let read = std::env::current_exe()
        .map_err(|error| input::reason(&error))
        .and_then(|path| input::read(&path, 1 << 30));
    let version = env!("CARGO_PKG_VERSION");
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    match read {
        Ok(blob) => {
            let digest = prefixed(&sha256(blob.as_slice()));
            Check {
                name: "binary",
                status: Status::Ok,
                message: format!("keel-verify {version} for {target}, {digest}"),
                value: json!({"version": version, "target": target, "sha256": digest}),
                remediation: None,
            }
        }
        Err(why) => Check {
            name: "binary",
            status: Status::Warn,
            message: format!("keel-verify {version} for {target}; its own file cannot be read: {why}"),
            value: json!({"version": version, "target": target, "sha256": null}),
            remediation: Some("Compare the installed file with the release by other means."),
        },
    }
}

fn trust_root(environment: &Environment) -> Check {
    let digest = prefixed(&sha256(BUNDLED_TRUST_ROOT));
    let expected = format!("sha256:{BUNDLED_TRUST_ROOT_SHA256}");
    let as_of = environment.now.clone().or_else(|| Timestamp::from_unix_micros(0));
    let ring = as_of.map(|as_of| KeyRing::load(&TrustPolicy::new(as_of)));
    let (status, message) = match ring.as_ref().and_then(KeyRing::manifest) {
        _ if digest != expected => {
            (Status::Problem, format!("compiled-in trust root is {digest}, not {expected}"))
        }
        Some(Ok(manifest)) if manifest.signed => (
            Status::Ok,
            format!("compiled-in trust root verifies: {} keys, {digest}", manifest.entries.len()),
        ),
        Some(Ok(_)) => (Status::Problem, "compiled-in trust root is not signed".to_owned()),
        Some(Err(error)) => (Status::Problem, format!("compiled-in trust root cannot be used: {error}")),
        None => (Status::Problem, "compiled-in trust root was not loaded".to_owned()),
    };
    Check {
        name: "trust_root",
        status,
        message,
        value: json!({"sha256": digest}),
        remediation: (status == Status::Problem)
            .then_some("Install the program again from a trusted source."),
    }
}

fn clock(environment: &Environment) -> Check {
    let built = Timestamp::parse(NOT_BEFORE);
    let (status, message) = match (&environment.now, built) {
        (Some(now), Some(built)) if *now < built => {
            (Status::Problem, format!("the clock shows {now}, which is before this program existed"))
        }
        (Some(now), _) => (Status::Ok, format!("the clock shows {now}")),
        (None, _) => (Status::Problem, "the clock shows no usable date".to_owned()),
    };
    Check {
        name: "clock",
        status,
        message,
        value: json!(environment.now.as_ref().map(Timestamp::to_rfc3339)),
        remediation: (status == Status::Problem).then_some("Set the clock, or state a date with --as-of."),
    }
}

fn terminal(environment: &Environment) -> Check {
    let kind = if environment.out_is_terminal { "a terminal" } else { "not a terminal" };
    let color = if environment.no_color { ", NO_COLOR is set" } else { "" };
    Check {
        name: "terminal",
        status: Status::Info,
        message: format!("standard output is {kind}, {} columns{color}", environment.columns),
        value: json!({
            "stdout": environment.out_is_terminal,
            "stderr": environment.err_is_terminal,
            "columns": environment.columns,
            "no_color": environment.no_color,
        }),
        remediation: None,
    }
}

fn threads(environment: &Environment) -> Check {
    Check {
        name: "threads",
        status: Status::Info,
        message: format!("{} processors for this process", environment.processors),
        value: json!(environment.processors.get()),
        remediation: None,
    }
}

fn limits(args: &DoctorArgs) -> Check {
    let limits = args.limits.limits();
    Check {
        name: "limits",
        status: Status::Info,
        message: format!(
            "{} bytes a file, {} bytes a document, {} bytes expanded, {} entries, JSON depth {}",
            limits.file_bytes,
            limits.document_bytes,
            limits.expanded_bytes,
            limits.entries,
            limits.json_depth
        ),
        value: json!({
            "file_bytes": limits.file_bytes,
            "document_bytes": limits.document_bytes,
            "expanded_bytes": limits.expanded_bytes,
            "ratio": limits.ratio,
            "entries": limits.entries,
            "json_depth": limits.json_depth,
            "json_nodes": limits.json_nodes,
            "findings_per_code": limits.findings_per_code,
        }),
        remediation: None,
    }
}

fn codes() -> Check {
    let count = catalog::all().count();
    Check {
        name: "codes",
        status: Status::Info,
        message: format!("{count} codes; `keel-verify explain` lists them"),
        value: json!(count),
        remediation: None,
    }
}

fn network() -> Check {
    Check {
        name: "network",
        status: Status::Info,
        message: "not checked: this program never opens a connection".to_owned(),
        value: Value::Null,
        remediation: None,
    }
}

fn count(checks: &[Check], status: Status) -> usize {
    checks.iter().filter(|check| check.status == status).count()
}

fn summary(checks: &[Check]) -> String {
    format!(
        "{} ok, {} info, {} warnings, {} problems",
        count(checks, Status::Ok),
        count(checks, Status::Info),
        count(checks, Status::Warn),
        count(checks, Status::Problem)
    )
}

fn write_json(checks: &[Check], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Value> = checks
        .iter()
        .map(|check| {
            let mut row = json!({
                "name": check.name,
                "status": check.status.name(),
                "message": check.message,
                "value": check.value,
            });
            if let (Some(text), Some(row)) = (check.remediation, row.as_object_mut()) {
                row.insert("remediation".to_owned(), text.into());
            }
            row
        })
        .collect();
    let problems = count(checks, Status::Problem) > 0;
    let document = json!({
        "ok": !problems,
        "summary": summary(checks),
        "any_problems": problems,
        "any_warnings": count(checks, Status::Warn) > 0,
        "checks": rows,
    });
    ascii::write(&document, out)
}

fn write_text(checks: &[Check], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "keel-verify doctor: what this program sees\n")?;
    for check in checks {
        let status = check.status.name().to_uppercase();
        writeln!(out, "[{status}] {}: {}", check.name, escape::text(&check.message))?;
        if let Some(text) = check.remediation {
            writeln!(out, "  To fix this: {text}")?;
        }
    }
    writeln!(out, "\nSummary: {}", summary(checks))
}

/// A clock before this is wrong.
const NOT_BEFORE: &str = "2026-01-01";
