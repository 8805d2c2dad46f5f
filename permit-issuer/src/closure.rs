//! Closure records, `closure_v2` (spec 05): what came of a permit.
//!
//! ```text
//! canonical_hash = hex SHA-256( legacy canonical of the signed fields )
//! signature      = base64 Ed25519( permit_binding_signing key, the 64 ASCII bytes of canonical_hash )
//! ```
//!
//! The fields lie flat in the payload of the `permit.closed` event, next to hash and signature: the reference verifier
//! does not read the sealed form. The digests say which bytes the gateway received and handed on, not that anybody
//! read them.

use serde::Deserialize;
use serde_json::{Value, json};
use verifier_core::bytes::{base64, hex};
use verifier_core::canon::Profile;
use verifier_core::time::Timestamp;

use crate::clock::wire_time;
use crate::document;
use crate::error::{Error, Result};
use crate::keys::{KeySet, Purpose, Signer};
use crate::request::{check_count, check_token};

/// How a call ended, the closed set of spec 05 section 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Complete.
    Closed,
    /// The client went away.
    ClientDisconnected,
    /// The provider refused or failed.
    ProviderError,
    /// Nobody answered in time.
    Timeout,
    /// The request never left.
    DispatchError,
    /// The response's digest is not known.
    ProviderDigestMissing,
    /// The delivered bytes' digest is not known.
    ClientDigestMissing,
    /// Nothing is known.
    MissingClosure,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ClientDisconnected => "client_disconnected",
            Self::ProviderError => "provider_error",
            Self::Timeout => "timeout",
            Self::DispatchError => "dispatch_error",
            Self::ProviderDigestMissing => "provider_digest_missing",
            Self::ClientDigestMissing => "client_digest_missing",
            Self::MissingClosure => "missing_closure",
        }
    }

    /// Whether a call without reported usage most likely cost nothing.
    #[must_use]
    pub fn is_free_without_usage(self) -> bool {
        matches!(self, Self::ProviderError | Self::DispatchError)
    }
}

/// What a caller reports about the end of a call.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// Repeating a call with the same key gives the same closure.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// Which permit.
    pub permit_id: String,
    /// How it ended.
    pub status: Status,
    /// The gateway's name for the call; absent: the one given at dispatch.
    #[serde(default)]
    pub execution_id: Option<String>,
    /// The gateway's name for the conversation.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// HTTP status of the provider.
    #[serde(default)]
    pub status_code: Option<i64>,
    /// The provider's name for the response.
    #[serde(default)]
    pub provider_response_id: Option<String>,
    /// Bytes received from the provider.
    #[serde(default)]
    pub provider_response: Option<Bytes>,
    /// Bytes handed to the client.
    #[serde(default)]
    pub client_response: Option<Bytes>,
    /// Instants; absent ones are the permit's or now.
    #[serde(default)]
    pub request_created_at: Option<String>,
    /// First byte sent.
    #[serde(default)]
    pub started_at: Option<String>,
    /// Last byte handled.
    #[serde(default)]
    pub completed_at: Option<String>,
    /// Last byte received.
    #[serde(default)]
    pub provider_response_received_at: Option<String>,
    /// Last byte handed on.
    #[serde(default)]
    pub client_response_delivered_at: Option<String>,
    /// What was used.
    #[serde(default)]
    pub usage: Option<Usage>,
}

/// Bytes, or their digest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Bytes {
    /// 64 lower-case hexadecimal digits.
    Sha256(String),
    /// UTF-8 text.
    Text(String),
    /// Any bytes.
    Base64(String),
}

impl Bytes {
    fn digest(&self, name: &str) -> Result<String> {
        let bad = |what: &str| Error::refused("closure.digest_invalid", format!("{name}: {what}"));
        match self {
            Self::Sha256(text) if hex::is_lower_hex(text, 64) => Ok(text.clone()),
            Self::Sha256(_) => Err(bad("sha256 must be 64 lower-case hexadecimal digits")),
            Self::Text(text) => Ok(document::sha256_hex(text.as_bytes())),
            Self::Base64(text) => base64::decode(text)
                .map(|bytes| document::sha256_hex(&bytes))
                .ok_or_else(|| bad("not standard base64")),
        }
    }
}

/// What a call used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Input tokens.
    #[serde(default)]
    pub input_tokens: Option<i64>,
    /// Output tokens.
    #[serde(default)]
    pub output_tokens: Option<i64>,
    /// Cost; absent: tokens times the policy's prices.
    #[serde(default)]
    pub cost_usd_micros: Option<i64>,
    /// Who says so: `caller_report` or `provider_receipt`.
    #[serde(default = "caller_report")]
    pub method: String,
}

fn caller_report() -> String {
    "caller_report".to_owned()
}

/// What the permit contributes to its closure.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Permit UUID.
    pub permit_id: &'a str,
    /// Provider.
    pub provider: &'a str,
    /// Model.
    pub model: &'a str,
    /// `created_at` of the permit.
    pub created_at: i64,
    /// When the request left, if it did.
    pub dispatched_at: Option<i64>,
    /// Its digest, if it left.
    pub request_hash: Option<&'a str>,
    /// Name given at dispatch.
    pub execution_id: &'a str,
    /// Whether usage is reported with the closure.
    pub usage_reported: bool,
    /// Now.
    pub at: i64,
}

/// A checked closure: digests computed, presence matrix satisfied.
#[derive(Clone, Debug)]
pub struct Closure {
    /// Flat payload of the `permit.closed` event, signed.
    pub payload: Value,
    /// Digest of the provider's bytes.
    pub provider_digest: Option<String>,
    /// Digest of the client's bytes.
    pub client_digest: Option<String>,
    /// Name of the call.
    pub execution_id: String,
}

impl CloseRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Error::Refused`] when a member is missing, unknown or not acceptable.
    pub fn parse(value: Value) -> Result<Self> {
        let request: Self = serde_json::from_value(value)
            .map_err(|error| Error::refused("request.invalid", format!("close request: {error}")))?;
        for (name, text) in [
            ("idempotency_key", &request.idempotency_key),
            ("execution_id", &request.execution_id),
            ("correlation_id", &request.correlation_id),
            ("provider_response_id", &request.provider_response_id),
        ] {
            if let Some(text) = text {
                check_token(name, text)?;
            }
        }
        if let Some(usage) = &request.usage {
            check_count("usage.input_tokens", usage.input_tokens)?;
            check_count("usage.output_tokens", usage.output_tokens)?;
            check_count("usage.cost_usd_micros", usage.cost_usd_micros)?;
            if !matches!(usage.method.as_str(), "caller_report" | "provider_receipt") {
                return Err(Error::refused(
                    "request.invalid",
                    "usage.method must be caller_report or provider_receipt",
                ));
            }
        }
        Ok(request)
    }

    /// Builds and signs the closure.
    ///
    /// # Errors
    /// [`Error::Refused`] when the presence matrix of spec 05 section 8 is not satisfied.
    pub fn build(&self, subject: Subject<'_>, keys: &KeySet) -> Result<Closure> {
        let digest = |name, bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| bytes.digest(name)).transpose();
        let provider_digest = digest("provider_response", &self.provider_response)?;
        let client_digest = digest("client_response", &self.client_response)?;
        self.check_matrix(subject, provider_digest.is_some(), client_digest.is_some())?;
        let execution_id = self.execution_id.clone().unwrap_or_else(|| subject.execution_id.to_owned());
        let instant = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => Timestamp::parse(text)
                .map(|stamp| Some(wire_time(stamp.unix_micros())))
                .ok_or_else(|| Error::refused("request.invalid", format!("{name} {text:?} is not a time"))),
        };
        let now = wire_time(subject.at);
        let created = wire_time(subject.created_at);
        let started = wire_time(subject.dispatched_at.unwrap_or(subject.at));
        let mut payload = json!({
            "binding_version": "closure_v2",
            "permit_id": subject.permit_id,
            "execution_id": execution_id,
            "correlation_id": self.correlation_id,
            "provider": subject.provider,
            "model": subject.model,
            "dispatch_request_digest_v1": subject.request_hash,
            "provider_response_digest_v1": provider_digest,
            "client_response_digest_v1": client_digest,
            "closure_status": self.status.name(),
            "status_code": self.status_code,
            "provider_response_id": self.provider_response_id,
            "dispatch_request_digest_semantics": "approved_request_body_bytes_at_dispatch_time",
            "provider_response_digest_semantics": "provider_bytes_received_by_keel",
            "client_response_digest_semantics": "response_bytes_handed_to_asgi_not_tcp_receipt",
            "request_created_at": instant("request_created_at", &self.request_created_at)?.unwrap_or(created),
            "started_at": instant("started_at", &self.started_at)?.unwrap_or(started),
            "completed_at": instant("completed_at", &self.completed_at)?.unwrap_or_else(|| now.clone()),
            "provider_response_received_at":
                instant("provider_response_received_at", &self.provider_response_received_at)?,
            "client_response_delivered_at":
                instant("client_response_delivered_at", &self.client_response_delivered_at)?,
            "closure_signed_at": now,
            "binding_key_id": keys.key_id(Purpose::PermitBindingSigning)?,
        });
        if let (true, Some(members)) = (subject.usage_reported, payload.as_object_mut()) {
            members.insert("usage_reported_at".to_owned(), json!(wire_time(subject.at)));
        }
        sign(&mut payload, keys.signer(Purpose::PermitBindingSigning)?)?;
        Ok(Closure { payload, provider_digest, client_digest, execution_id })
    }

    fn check_matrix(&self, subject: Subject<'_>, provider: bool, client: bool) -> Result<()> {
        let status = self.status;
        let need = |present: bool, what: &str| {
            if present {
                return Ok(());
            }
            Err(Error::refused("closure.digest_missing", format!("status {} needs {what}", status.name())))
        };
        match status {
            Status::Closed => {
                need(subject.request_hash.is_some(), "a dispatched request")?;
                need(provider, "provider_response")?;
                need(client, "client_response")
            }
            Status::ClientDisconnected
            | Status::ProviderError
            | Status::Timeout
            | Status::ProviderDigestMissing
            | Status::ClientDigestMissing => need(subject.request_hash.is_some(), "a dispatched request"),
            Status::DispatchError | Status::MissingClosure => Ok(()),
        }
    }
}

/// Adds hash and signature to the signed fields of a closure, in place of those that it may carry.
///
/// # Errors
/// [`Error::Refused`] when the fields have no canonical form.
pub(crate) fn sign(payload: &mut Value, signer: &dyn Signer) -> Result<()> {
    if let Some(members) = payload.as_object_mut() {
        members.remove("closure_canonical_hash");
        members.remove("closure_signature_b64");
    }
    let hash = document::digest(Profile::Legacy, payload)?;
    let signature = signer.sign(hash.as_bytes());
    if let Some(members) = payload.as_object_mut() {
        members.insert("closure_canonical_hash".to_owned(), json!(hash));
        members.insert("closure_signature_b64".to_owned(), json!(base64::encode(&signature)));
    }
    Ok(())
}
