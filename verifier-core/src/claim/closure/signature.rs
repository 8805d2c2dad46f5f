//! The signed part of a closure payload (spec 05 section 3).
//!
//! ```text
//! signed fields  = the listed members that apply, as an object
//! canonical hash = hex SHA-256(legacy canonical (closure_v1, closure_v2) or RFC 8785 (closure_v3))
//! signature      = Ed25519 over the 64 characters of the hash, by a permit_binding_signing key
//! ```

use crate::bytes::hex;
use crate::canon::{self, Profile};
use crate::crypto::{SignatureText, TextError, sha256};
use crate::json::Value;
use crate::time::Timestamp;
use crate::trust::{KeyEntry, KeyRequest, KeyRing, KeyTable, PERMIT_BINDING_SIGNING, Refusal, ResolvedKey};

/// Signed members in canonical order; both profiles sort these names alike.
const FIELDS: &[(&str, Presence)] = &[
    ("binding_key_id", Presence::Always),
    ("binding_version", Presence::Always),
    ("client_response_delivered_at", Presence::Always),
    ("client_response_digest_semantics", Presence::Always),
    ("client_response_digest_v1", Presence::Always),
    ("closure_signed_at", Presence::Always),
    ("closure_status", Presence::Always),
    ("completed_at", Presence::Always),
    ("correlation_id", Presence::Always),
    ("dispatch_request_digest_semantics", Presence::FromV2),
    ("dispatch_request_digest_v1", Presence::FromV2),
    ("execution_id", Presence::Always),
    ("model", Presence::Always),
    ("permit_id", Presence::Always),
    ("provider", Presence::Always),
    ("provider_response_digest_semantics", Presence::Always),
    ("provider_response_digest_v1", Presence::Always),
    ("provider_response_id", Presence::Always),
    ("provider_response_received_at", Presence::Always),
    ("request_created_at", Presence::Always),
    ("started_at", Presence::Always),
    ("status_code", Presence::Always),
    ("usage_reported_at", Presence::IfPresent),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    /// Signed from closure_v2 on; may be left out of a closure that is not `closed` (closure specification).
    FromV2,
    IfPresent,
}

/// A closure format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "closure_v1" => Some(Self::V1),
            "closure_v2" => Some(Self::V2),
            "closure_v3" => Some(Self::V3),
            _ => None,
        }
    }

    fn profile(self) -> Profile {
        match self {
            Self::V1 | Self::V2 => Profile::Legacy,
            Self::V3 => Profile::Jcs,
        }
    }
}

/// What checking one closure's signature gave.
#[derive(Clone, Debug)]
pub(crate) enum Signed {
    /// The signature verifies under a key that counts.
    Verified,
    /// The payload, hash or signature is wrong.
    Wrong(String),
    /// There is no key to check with.
    NoKey(String),
    /// The signature verifies under a key that does not count.
    Refused(Refusal),
    /// The signature text is a second spelling.
    SecondSpelling,
}

/// The permit-binding keys of a run.
pub(crate) struct ClosureKeys<'k> {
    ring: &'k KeyRing,
    table: KeyTable,
    /// Every usable entry with the key id that its bytes give.
    known: Vec<(String, &'k KeyEntry)>,
}

impl<'k> ClosureKeys<'k> {
    pub(crate) fn new(ring: &'k KeyRing) -> Self {
        let known = ring
            .entries()
            .iter()
            .filter(|entry| entry.purpose.as_deref() == Some(PERMIT_BINDING_SIGNING))
            .filter_map(|entry| Some((entry.key.as_ref()?.as_ref().ok()?.binding_id(), entry)))
            .collect();
        Self { ring, table: KeyTable::for_purpose(ring, PERMIT_BINDING_SIGNING), known }
    }

    pub(crate) fn ring(&self) -> &'k KeyRing {
        self.ring
    }

    pub(crate) fn table(&self) -> &KeyTable {
        &self.table
    }

    /// The key for a closure: by the key id it names, so that overlapping validity of several binding keys does
    /// no harm; by signing time where it names none.
    fn key(
        &self,
        key_id: Option<&str>,
        signed_at: Option<&Timestamp>,
    ) -> Result<ResolvedKey, (Refusal, Option<&KeyEntry>)> {
        let Some(id) = key_id else {
            let request =
                KeyRequest { purpose: PERMIT_BINDING_SIGNING, key_id: None, signed_at, embedded: None };
            return self.ring.resolve(&request).map_err(|refusal| (refusal, None));
        };
        let mut refused = None;
        for (_, entry) in self.known.iter().filter(|(own, _)| own == id) {
            match self.ring.admit(entry, signed_at) {
                Ok(key) => return Ok(key),
                Err(refusal) => refused = refused.or(Some((refusal, Some(*entry)))),
            }
        }
        Err(refused.unwrap_or_else(|| {
            let text = if self.ring.is_self_attested() {
                "no trust key available (artifact is unsigned)".to_owned()
            } else {
                format!("no permit-binding key with binding_key_id={id} in the trust source")
            };
            (Refusal::Unknown(text), None)
        }))
    }

    /// Checks the signature of a closure payload with hash and signature given beside it.
    pub(super) fn check(
        &self,
        payload: Value<'_>,
        version: Version,
        hash: Option<&str>,
        signature: Option<&str>,
    ) -> Signed {
        let message = match signed_hash(payload, version) {
            Ok(message) => message,
            Err(detail) => return Signed::Wrong(detail),
        };
        let Some(hash) = hash else { return Signed::Wrong("closure_canonical_hash missing".to_owned()) };
        let Some(signature) = signature else {
            return Signed::Wrong("closure_signature_b64 missing".to_owned());
        };
        if message != hash {
            return Signed::Wrong(format!("canonical_hash mismatch expected={message} actual={hash}"));
        }
        let signed_at = payload.member_text("closure_signed_at").and_then(|text| Timestamp::parse(&text));
        let key_id = payload.member("binding_key_id").and_then(Value::non_empty_text);
        let parsed = SignatureText::parse(signature);
        match self.key(key_id.as_deref(), signed_at.as_ref()) {
            Ok(key) => match parsed {
                Ok(signature)
                    if self.table.authenticate(&key, (), message.as_bytes(), &signature).is_ok() =>
                {
                    Signed::Verified
                }
                Err(TextError::SecondSpelling) => Signed::SecondSpelling,
                _ => Signed::Wrong(format!("Ed25519 signature invalid ({})", key.source)),
            },
            Err((refusal, Some(entry))) => {
                let verifies = match (parsed, entry.key) {
                    (Ok(signature), Some(Ok(key))) => self.table.verify(&key, message.as_bytes(), &signature),
                    _ => false,
                };
                if verifies {
                    Signed::Refused(refusal)
                } else {
                    Signed::Wrong("Ed25519 signature invalid".to_owned())
                }
            }
            Err((refusal, None)) => Signed::NoKey(refusal.to_string()),
        }
    }
}

fn signed_hash(payload: Value<'_>, version: Version) -> Result<String, String> {
    let closed = payload.member("closure_status").is_some_and(|status| status.is_text("closed"));
    let mut missing = Vec::new();
    let mut text = vec![b'{'];
    for (name, presence) in FIELDS {
        if *presence == Presence::FromV2 && version == Version::V1 {
            continue;
        }
        let Some(value) = payload.member(name) else {
            if *presence == Presence::Always || (*presence == Presence::FromV2 && closed) {
                missing.push(*name);
            }
            continue;
        };
        if text.len() > 1 {
            text.push(b',');
        }
        canon::write_string(name, &mut text);
        text.push(b':');
        canon::write(version.profile(), value, &mut text)
            .map_err(|error| format!("closure payload: {error}"))?;
    }
    text.push(b'}');
    if missing.is_empty() {
        Ok(hex::encode(&sha256(&text)))
    } else {
        Err(format!("closure payload missing signed field(s): {}", missing.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    const V2: &str = r#"{"binding_key_id":"6a3803d5f059902a","binding_version":"closure_v2","client_response_delivered_at":"2026-05-07T12:00:25Z","client_response_digest_semantics":"response_bytes_handed_to_asgi_not_tcp_receipt","client_response_digest_v1":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","closure_signed_at":"2026-05-07T12:00:30Z","closure_status":"closed","completed_at":"2026-05-07T12:00:25Z","correlation_id":"corr_123","dispatch_request_digest_semantics":"approved_request_body_bytes_at_dispatch_time","dispatch_request_digest_v1":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","execution_id":"exec_123","model":"gpt-4o-mini","permit_id":"permit_123","provider":"openai","provider_response_digest_semantics":"provider_bytes_received_by_keel","provider_response_digest_v1":"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee","provider_response_id":"resp_123","provider_response_received_at":"2026-05-07T12:00:24Z","request_created_at":"2026-05-07T12:00:20Z","started_at":"2026-05-07T12:00:21Z","status_code":200,"note":"not signed"}"#;
    const KEYS: &str = r#"{"keys":[{"key_id":"k","purpose":"permit_binding_signing","public_key":"ed25519:gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=","valid_from":"2026-01-01T00:00:00Z"EXTRA}]}"#;

    fn keys(extra: &str) -> KeyRing {
        let mut policy = crate::trust::TrustPolicy::new(Timestamp::parse("2026-11-01").unwrap());
        policy.keys = crate::trust::KeySource::Manifest(crate::trust::NamedBlob::new(
            "keys.json",
            KEYS.replace("EXTRA", extra).into_bytes(),
        ));
        KeyRing::load(&policy)
    }

    fn check(ring: &KeyRing, payload: &str, version: Version, hash: &str, signature: &str) -> Signed {
        let document =
            Document::parse(Blob::new(payload.as_bytes().to_vec()), ParserLimits::default()).unwrap();
        ClosureKeys::new(ring).check(document.root(), version, Some(hash), Some(signature))
    }

    /// Spec 05 section 9.
    #[test]
    fn vectors_of_all_versions_and_every_signed_field() {
        let v3 = V2.replace("closure_v2", "closure_v3");
        let v1 = V2.replace("closure_v2", "closure_v1");
        let ring = keys("");
        for (payload, version, hash, signature) in [
            (
                v1.as_str(),
                Version::V1,
                "aef6ae7ab77892fe4e3e7e245ebd8ca9c542131caec6bb097ab5a54085398c80",
                "L+mY65oQyv16pgZ3GvmAgolSkBgu9Nen6i8F7KK9+2cbesDruxzRV66+igTLkQ7tooyaWqWQpbH7go74vrvIDQ==",
            ),
            (
                V2,
                Version::V2,
                "5784475574ff5cc45e41a1fea5c70572237ec030c6482e12660604b5474cbf82",
                "XLw9XVytfJlVwFFNDNX6z9+zQM4SknEGVmz3CnvTfnVJrFHFcKRILPg+8JWqTlYHblKvaEiMs4FCycqeXk7wBg==",
            ),
            (
                v3.as_str(),
                Version::V3,
                "bd6a49558b8d559f53af73215077a574b1adb5efa57806d9abf2511508cbe59d",
                "ZmnGIJFD2hSYpbpPKR5uD+LBD82qb3lhHwH3SC1B+nOyrohcg2xodunGJJbYLNalizQTYVGUQz0G/eV0+q2zBw==",
            ),
        ] {
            assert!(
                matches!(check(&ring, payload, version, hash, signature), Signed::Verified),
                "{version:?}"
            );
            assert!(matches!(
                check(&ring, &payload.replace("not signed", "changed"), version, hash, signature),
                Signed::Verified
            ));
            for (name, presence) in FIELDS {
                if *presence == Presence::FromV2 && version == Version::V1 || *presence == Presence::IfPresent
                {
                    continue;
                }
                let tampered = payload.replacen(
                    &format!("\"{name}\":"),
                    &format!("\"{name}\":\"tampered\",\"x_{name}\":"),
                    1,
                );
                assert!(
                    matches!(check(&ring, &tampered, version, hash, signature), Signed::Wrong(_)),
                    "{name}"
                );
                let removed = payload.replacen(&format!("\"{name}\":"), &format!("\"x_{name}\":"), 1);
                assert!(
                    matches!(check(&ring, &removed, version, hash, signature), Signed::Wrong(_)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn key_status_counts_only_for_signatures_that_verify() {
        let hash = "5784475574ff5cc45e41a1fea5c70572237ec030c6482e12660604b5474cbf82";
        let signature =
            "XLw9XVytfJlVwFFNDNX6z9+zQM4SknEGVmz3CnvTfnVJrFHFcKRILPg+8JWqTlYHblKvaEiMs4FCycqeXk7wBg==";
        let revoked = keys(",\"status\":\"revoked\"");
        assert!(matches!(
            check(&revoked, V2, Version::V2, hash, signature),
            Signed::Refused(Refusal::Revoked(_))
        ));
        assert!(matches!(
            check(&revoked, V2, Version::V2, hash, &signature.replace("XLw9", "XLw8")),
            Signed::Wrong(_)
        ));
        let expired = keys(",\"valid_to\":\"2026-05-07T12:00:29Z\"");
        assert!(matches!(
            check(&expired, V2, Version::V2, hash, signature),
            Signed::Refused(Refusal::NotActive(_))
        ));
        assert!(matches!(
            check(&keys(""), V2, Version::V2, hash, &format!("{signature}\n")),
            Signed::SecondSpelling
        ));
    }
}
