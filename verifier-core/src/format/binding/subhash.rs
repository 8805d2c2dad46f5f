//! Hashes inside a binding payload that stand for data in the envelope (spec 01 section 8, 21 section 5).
//!
//! | payload member | since | hashed value | form |
//! | --- | --- | --- | --- |
//! | `resource_attributes_canonical_hash` | v6 | the resource attributes as received | RFC 8785 |
//! | `spend_scope_hash` | v3 | the normalised `spend_scope` attribute | legacy, in every version |
//! | `delegation_policy_hash` | v4 | the normalised `delegation_policy` attribute | legacy, in every version |
//!
//! Each is the lower-case hexadecimal SHA-256. Normalising lets different texts share a digest (`"500"` and
//! `500.9` both stand for 500), so an equal digest proves the normalised scope, not its spelling. A value
//! that cannot be normalised has no digest and never equals a signed one.

use super::text::trim;
use crate::bytes::hex;
use crate::canon::{self, CanonError, ObjectBuilder, Profile};
use crate::json::{Kind, Value};

/// Digest of the resource attributes.
///
/// # Errors
/// [`CanonError`] when they have no canonical form.
pub fn resource_attributes(attributes: Value<'_>) -> Result<String, CanonError> {
    canon::hex_digest(Profile::Jcs, attributes)
}

/// Digest of a spend scope; `None` when a member is missing or cannot be converted.
#[must_use]
pub fn spend_scope(scope: Value<'_>) -> Option<String> {
    scope.as_object()?;
    let mut object = ObjectBuilder::new(Profile::Legacy);
    for name in ["amount_max", "ttl_seconds"] {
        object.canonical(name, integer(scope.member(name)?)?.into_bytes());
    }
    object.text("currency_class", &trim(&scope.member_text("currency_class")?).to_uppercase());
    object.text("cadence", &lower(scope.member("cadence")?)?);
    match scope.present("purpose_binding") {
        Some(purpose) => object.text("purpose_binding", &lower(purpose)?),
        None => object.text("purpose_binding", "other"),
    };
    for name in ["recipient_address_digest", "merchant_id_digest", "description_digest"] {
        let text = scope.present(name).map(|value| lower(value).ok_or(())).transpose().ok()?;
        object.optional_text(name, text.as_deref().filter(|text| !text.is_empty()));
    }
    Some(hex::encode(&object.digest()))
}

/// Digest of a delegation policy; `None` when it or an entry cannot be converted.
#[must_use]
pub fn delegation_policy(policy: Value<'_>) -> Option<String> {
    let mut entries = policy
        .as_object()?
        .member("delegations")?
        .as_array()?
        .items()
        .map(delegation)
        .collect::<Option<Vec<(String, Vec<u8>)>>>()?;
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    let list: Vec<Vec<u8>> = entries.into_iter().map(|(_, bytes)| bytes).collect();
    let mut object = ObjectBuilder::new(Profile::Legacy);
    object.canonical("delegations", array(&list));
    Some(hex::encode(&object.digest()))
}

fn delegation(entry: Value<'_>) -> Option<(String, Vec<u8>)> {
    entry.as_object()?;
    let verb = lower(entry.member("verb")?)?;
    let mut object = ObjectBuilder::new(Profile::Legacy);
    object.text("verb", &verb);
    for name in ["amount_max", "ttl_seconds"] {
        match entry.present(name) {
            Some(value) => object.canonical(name, integer(value)?.into_bytes()),
            None => object.null(name),
        };
    }
    match entry.present("currency_class") {
        Some(value) => object.text("currency_class", &trim(&value.text()?).to_uppercase()),
        None => object.null("currency_class"),
    };
    match entry.present("allowed_purpose_bindings") {
        Some(list) => {
            let mut names = list.as_array()?.items().map(lower).collect::<Option<Vec<String>>>()?;
            names.sort();
            names.dedup();
            let texts: Vec<Vec<u8>> = names
                .iter()
                .map(|name| {
                    let mut out = Vec::new();
                    canon::write_string(name, &mut out);
                    out
                })
                .collect();
            object.canonical("allowed_purpose_bindings", array(&texts))
        }
        None => object.null("allowed_purpose_bindings"),
    };
    Some((verb, object.finish()))
}

fn array(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![b'['];
    out.extend_from_slice(&items.join(&b","[..]));
    out.push(b']');
    out
}

fn lower(value: Value<'_>) -> Option<String> {
    Some(trim(&value.text()?).to_lowercase())
}

/// Digits of Python's `int(x)`: integers of any size, floats cut toward zero, booleans, decimal texts.
fn integer(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Int => Some(decimal(value.number()?)),
        Kind::Float => {
            let number: f64 = value.number()?.parse().ok()?;
            number.is_finite().then(|| decimal(&format!("{:.0}", number.trunc())))
        }
        Kind::Bool => Some(if value.as_bool()? { "1" } else { "0" }.to_owned()),
        Kind::String => {
            let text = value.text()?;
            let text = trim(&text);
            let (minus, digits) = match text.strip_prefix(['+', '-']) {
                Some(rest) => (text.starts_with('-'), rest),
                None => (false, text),
            };
            let groups = digits.split('_');
            if !groups.clone().all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit())) {
                return None;
            }
            let digits: String = groups.collect();
            Some(decimal(&if minus { format!("-{digits}") } else { digits }))
        }
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// Without leading zeros and without a negative zero.
fn decimal(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn with<T>(text: &str, check: impl FnOnce(Value<'_>) -> T) -> T {
        check(Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap().root())
    }

    /// Spec 01 section 8.1.
    #[test]
    fn empty_attributes() {
        assert_eq!(
            with("{ }", resource_attributes).unwrap(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        assert!(with(r#"{"a":9007199254740992}"#, resource_attributes).is_err());
    }

    /// Spec 01 section 8.2.
    #[test]
    fn spend_scope_vectors() {
        let digest = "fd29d473905c9deeba61c9935d714847b41eaaf260ac4b3a4e220074170083a0";
        for text in [
            r#"{"amount_max":500,"currency_class":"USD","cadence":"daily","ttl_seconds":60}"#,
            r#"{"amount_max":"500","currency_class":" usd","cadence":"Daily","ttl_seconds":60.9}"#,
            r#"{"amount_max":" +5_00 ","currency_class":"USD","cadence":"daily","ttl_seconds":"0060"}"#,
            r#"{"amount_max":500,"currency_class":"USD","cadence":"daily","ttl_seconds":60,"merchant_id_digest":" "}"#,
            r#"{"amount_max":500,"currency_class":"USD","cadence":"daily","ttl_seconds":60,"purpose_binding":"Other"}"#,
        ] {
            assert_eq!(with(text, spend_scope).as_deref(), Some(digest), "{text}");
        }
        for text in [
            "[]",
            r#"{"amount_max":500,"currency_class":"USD","cadence":"daily"}"#,
            r#"{"amount_max":"5e2","currency_class":"USD","cadence":"daily","ttl_seconds":60}"#,
            r#"{"amount_max":"5__0","currency_class":"USD","cadence":"daily","ttl_seconds":60}"#,
            r#"{"amount_max":null,"currency_class":"USD","cadence":"daily","ttl_seconds":60}"#,
            r#"{"amount_max":500,"currency_class":1,"cadence":"daily","ttl_seconds":60}"#,
            r#"{"amount_max":1e999,"currency_class":"USD","cadence":"daily","ttl_seconds":60}"#,
        ] {
            assert_eq!(with(text, spend_scope), None, "{text}");
        }
    }

    /// Spec 01 section 8.3.
    #[test]
    fn delegation_policy_vectors() {
        assert_eq!(
            with(r#"{"delegations":[]}"#, delegation_policy).as_deref(),
            Some("662384cd9e5936a7f01d9c60ae7ce9966e2a3831996651748d8926a6b31ad26f")
        );
        let text = r#"{"delegations":[{"verb":"Pay","amount_max":100,"currency_class":"usd","ttl_seconds":60,"allowed_purpose_bindings":["b","A","a"]}]}"#;
        assert_eq!(
            with(text, delegation_policy).as_deref(),
            Some("58e66da9d8f2f7b19e5a5b54da685aface488f7b5f1c8e5eb5ded0b56abe302a")
        );
        for text in
            ["{}", r#"{"delegations":{}}"#, r#"{"delegations":[1]}"#, r#"{"delegations":[{"amount_max":1}]}"#]
        {
            assert_eq!(with(text, delegation_policy), None, "{text}");
        }
    }

    #[test]
    fn integers_convert_as_python_does() {
        for (text, digits) in [
            ("-0", "0"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("-1.9", "-1"),
            ("-0.5", "0"),
            ("1e22", "10000000000000000000000"),
            ("true", "1"),
            ("\"-007\"", "-7"),
        ] {
            assert_eq!(with(text, integer).as_deref(), Some(digits), "{text}");
        }
    }
}
