//! Is the checkpoint that a bundle is anchored in the one that the operator gave (spec 13 section 6)?
//!
//! An anchor of kind `published_checkpoint` repeats id and composite hash of a checkpoint. Nothing inside the
//! bundle shows that such a checkpoint exists; the operator gives it as a file, which is then judged as a
//! checkpoint by itself. The id of a checkpoint is not signed, so equality of the hashes is what counts; another
//! id only shows that the two do not belong together.

use crate::archive::Entry;
use crate::claim::checkpoint;
use crate::evidence::Part;
use crate::finding::catalog::{export as code, input};
use crate::finding::{Effect, Finding, Location};
use crate::json::{Document, ParserLimits, Value};
use crate::report::{FileSummary, ReportBuilder};
use crate::trust::{NamedBlob, TrustPolicy};

use super::{CLAIM, subject};

const STEP: &str = "bundle.anchor";
const TITLE: &str = "the checkpoint that the bundle is anchored in";

/// Compares the anchor with the checkpoint of the policy, and judges that checkpoint.
pub(super) fn check(body: Value<'_>, part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) {
    let anchor = body.member("anchor").and_then(Value::as_object);
    let published = anchor
        .filter(|anchor| anchor.member("kind").is_some_and(|kind| kind.is_text("published_checkpoint")));
    let Some(file) = &policy.checkpoint else {
        if published.is_some() {
            let message =
                "that the checkpoint of the anchor exists: no checkpoint was given to compare it with";
            out.not_proven.push(message.to_owned());
        }
        return;
    };
    let Some(document) = read(file, policy, out) else { return };
    let root = document.root();
    let own = Part {
        label: file.name.clone(),
        entry: Entry::from_bytes(&file.name, document.blob().as_slice().to_vec()),
        ..part.clone()
    };
    checkpoint::judge(root, "", &own, policy, out);
    let Some(anchor) = published else {
        let message =
            "the bundle is not anchored in a published checkpoint, so the one given has no part in it";
        out.skipped(STEP, TITLE, message);
        out.not_proven.push(message.to_owned());
        return;
    };
    for member in ["checkpoint_id", "composite_hash"] {
        let (stated, found) = (anchor.member_text(member), root.member_text(member));
        if stated.is_some() && stated == found {
            continue;
        }
        let message = format!("{member} of the anchor is not that of the checkpoint given");
        let finding = Finding::disproves(&code::BUNDLE_ANCHOR_MISMATCH, message)
            .at(Location::file(&part.label).pointing(format!("/body/anchor/{member}")))
            .fact("in the anchor", stated.unwrap_or_default())
            .fact("in the checkpoint", found.unwrap_or_default());
        out.unsupported(CLAIM, subject(part), finding);
    }
    out.ran(STEP, TITLE, &[]);
}

/// The checkpoint given, when it is JSON; a bundle around a checkpoint is not taken apart here.
fn read(file: &NamedBlob, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<Document> {
    let place = || Location::file(&file.name);
    let parsed = file.content.clone().map_err(|why| (&input::INPUT_UNREADABLE, why)).and_then(|blob| {
        Document::parse(blob, ParserLimits::from(&policy.limits))
            .map_err(|error| (&input::JSON_SYNTAX_INVALID, error.to_string()))
    });
    let document = match parsed {
        Ok(document) => document,
        Err((code, why)) => {
            out.skipped(STEP, TITLE, why.clone());
            out.finding(Finding::new(code, Effect::Unreadable, why).at(place()));
            return None;
        }
    };
    crate::claim::export::anomaly_findings(&document, &file.name, policy.limits.findings_per_code)
        .for_each(|finding| out.finding(finding));
    out.artifact.files.push(FileSummary {
        role: "checkpoint",
        path: file.name.clone(),
        sha256: Some(crate::crypto::prefixed(&document.blob().sha256())),
        bytes: u64::try_from(document.blob().as_slice().len()).ok(),
    });
    Some(document)
}
