//! Writing evidence.

use std::fs;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::{open, show};
use crate::args::Export;
use crate::export;

pub(super) fn run(args: &Export) -> Result<()> {
    let mut issuer = open(&args.state)?;
    let project = args.project.as_deref();
    let (path, summary) = match (&args.directory, &args.zip, &args.bundle) {
        (Some(directory), ..) => (
            directory,
            export::to_directory(&mut issuer, project, args.with_checkpoint, directory)?.value().clone(),
        ),
        (None, Some(zip), _) => {
            (zip, export::to_zip(&mut issuer, project, args.with_checkpoint, zip)?.value().clone())
        }
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
