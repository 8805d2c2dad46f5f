//! Which key signed what, across all sets.

use std::collections::{BTreeMap, BTreeSet};

use super::record::SetRecord;
use crate::crypto::PublicKey;
use crate::time::Timestamp;

/// One key and its accepted signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Fingerprint of the key; the text as stated where it is no key.
    pub fingerprint: String,
    /// The key as text.
    pub public_key: String,
    /// Ids under which it was found.
    pub key_ids: Vec<String>,
    /// Why it counts.
    pub bases: Vec<String>,
    /// What it signed.
    pub signed: Vec<String>,
    /// The earliest stated signing time.
    pub first_signed_at: Option<String>,
    /// The latest stated signing time.
    pub last_signed_at: Option<String>,
    /// The sets, by name.
    pub sets: Vec<String>,
    /// Signatures without a stated time.
    pub undated: u64,
}

#[derive(Default)]
struct Draft {
    public_key: String,
    key_ids: BTreeSet<String>,
    bases: BTreeSet<String>,
    signed: BTreeSet<String>,
    times: Option<(Timestamp, Timestamp)>,
    sets: BTreeSet<String>,
    undated: u64,
}

/// Keys by earliest stated signing time, then by fingerprint.
pub(super) fn uses(sets: &[SetRecord]) -> Vec<KeyUse> {
    let mut drafts = BTreeMap::<String, Draft>::new();
    for set in sets {
        for signature in &set.signatures {
            let fingerprint = PublicKey::from_text(&signature.public_key)
                .map_or_else(|_| signature.public_key.clone(), |key| key.fingerprint());
            let draft = drafts.entry(fingerprint).or_default();
            draft.public_key.clone_from(&signature.public_key);
            draft.key_ids.extend(signature.key_id.clone());
            draft.bases.insert(signature.basis.clone());
            draft.signed.insert(signature.signed.clone());
            draft.sets.insert(set.label.clone());
            match signature.signed_at.as_deref().and_then(Timestamp::parse) {
                None => draft.undated += 1,
                Some(time) => {
                    draft.times = Some(match draft.times.take() {
                        None => (time.clone(), time),
                        Some((first, last)) => (first.min(time.clone()), last.max(time)),
                    });
                }
            }
        }
    }
    let mut uses: Vec<(Option<Timestamp>, KeyUse)> = drafts
        .into_iter()
        .map(|(fingerprint, draft)| {
            let (first, last) = draft.times.unzip();
            let row = KeyUse {
                fingerprint,
                public_key: draft.public_key,
                key_ids: draft.key_ids.into_iter().collect(),
                bases: draft.bases.into_iter().collect(),
                signed: draft.signed.into_iter().collect(),
                first_signed_at: first.as_ref().map(Timestamp::to_rfc3339),
                last_signed_at: last.as_ref().map(Timestamp::to_rfc3339),
                sets: draft.sets.into_iter().collect(),
                undated: draft.undated,
            };
            (first, row)
        })
        .collect();
    uses.sort_by(|(a, _), (b, _)| (a.is_none(), a).cmp(&(b.is_none(), b)));
    uses.into_iter().map(|(_, row)| row).collect()
}
