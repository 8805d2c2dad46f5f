//! Writing evidence.

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::log::open_witnesses;
use super::{open, show};
use crate::args::Export;
use crate::export::{self, Additions};
use crate::tlog::{Log, Prover, policy};

pub(super) fn run(args: &Export) -> Result<()> {
    let mut issuer = open(&args.state)?;
    let project = args.project.as_deref();
    let log = if args.with_proofs { Some(Log::open(&args.state.state)?) } else { None };
    let witnesses = open_witnesses(&args.witnesses)?;
    let proofs = log.as_ref().map(|log| Prover { log, witnesses: &witnesses });
    if let (Some(log), false) = (&log, witnesses.is_empty()) {
        let keys: Vec<_> = witnesses.iter().map(|folder| folder.witness().public()).collect();
        let text = policy(log.public(), &keys, args.quorum)?;
        let path = args.state.state.join("witness-policy.txt");
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    let additions = Additions { checkpoint: args.with_checkpoint, proofs };
    let (path, summary) = match (&args.directory, &args.zip, &args.bundle) {
        (Some(directory), ..) => {
            (directory, export::to_directory(&mut issuer, project, additions, directory)?.value().clone())
        }
        (None, Some(zip), _) => (zip, export::to_zip(&mut issuer, project, additions, zip)?.value().clone()),
        (None, None, Some(path)) => {
            if path.exists() {
                bail!("{} exists already", path.display());
            }
            let bundle = export::single_bundle(&mut issuer, project)?;
            fs::write(path, export::write_bundle(&bundle)?).with_context(|| path.display().to_string())?;
            let envelope = bundle.get("signature_envelope").cloned().unwrap_or_default();
            let records = bundle.pointer("/body/record_count").cloned().unwrap_or_default();
            let hash = envelope.get("content_hash").cloned().unwrap_or_default();
            (path, json!({"content_hash": hash, "record_count": records}))
        }
        (None, None, None) => bail!("name a directory, --zip or --bundle"),
    };
    show(&json!({
        "path": path.display().to_string(),
        "content_hash": summary.get("content_hash"),
        "record_count": summary.get("record_count"),
    }))
}
