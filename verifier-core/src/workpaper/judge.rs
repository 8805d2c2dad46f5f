//! Whether a working paper stands: who signed it, and whether that is who was expected.

use super::{Role, Signed, Workpaper};
use crate::crypto::PublicKey;
use crate::finding::catalog::workpaper as code;
use crate::finding::{Effect, Finding, Location, Verdict};
use crate::report::Outcome;

/// What is expected of the signatures.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Keys that must have signed, `ed25519:BASE64`.
    pub keys: Vec<String>,
    /// Whether a reviewer must have signed.
    pub countersigned: bool,
}

/// What the signatures come to.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Signatures that verify, in order; none when one does not.
    pub signed: Vec<Signed>,
    /// What is wrong or missing.
    pub findings: Vec<Finding>,
    /// `Verified` when every signature verifies and every expected key signed.
    pub outcome: Outcome,
}

/// Judges the signatures of a paper. A signature proves nothing about a person until somebody says whose key it is, so
/// without expected keys the outcome is at best `NotEstablished`.
#[must_use]
pub fn judge(paper: &Workpaper, expected: &Expected, file: &str) -> Judgement {
    let mut findings = Vec::new();
    let place = |pointer: &str| Location::file(file).pointing(pointer);
    let signed = match paper.check() {
        Ok(signed) => signed,
        Err(fault) => {
            let pointer = format!("/signatures/{}", fault.position);
            findings.push(
                Finding::disproves(&code::WORKPAPER_SIGNATURE_INVALID, fault.to_string()).at(place(&pointer)),
            );
            return Judgement { signed: Vec::new(), outcome: outcome(&findings), findings };
        }
    };
    if signed.is_empty() {
        findings.push(
            Finding::lacks(&code::WORKPAPER_UNSIGNED, "nobody signed the paper").at(place("/signatures")),
        );
    } else if expected.keys.is_empty() {
        let message = "the signatures verify, and nobody stated whose keys they must be of";
        findings.push(Finding::lacks(&code::WORKPAPER_KEY_NOT_STATED, message).at(place("/signatures")));
    }
    let keys: Vec<(&String, Option<String>)> = expected
        .keys
        .iter()
        .map(|text| (text, PublicKey::from_text(text).ok().map(|key| key.to_text())))
        .collect();
    for (text, key) in &keys {
        if !signed.iter().any(|signed| key.as_deref() == Some(signed.public_key())) {
            let finding = Finding::lacks(&code::WORKPAPER_SIGNER_UNEXPECTED, "an expected key did not sign");
            findings.push(finding.fact("expected", text.as_str()).at(place("/signatures")));
        }
    }
    if !keys.is_empty() {
        for (position, signer) in signed.iter().enumerate() {
            if !keys.iter().any(|(_, key)| key.as_deref() == Some(signer.public_key())) {
                let finding =
                    Finding::notes(&code::WORKPAPER_SIGNER_UNEXPECTED, "a key signed that was not expected");
                let pointer = format!("/signatures/{position}/public_key");
                findings.push(finding.fact("found", signer.public_key()).at(place(&pointer)));
            }
        }
    }
    // A stranger's counter-signature is nobody's review.
    let is_expected = |signed: &Signed| {
        keys.is_empty() || keys.iter().any(|(_, key)| key.as_deref() == Some(signed.public_key()))
    };
    let reviewed = signed.iter().any(|signed| signed.role() == Role::Reviewer && is_expected(signed));
    if expected.countersigned && !reviewed {
        let message = if keys.is_empty() {
            "no reviewer signed the paper"
        } else {
            "no reviewer whose key is expected signed the paper"
        };
        findings.push(Finding::lacks(&code::WORKPAPER_NOT_COUNTERSIGNED, message).at(place("/signatures")));
    }
    Judgement { signed, outcome: outcome(&findings), findings }
}

/// What findings about a paper come to.
#[must_use]
pub fn outcome(findings: &[Finding]) -> Outcome {
    let each = findings.iter().map(|finding| match finding.effect {
        Effect::Fails { verdict: Verdict::Disproved } => Outcome::Disproved,
        Effect::Fails { .. } => Outcome::NotEstablished,
        Effect::Unreadable => Outcome::Unreadable,
        Effect::Limits { .. } | Effect::Notes => Outcome::Verified,
    });
    each.fold(Outcome::Verified, Outcome::worst)
}
