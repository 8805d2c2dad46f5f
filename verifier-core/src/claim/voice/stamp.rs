use serde_json::json;

use super::{CLAIM, Checked, TIMESTAMPS};
use crate::bytes::hex;
use crate::claim::timestamps::{self, Receipt, Wording};
use crate::evidence::Part;
use crate::finding::catalog::voice as code;
use crate::finding::{Finding, Location};
use crate::json::Value;
use crate::report::ReportBuilder;
use crate::time::Timestamp;
use crate::trust::TrustPolicy;

const NAME: &str = "rfc3161_timestamp_receipt";

const WORDING: Wording = Wording {
    imprint: None,
    imprint_fails: (CLAIM, &code::VOICE_TSA_IMPRINT_MISMATCH),
    chain: TIMESTAMPS,
    codes: [
        &code::VOICE_TSA_CHAIN_VALIDATED,
        &code::VOICE_TSA_CHAIN_INVALID,
        &code::VOICE_TSA_CHAIN_NOT_VALIDATED,
    ],
    evidence: &["rfc3161_timestamp_receipt", "timestamp_receipts"],
};

/// The receipts, which are of the project's chain head (spec 14.6).
pub(super) fn check(root: Value<'_>, part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) -> Checked {
    let receipts = receipts(root);
    if receipts.is_empty() {
        let finding = Finding::lacks(&code::VOICE_TSA_RECEIPT_MISSING, "missing RFC 3161 timestamp receipt");
        return Checked::failed(NAME, finding.at(Location::file(&part.label)));
    }
    if policy.timestamps.skip {
        out.skipped("voice.timestamps", "RFC 3161 receipts", "left out on request");
        return Checked::passed(NAME, vec![("checked", json!(false)), ("receipts_verified", json!(0))]);
    }
    let head = root.path(&["project_chain_head", "content_hash"]).and_then(Value::text);
    for (receipt, number) in receipts.iter().zip(1..) {
        if let Some(finding) = unbound(*receipt, number, head.as_deref()) {
            return Checked::failed(NAME, finding.at(Location::value(&part.label, *receipt)));
        }
    }
    let digest = head.as_deref().and_then(|head| hex::decode(head.strip_prefix("sha256:")?.as_bytes()));
    let issued_at = root.member_text("issued_at").and_then(|text| Timestamp::parse(&text));
    let read: Vec<_> = receipts
        .iter()
        .zip(1..)
        .map(|(receipt, number)| Receipt::read(*receipt, number, &["tsa_response_base64"]))
        .collect();
    let stamped =
        timestamps::check(&read, digest.as_ref(), issued_at.as_ref(), &WORDING, &part.label, policy, out);
    out.epistemic(TIMESTAMPS, "timestamp_binding", "project_chain_head");
    if stamped.imprint_failed || digest.is_none() {
        let message = "a receipt is not of the project's chain head";
        let finding = Finding::disproves(&code::VOICE_TSA_IMPRINT_MISMATCH, message);
        return Checked::failed(NAME, finding.at(Location::file(&part.label)));
    }
    Checked::passed(NAME, vec![("checked", json!(true)), ("receipts_verified", json!(read.len()))])
}

/// All objects of the list, the single one first unless it is among them.
fn receipts(root: Value<'_>) -> Vec<Value<'_>> {
    let list = root.member("timestamp_receipts").and_then(Value::as_array);
    let mut found: Vec<_> = list.into_iter().flat_map(Value::items).filter(|item| item.is_object()).collect();
    if let Some(single) = root.member("rfc3161_timestamp_receipt").and_then(Value::as_object)
        && !found.iter().any(|other| other.same(single))
    {
        found.insert(0, single);
    }
    found
}

/// Why a receipt is not tied to the project's chain head.
fn unbound(receipt: Value<'_>, number: usize, head: Option<&str>) -> Option<Finding> {
    let request = receipt.member_text("request_hash").map(|text| text.trim().to_owned());
    let complete = request.as_deref().is_some_and(|request| request.starts_with("sha256:"))
        && receipt.member("tsa_response_base64").and_then(Value::text).is_some();
    let (Some(request), true) = (request, complete) else {
        let message = format!("receipt {number} is incomplete");
        return Some(Finding::lacks(&code::VOICE_TSA_RECEIPT_MISSING, message));
    };
    let binding = |message: String| Some(Finding::disproves(&code::VOICE_TSA_BINDING_MISMATCH, message));
    match head {
        None => {
            return binding(format!("receipt {number} is tied to nothing: there is no project_chain_head"));
        }
        Some(head) if head != request => {
            return binding(format!("receipt {number} request_hash does not match project_chain_head"));
        }
        Some(_) => {}
    }
    let covers = receipt.member("covers_chain_head_hash").filter(|covers| !covers.is_null());
    if covers.is_some_and(|covers| !covers.is_text(&request)) {
        return binding(format!("receipt {number} covers_chain_head_hash does not match request_hash"));
    }
    None
}
