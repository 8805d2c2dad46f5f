//! DSSE envelopes and the in-toto statements in them.
//!
//! The signature is over the pre-authentication encoding of the payload's type and bytes (DSSE v1 protocol):
//!
//! ```text
//! PAE = "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload        LEN: bytes, ASCII decimal
//! ```
//!
//! An in-toto statement speaks about an artifact by digest: the artifact is meant when one of its digests stands
//! under one of the subjects. That the predicate is true is not shown by anything here.

use std::fmt;

use super::artifact::ArtifactDigest;
use super::protobuf::{self, Malformed, Message};
use crate::bytes::hex;
use crate::json::{ParserLimits, Value};

/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An envelope with its one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// The signature over [`Envelope::signed_bytes`].
    pub signature: Vec<u8>,
}

impl Envelope {
    pub(super) fn parse(value: Value<'_>) -> Result<Self, Malformed> {
        let envelope = Message::new(value, &["payload", "payloadType", "signatures"])?;
        let signatures = envelope.items("signatures", 2)?;
        let [signature] = signatures.as_slice() else {
            return Err(Malformed::at(value, "must hold exactly one signature"));
        };
        Ok(Self {
            payload_type: envelope.text("payloadType")?.into_owned(),
            payload: envelope.bytes("payload")?,
            signature: Message::new(*signature, &["sig", "keyid"])?.bytes("sig")?,
        })
    }

    /// The pre-authentication encoding.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        let (kind, payload) = (&self.payload_type, &self.payload);
        let mut out = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        out.extend_from_slice(payload);
        out
    }

    /// Whether the payload is an in-toto statement about the artifact.
    ///
    /// # Errors
    /// [`StatementError`] when it is not, or not readable as a statement.
    pub fn check_subject(
        &self,
        artifact: &ArtifactDigest,
        limits: ParserLimits,
    ) -> Result<(), StatementError> {
        if self.payload_type != IN_TOTO {
            return Err(StatementError::PayloadType(self.payload_type.clone()));
        }
        let document = protobuf::document(&self.payload, limits).map_err(StatementError::Malformed)?;
        let root = document.root();
        let versions = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
        if !root.member("_type").is_some_and(|kind| versions.iter().any(|version| kind.is_text(version))) {
            return Err(StatementError::Malformed(Malformed::at(
                root,
                "not an in-toto statement of v0.1 or v1",
            )));
        }
        let subjects = root.member("subject").filter(|subjects| subjects.is_array());
        let subjects =
            subjects.ok_or_else(|| StatementError::Malformed(Malformed::at(root, "no array of subjects")))?;
        if subjects.items().any(|subject| names(subject, artifact)) {
            return Ok(());
        }
        Err(StatementError::OtherSubject { subjects: subjects.items().count() })
    }
}

/// Whether a subject has the artifact's digest, and no other one of the algorithms that were computed.
fn names(subject: Value<'_>, artifact: &ArtifactDigest) -> bool {
    let stated = |name: &str| subject.path(&["digest", name]);
    let mut known = [
        ("sha256", Some(artifact.sha256.as_slice())),
        ("sha384", artifact.sha384.as_ref().map(<[u8; 48]>::as_slice)),
        ("sha512", artifact.sha512.as_ref().map(<[u8; 64]>::as_slice)),
    ]
    .into_iter()
    .filter_map(|(name, computed)| Some((stated(name)?, computed?)))
    .peekable();
    known.peek().is_some() && known.all(|(stated, computed)| stated.is_text(&hex::encode(computed)))
}

/// Why a payload does not speak about the artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementError {
    /// It is of a type whose subjects are not known here.
    PayloadType(String),
    /// It is no in-toto statement.
    Malformed(Malformed),
    /// It speaks about other artifacts.
    OtherSubject {
        /// How many it names.
        subjects: usize,
    },
}

impl fmt::Display for StatementError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadType(kind) => write!(formatter, "payload type {kind:?} is not supported"),
            Self::Malformed(error) => write!(formatter, "payload: {error}"),
            Self::OtherSubject { subjects } => {
                write!(formatter, "none of the statement's {subjects} subjects has the artifact's digest")
            }
        }
    }
}

impl std::error::Error for StatementError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(payload: &str) -> Envelope {
        Envelope {
            payload_type: IN_TOTO.to_owned(),
            payload: payload.as_bytes().to_vec(),
            signature: vec![1],
        }
    }

    /// The example of the DSSE protocol document.
    #[test]
    fn pre_authentication_encoding() {
        let envelope =
            Envelope { payload_type: "http://example.com/HelloWorld".to_owned(), ..envelope("hello world") };
        assert_eq!(envelope.signed_bytes(), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_subject_is_meant_by_digest_only() {
        let artifact = ArtifactDigest::of(b"hello");
        let statement = |subjects: &str| {
            envelope(&format!(r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects}}}"#))
        };
        let sha256 = hex::encode(&artifact.sha256);
        let sha512 = hex::encode(&artifact.sha512.unwrap());
        let check = |subjects: &str| statement(subjects).check_subject(&artifact, ParserLimits::default());
        assert_eq!(
            check(&format!(r#"[{{"name":"x","digest":{{}}}},{{"digest":{{"sha256":"{sha256}"}}}}]"#)),
            Ok(())
        );
        assert_eq!(check(&format!(r#"[{{"digest":{{"sha512":"{sha512}"}}}}]"#)), Ok(()));
        for other in [
            format!(r#"[{{"name":"{sha256}","digest":{{"md5":"{sha256}"}}}}]"#),
            format!(r#"[{{"digest":{{"sha256":"{}"}}}}]"#, sha256.to_uppercase()),
            format!(r#"[{{"digest":{{"sha256":"{sha256}","sha512":"{}"}}}}]"#, "0".repeat(128)),
            "[]".to_owned(),
        ] {
            assert!(matches!(check(&other), Err(StatementError::OtherSubject { .. })), "{other}");
        }
        assert!(matches!(check("{}"), Err(StatementError::Malformed(_))));
        let other = Envelope { payload_type: "text/plain".to_owned(), ..statement("[]") };
        assert!(other.check_subject(&artifact, ParserLimits::default()).is_err());
    }
}
