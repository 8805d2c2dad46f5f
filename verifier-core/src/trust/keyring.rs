//! Picking the key for a signature.

use std::fmt;

use super::BUNDLED_TRUST_ROOT;
use super::manifest::{Bound, KeyEntry, KeyManifest, ManifestError, Signers};
use super::policy::{KeySource, NamedBlob, TrustPolicy};
use super::verified::{Basis, Verified};
use crate::bytes::Blob;
use crate::crypto::{PublicKey, SignatureText, TextError, verify};
use crate::json::{AnomalyKind, ParserLimits};
use crate::time::Timestamp;

/// The keys of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    kind: RingKind,
    as_of: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RingKind {
    /// A manifest, or why there is none.
    Manifest {
        label: String,
        bundled: bool,
        basis: Basis,
        loaded: Result<KeyManifest, ManifestError>,
    },
    Expected(String),
    SelfAttested,
}

/// What a signature says about its key.
#[derive(Clone, Copy, Debug)]
pub struct KeyRequest<'a> {
    /// What the key must be allowed to sign.
    pub purpose: &'a str,
    /// The key id that the artifact names.
    pub key_id: Option<&'a str>,
    /// The stated signing time.
    pub signed_at: Option<&'a Timestamp>,
    /// The key inside the artifact, used only for self-attestation.
    pub embedded: Option<&'a str>,
}

/// A key with the reason it is trusted.
#[derive(Clone, Debug)]
pub struct ResolvedKey {
    /// The key, when its text is canonical.
    pub key: Result<PublicKey, TextError>,
    /// The key's text as the source spells it.
    pub text: String,
    /// The key id of the entry.
    pub key_id: Option<String>,
    /// Why it is trusted.
    pub basis: Basis,
    /// The source in words, in the reference's wording.
    pub source: String,
    /// The entry was revoked, but after the stated signing time.
    pub revoked_later: bool,
}

impl ResolvedKey {
    /// Checks the signature of `message`; `value` is what the message stands for.
    ///
    /// # Errors
    /// Gives the value back when the signature does not verify.
    pub fn authenticate<T>(
        &self,
        value: T,
        message: &[u8],
        signature: &SignatureText,
    ) -> Result<Verified<T>, T> {
        match &self.key {
            Ok(key) if verify(key, message, signature) => Ok(Verified::new(value, self.basis)),
            _ => Err(value),
        }
    }
}

/// Why no key was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing fits, or the source cannot be used.
    Unresolvable(String),
    /// The source has no entry for the purpose or the key id (a special case that permits tell apart).
    Unknown(String),
    /// The entry is revoked at the signing time, or compromised.
    Revoked(String),
    /// The signing time is outside the entry's validity.
    NotActive(String),
    /// The entry's status, algorithm or validity cannot be read.
    StatusUnknown(String),
    /// The entry has an end of validity and the signing time is not stated.
    TimeMissing(String),
    /// Several different keys fit.
    Ambiguous(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unresolvable(text)
        | Self::Unknown(text)
        | Self::Revoked(text)
        | Self::NotActive(text)
        | Self::StatusUnknown(text)
        | Self::TimeMissing(text)
        | Self::Ambiguous(text)) = self;
        formatter.write_str(text)
    }
}

impl KeyRing {
    /// Loads the keys that the policy names. A source that cannot be used is reported when a key is asked
    /// for.
    #[must_use]
    pub fn load(policy: &TrustPolicy) -> Self {
        let limits = ParserLimits::from(&policy.limits);
        let kind = match &policy.keys {
            KeySource::Expected(text) => RingKind::Expected(text.clone()),
            KeySource::SelfAttested => RingKind::SelfAttested,
            KeySource::TrustRoot => match &policy.trust_root {
                None => RingKind::Manifest {
                    label: "trust_root.json".to_owned(),
                    bundled: true,
                    basis: Basis::Root,
                    loaded: bundled_root(&policy.as_of, limits),
                },
                Some(file) => RingKind::Manifest {
                    label: file.name.clone(),
                    bundled: false,
                    basis: Basis::Root,
                    loaded: load_file(file, &Signers::Itself, &policy.as_of, limits),
                },
            },
            KeySource::Manifest(file) => {
                let root = match &policy.trust_root {
                    Some(root) if root.name == file.name => None,
                    Some(root) => Some(load_file(root, &Signers::Itself, &policy.as_of, limits)),
                    None => Some(bundled_root(&policy.as_of, limits)),
                };
                let loaded = match &root {
                    None => load_file(file, &Signers::Itself, &policy.as_of, limits),
                    Some(Ok(root)) => load_file(file, &Signers::Root(root), &policy.as_of, limits),
                    // An unusable root matters only to a signed manifest.
                    Some(Err(error)) => {
                        let empty = KeyManifest {
                            entries: Vec::new(),
                            signed: false,
                            signer: None,
                            generated_at: None,
                        };
                        load_file(file, &Signers::Root(&empty), &policy.as_of, limits)
                            .map_err(|_| error.clone())
                    }
                };
                let basis = match &loaded {
                    Ok(manifest) if manifest.signed => Basis::SignedManifest,
                    _ => Basis::Manifest,
                };
                RingKind::Manifest { label: file.name.clone(), bundled: false, basis, loaded }
            }
        };
        Self { kind, as_of: policy.as_of.clone() }
    }

    /// Whether the source is a key manifest without a signature.
    #[must_use]
    pub fn is_unsigned_manifest(&self) -> bool {
        matches!(&self.kind, RingKind::Manifest { basis: Basis::Manifest, loaded: Ok(manifest), .. } if !manifest.signed)
    }

    /// Where readers disagree about the key manifest, which is then not used.
    #[must_use]
    pub fn anomaly(&self) -> Option<(AnomalyKind, &str)> {
        match &self.kind {
            RingKind::Manifest { loaded: Err(error), .. } => Some((error.anomaly?, &error.text)),
            _ => None,
        }
    }

    /// Whether the run trusts whatever key the evidence carries.
    #[must_use]
    pub fn is_self_attested(&self) -> bool {
        matches!(self.kind, RingKind::SelfAttested)
    }

    /// The ring for signatures that an expected key cannot stand for: the same ring, except that an
    /// expected key is replaced by the compiled-in trust root.
    #[must_use]
    pub fn for_bindings(&self, policy: &TrustPolicy) -> Self {
        match self.kind {
            RingKind::Expected(_) => {
                Self::load(&TrustPolicy { keys: KeySource::TrustRoot, ..policy.clone() })
            }
            _ => self.clone(),
        }
    }

    /// The manifest behind the ring, or why it cannot be used; `None` for a pinned or self-attested key.
    #[must_use]
    pub fn manifest(&self) -> Option<Result<&KeyManifest, &ManifestError>> {
        match &self.kind {
            RingKind::Manifest { loaded, .. } => Some(loaded.as_ref()),
            RingKind::Expected(_) | RingKind::SelfAttested => None,
        }
    }

    /// The entries, when the source is a usable manifest.
    #[must_use]
    pub fn entries(&self) -> &[KeyEntry] {
        match &self.kind {
            RingKind::Manifest { loaded: Ok(manifest), .. } => &manifest.entries,
            _ => &[],
        }
    }

    /// Every key of a purpose that can be used at all, for [`crate::crypto::RepeatedKey`] tables.
    pub fn keys_for(&self, purpose: &str) -> impl Iterator<Item = PublicKey> + '_ {
        let purpose = purpose.to_owned();
        self.entries()
            .iter()
            .filter(move |entry| entry.purpose.as_deref() == Some(&purpose))
            .filter_map(|entry| entry.key.and_then(Result::ok))
    }

    /// The first entry that a request names, whether or not it may be used. For telling a wrong signature
    /// from a right one under a key that does not count.
    #[must_use]
    pub fn listed(&self, request: &KeyRequest<'_>) -> Option<&KeyEntry> {
        self.entries().iter().find(|entry| {
            entry.purpose.as_deref() == Some(request.purpose)
                && (request.key_id.is_none() || entry.key_id.as_deref() == request.key_id)
        })
    }

    /// The key of [`Self::listed`], for trying a signature; it must not carry a verdict that depends on trust.
    #[must_use]
    pub fn untrusted(&self, request: &KeyRequest<'_>) -> Option<ResolvedKey> {
        let entry = self.listed(request)?;
        match &self.kind {
            RingKind::Manifest { label, bundled, basis, .. } => {
                entry.public_key.is_some().then(|| resolved(entry, false, label, *bundled, *basis))
            }
            RingKind::Expected(_) | RingKind::SelfAttested => None,
        }
    }

    /// Whether one entry of this ring may be used for a signature of the stated time.
    ///
    /// # Errors
    /// [`Refusal`] says why not.
    pub fn admit(&self, entry: &KeyEntry, signed_at: Option<&Timestamp>) -> Result<ResolvedKey, Refusal> {
        let purpose = entry.purpose.as_deref().unwrap_or_default();
        let request = KeyRequest { purpose, key_id: entry.key_id.as_deref(), signed_at, embedded: None };
        let revoked_later = judge(entry, &request, &self.as_of)?;
        match &self.kind {
            RingKind::Manifest { label, bundled, basis, .. } => {
                Ok(resolved(entry, revoked_later, label, *bundled, *basis))
            }
            RingKind::Expected(_) | RingKind::SelfAttested => {
                Err(Refusal::Unresolvable("the trust source has no entries".to_owned()))
            }
        }
    }

    /// Picks the key.
    ///
    /// # Errors
    /// [`Refusal`] says why there is none.
    pub fn resolve(&self, request: &KeyRequest<'_>) -> Result<ResolvedKey, Refusal> {
        match &self.kind {
            RingKind::Expected(text) => Ok(ResolvedKey {
                key: PublicKey::from_text(text),
                text: text.clone(),
                key_id: None,
                basis: Basis::Pinned,
                source: "user-supplied".to_owned(),
                revoked_later: false,
            }),
            RingKind::SelfAttested => match request.embedded {
                Some(text) => Ok(ResolvedKey {
                    key: PublicKey::from_text(text),
                    text: text.to_owned(),
                    key_id: request.key_id.map(str::to_owned),
                    basis: Basis::SelfAttested,
                    source: "self-attested (embedded public_key)".to_owned(),
                    revoked_later: false,
                }),
                None => {
                    Err(Refusal::Unresolvable("no trust key available (artifact is unsigned)".to_owned()))
                }
            },
            RingKind::Manifest { label, bundled, basis, loaded } => {
                let manifest = loaded.as_ref().map_err(|error| {
                    Refusal::Unresolvable(format!("could not load key manifest: {error}"))
                })?;
                let (entry, revoked_later) = select(&manifest.entries, request, &self.as_of)?;
                Ok(resolved(entry, revoked_later, label, *bundled, *basis))
            }
        }
    }
}

fn resolved(entry: &KeyEntry, revoked_later: bool, label: &str, bundled: bool, basis: Basis) -> ResolvedKey {
    let id = entry.key_id.as_deref().unwrap_or("None");
    let status = entry.status.as_deref().unwrap_or("None");
    let kind = if bundled { "bundled Keel production trust root" } else { "key manifest" };
    ResolvedKey {
        key: entry.key.unwrap_or(Err(TextError::Undecodable)),
        text: entry.public_key.clone().unwrap_or_default(),
        key_id: entry.key_id.clone(),
        basis,
        source: format!("{kind} ({label}) key_id={id} status={status}"),
        revoked_later,
    }
}

fn select<'k>(
    entries: &'k [KeyEntry],
    request: &KeyRequest<'_>,
    as_of: &Timestamp,
) -> Result<(&'k KeyEntry, bool), Refusal> {
    let purpose = request.purpose;
    let for_purpose: Vec<&KeyEntry> =
        entries.iter().filter(|entry| entry.purpose.as_deref() == Some(purpose)).collect();
    if for_purpose.is_empty() {
        return Err(Refusal::Unknown(format!("key manifest contains no entry with purpose={purpose:?}")));
    }
    let candidates: Vec<&KeyEntry> = match request.key_id {
        Some(id) => for_purpose.iter().copied().filter(|entry| entry.key_id.as_deref() == Some(id)).collect(),
        None => match request.signed_at {
            Some(at) => for_purpose.iter().copied().filter(|entry| entry.window_contains(at)).collect(),
            None if for_purpose.len() == 1 => for_purpose,
            None => {
                return Err(Refusal::Unresolvable(format!(
                    "artifact has no key_id and the key manifest does not contain a single legacy fallback for purpose={purpose:?} ({} candidates)",
                    for_purpose.len()
                )));
            }
        },
    };
    if candidates.is_empty() {
        return Err(match (request.key_id, request.signed_at) {
            (Some(id), _) => {
                Refusal::Unknown(format!("key_id {id:?} not found in key manifest for purpose={purpose:?}"))
            }
            (None, at) => Refusal::NotActive(format!(
                "no manifest entries for purpose={purpose:?} were active at signing time {}",
                at.map(Timestamp::to_offset_form).unwrap_or_default()
            )),
        });
    }
    let mut usable: Vec<(&KeyEntry, bool)> = Vec::new();
    let mut first_refusal = None;
    for entry in candidates {
        match judge(entry, request, as_of) {
            Ok(revoked_later) => usable.push((entry, revoked_later)),
            Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    let Some((first, revoked_later)) = usable.first().copied() else {
        return Err(first_refusal.unwrap_or_else(|| Refusal::Unresolvable("no usable entry".to_owned())));
    };
    // A key that one entry revokes is revoked, whatever another entry of the same key says.
    let terminal = |entry: &&KeyEntry| {
        let same = matches!((entry.key, first.key), (Some(Ok(left)), Some(Ok(right))) if left == right);
        same && matches!(judge(entry, request, as_of), Err(Refusal::Revoked(_)))
    };
    let of_purpose = entries.iter().filter(|entry| entry.purpose.as_deref() == Some(purpose));
    if let Some(Err(refusal)) =
        of_purpose.filter(|entry| terminal(entry)).map(|entry| judge(entry, request, as_of)).next()
    {
        return Err(refusal);
    }
    let same = |other: &KeyEntry| match (first.key, other.key) {
        (Some(Ok(left)), Some(Ok(right))) => left == right,
        _ => first.public_key == other.public_key,
    };
    if usable.iter().any(|(entry, _)| !same(entry)) {
        let text = format!("{} different keys fit purpose={purpose:?} at the signing time", usable.len());
        return Err(match request.key_id {
            Some(_) => Refusal::Ambiguous(text),
            None => Refusal::Unresolvable(format!("multiple manifest entries: {text}")),
        });
    }
    Ok((first, revoked_later))
}

/// Whether an entry may be used; `Ok(true)` when it was revoked after the signing time.
fn judge(entry: &KeyEntry, request: &KeyRequest<'_>, as_of: &Timestamp) -> Result<bool, Refusal> {
    let id = entry.key_id.as_deref().unwrap_or("(none)");
    if entry.public_key.is_none() {
        return Err(Refusal::Unresolvable("matched manifest entry has no public_key".to_owned()));
    }
    if entry.algorithm.as_deref().is_some_and(|name| !name.eq_ignore_ascii_case("ed25519")) {
        return Err(Refusal::StatusUnknown(format!("key {id} is listed for another algorithm than Ed25519")));
    }
    let known =
        matches!(entry.status.as_deref(), None | Some("active" | "retired" | "revoked" | "compromised"));
    let unreadable = [&entry.valid_from, &entry.valid_to, &entry.revoked_at, &entry.compromised_at]
        .iter()
        .any(|bound| **bound == Bound::Unreadable);
    if !known || entry.status_malformed || unreadable {
        return Err(Refusal::StatusUnknown(format!("status or validity of key {id} cannot be read")));
    }
    if entry.status.as_deref() == Some("compromised") || entry.compromised_at != Bound::Open {
        return Err(Refusal::Revoked(format!("key {id} is compromised")));
    }
    let mut revoked_later = false;
    match (&entry.revoked_at, entry.status.as_deref(), request.signed_at) {
        (Bound::At(revoked), _, Some(at)) if at < revoked => revoked_later = true,
        (Bound::At(revoked), _, Some(at)) => {
            return Err(Refusal::Revoked(format!(
                "key {id} was revoked at {revoked}, and the signature states {at}"
            )));
        }
        (Bound::At(_), _, None) | (_, Some("revoked"), _) => {
            return Err(Refusal::Revoked(format!("key {id} is revoked")));
        }
        _ => {}
    }
    if let Bound::At(from) = &entry.valid_from
        && as_of < from
    {
        return Err(Refusal::NotActive(format!(
            "key {id} is valid from {from} on, and was not as of {as_of}"
        )));
    }
    match request.signed_at {
        Some(at) if !entry.window_contains(at) => {
            Err(Refusal::NotActive(format!("key {id} is not valid at the stated signing time {at}")))
        }
        None if entry.valid_to != Bound::Open => Err(Refusal::TimeMissing(format!(
            "key {id} has an end of validity, and no signing time is stated"
        ))),
        None if !entry.window_contains(as_of) => {
            Err(Refusal::NotActive(format!("key {id} is not valid as of {as_of}")))
        }
        _ => Ok(revoked_later),
    }
}

fn load_file(
    file: &NamedBlob,
    signers: &Signers<'_>,
    as_of: &Timestamp,
    limits: ParserLimits,
) -> Result<KeyManifest, ManifestError> {
    let blob = file.content.as_ref().map_err(|error| ManifestError::new(error.clone()))?;
    KeyManifest::load(blob, signers, as_of, limits)
}

fn bundled_root(as_of: &Timestamp, limits: ParserLimits) -> Result<KeyManifest, ManifestError> {
    KeyManifest::load(&Blob::new(BUNDLED_TRUST_ROOT.to_vec()), &Signers::Itself, as_of, limits)
}

#[cfg(test)]
mod tests;
