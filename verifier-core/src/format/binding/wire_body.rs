//! The provider request body under a binding (spec 01 section 7, 21 section 5.2).
//!
//! ```text
//! final_request_hash = lower-case hex of SHA-256(canonical form of the body without stripped members)
//! ```
//!
//! A member is stripped, at every depth, when its name normalises to a name that changes from one sending of
//! a request to the next, or that holds a credential. Normalising takes the lower-case form and keeps
//! only alphanumeric characters, so `Request-ID`, `x_request_id` and a tool argument called `Timestamp`
//! all are. The hash says nothing about stripped members: [`stripped`] names them.

use sha2::{Digest, Sha256};

use super::text::{is_alphanumeric, trim};
use crate::bytes::hex;
use crate::canon::{self, CanonError, Profile};
use crate::json::{Kind, Value};

/// Normalised names that are left out, in order of name.
const STRIPPED: [&str; 16] = [
    "anthropicapikey",
    "apikey",
    "authorization",
    "idempotencykey",
    "keelidempotencykey",
    "keelrequestid",
    "openaiapikey",
    "proxyauthorization",
    "requestid",
    "spanid",
    "timestamp",
    "traceid",
    "xapikey",
    "xgoogapikey",
    "xkeeltimestamp",
    "xrequestid",
];

const LONGEST: usize = 18;

/// Pointers that [`stripped`] gives at most.
pub const STRIPPED_KEPT: usize = 32;

/// Whether a member of this name is outside the hash.
#[must_use]
pub fn is_stripped(name: &str) -> bool {
    let mut buffer = [0u8; LONGEST];
    let mut length = 0usize;
    let mut push = |byte: u8| {
        let slot = buffer.get_mut(length);
        length += 1;
        slot.map(|slot| *slot = byte).is_some()
    };
    let fits = if name.is_ascii() {
        name.bytes().filter(u8::is_ascii_alphanumeric).all(|byte| push(byte.to_ascii_lowercase()))
    } else {
        // One letter beyond ASCII is enough to differ from every listed name.
        name.to_lowercase()
            .chars()
            .filter(|c| is_alphanumeric(*c))
            .all(|c| u8::try_from(c).is_ok_and(|byte| byte.is_ascii() && push(byte)))
    };
    let normal = buffer.get(..length).unwrap_or_default();
    fits && STRIPPED.binary_search_by(|listed| listed.as_bytes().cmp(normal)).is_ok()
}

/// Lower-case hexadecimal digest of the body without its stripped members.
///
/// # Errors
/// [`CanonError`] when what remains has no canonical form.
pub fn hex_digest(profile: Profile, body: Value<'_>) -> Result<String, CanonError> {
    let mut bytes = Vec::with_capacity(256);
    canon::write_filtered(profile, body, is_stripped, &mut bytes)?;
    Ok(hex::encode(&Sha256::digest(&bytes)))
}

/// The digest that a signed `final_request_hash` stands for: trimmed, lower-case, without `sha256:`.
#[must_use]
pub fn signed_digest(text: &str) -> Option<String> {
    let text = trim(text).to_lowercase();
    let bare = text.strip_prefix("sha256:").unwrap_or(&text);
    hex::is_lower_hex(bare, 64).then(|| bare.to_owned())
}

/// RFC 6901 pointers of the stripped members, in document order, at most [`STRIPPED_KEPT`].
#[must_use]
pub fn stripped(body: Value<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = String::new();
    collect(body, &mut path, &mut found);
    found
}

/// Recursion is bounded by the parser's nesting limit.
fn collect(value: Value<'_>, path: &mut String, found: &mut Vec<String>) {
    let depth = path.len();
    match value.kind() {
        Kind::Object => {
            for member in value.members() {
                if found.len() >= STRIPPED_KEPT {
                    return;
                }
                let name = member.name();
                path.push('/');
                path.push_str(&name.replace('~', "~0").replace('/', "~1"));
                if is_stripped(&name) {
                    found.push(path.clone());
                } else {
                    collect(member.value, path, found);
                }
                path.truncate(depth);
            }
        }
        Kind::Array => {
            for (position, item) in value.items().enumerate() {
                if matches!(item.kind(), Kind::Object | Kind::Array) {
                    path.push('/');
                    path.push_str(&position.to_string());
                    collect(item, path, found);
                    path.truncate(depth);
                }
            }
        }
        Kind::Null | Kind::Bool | Kind::Int | Kind::Float | Kind::String => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn parse(text: &str) -> Document {
        Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
    }

    #[test]
    fn the_table_is_sorted_and_fits_the_buffer() {
        assert!(STRIPPED.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(STRIPPED.iter().map(|name| name.len()).max(), Some(LONGEST));
        assert!(STRIPPED.iter().all(|name| is_stripped(name)));
    }

    /// Spec 01 section 7, second table; the last names were run through Python 3.11.
    #[test]
    fn names_normalise_as_specified() {
        for name in [
            "Request-ID",
            "x_request_id",
            "TRACE.ID",
            "timestamp",
            "TimeStamp ",
            "api_key",
            "X-Api-Key",
            "idempotency_key",
            "authorization",
            "x-goog-api-key",
            "ti\u{307}mestamp",
            "T\u{130}MESTAMP",
            "api\u{212a}ey",
            "ⓐtimestamp",
            "time\u{93e}stamp",
        ] {
            assert!(is_stripped(name), "{name:?}");
        }
        for name in [
            "model",
            "ＡＰＩkey",
            "apikey²",
            "trace_idé",
            "",
            "-",
            "timestamps",
            "xx_proxy_authorization",
            "五",
        ] {
            assert!(!is_stripped(name), "{name:?}");
        }
    }

    /// Spec 01 section 7, examples.
    #[test]
    fn bodies_canonicalise_as_specified() {
        let body = parse(
            r#"{"model":"m","timestamp":1,"messages":[{"role":"u","request_id":"x","content":"hi"}],"temperature":1.0}"#,
        );
        let mut out = Vec::new();
        canon::write_filtered(Profile::Legacy, body.root(), is_stripped, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"messages":[{"content":"hi","role":"u"}],"model":"m","temperature":1.0}"#
        );
        assert_eq!(stripped(body.root()), ["/timestamp", "/messages/0/request_id"]);
        let body = parse(r#"{"temperature":1.0,"t":1e-7}"#);
        let mut out = Vec::new();
        canon::write_filtered(Profile::Jcs, body.root(), is_stripped, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"t":1e-7,"temperature":1}"#);
        assert!(stripped(body.root()).is_empty());
    }

    #[test]
    fn a_stripped_member_may_hold_anything() {
        let with = parse(r#"{"a":1,"x-api-key":123456789012345678901234567890}"#);
        let without = parse(r#"{"a":1}"#);
        assert_eq!(hex_digest(Profile::Jcs, with.root()), hex_digest(Profile::Jcs, without.root()));
    }
}
