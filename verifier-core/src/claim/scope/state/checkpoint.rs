use super::super::locate::Loaded;
use super::super::signature::{self, Reading};
use super::{Check, Judge, refusal_finding};
use crate::finding::catalog::scope as code;
use crate::finding::{Finding, Location};
use crate::format::checkpoint::{Checkpoint, HeadFault};
use crate::format::scope::Sidecar;
use crate::time::Timestamp;
use crate::trust::{INTEGRITY_CHECKPOINT, KeyRequest, ResolvedKey};

/// A checkpoint whose composite hash and signature are right.
pub(super) struct Authentic<'a> {
    pub(super) parsed: Checkpoint<'a>,
    /// `None` when the key was refused for its status.
    pub(super) signer: Option<ResolvedKey>,
}

impl Judge<'_> {
    /// The checkpoint's id, composite hash and signature.
    pub(super) fn checkpoint<'a>(
        &mut self,
        loaded: &'a Loaded,
        sidecar: &Sidecar<'_>,
    ) -> Check<Authentic<'a>> {
        let value = loaded.document.root();
        let mismatch = |text: &str| {
            Box::new(
                Finding::disproves(&code::CHECKPOINT_SCOPE_STATE_CHECKPOINT_MISMATCH, text)
                    .at(Location::value(&*loaded.name, value)),
            )
        };
        let Some(parsed) = Checkpoint::parse(value) else {
            return Err(mismatch("the checkpoint is no object"));
        };
        if parsed.text("checkpoint_id").as_deref() != Some(&*sidecar.checkpoint_id) {
            let id = parsed.text("checkpoint_id").unwrap_or_default().into_owned();
            return Err(Box::new(
                mismatch("the checkpoint has another id than the sidecar names")
                    .fact("expected", &*sidecar.checkpoint_id)
                    .fact("found", id),
            ));
        }
        let Some(heads) = &parsed.heads else { return Err(mismatch("chain_heads is no object")) };
        for head in heads {
            for fault in head.faults() {
                let (code, what) = match fault {
                    HeadFault::Scope => (&code::CHECKPOINT_SCOPE_KEY_INVALID, "scope key"),
                    HeadFault::Sequence => (&code::CHECKPOINT_SEQUENCE_INVALID, "sequence number"),
                    HeadFault::RecordHash => (&code::CHECKPOINT_RECORD_HASH_INVALID, "record hash"),
                };
                let finding = Finding::disproves(
                    code,
                    format!("the {what} of head {:?} leaves the signed hash ambiguous", head.scope),
                );
                self.further.push(finding.at(Location::value(&*loaded.name, head.value)));
            }
        }
        let stated = parsed.text("composite_hash").filter(|text| text.starts_with("sha256:"));
        let Some(stated) = stated else {
            return Err(mismatch("the checkpoint has no composite hash"));
        };
        let computed = parsed.compute_composite();
        if computed.as_deref() != Some(&*stated) {
            return Err(Box::new(
                mismatch("the composite hash does not fit the chain heads")
                    .fact("stated", &*stated)
                    .fact("computed", computed.unwrap_or_else(|| "(none)".to_owned())),
            ));
        }
        let Some(text) = parsed.text("signature") else {
            return Err(mismatch("the checkpoint is not signed"));
        };
        let (key_text, signer) = self.checkpoint_key(loaded, &parsed).map_err(|text| mismatch(&text))?;
        if parsed.text("public_key").is_some_and(|embedded| embedded != key_text) {
            return Err(mismatch("the checkpoint names another key than the trusted one"));
        }
        match signature::read(&key_text, stated.as_bytes(), &text) {
            Reading::Verified if text.starts_with("ed25519:") => {}
            Reading::Verified | Reading::SecondSpelling => {
                let finding = signature::second_spelling("checkpoint", &text);
                self.further.push(finding.at(Location::value(&*loaded.name, value)));
            }
            Reading::Invalid => {
                self.further.extend(signature::weak_key(&key_text));
                return Err(mismatch("the checkpoint's signature does not verify under the trusted key"));
            }
        }
        Ok(Authentic { parsed, signer })
    }

    /// The key's text, and the key unless its status was refused. A key that the reference's rules do not
    /// find is an error; one that they find although its status forbids it is a finding.
    fn checkpoint_key(
        &mut self,
        loaded: &Loaded,
        checkpoint: &Checkpoint<'_>,
    ) -> Result<(String, Option<ResolvedKey>), String> {
        let key_id = checkpoint.text("key_id");
        let computed_at = checkpoint.text("computed_at").and_then(|text| Timestamp::parse(&text));
        let embedded = checkpoint.text("public_key");
        let request = KeyRequest {
            purpose: INTEGRITY_CHECKPOINT,
            key_id: key_id.as_deref(),
            signed_at: computed_at.as_ref(),
            embedded: embedded.as_deref(),
        };
        let entries = self.keys.entries();
        let listed = if entries.is_empty() {
            None
        } else {
            let mut fitting = entries.iter().filter(|entry| {
                entry.purpose.as_deref() == Some(INTEGRITY_CHECKPOINT)
                    && match (&key_id, &computed_at) {
                        (Some(id), _) => entry.key_id.as_deref() == Some(id),
                        (None, Some(at)) => entry.window_contains(at),
                        (None, None) => true,
                    }
            });
            let first = fitting.next().ok_or("no trusted key fits the checkpoint")?;
            if key_id.is_none() && fitting.next().is_some() {
                return Err("several trusted keys fit the checkpoint, which names none".to_owned());
            }
            Some(first.public_key.clone().ok_or("the trusted entry has no public key")?)
        };
        match (self.keys.resolve(&request), listed) {
            (Ok(resolved), listed) => Ok((listed.unwrap_or_else(|| resolved.text.clone()), Some(resolved))),
            (Err(refusal), Some(text)) => {
                let finding = refusal_finding("checkpoint", &refusal);
                self.further.push(finding.at(Location::value(&*loaded.name, checkpoint.value)));
                Ok((text, None))
            }
            (Err(refusal), None) => Err(refusal.to_string()),
        }
    }
}
