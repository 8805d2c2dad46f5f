//! The key-status manifest `permit_v2.key_status_manifest.v1` (spec 25 section 4, spec 03 section 9.1).
//!
//! A signed list of keys of accounts, with the status of each and references to the chain events that set it:
//!
//! ```text
//! manifest_hash = hex of SHA-256(legacy form of the seven members before it)
//! signature     = base64 of Ed25519(permit-binding key, the 64 ASCII characters of manifest_hash)
//! ```
//!
//! These types say what was received and whether it has the documented shape. They prove nothing.

use std::borrow::Cow;

use super::binding::uuid_text;
use super::scope::ShapeError;
use super::scope::shape::{array, constant, exact, fail, integer, text};
use crate::bytes::hex;
use crate::canon::{CanonError, ObjectBuilder, Profile};
use crate::json::{Kind, Value};
use crate::time::Timestamp;

/// Whose keys a scope holds.
pub const KEY_SCOPES: [&str; 5] =
    ["operator", "buyer_principal", "mcp_server", "provider_principal", CO_SIGNER];
const CO_SIGNER: &str = "co_signer";
const HASHED: [&str; 7] = [
    "manifest_type",
    "canonicalization_profile",
    "computed_at",
    "account_id",
    "key_scopes",
    "keys",
    "signer",
];
const PROOF: [&str; 2] = ["manifest_hash", "signature"];
const ENTRY: [&str; 11] = [
    "account_id",
    "key_scope",
    "key_id",
    "status",
    "valid_from",
    "valid_until",
    "revoked_at",
    "compromised_at",
    "metadata",
    "event_refs",
    "principal",
];
const ED25519: [&str; 2] = ["algorithm", "public_key"];
const PASSKEY: [&str; 11] = [
    "credential_id",
    "public_key_cose",
    "cose_alg",
    "rp_id",
    "allowed_origins",
    "custody_tier",
    "aaguid",
    "attestation_format",
    "attestation_statement",
    "backup_eligible",
    "backup_state",
];

/// A manifest of the documented shape.
#[derive(Clone, Debug)]
pub struct KeyStatusManifest<'a> {
    /// As received.
    pub value: Value<'a>,
    /// When the status was computed, as spelled.
    pub computed_at: Cow<'a, str>,
    /// The same, read.
    pub computed: Timestamp,
    /// The one account that it is about, when it names one, as a plain UUID.
    pub account_id: Option<String>,
    /// The keys.
    pub keys: Vec<KeyStatus<'a>>,
    /// Key id of the signer.
    pub signer_key_id: Cow<'a, str>,
    /// The stated hash.
    pub manifest_hash: Cow<'a, str>,
    /// The signature's text.
    pub signature: Cow<'a, str>,
}

/// What the manifest says about one key.
#[derive(Clone, Debug)]
pub struct KeyStatus<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The account, as a plain UUID.
    pub account_id: String,
    /// One of [`KEY_SCOPES`].
    pub key_scope: Cow<'a, str>,
    /// Full fingerprint of the key.
    pub key_id: Cow<'a, str>,
    /// `active`, `revoked` or `compromised`.
    pub status: Cow<'a, str>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was compromised.
    pub compromised_at: Option<Timestamp>,
    /// The events that set the status.
    pub event_refs: Vec<EventRef<'a>>,
}

/// A reference to a `key.status.v1` event in a chain.
#[derive(Clone, Debug)]
pub struct EventRef<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The event's id.
    pub event_id: Cow<'a, str>,
    /// The record's hash, 64 hexadecimal digits.
    pub record_hash: Cow<'a, str>,
    /// Position in the chain.
    pub sequence: i128,
    /// The same, as received.
    pub sequence_value: Value<'a>,
    /// `revoked` or `compromised`.
    pub status: Cow<'a, str>,
}

impl<'a> KeyStatusManifest<'a> {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ShapeError`] names the first rule that it breaks.
    pub fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        let members: Vec<&str> = HASHED.into_iter().chain(PROOF).collect();
        exact(value, &members, "the members of the key-status manifest do not match v1")?;
        for (name, expected) in [
            ("manifest_type", "permit_v2.key_status_manifest.v1"),
            ("canonicalization_profile", "keel.canonical_json.payload.v1"),
        ] {
            constant(value, name, expected, format!("{name} must be {expected}"))?;
        }
        let member = |name: &str| value.member(name).unwrap_or(value);
        let (computed_at, computed) = time(value, "computed_at", "computed_at")?;
        let account = member("account_id");
        let account_id = match account.is_null() {
            true => None,
            false => Some(uuid(account, "account_id must be a UUID or null")?),
        };
        let with_passkeys = scopes(member("key_scopes"))?;
        let signer = member("signer");
        exact(signer, &["purpose", "key_id", "algorithm"], "the members of signer do not match v1")?;
        constant(
            signer,
            "purpose",
            "permit_binding_signing",
            "signer.purpose must be permit_binding_signing",
        )?;
        constant(signer, "algorithm", "ed25519", "signer.algorithm must be ed25519")?;
        let signer_key_id = text(signer, "key_id", "signer.key_id must be a string that is not empty")?;
        let message = "manifest_hash must be 64 lower-case hexadecimal digits";
        let manifest_hash = digest(member("manifest_hash"), message)?;
        let signature = text(value, "signature", "signature must be a string that is not empty")?;
        let items = array(value, "keys", "keys must be an array")?;
        let mut keys = Vec::new();
        for (index, item) in items.items().enumerate() {
            keys.push(KeyStatus::parse(item, &format!("keys[{index}]"), with_passkeys)?);
        }
        Ok(Self { value, computed_at, computed, account_id, keys, signer_key_id, manifest_hash, signature })
    }

    /// The hash that the signature is over, in hexadecimal digits.
    ///
    /// # Errors
    /// [`CanonError`] when a member has no canonical form.
    pub fn compute_hash(&self) -> Result<String, CanonError> {
        let mut hashed = ObjectBuilder::new(Profile::Legacy);
        for name in HASHED {
            hashed.value(name, self.value.member(name).unwrap_or(self.value))?;
        }
        Ok(hex::encode(&hashed.digest()))
    }

    /// The references of all keys, in order.
    pub fn event_refs(&self) -> impl Iterator<Item = &EventRef<'a>> {
        self.keys.iter().flat_map(|key| &key.event_refs)
    }
}

impl<'a> KeyStatus<'a> {
    fn parse(value: Value<'a>, path: &str, with_passkeys: bool) -> Result<Self, ShapeError<'a>> {
        if !value.is_object() {
            return fail(value, format!("{path} must be an object"));
        }
        let passkey = value.member("key_scope").is_some_and(|scope| scope.is_text(CO_SIGNER));
        if passkey && !with_passkeys {
            return fail(value, format!("{path} is of a co-signer, which key_scopes does not list"));
        }
        let material: &[&str] = if passkey { &PASSKEY } else { &ED25519 };
        let members: Vec<&str> = ENTRY.iter().chain(material).copied().collect();
        exact(value, &members, format!("the members of {path} do not match v1"))?;
        let member = |name: &str| value.member(name).unwrap_or(value);
        let account_id = uuid(member("account_id"), &format!("{path}.account_id must be a UUID"))?;
        let scope = member("key_scope");
        let Some(key_scope) = scope.text().filter(|text| KEY_SCOPES.contains(&&**text)) else {
            return fail(scope, format!("{path}.key_scope is not known"));
        };
        let key = member("key_id");
        let key_id = if passkey {
            let digits = |text: &Cow<'_, str>| {
                text.strip_prefix("sha256:").is_some_and(|digits| hex::is_lower_hex(digits, 64))
            };
            match key.text().filter(digits) {
                Some(text) => text,
                None => return fail(key, format!("{path}.key_id must be a sha256 digest")),
            }
        } else {
            digest(key, &format!("{path}.key_id must be 64 lower-case hexadecimal digits"))?
        };
        if passkey {
            passkey_material(value, path)?
        } else {
            ed25519_material(value, path)?
        }
        let state = member("status");
        let Some(status) =
            state.text().filter(|text| matches!(&**text, "active" | "revoked" | "compromised"))
        else {
            return fail(state, format!("{path}.status is not known"));
        };
        time(value, "valid_from", &format!("{path}.valid_from"))?;
        optional_time(value, "valid_until", path)?;
        let revoked_at = optional_time(value, "revoked_at", path)?;
        let compromised_at = optional_time(value, "compromised_at", path)?;
        for (name, at) in [("revoked", &revoked_at), ("compromised", &compromised_at)] {
            if status == name && at.is_none() {
                return fail(value, format!("{path} is {name} and states no {name}_at"));
            }
        }
        let references = array(value, "event_refs", format!("{path}.event_refs must be an array"))?;
        for name in ["metadata", "principal"] {
            if !member(name).is_object() {
                return fail(member(name), format!("{path}.{name} must be an object"));
            }
        }
        let mut event_refs = Vec::new();
        for (index, item) in references.items().enumerate() {
            event_refs.push(EventRef::parse(item, &format!("{path}.event_refs[{index}]"))?);
        }
        Ok(Self { value, account_id, key_scope, key_id, status, revoked_at, compromised_at, event_refs })
    }
}

impl<'a> EventRef<'a> {
    /// The order in which leaves are hashed.
    #[must_use]
    pub fn order(&self) -> (i128, &str, &str) {
        (self.sequence, &self.event_id, &self.record_hash)
    }

    fn parse(value: Value<'a>, path: &str) -> Result<Self, ShapeError<'a>> {
        let members = ["event_type", "event_id", "record_hash", "sequence_number", "status"];
        exact(value, &members, format!("the members of {path} do not match v1"))?;
        constant(value, "event_type", "key.status.v1", format!("{path}.event_type must be key.status.v1"))?;
        let message = format!("{path}.event_id must be a string that is not empty");
        let event_id = text(value, "event_id", message)?;
        let member = |name: &str| value.member(name).unwrap_or(value);
        let message = format!("{path}.record_hash must be 64 lower-case hexadecimal digits");
        let record_hash = digest(member("record_hash"), &message)?;
        let sequence_value = member("sequence_number");
        let Some(sequence) = integer(sequence_value).filter(|number| *number >= 1) else {
            return fail(sequence_value, format!("{path}.sequence_number must be a positive integer"));
        };
        let state = member("status");
        let Some(status) = state.text().filter(|text| matches!(&**text, "revoked" | "compromised")) else {
            return fail(state, format!("{path}.status must be revoked or compromised"));
        };
        Ok(Self { value, event_id, record_hash, sequence, sequence_value, status })
    }
}

/// Whether the list is the one with co-signers.
fn scopes(value: Value<'_>) -> Result<bool, ShapeError<'_>> {
    let is = |names: &[&str]| {
        value.is_array()
            && value.len() == names.len()
            && value.items().zip(names).all(|(item, name)| item.is_text(name))
    };
    let [four @ .., _] = &KEY_SCOPES;
    match (is(four), is(&KEY_SCOPES)) {
        (true, _) => Ok(false),
        (_, true) => Ok(true),
        _ => fail(value, "key_scopes do not match v1"),
    }
}

fn ed25519_material<'a>(value: Value<'a>, path: &str) -> Result<(), ShapeError<'a>> {
    constant(value, "algorithm", "ed25519", format!("{path}.algorithm must be ed25519"))?;
    text(value, "public_key", format!("{path}.public_key must be a string that is not empty")).map(|_| ())
}

fn passkey_material<'a>(value: Value<'a>, path: &str) -> Result<(), ShapeError<'a>> {
    let member = |name: &str| value.member(name).unwrap_or(value);
    for name in ["credential_id", "public_key_cose", "rp_id"] {
        text(value, name, format!("{path}.{name} must be a string that is not empty"))?;
    }
    constant(value, "custody_tier", "human_passkey", format!("{path}.custody_tier must be human_passkey"))?;
    if member("cose_alg").kind() != Kind::Int {
        return fail(member("cose_alg"), format!("{path}.cose_alg must be an integer"));
    }
    let origins = member("allowed_origins");
    let texts = origins.is_array()
        && !origins.is_empty()
        && origins.items().all(|origin| origin.non_empty_text().is_some());
    if texts { Ok(()) } else { fail(origins, format!("{path}.allowed_origins must list texts")) }
}

fn uuid<'a>(value: Value<'a>, message: &str) -> Result<String, ShapeError<'a>> {
    value.text().and_then(|text| uuid_text(&text)).map_or_else(|| fail(value, message), Ok)
}

fn digest<'a>(value: Value<'a>, message: &str) -> Result<Cow<'a, str>, ShapeError<'a>> {
    let found = value.text().filter(|text| hex::is_lower_hex(text, 64));
    found.map_or_else(|| fail(value, message), Ok)
}

fn time<'a>(object: Value<'a>, name: &str, path: &str) -> Result<(Cow<'a, str>, Timestamp), ShapeError<'a>> {
    let value = object.member(name).unwrap_or(object);
    let read = value.text().and_then(|text| Some((Timestamp::parse(&text)?, text)));
    read.map_or_else(|| fail(value, format!("{path} is no time")), |(time, text)| Ok((text, time)))
}

fn optional_time<'a>(object: Value<'a>, name: &str, path: &str) -> Result<Option<Timestamp>, ShapeError<'a>> {
    match object.member(name) {
        Some(value) if value.is_null() => Ok(None),
        _ => time(object, name, &format!("{path}.{name}")).map(|(_, time)| Some(time)),
    }
}
