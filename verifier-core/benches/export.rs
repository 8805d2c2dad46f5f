//! The parts of an export verification, on generated evidence: `cargo bench -p verifier-core`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use divan::counter::{BytesCount, ItemsCount};
use ed25519_dalek::{Signer, SigningKey};
use verifier_core::archive::{Entry, NoSiblings};
use verifier_core::bytes::{Blob, base64, hex};
use verifier_core::canon::{self, Profile};
use verifier_core::chain::GENESIS_PREV_HASH;
use verifier_core::crypto::{PublicKey, RepeatedKey, SignatureText, prefixed, sha256, verify};
use verifier_core::evidence::{Evidence, ExportSet, Part};
use verifier_core::json::{Document, ParserLimits};
use verifier_core::time::Timestamp;
use verifier_core::trust::{KeySource, TrustPolicy};
use verifier_core::verify::NoProgress;

const EVENTS: usize = 20_000;

fn main() {
    divan::main();
}

fn events() -> String {
    let mut out =
        String::from("{\"schema\":\"keel.governance_events/v1\",\"project_id\":\"p\",\"records\":[");
    let mut previous = GENESIS_PREV_HASH.to_owned();
    for number in 1..=EVENTS {
        let text = format!(
            "evt_{number}|policy.evaluated|permit|permit_{number}|success|info|2026-05-07T12:00:01.000000|{previous}|{number}"
        );
        let hash = hex::encode(&sha256(text.as_bytes()));
        let comma = if number == 1 { "" } else { "," };
        write!(
            out,
            "{comma}{{\"event_id\":\"evt_{number}\",\"event_type\":\"policy.evaluated\",\"resource_type\":\"permit\",\"resource_id\":\"permit_{number}\",\"outcome\":\"success\",\"severity\":\"info\",\"occurred_at\":\"2026-05-07T12:00:01.000000Z\",\"prev_hash\":\"{previous}\",\"record_hash\":\"{hash}\",\"sequence_number\":{number},\"payload\":{{\"permit_id\":\"permit_{number}\",\"policy_id\":\"policy:default\",\"tokens\":[412,1024],\"note\":\"within the envelope\"}}}}"
        )
        .unwrap();
        previous = hash;
    }
    out.push_str("]}");
    out
}

fn part(label: &str, bytes: Vec<u8>) -> Part {
    Part {
        label: label.to_owned(),
        entry: Entry::from_bytes(label, bytes),
        siblings: Arc::new(NoSiblings),
        above: None,
    }
}

#[divan::bench(args = [1, 2])]
fn walk_signed_events(bencher: divan::Bencher<'_, '_>, workers: usize) {
    let payload = events();
    let key = SigningKey::from_bytes(&[1; 32]);
    let content_hash = prefixed(&sha256(payload.as_bytes()));
    let signature = base64::encode(&key.sign(content_hash.as_bytes()).to_bytes());
    let public = base64::encode(key.verifying_key().as_bytes());
    let manifest = format!(
        "{{\"content_hash\":\"{content_hash}\",\"signature\":\"ed25519:{signature}\",\"public_key\":\"ed25519:{public}\",\"key_id\":\"k\"}}"
    );
    let bytes = payload.len();
    let set = Evidence::Export(ExportSet::new(
        part("export.json", payload.into_bytes()),
        Some(part("manifest.json", manifest.into_bytes())),
    ));
    let mut policy = TrustPolicy::new(Timestamp::parse("2026-11-01").unwrap());
    policy.keys = KeySource::SelfAttested;
    policy.workers = NonZeroUsize::new(workers).unwrap();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| verifier_core::verify::verify(&set, &policy, &NoProgress));
}

#[divan::bench]
fn index_json(bencher: divan::Bencher<'_, '_>) {
    let blob = Blob::new(events().into_bytes());
    bencher
        .counter(BytesCount::new(blob.as_slice().len()))
        .bench(|| Document::parse(blob.clone(), ParserLimits::default()).unwrap());
}

#[divan::bench(args = ["legacy", "rfc8785"])]
fn canonical_digest(bencher: divan::Bencher<'_, '_>, profile: &str) {
    let profile = if profile == "legacy" { Profile::Legacy } else { Profile::Jcs };
    let blob = Blob::new(events().into_bytes());
    let document = Document::parse(blob, ParserLimits::default()).unwrap();
    bencher
        .counter(BytesCount::new(document.blob().as_slice().len()))
        .bench(|| canon::digest(profile, document.root()).unwrap());
}

#[divan::bench(args = ["strict", "repeated key"])]
fn ed25519(bencher: divan::Bencher<'_, '_>, way: &str) {
    let signer = SigningKey::from_bytes(&[2; 32]);
    let message = [0x61; 64];
    let signature = SignatureText(signer.sign(&message).to_bytes());
    let key = PublicKey::from_bytes(signer.verifying_key().as_bytes()).unwrap();
    let table = RepeatedKey::new(key);
    let repeated = way != "strict";
    bencher.counter(ItemsCount::new(1usize)).bench(|| {
        if repeated { table.verify(&message, &signature) } else { verify(&key, &message, &signature) }
    });
}
