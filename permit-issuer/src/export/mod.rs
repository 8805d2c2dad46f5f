//! Evidence that leaves the house: what an auditor receives.
//!
//! | file | what | signed by |
//! | --- | --- | --- |
//! | `export.json` | audit export bundle v2: permits with usage and their chain entries | through the manifest |
//! | `manifest.json` | content hash of `export.json`, claims that it must support | `export_signing` |
//! | `key-manifest.json` | all keys | `export_signing` |
//! | `checkpoint.json` | on request: heads of all chains at the moment of the export | `integrity_checkpoint` |
//! | `export.json.tlog-proofs` | on request: an inclusion proof for every chain entry | the log's key, witnesses |
//! | `ledger.json` | evidence bundle: budget bookings, signed reservation linkages | `export_signing` |
//!
//! All of it is one consistent view of the state, read while decisions go on. An export always holds the whole chain of a project: a selection would
//! leave holes that nobody could tell from deletions. The key manifest is signed by a key that it lists; the trust root
//! has to reach the auditor by another way and is therefore not part of an export.

mod bundle;
mod evidence;
mod manifest;
mod package;

use std::io::Write;

use serde_json::Value;

use crate::document;
use crate::error::Result;
use crate::issuer::{Issuer, current_checkpoint};
use crate::keys::{KeySet, Purpose, signed_manifest};
use crate::store::{Project, Rows, Store};

pub(crate) use evidence::envelope;
pub use evidence::{single_bundle, write_bundle};
pub use manifest::{Claims, Manifest};
pub use package::{Additions, PROOFS, to_directory, to_zip};

/// Bytes of one file of an export.
pub type File = (&'static str, Vec<u8>);

/// One export in progress.
struct Job<'a> {
    rows: &'a Rows<'a>,
    keys: &'a KeySet,
    project: Project,
    export_id: String,
    checkpoint: Value,
    is_new_checkpoint: bool,
    at: i64,
}

/// Everything beside `export.json`.
struct Companions {
    files: Vec<File>,
}

impl Issuer {
    /// Runs an export: `payload` receives `export.json` as a stream, `rest` the other files once it is complete.
    fn export(
        &mut self,
        project: Option<&str>,
        with_checkpoint: bool,
        payload: &mut dyn Write,
        rest: impl FnOnce(Companions) -> Result<()>,
    ) -> Result<Manifest> {
        let at = self.now();
        let (store, keys) = self.parts();
        let (manifest, checkpoint) = store.read(|rows| {
            let job = Job::new(rows, keys, project, at)?;
            let written = bundle::write(&job, payload)?;
            let manifest = Manifest::sign(&job.export_id, &job.project.id, &written, keys, at)?;
            let mut files = vec![
                ("manifest.json", document::pretty(manifest.value())?),
                ("key-manifest.json", document::pretty(&job.key_manifest()?)?),
                ("ledger.json", write_bundle(&evidence::ledger_bundle(&job)?)?),
            ];
            if with_checkpoint {
                files.push(("checkpoint.json", document::pretty(&job.checkpoint)?));
            }
            rest(Companions { files })?;
            Ok((manifest, Some(job.checkpoint).filter(|_| job.is_new_checkpoint)))
        })?;
        keep(store, checkpoint)?;
        Ok(manifest)
    }

    /// An export in memory, for tests and stories.
    ///
    /// # Errors
    /// When the state fails or holds nothing to export.
    pub fn export_files(&mut self, project: Option<&str>) -> Result<Vec<File>> {
        let mut payload = Vec::new();
        let mut files = Vec::new();
        self.export(project, false, &mut payload, |companions| {
            files = companions.files;
            Ok(())
        })?;
        files.insert(0, ("export.json", payload));
        Ok(files)
    }
}

/// Stores a checkpoint that was signed on a view; a view cannot be written to.
fn keep(store: &mut Store, checkpoint: Option<Value>) -> Result<()> {
    checkpoint.map_or(Ok(()), |checkpoint| store.write(|rows| rows.add_checkpoint(&checkpoint)))
}

impl<'a> Job<'a> {
    fn new(rows: &'a Rows<'a>, keys: &'a KeySet, project: Option<&str>, at: i64) -> Result<Self> {
        let project = rows.project(project)?;
        let head = rows.head(&project.id)?;
        let (checkpoint, is_new_checkpoint) = current_checkpoint(rows, keys, at)?;
        let parts = [project.id.as_str(), &head.record_hash, &at.to_string()];
        let export_id = crate::ident::derived_uuid("export", &parts);
        Ok(Self { rows, keys, project, export_id, checkpoint, is_new_checkpoint, at })
    }

    fn key_manifest(&self) -> Result<Value> {
        signed_manifest(self.keys.entries(), self.keys.signer(Purpose::ExportSigning)?, self.at)
    }
}
