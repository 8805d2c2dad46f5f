//! Generated test vectors: `testvectors/generated/<artifact>/<case>/`, with a fixed clock and public keys, so that writing them
//! again gives the same bytes. The form of `case.json` is described in `testvectors/README.md`.
//!
//! Files that several cases have in common are stored once, under `shared/`, named by their digest.

mod bundle;
mod checkpoint;
mod governance;
mod log;
mod story;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::document;
use crate::error::{Error, Result};
use crate::scenario::Pack;
use crate::scenario::mutate::{self, Outcome};

/// Names the public keys of all vectors.
pub(crate) const LABEL: &str = "vectors";

/// The date that verdicts of all cases are stated for.
const AS_OF: &str = "2026-08-04T00:00:00Z";

/// One case before it is written.
#[derive(Debug)]
pub struct Case {
    artifact: &'static str,
    name: String,
    title: String,
    files: Vec<(&'static str, Vec<u8>)>,
    args: Vec<&'static str>,
    outcome: Outcome,
    claims: Vec<mutate::Claim>,
    codes: Vec<&'static str>,
    twin: Option<&'static str>,
    is_accepted_by_reference: bool,
    notes: String,
}

const EXPORT_ARGS: [&str; 10] = [
    "export",
    "export.json",
    "manifest.json",
    "--key-manifest",
    "key-manifest.json",
    "--trust-root",
    "trust-root.json",
    "--walk-events",
    "--verify-closure",
    "--json",
];

const SUPPORTED: &str = "supported";

const EXPORT_CLAIMS: [mutate::Claim; 7] = [
    ("export.integrity.v1", SUPPORTED, "EXPORT_INTEGRITY_SUPPORTED"),
    ("export.scope_identity.v1", SUPPORTED, "EXPORT_SCOPE_IDENTITY_SUPPORTED"),
    ("permit.decision.v1", SUPPORTED, "PERMIT_DECISION_SUPPORTED"),
    ("governance_chain.local_continuity.v1", SUPPORTED, "WALK_EVENTS_SUPPORTED"),
    ("closure.signature.v1", SUPPORTED, "CLOSURE_SIGNATURE_SUPPORTED"),
    ("closure.digest_consistency.v1", SUPPORTED, "CLOSURE_DIGEST_CONSISTENCY_SUPPORTED"),
    ("closure.dispatch_binding.v1", SUPPORTED, "CLOSURE_DISPATCH_BINDING_SUPPORTED"),
];

/// All cases, made from nothing.
///
/// # Errors
/// When a story does not play.
pub fn cases() -> Result<Vec<Case>> {
    let mut cases = vec![
        clean(
            "small",
            "five permits: allowed, denied, throttled, timed out, never dispatched",
            &mut story::small()?,
        )?,
        clean(
            "week",
            "one project over days: every outcome, a changed policy, a replaced key",
            &mut story::long()?,
        )?,
    ];
    for (artifact, faults) in mutate::faults() {
        for fault in faults {
            let mut pack = story::small()?;
            (fault.apply)(&mut pack)?;
            cases.push(Case {
                artifact,
                name: fault.name.to_owned(),
                title: fault.title.to_owned(),
                files: pack.files()?,
                args: EXPORT_ARGS.to_vec(),
                outcome: fault.outcome,
                claims: fault.claim.into_iter().collect(),
                codes: vec![fault.code],
                twin: Some("generated-export-small"),
                is_accepted_by_reference: fault.is_accepted_by_reference,
                notes: fault.notes.to_owned(),
            });
        }
    }
    cases.extend(governance::cases()?);
    cases.extend(bundle::cases()?);
    cases.extend(checkpoint::cases()?);
    cases.extend(log::cases()?);
    Ok(cases)
}

fn clean(name: &str, title: &str, pack: &mut Pack) -> Result<Case> {
    Ok(Case {
        artifact: "export",
        name: name.to_owned(),
        title: title.to_owned(),
        files: pack.files()?,
        args: EXPORT_ARGS.to_vec(),
        outcome: Outcome::Verified,
        claims: EXPORT_CLAIMS.to_vec(),
        codes: Vec::new(),
        twin: None,
        is_accepted_by_reference: true,
        notes: "as the issuer exports it".to_owned(),
    })
}

/// Relative path to bytes of everything under `generated/`.
///
/// # Errors
/// When a story does not play.
pub fn files() -> Result<BTreeMap<String, Vec<u8>>> {
    let cases = cases()?;
    let mut uses: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for (_, bytes) in cases.iter().flat_map(|case| &case.files) {
        *uses.entry(bytes.clone()).or_default() += 1;
    }
    let mut out = BTreeMap::new();
    for case in cases {
        let folder = format!("{}/{}", case.artifact, case.name);
        let mut table = serde_json::Map::new();
        for (name, bytes) in &case.files {
            let path = if uses.get(bytes).is_some_and(|count| *count > 1) {
                let digest = document::sha256_hex(bytes);
                let name = name.rsplit('/').next().unwrap_or(name);
                let (stem, end) = name.rsplit_once('.').unwrap_or((name, "json"));
                format!("shared/{stem}-{}.{end}", digest.get(..12).unwrap_or_default())
            } else {
                format!("{folder}/{name}")
            };
            out.insert(path.clone(), bytes.clone());
            table.insert((*name).to_owned(), json!(path));
        }
        out.insert(format!("{folder}/case.json"), case.document(&table)?);
    }
    Ok(out)
}

impl Case {
    /// What the reference verifier ends with; it has no transparency log, takes no checkpoint beside a
    /// bundle, and does not know the options.
    fn reference_exit(&self) -> u8 {
        match self.artifact {
            "log" | "anchored-bundle" => 2,
            _ if self.is_accepted_by_reference => 0,
            _ => 1,
        }
    }

    fn document(&self, files: &serde_json::Map<String, Value>) -> Result<Vec<u8>> {
        let claims: serde_json::Map<String, Value> = self
            .claims
            .iter()
            .map(|(name, verdict, code)| ((*name).to_owned(), json!({"verdict": verdict, "code": code})))
            .collect();
        let mut case = json!({
            "id": format!("generated-{}-{}", self.artifact, self.name),
            "title": self.title,
            "files": files,
            "args": self.args,
            "as_of": AS_OF,
            "expect": {
                "outcome": self.outcome.name(),
                "exit": self.outcome.exit(),
                "claims": claims,
                "codes": self.codes,
            },
            "reference": {
                "exit": self.reference_exit(),
                "codes": if self.reference_exit() == 1 { &self.codes[..] } else { &[][..] },
            },
            "notes": self.notes,
        });
        if let (Some(twin), Some(members)) = (self.twin, case.as_object_mut()) {
            members.insert("twin".to_owned(), json!(twin));
        }
        document::pretty(&case)
    }
}

/// Writes all cases under `directory`, in place of what is there.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path) -> Result<Value> {
    let files = files()?;
    for path in present(directory)? {
        if !files.contains_key(&path) {
            let path = directory.join(path);
            fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
        }
    }
    for (path, bytes) in &files {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::file(parent, error))?;
        }
        fs::write(&path, bytes).map_err(|error| Error::file(&path, error))?;
    }
    let cases = files.keys().filter(|path| path.ends_with("/case.json")).count();
    Ok(json!({"path": directory.display().to_string(), "files": files.len(), "cases": cases}))
}

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    files: usize,
    differing: Vec<String>,
    missing: Vec<String>,
    unexpected: Vec<String>,
}

impl Report {
    /// Whether every byte is as it would be written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differing.is_empty() && self.missing.is_empty() && self.unexpected.is_empty()
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "files": self.files,
            "identical": self.is_clean(),
            "differing": self.differing,
            "missing": self.missing,
            "unexpected": self.unexpected,
        })
    }
}

/// Compares what is under `directory` with what would be written, byte by byte.
///
/// # Errors
/// When a file cannot be read.
pub fn check(directory: &Path) -> Result<Report> {
    let files = files()?;
    let mut report = Report { files: files.len(), ..Report::default() };
    for (name, bytes) in &files {
        match fs::read(directory.join(name)) {
            Ok(found) if found == *bytes => {}
            Ok(_) => report.differing.push(name.clone()),
            Err(_) => report.missing.push(name.clone()),
        }
    }
    report.unexpected = present(directory)?.into_iter().filter(|path| !files.contains_key(path)).collect();
    Ok(report)
}

/// Relative paths of all files under `directory`, in order.
fn present(directory: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![String::new()];
    while let Some(folder) = waiting.pop() {
        let path = directory.join(&folder);
        if !path.is_dir() {
            continue;
        }
        let failed = |error| Error::file(&path, error);
        for entry in fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.path().is_dir() {
                waiting.push(name);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}
