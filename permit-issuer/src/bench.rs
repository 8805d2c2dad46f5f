//! Large signed exports for measurements, written as a stream. The content is nonsense; the signatures, hashes and
//! links are genuine.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use verifier_core::bytes::{base64, hex};
use verifier_core::crypto::prefixed;

use crate::chain::GENESIS;
use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::keys::{KeySet, Purpose, SeedSource, signed_manifest};

const PROJECT: &str = "00000000-0000-0000-0000-000000000041";
/// 2026-09-01T00:00:00Z.
const START: i64 = 1_788_220_800_000_000;

/// Writes `export.json`, `manifest.json` and `key-manifest.json` into a new directory.
///
/// # Errors
/// When a file cannot be written.
pub fn write(directory: &Path, events: u64, closures: u64) -> Result<Value> {
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let keys = SeedSource::Fixture("bench").key_set(0)?;
    let path = directory.join("export.json");
    let file = File::create(&path).map_err(|error| Error::file(&path, error))?;
    let mut out = Out { file: BufWriter::with_capacity(1 << 20, file), hash: Sha256::new(), bytes: 0 };
    let count = if closures > 0 { bundle(&mut out, &keys, closures) } else { governance(&mut out, events) }
        .and_then(|count| out.file.flush().map(|()| count))
        .map_err(|error| Error::file(&path, error))?;
    let content_hash = prefixed(&out.hash.finalize().into());
    let signer = keys.signer(Purpose::ExportSigning)?;
    let manifest = json!({
        "export_id": "30000000-0000-4000-8000-000000000001",
        "project_id": PROJECT,
        "export_type": if closures > 0 { "permits" } else { "governance_events" },
        "format": "json",
        "compressed": false,
        "record_count": count,
        "signature": signer.sign_text(&content_hash),
        "content_hash": content_hash,
        "public_key": signer.public_key().to_text(),
        "key_id": Purpose::ExportSigning.key_id(&signer.public_key()),
        "signed_at": wire_time(START),
    });
    for (name, value) in [
        ("manifest.json", &manifest),
        ("key-manifest.json", &signed_manifest(keys.entries(), signer, START)?),
    ] {
        let path = directory.join(name);
        fs::write(&path, document::pretty(value)?).map_err(|error| Error::file(&path, error))?;
    }
    Ok(json!({"path": directory.display().to_string(), "bytes": out.bytes, "record_count": count}))
}

struct Out {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Out {
    fn put(&mut self, text: &str) -> std::io::Result<()> {
        self.hash.update(text.as_bytes());
        self.bytes = self.bytes.saturating_add(u64::try_from(text.len()).unwrap_or(0));
        self.file.write_all(text.as_bytes())
    }
}

fn governance(out: &mut Out, events: u64) -> std::io::Result<u64> {
    out.put(&format!(
        "{{\"export_id\": \"30000000-0000-4000-8000-000000000001\", \"project_id\": \"{PROJECT}\", \
         \"record_count\": {events}, \"schema\": \"keel.governance_events/v1\", \"records\": ["
    ))?;
    let mut link = Link::new();
    for number in 1..=events {
        let permit = format!("20000000-0000-4000-8000-{number:012}");
        let event = link.next("gev", "dispatch.egress_bound", &permit, "success");
        let separator = if number == 1 { "" } else { ", " };
        out.put(&format!(
            "{separator}{{\"created_at\": \"{time}\", \"event_id\": \"{id}\", \"event_type\": \"dispatch.egress_bound\", \
             \"occurred_at\": \"{time}\", \"outcome\": \"success\", \
             \"prev_hash\": \"{previous}\", \"project_id\": \"{PROJECT}\", \"record_hash\": \"{hash}\", \
             \"resource_id\": \"{permit}\", \"resource_type\": \"permit\", \"sequence_number\": {sequence}, \
             \"severity\": \"info\"}}",
            time = event.time,
            id = event.id,
            previous = event.previous,
            hash = event.hash,
            sequence = event.sequence,
        ))?;
    }
    out.put("]}\n")?;
    Ok(events)
}

fn bundle(out: &mut Out, keys: &KeySet, closures: u64) -> std::io::Result<u64> {
    let time = wire_time(START);
    out.put(&format!(
        "{{\"bundle_type\":\"audit_export_bundle\",\"format\":\"json\",\"from\":\"{time}\",\"generated_at\":\"{time}\",\
         \"include_chain_entries\":true,\"project_id\":\"{PROJECT}\",\"record_count\":{closures},\"schema_version\":2,\
         \"time_range_basis\":\"permit.created_at\",\"to\":\"{time}\",\"records\":["
    ))?;
    let failed = |error: Error| std::io::Error::other(error.to_string());
    let signer = keys.signer(Purpose::PermitBindingSigning).map_err(failed)?;
    let key_id = signer.public_key().binding_id();
    let mut link = Link::new();
    for number in 1..=closures {
        let permit = format!("20000000-0000-4000-8000-{number:012}");
        let digest = |kind: &str| hex::encode(&Sha256::digest(format!("{kind} {number}")));
        let (request, provider, client) = (digest("request"), digest("provider"), digest("client"));
        let signed = |with: &str| {
            format!(
                "{{\"binding_key_id\":\"{key_id}\",\"binding_version\":\"closure_v2\",\
                 \"client_response_delivered_at\":\"{time}\",\
                 \"client_response_digest_semantics\":\"response_bytes_handed_to_asgi_not_tcp_receipt\",\
                 \"client_response_digest_v1\":\"{client}\",{with}\"closure_signed_at\":\"{time}\",\
                 \"closure_status\":\"closed\",\"completed_at\":\"{time}\",\"correlation_id\":null,\
                 \"dispatch_request_digest_semantics\":\"approved_request_body_bytes_at_dispatch_time\",\
                 \"dispatch_request_digest_v1\":\"{request}\",\"execution_id\":\"exec_{number}\",\
                 \"model\":\"gpt-4o-mini\",\"permit_id\":\"{permit}\",\"provider\":\"openai\",\
                 \"provider_response_digest_semantics\":\"provider_bytes_received_by_keel\",\
                 \"provider_response_digest_v1\":\"{provider}\",\"provider_response_id\":null,\
                 \"provider_response_received_at\":\"{time}\",\"request_created_at\":\"{time}\",\
                 \"started_at\":\"{time}\",\"status_code\":200}}"
            )
        };
        let canonical_hash = hex::encode(&Sha256::digest(signed("")));
        let signature = base64::encode(&signer.sign(canonical_hash.as_bytes()));
        let closure = signed(&format!(
            "\"closure_canonical_hash\":\"{canonical_hash}\",\"closure_signature_b64\":\"{signature}\","
        ));
        let separator = if number == 1 { "\n" } else { ",\n" };
        out.put(&format!("{separator}{{\"chain_entries\":["))?;
        let entries = [
            (
                "provider.response.received",
                "success",
                format!("{{\"permit_id\":\"{permit}\",\"provider_response_digest_v1\":\"{provider}\"}}"),
            ),
            (
                "client.response.delivered",
                "success",
                format!("{{\"client_response_digest_v1\":\"{client}\",\"permit_id\":\"{permit}\"}}"),
            ),
            ("permit.closed", "closed", closure),
        ];
        for (position, (event_type, outcome, payload)) in entries.iter().enumerate() {
            let event = link.next("ev", event_type, &permit, outcome);
            let separator = if position == 0 { "" } else { "," };
            out.put(&format!(
                "{separator}{{\"chain_format_version\":\"v1\",\"chain_scope\":\"project:{PROJECT}\",\
                 \"created_at\":\"{time}\",\"event_id\":\"{id}\",\"event_type\":\"{event_type}\",\
                 \"outcome\":\"{outcome}\",\"payload_json\":{payload},\"prev_hash\":\"{previous}\",\
                 \"record_hash\":\"{hash}\",\"resource_id\":\"{permit}\",\"resource_type\":\"permit\",\
                 \"sequence_number\":{sequence},\"severity\":\"info\"}}",
                time = event.time,
                id = event.id,
                previous = event.previous,
                hash = event.hash,
                sequence = event.sequence,
            ))?;
        }
        out.put(&format!(
            "],\"permit\":{{\"action_name\":\"chat.completion\",\"actions_json\":[],\
             \"binding_request_hash\":\"{request}\",\"created_at\":\"{time}\",\"decision\":\"allow\",\
             \"estimated_input_tokens\":0,\"estimated_output_tokens\":0,\"id\":\"{permit}\",\
             \"idempotency_key\":\"key-{number}\",\"policy_id\":\"policy:bench\",\"policy_version\":\"1\",\
             \"project_id\":\"{PROJECT}\",\"reason\":\"policy.allowed\",\"request_fingerprint\":\"{request}\",\
             \"resource_model\":\"gpt-4o-mini\",\"resource_provider\":\"openai\",\"status\":\"closed\",\
             \"subject_id\":\"agent-1\",\"subject_type\":\"agent\"}},\"permit_evidence\":[]}}"
        ))?;
    }
    out.put("\n]}\n")?;
    Ok(closures)
}

struct Link {
    sequence: u64,
    head: String,
}

struct Linked {
    id: String,
    time: String,
    previous: String,
    hash: String,
    sequence: u64,
}

impl Link {
    fn new() -> Self {
        Self { sequence: 0, head: GENESIS.to_owned() }
    }

    fn next(&mut self, prefix: &str, event_type: &str, resource: &str, outcome: &str) -> Linked {
        self.sequence += 1;
        let sequence = self.sequence;
        let id = format!("{prefix}_{sequence:09}");
        let time =
            wire_time(START.saturating_add(i64::try_from(sequence).unwrap_or(0).saturating_mul(1_000_003)));
        let stamp = time.trim_end_matches('Z');
        let text =
            format!("{id}|{event_type}|permit|{resource}|{outcome}|info|{stamp}|{}|{sequence}", self.head);
        let hash = hex::encode(&Sha256::digest(text));
        let previous = std::mem::replace(&mut self.head, hash.clone());
        Linked { id, time, previous, hash, sequence }
    }
}
