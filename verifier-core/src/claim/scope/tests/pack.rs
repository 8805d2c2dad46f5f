//! A pack that is built from its parts: every part can be changed before or after it is signed.

use std::collections::BTreeSet;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value as Json, json};

use super::super::*;
use crate::archive::GivenSiblings;
use crate::bytes::{Blob, base64, hex};
use crate::chain::GENESIS_PREV_HASH;
use crate::crypto::{PublicKey, prefixed, sha256};
use crate::finding::Verdict;
use crate::json::{Document, ParserLimits};
use crate::report::{Outcome, Report};
use crate::time::Timestamp;
use crate::trust::{KeySource, NamedBlob, TrustPolicy};

pub(super) const SCOPE: &str = "project:00000000-0000-4000-8000-0000000000a1";
pub(super) const MATCHING: &str = "dispatch.egress_bound";

pub(super) fn document(text: &str) -> Document {
    Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
}

pub(super) fn ring(keys: &str) -> KeyRing {
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01T00:00:00Z").unwrap());
    policy.keys = KeySource::Manifest(NamedBlob::new("keys.json", keys.as_bytes().to_vec()));
    KeyRing::load(&policy)
}

/// Sorted members and no blanks: the canonical form of the texts used here.
fn canonical(value: &Json) -> Vec<u8> {
    value.to_string().into_bytes()
}

pub(super) fn digest(value: &Json) -> String {
    prefixed(&sha256(&canonical(value)))
}

pub(super) fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(super) fn sign(message: &[u8]) -> String {
    format!("ed25519:{}", base64::encode(&signer().sign(message).to_bytes()))
}

pub(super) fn public_key() -> PublicKey {
    PublicKey::from_bytes(signer().verifying_key().as_bytes()).unwrap()
}

fn record_hash(record: &Json) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let payload = |name: &str| record["payload_json"][name].as_str().unwrap_or_default().to_owned();
    let parts = [
        text("event_id"),
        text("event_type"),
        payload("resource_type"),
        payload("resource_id"),
        payload("outcome"),
        payload("severity"),
        text("created_at").replace('Z', ""),
        text("prev_hash"),
        record["sequence_number"].to_string(),
    ];
    hex::encode(&sha256(parts.join("|").as_bytes()))
}

/// Events 1 to `count`; the second and the fifth are dispatches.
pub(super) fn chain(count: u64, scope: &str) -> Vec<Json> {
    let mut previous = GENESIS_PREV_HASH.to_owned();
    (1..=count)
        .map(|n| {
            let kind = if n % 3 == 2 { MATCHING } else { "permit.evaluated" };
            let mut record = json!({
                "chain_format_version": "v1", "chain_scope": scope, "event_id": format!("gev_{n:04}"), "event_type": kind,
                "created_at": format!("2026-05-21T10:0{n}:00.000000Z"), "prev_hash": previous, "sequence_number": n,
                "payload_json": {"outcome": "success", "resource_id": "p1", "resource_type": "permit", "severity": "info",
                    "project_id": "pr", "occurred_at": format!("2026-05-21T10:0{n}:00.000000Z")},
            });
            previous = record_hash(&record);
            record["record_hash"] = previous.clone().into();
            record
        })
        .collect()
}

pub(super) fn predicate() -> Json {
    json!({"version": "keel.scope_predicate.v1", "operator": "and", "equals": {"event_type": MATCHING}, "ranges": {}})
}

pub(super) fn commitment(predicate: &Json, members: &[Json]) -> Json {
    let hash = digest(predicate);
    let leaf = |record: &Json| {
        crate::merkle::rfc6962::leaf_hash(&canonical(&json!({
            "canonical_predicate_value_hash": hash, "event_id": record["event_id"],
            "record_hash": record["record_hash"], "sequence_number": record["sequence_number"],
        })))
    };
    json!({
        "predicate_value": predicate, "predicate_value_hash": hash, "matching_count": members.len(),
        "membership_root_hash": prefixed(&crate::merkle::rfc6962::root(members.iter().map(leaf))),
        "first_matching_sequence": members.first().map(|record| record["sequence_number"].clone()),
        "last_matching_sequence": members.last().map(|record| record["sequence_number"].clone()),
    })
}

pub(super) struct Pack {
    pub(super) export: Json,
    pub(super) manifest: Json,
    /// Without `signature.signature` until [`Pack::sign`].
    pub(super) sidecar: Json,
    pub(super) checkpoint: Json,
    pub(super) keys: Json,
    pub(super) requested: Requested,
    pub(super) explicit: bool,
    pub(super) with_sidecar: bool,
    pub(super) with_checkpoint: bool,
}

pub(super) struct Run {
    pub(super) report: Report,
    pub(super) facts: ScopeFacts,
}

impl Run {
    pub(super) fn verdict(&self, claim: &str) -> Option<Verdict> {
        self.report.verdict(claim)
    }

    pub(super) fn reason(&self, claim: &str) -> &'static str {
        self.report
            .claim(claim)
            .and_then(|claim| claim.deciding_subject())
            .map_or("", |subject| subject.code.id)
    }
}

impl Pack {
    pub(super) fn new() -> Self {
        let records = chain(5, SCOPE);
        let matching = |record: &&Json| record["event_type"] == MATCHING;
        let disclosed: Vec<Json> = records.iter().filter(matching).cloned().collect();
        let bridges: Vec<Json> = records.iter().filter(|record| !matching(record)).cloned().collect();
        let head = records.last().unwrap()["record_hash"].clone();
        let id = public_key().fingerprint();
        let scope_hash = hex::encode(&sha256(&canonical(&json!({"chain_scope": SCOPE}))));
        let sidecar = json!({
            "artifact_type": "checkpoint_scope_state", "version": "checkpoint_scope_state.v1",
            "scope_state_id": format!("keel.scope_state.v1:{scope_hash}:cp1"),
            "checkpoint_id": "cp1", "chain_scope": SCOPE, "predicate_grammar_version": "keel.scope_predicate.v1",
            "predicate_basis": {"canonicalization_profile": "keel.canonical_json.payload.v1",
                "supported_predicate_kinds": ["event_type", "project_id", "occurred_at"], "reserved_namespaces": ["keel.x"]},
            "commitment_profile": "keel.scope_state.merkle.v1", "scope_commitments": [commitment(&predicate(), &disclosed)],
            "tree_size": 5, "signed_at": "2026-05-21T10:10:00Z", "signature": {"algorithm": "Ed25519", "key_id": id},
            "trust_root_reference": {"manifest_version": "keel.public_key_manifest.v1", "purpose": "scope_state", "key_id": id},
        });
        let checkpoint = json!({
            "checkpoint_id": "cp1", "computed_at": "2026-05-21T10:10:00Z", "key_id": id, "public_key": public_key().to_text(),
            "chain_heads": {"admin:global": {"sequence_number": 4, "last_record_hash": "0".repeat(64)},
                SCOPE: {"sequence_number": 5, "last_record_hash": head}},
        });
        let segment = json!({
            "segment_id": "segment-1",
            "declared_scope": {"version": "keel.scope_declaration.v1", "scope_kind": "declared_population", "chain_scope": SCOPE,
                "population_label": "dispatches", "predicate": predicate(),
                "presentation_policy": {"version": "keel.presentation_policy.v1", "policy_kind": "none", "policy_parameters": {}}},
            "declared_start": {"kind": "genesis", "chain_scope": SCOPE, "sequence_number": 1, "genesis_prev_hash": GENESIS_PREV_HASH},
            "declared_end": {"checkpoint_id": "cp1", "chain_scope": SCOPE, "sequence_number": 5, "last_record_hash": head,
                "boundary_policy": "explicit_checkpoint"},
            "scope_state_reference": {"artifact_type": "checkpoint_scope_state", "scope_state_id": sidecar["scope_state_id"],
                "checkpoint_id": "cp1", "chain_scope": SCOPE, "artifact_hash": ""},
            "canonical_filters": {"canonicalization_profile": "keel.canonical_json.payload.v1", "raw_filters": {"event_type": MATCHING},
                "filters_hash": digest(&json!({"event_type": MATCHING}))},
            "chain_evidence": {"disclosure_records": disclosed, "proof_bridge_records": bridges},
        });
        let key = |purpose: &str| {
            json!({"algorithm": "ed25519", "key_id": id, "public_key": public_key().to_text(), "purpose": purpose,
                "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": null})
        };
        let mut pack = Self {
            export: json!({"project_id": "pr", "scope_faithfulness":
                {"version": "keel.export_scope_faithfulness.v1", "segments": [segment]}}),
            manifest: json!({}),
            sidecar,
            checkpoint,
            keys: json!({"keys": [key("export_signing"), key("integrity_checkpoint"), key("scope_state")]}),
            requested: Requested::Automatic,
            explicit: false,
            with_sidecar: true,
            with_checkpoint: true,
        };
        pack.sign();
        pack
    }

    /// Signs checkpoint and sidecar as they are, and refers to the result.
    pub(super) fn sign(&mut self) {
        let mut lines = Vec::new();
        for (scope, head) in self.checkpoint["chain_heads"].as_object().unwrap() {
            let text = |name: &str| match &head[name] {
                Json::String(text) => text.clone(),
                Json::Bool(true) => "True".to_owned(),
                Json::Bool(false) => "False".to_owned(),
                Json::Null => "None".to_owned(),
                other => other.to_string(),
            };
            lines.push(format!("{scope}:{}:{}", text("sequence_number"), text("last_record_hash")));
        }
        let composite = prefixed(&sha256(lines.join("\n").as_bytes()));
        self.checkpoint["signature"] = sign(composite.as_bytes()).into();
        self.checkpoint["composite_hash"] = composite.into();
        self.sidecar["signature"].as_object_mut().unwrap().remove("signature");
        self.sidecar["signature"]["signature"] = sign(&canonical(&self.sidecar)).into();
        self.refer();
    }

    /// Lets every segment refer to the sidecar as it is.
    pub(super) fn refer(&mut self) {
        let hash = digest(&self.sidecar);
        for segment in self.export["scope_faithfulness"]["segments"].as_array_mut().unwrap() {
            segment["scope_state_reference"]["artifact_hash"] = hash.clone().into();
        }
    }

    pub(super) fn segment(&mut self) -> &mut Json {
        &mut self.export["scope_faithfulness"]["segments"][0]
    }

    pub(super) fn evidence(&mut self, name: &str) -> &mut Vec<Json> {
        self.segment()["chain_evidence"][name].as_array_mut().unwrap()
    }

    /// Top-level records as a governance-events export shows them.
    pub(super) fn show_records(&mut self) {
        let rows = self.evidence("disclosure_records").clone();
        self.export["records"] = rows.into();
        self.export["schema"] = "keel.governance_events/v1".into();
    }

    pub(super) fn run(&self) -> Run {
        run_texts(
            &self.export.to_string(),
            &self.manifest.to_string(),
            self.with_sidecar.then(|| canonical(&self.sidecar)),
            self.with_checkpoint.then(|| canonical(&self.checkpoint)),
            &self.keys.to_string(),
            self,
        )
    }
}

pub(super) fn run_texts(
    export: &str,
    manifest: &str,
    sidecar: Option<Vec<u8>>,
    checkpoint: Option<Vec<u8>>,
    keys: &str,
    pack: &Pack,
) -> Run {
    let manifest = document(manifest);
    let limits = Limits::default();
    let parsed = Document::parse(Blob::new(export.as_bytes().to_vec()), ParserLimits::default()).ok();
    let root = parsed.as_ref().map(Document::root).filter(|root| root.is_object());
    let keys = ring(keys);
    let mut folder = GivenSiblings::default();
    let (mut named_sidecar, mut named_checkpoint) = (None, None);
    if pack.explicit {
        named_sidecar = sidecar.map(Blob::new);
        named_checkpoint = checkpoint.map(Blob::new);
    } else {
        if let Some(bytes) = sidecar {
            folder = folder.with_bytes("sidecars/checkpoint-scope-state-v1.json", bytes);
        }
        if let Some(bytes) = checkpoint {
            folder = folder.with_bytes("checkpoint.json", bytes);
        }
    }
    let texts: Option<Vec<_>> = root.and_then(|root| root.member("records")?.as_array()).map(|records| {
        records
            .items()
            .map(|record| {
                let text = |name: &str| record.member_text(name).map(|text| text.into_owned());
                (
                    text("chain_scope"),
                    record.member("sequence_number").and_then(Value::as_i64),
                    text("event_id"),
                    text("record_hash"),
                )
            })
            .collect()
    });
    let rows: Option<Vec<RecordRow<'_>>> = texts.as_ref().map(|texts| {
        texts
            .iter()
            .map(|(scope, sequence, id, hash)| RecordRow {
                chain_scope: scope.as_deref(),
                sequence_number: *sequence,
                event_id: id.as_deref(),
                record_hash: hash.as_deref(),
            })
            .collect()
    });
    let rows = rows.map(Rows);
    let export = root.as_ref().map(|root| -> &dyn Fields { root });
    let records = rows.as_ref().map(|rows| -> &dyn RecordRows { rows });
    let input = ScopeInput {
        export,
        manifest: Some(manifest.root()),
        siblings: &folder,
        parent: None,
        sidecar: named_sidecar.as_ref().map(|blob| Explicit { name: "s.json", blob }),
        checkpoint: named_checkpoint.as_ref().map(|blob| Explicit { name: "c.json", blob }),
        keys: &keys,
        records,
        requested: pack.requested,
        limits: &limits,
        file: "export.json",
    };
    let mut out = ReportBuilder::new(100, BTreeSet::new());
    let facts = check(&input, &mut out);
    Run { report: out.finish(&Timestamp::parse("2026-11-01T00:00:00Z").unwrap()), facts }
}

struct Rows<'r>(Vec<RecordRow<'r>>);

impl RecordRows for Rows<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(RecordRow<'_>)) {
        self.0.as_slice().for_each(visit);
    }
}

pub(super) type Rule = (&'static str, fn(&mut Pack), &'static str, Verdict);

/// Breaks one rule each; the pack is re-signed, so that nothing else is wrong.
pub(super) fn refused(claim: &str, rules: &[Rule]) {
    for (what, change, code, verdict) in rules {
        let mut pack = Pack::new();
        change(&mut pack);
        pack.sign();
        let run = pack.run();
        assert_eq!(run.reason(claim), *code, "{what}: {:?}", run.report.findings);
        assert_eq!(run.verdict(claim), Some(*verdict), "{what}");
        assert!(!run.facts.established, "{what}");
        assert_ne!(run.report.outcome, Outcome::Verified, "{what}");
    }
}
