//! `export.json`: audit export bundle v2 (spec 02 section 8), one record a line, written as a stream.
//!
//! Stored documents are canonical text already and are copied as they are.

use std::io::{self, Write};

use serde_json::Value;
use sha2::{Digest, Sha256};
use verifier_core::canon::Profile;
use verifier_core::crypto::prefixed;

use super::Job;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::store::Permit;

/// What was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) content_hash: String,
    pub(super) records: usize,
    pub(super) entries: usize,
    pub(super) last_record_hash: Option<String>,
    pub(super) closures: usize,
    pub(super) response_digests: usize,
    pub(super) dispatch_digests: usize,
}

/// Hashes what passes through.
struct Hashing<'w> {
    inner: &'w mut dyn Write,
    hash: Sha256,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes the bundle and gathers what the manifest says about it.
pub(super) fn write(job: &Job<'_>, out: &mut dyn Write) -> Result<Written> {
    let mut out = Hashing { inner: out, hash: Sha256::new() };
    let mut written = Written::default();
    let (count, first) = job.rows.permit_range(&job.project.id)?;
    let from = wire_time(first.unwrap_or(job.project.created_at));
    let to = wire_time(job.at);
    let io = |error| Error::File { path: "export.json".to_owned(), source: error };
    write!(
        out,
        "{{\"bundle_type\":\"audit_export_bundle\",\"format\":\"json\",\"from\":\"{from}\",\"generated_at\":\"{to}\",\
         \"include_chain_entries\":true,\"project_id\":\"{}\",\"record_count\":{count},\"schema_version\":2,\
         \"time_range_basis\":\"permit.created_at\",\"to\":\"{to}\",\"records\":[",
        job.project.id
    )
    .map_err(io)?;
    job.rows.each_permit(&job.project.id, |permit| {
        let separator = if written.records == 0 { "\n" } else { ",\n" };
        out.write_all(separator.as_bytes()).map_err(io)?;
        record(job, &permit, &mut out, &mut written)
    })?;
    out.write_all(b"\n]}\n").map_err(io)?;
    out.flush().map_err(io)?;
    written.content_hash = prefixed(&out.hash.finalize().into());
    written.last_record_hash =
        Some(job.rows.head(&job.project.id)?.record_hash).filter(|_| written.entries > 0);
    Ok(written)
}

/// The text of one record.
fn record(job: &Job<'_>, permit: &Permit, out: &mut dyn Write, written: &mut Written) -> Result<()> {
    let io = |error| Error::File { path: "export.json".to_owned(), source: error };
    let text = |value: &Value| document::canonical(Profile::Legacy, value);
    out.write_all(b"{\"chain_entries\":[").map_err(io)?;
    for (position, entry) in job.rows.entries(&permit.id)?.iter().enumerate() {
        if position > 0 {
            out.write_all(b",").map_err(io)?;
        }
        out.write_all(entry.as_bytes()).map_err(io)?;
        written.entries += 1;
    }
    out.write_all(b"],\"latest_usage_ledger\":").map_err(io)?;
    out.write_all(&text(permit.usage.as_ref().unwrap_or(&Value::Null))?).map_err(io)?;
    out.write_all(b",\"permit\":").map_err(io)?;
    out.write_all(&text(&permit.body)?).map_err(io)?;
    out.write_all(b",\"permit_evidence\":[],\"replay_evidence\":null,\"usage_log\":null}").map_err(io)?;
    written.records += 1;
    if let Some(closure) = &permit.closure {
        let has = |name: &str| usize::from(closure.get(name).is_some_and(Value::is_string));
        written.closures += 1;
        written.dispatch_digests += has("dispatch_request_digest_v1");
        if closure.get("closure_status").and_then(Value::as_str) != Some("missing_closure") {
            written.response_digests += has("provider_response_digest_v1") + has("client_response_digest_v1");
        }
    }
    Ok(())
}
