//! Whatever is decided, dispatched and closed, in whatever order: the export verifies with our own verifier, and every
//! claim that it pins is supported.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use permit_issuer::keys::Purpose;
use permit_issuer::scenario::{Call, Fate, Story};
use proptest::prelude::*;
use serde_json::json;
use verifier_core::evidence::{assemble, file};
use verifier_core::finding::Verdict;
use verifier_core::report::{Outcome, Report};
use verifier_core::time::Timestamp;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};
use verifier_core::verify::{NoProgress, verify};

const START: i64 = 1_785_744_000_000_000;

const POLICY: &str = r#"
id = "policy:property"
version = "1"
ttl_seconds = 300

[[envelopes]]
name = "all"
total_usd_micros = 4_000

[[prices]]
provider = "openai"
model = "*"
input_usd_micros_per_million_tokens = 1_000_000
output_usd_micros_per_million_tokens = 4_000_000

[[rate_limits]]
name = "burst"
max = 3
per_seconds = 20
by = ["subject"]

[[rules]]
id = "refunds"
effect = "challenge"
envelope = "all"
when = { action = ["tool.*"] }

[[rules]]
id = "chat"
effect = "allow"
envelope = "all"
rate_limits = ["burst"]
cap = { max_output_tokens = 100 }
when = { action = ["chat.*"] }
"#;

fn fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![
        Fate::Complete,
        Fate::Overrun,
        Fate::Disconnect,
        Fate::ProviderError,
        Fate::Timeout,
        Fate::DispatchError,
        Fate::ClientDigestMissing,
        Fate::Abandoned,
        Fate::Revoked,
        Fate::Open,
    ])
}

/// Any text that a subject, an attribute or a prompt may hold.
fn text() -> impl Strategy<Value = String> {
    prop::string::string_regex("[a-zA-Zé😀ﬀ\u{2028} \\\\\"/<>-]{1,12}").unwrap()
}

fn call() -> impl Strategy<Value = Call> {
    let shape = (0i64..400, fate(), any::<bool>(), prop::option::of(any::<bool>()), 1i64..60);
    let content = (0i64..300, 0i64..200, any::<bool>(), text(), -1e9f64..1e9);
    (shape, content).prop_map(
        |((second, fate, early, approval, takes), (input, output, tool, text, number))| Call {
            at: START + second * 1_000_000,
            request: json!({"subject": {"type": "agent", "id": "agent-1"}, "provider": "openai", "model": "m",
            "action": if tool { "tool.refund" } else { "chat.completion" },
            "attributes": {"text": text, "number": number, "nested": {text.clone(): [null, true]}},
            "estimated_input_tokens": input, "max_output_tokens": output}),
            body: json!({"model": "m", "max_tokens": output.min(100), "messages": [text], "top_p": number}),
            is_bound_early: early,
            fate,
            approval,
            takes: takes * 1_000_000,
            used: (input, output / 2),
        },
    )
}

fn verified(story: &mut Story) -> Vec<Report> {
    let folder = tempfile::tempdir().unwrap();
    let mut policy = TrustPolicy::new(Timestamp::from_unix_micros(START + 86_400_000_000).unwrap());
    policy.walk = Check::Required;
    let mut parts = Vec::new();
    for (name, bytes) in story.issuer().export_files(None).unwrap() {
        if name == "key-manifest.json" {
            policy.keys = KeySource::Manifest(NamedBlob::new(name, bytes.clone()));
            policy.trust_root = Some(NamedBlob::new("trust-root.json", bytes));
        } else {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            parts.push(file(&path, &policy.limits).unwrap());
        }
    }
    let assembly = assemble(parts, &policy.limits);
    assert!(assembly.leftovers.is_empty() && assembly.unreadable.is_empty());
    assembly.sets.iter().map(|set| verify(set, &policy, &NoProgress)).collect()
}

/// The permit is signed, the key is replaced, the request leaves and the permit is closed: all by a clock that stands still.
#[test]
fn a_key_that_is_replaced_in_the_microsecond_of_a_signature() {
    let mut story = Story::new("property", START).unwrap();
    story.issuer().add_project("p", None, POLICY).unwrap();
    let call = |key: &str| Call {
        at: START,
        request: json!({"idempotency_key": key, "subject": {"type": "agent", "id": "agent-1"},
            "provider": "openai", "model": "m", "action": "chat.completion",
            "estimated_input_tokens": 10, "max_output_tokens": 10}),
        body: json!({"model": "m", "max_tokens": 10}),
        is_bound_early: true,
        fate: Fate::DispatchError,
        approval: None,
        takes: 0,
        used: (10, 10),
    };
    story.call(call("before"));
    story.rotate(START, Purpose::PermitBindingSigning);
    story.call(call("between"));
    story.rotate(START, Purpose::PermitBindingSigning);
    story.call(call("after"));
    story.play().unwrap();
    // the calls were closed at this instant
    story.rotate(START + 400_000, Purpose::PermitBindingSigning);
    story.play().unwrap();
    story.clock().set(START + 3_600_000_000);
    for report in verified(&mut story) {
        let findings: Vec<_> =
            report.findings.iter().map(|finding| (finding.code.id, &finding.message)).collect();
        assert_eq!(report.outcome, Outcome::Verified, "{findings:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_export_verifies(calls in prop::collection::vec(call(), 1..14), rotate in prop::option::of(0i64..400)) {
        let mut story = Story::new("property", START).unwrap();
        story.issuer().add_project("p", None, POLICY).unwrap();
        for (number, mut call) in calls.into_iter().enumerate() {
            call.request["idempotency_key"] = json!(format!("call-{number}"));
            story.call(call);
        }
        if let Some(second) = rotate {
            story.rotate(START + second * 1_000_000, Purpose::PermitBindingSigning);
        }
        story.play().unwrap();
        story.clock().set(START + 3_600_000_000);
        let reports = verified(&mut story);
        prop_assert_eq!(reports.len(), 2);
        for report in reports {
            let findings: Vec<_> = report.findings.iter().map(|finding| (finding.code.id, &finding.message)).collect();
            prop_assert_eq!(report.outcome, Outcome::Verified, "{:?}", findings);
            prop_assert!(report.claims.iter().all(|claim| claim.verdict == Verdict::Supported));
        }
    }
}
