//! The scope-state sidecar `checkpoint_scope_state.v1` (spec 12 section 12.2).
//!
//! A signed object of exactly 13 members that says, for one chain at one checkpoint, how many records match
//! each of a list of predicates, which are the first and the last, and the Merkle root over them. The signed
//! bytes are the legacy canonical JSON of the sidecar without `signature.signature`; Ed25519 signs these bytes
//! themselves, without a hash and without a domain separator.
//!
//! Nothing in it names the record hash of the chain's head: only `checkpoint_id`, which no signature of the
//! checkpoint covers, ties it to a checkpoint.

use std::borrow::Cow;

use super::predicate::{KINDS, Predicate, PredicateError};
use super::shape::{ShapeError, array, constant, exact, fail, hash, integer, text};
use crate::canon::{self, CanonError, ObjectBuilder, Profile};
use crate::json::Value;

/// The commitment profile of spec 12 section 12.3.
pub const COMMITMENT_PROFILE: &str = "keel.scope_state.merkle.v1";

/// A sidecar of the documented shape.
#[derive(Clone, Debug)]
pub struct Sidecar<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The sidecar's id.
    pub scope_state_id: Cow<'a, str>,
    /// The checkpoint it belongs to.
    pub checkpoint_id: Cow<'a, str>,
    /// The chain it is about.
    pub chain_scope: Cow<'a, str>,
    /// Which grammar its predicates are of.
    pub grammar_version: Cow<'a, str>,
    /// Which rule gives the roots.
    pub commitment_profile: Cow<'a, str>,
    /// Kinds that its predicates may use.
    pub supported_kinds: Vec<Cow<'a, str>>,
    /// The commitments.
    pub commitments: Vec<Commitment<'a>>,
    /// Recorded size of the scope-state tree; nothing is checked with it.
    pub tree_size: i128,
    /// Stated signing time.
    pub signed_at: Cow<'a, str>,
    /// Key id of the signature.
    pub key_id: Cow<'a, str>,
    /// The signature's text.
    pub signature: Cow<'a, str>,
    /// Purpose of the key.
    pub purpose: Cow<'a, str>,
    /// Key id of the trust-root reference.
    pub reference_key_id: Cow<'a, str>,
}

/// What a sidecar says about one predicate.
#[derive(Clone, Debug)]
pub struct Commitment<'a> {
    /// As received.
    pub value: Value<'a>,
    /// The predicate, or why this grammar does not have it.
    pub predicate: Result<Predicate<'a>, PredicateError>,
    /// The predicate as received.
    pub predicate_value: Value<'a>,
    /// Stated hash of the predicate.
    pub predicate_hash: Cow<'a, str>,
    /// Stated root over the matching records.
    pub root: Cow<'a, str>,
    /// How many records match.
    pub count: i128,
    /// Sequence number of the first.
    pub first: Option<i128>,
    /// Sequence number of the last.
    pub last: Option<i128>,
}

const MEMBERS: [&str; 13] = [
    "artifact_type",
    "version",
    "scope_state_id",
    "checkpoint_id",
    "chain_scope",
    "predicate_grammar_version",
    "predicate_basis",
    "commitment_profile",
    "scope_commitments",
    "tree_size",
    "signed_at",
    "signature",
    "trust_root_reference",
];

impl<'a> Sidecar<'a> {
    /// Reads a sidecar. Predicates of another grammar pass; malformed ones do not.
    ///
    /// # Errors
    /// [`ShapeError`] names the first rule that it breaks.
    pub fn parse(value: Value<'a>) -> Result<Self, ShapeError<'a>> {
        exact(value, &MEMBERS, "the members of the sidecar do not match checkpoint_scope_state.v1")?;
        for (name, expected) in
            [("artifact_type", "checkpoint_scope_state"), ("version", "checkpoint_scope_state.v1")]
        {
            constant(value, name, expected, format!("{name} must be {expected}"))?;
        }
        let string = |name: &str| text(value, name, format!("{name} must be a string that is not empty"));
        let member = |name: &str| value.member(name).unwrap_or(value);
        let (key_id, signature) = signature(member("signature"))?;
        let (purpose, reference_key_id) = trust_reference(member("trust_root_reference"))?;
        let commitments = array(value, "scope_commitments", "scope_commitments must be an array")?;
        if commitments.is_empty() {
            return fail(commitments, "scope_commitments must not be empty");
        }
        let Some(tree_size) = integer(member("tree_size")).filter(|size| *size >= 0) else {
            return fail(member("tree_size"), "tree_size must be a non-negative integer");
        };
        Ok(Self {
            value,
            scope_state_id: string("scope_state_id")?,
            checkpoint_id: string("checkpoint_id")?,
            chain_scope: string("chain_scope")?,
            grammar_version: string("predicate_grammar_version")?,
            commitment_profile: string("commitment_profile")?,
            supported_kinds: predicate_basis(member("predicate_basis"))?,
            commitments: commitments
                .items()
                .enumerate()
                .map(|(index, item)| Commitment::parse(item, index))
                .collect::<Result<_, _>>()?,
            tree_size,
            signed_at: string("signed_at")?,
            key_id,
            signature,
            purpose,
            reference_key_id,
        })
    }

    /// The text of the signature of any object that may be a sidecar, when there is one.
    #[must_use]
    pub fn signature_text(value: Value<'a>) -> Option<Cow<'a, str>> {
        value.member("signature")?.as_object()?.member("signature")?.non_empty_text()
    }

    /// The bytes that the signature covers.
    ///
    /// # Errors
    /// [`CanonError`] when a value has no canonical form.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, CanonError> {
        let mut builder = ObjectBuilder::new(Profile::Legacy);
        for name in MEMBERS {
            let Some(member) = self.value.member(name) else { continue };
            if name == "signature" {
                let mut bytes = Vec::new();
                canon::write_except(Profile::Legacy, member, &["signature"], &mut bytes)?;
                builder.canonical(name, bytes);
            } else {
                builder.value(name, member)?;
            }
        }
        Ok(builder.finish())
    }

    /// The id that the format derives from chain and checkpoint.
    #[must_use]
    pub fn derived_id(&self) -> String {
        let mut scope = ObjectBuilder::new(Profile::Legacy);
        scope.text("chain_scope", &self.chain_scope);
        format!("keel.scope_state.v1:{}:{}", crate::bytes::hex::encode(&scope.digest()), self.checkpoint_id)
    }
}

impl<'a> Commitment<'a> {
    fn parse(value: Value<'a>, index: usize) -> Result<Self, ShapeError<'a>> {
        let path = format!("scope_commitments[{index}]");
        let members = [
            "predicate_value",
            "predicate_value_hash",
            "membership_root_hash",
            "matching_count",
            "first_matching_sequence",
            "last_matching_sequence",
        ];
        exact(value, &members, format!("the members of {path} do not match v1"))?;
        let member = |name: &str| value.member(name).unwrap_or(value);
        let digest = |name: &str| hash(value, name, format!("{path}.{name} must be a sha256 digest"));
        let predicate_value = member("predicate_value");
        let predicate = Predicate::parse(predicate_value);
        if let Err(PredicateError::Malformed(text)) = &predicate {
            return fail(predicate_value, format!("{path}.predicate_value: {text}"));
        }
        let Some(count) = integer(member("matching_count")).filter(|count| *count >= 0) else {
            return fail(
                member("matching_count"),
                format!("{path}.matching_count must be a non-negative integer"),
            );
        };
        let sequence = |name: &str| {
            let value = member(name);
            match integer(value) {
                Some(number) if number >= 1 => Ok(Some(number)),
                None if value.is_null() => Ok(None),
                _ => fail(value, format!("{path}.{name} must be a positive integer or null")),
            }
        };
        Ok(Self {
            value,
            predicate,
            predicate_value,
            predicate_hash: digest("predicate_value_hash")?,
            root: digest("membership_root_hash")?,
            count,
            first: sequence("first_matching_sequence")?,
            last: sequence("last_matching_sequence")?,
        })
    }
}

fn predicate_basis<'a>(value: Value<'a>) -> Result<Vec<Cow<'a, str>>, ShapeError<'a>> {
    exact(
        value,
        &["canonicalization_profile", "supported_predicate_kinds", "reserved_namespaces"],
        "the members of predicate_basis do not match v1",
    )?;
    constant(
        value,
        "canonicalization_profile",
        "keel.canonical_json.payload.v1",
        "predicate_basis.canonicalization_profile is not known",
    )?;
    let kinds =
        unique_texts(value, "supported_predicate_kinds", |text| KINDS.iter().any(|kind| kind.name == text))?;
    unique_texts(value, "reserved_namespaces", |text| {
        text.starts_with("keel.") || text == "non_membership_profile"
    })?;
    Ok(kinds)
}

fn unique_texts<'a>(
    object: Value<'a>,
    name: &str,
    accepted: impl Fn(&str) -> bool,
) -> Result<Vec<Cow<'a, str>>, ShapeError<'a>> {
    let items = array(object, name, format!("{name} must be an array"))?;
    let mut texts: Vec<Cow<'a, str>> = Vec::new();
    for item in items.items() {
        match item.text() {
            Some(text) if accepted(&text) && !texts.contains(&text) => texts.push(text),
            _ => return fail(item, format!("{name} holds a repeated or unknown entry")),
        }
    }
    Ok(texts)
}

fn signature<'a>(value: Value<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), ShapeError<'a>> {
    exact(value, &["algorithm", "key_id", "signature"], "the members of signature do not match v1")?;
    constant(value, "algorithm", "Ed25519", "signature.algorithm must be Ed25519")?;
    let key_id = text(value, "key_id", "signature.key_id must be a string that is not empty")?;
    let message = "signature.signature must be ed25519:BASE64";
    let signature = text(value, "signature", message)?;
    if !signature.starts_with("ed25519:") {
        return fail(value.member("signature").unwrap_or(value), message);
    }
    Ok((key_id, signature))
}

fn trust_reference<'a>(value: Value<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), ShapeError<'a>> {
    exact(
        value,
        &["manifest_version", "purpose", "key_id"],
        "the members of trust_root_reference do not match v1",
    )?;
    constant(
        value,
        "manifest_version",
        "keel.public_key_manifest.v1",
        "trust_root_reference.manifest_version is not known",
    )?;
    let purpose = value.member("purpose").unwrap_or(value);
    let Some(name) = purpose.text().filter(|text| matches!(&**text, "scope_state" | "integrity_checkpoint"))
    else {
        return fail(purpose, "trust_root_reference.purpose is not known");
    };
    let key_id = text(value, "key_id", "trust_root_reference.key_id must be a string that is not empty")?;
    Ok((name, key_id))
}
