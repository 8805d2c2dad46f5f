use super::Problem;
use crate::bytes::der::{self, Algorithm, Element, Reader};
use crate::time::{Timestamp, UnixNanos};

/// Octets of a serial number (RFC 3161 section 2.4.2 asks readers for at least 20).
const SERIAL_BYTES: usize = 32;
/// Octets of a nonce.
const NONCE_BYTES: usize = 64;

/// Half the width of the interval that a stated time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accuracy {
    /// Nanoseconds.
    pub nanos: u64,
}

/// What a token claims (RFC 3161 section 2.4.2).
#[derive(Clone, Debug)]
pub struct TstInfo<'a> {
    /// The authority's policy, as dotted object identifier.
    pub policy: String,
    /// Algorithm of the imprint.
    pub imprint_algorithm: Algorithm<'a>,
    /// Digest of what is stamped.
    pub imprint: &'a [u8],
    /// Content octets of the serial number.
    pub serial: &'a [u8],
    /// The stated time as received, `YYYYMMDDhhmmss[.f]Z`.
    pub gen_time_text: &'a str,
    /// The stated time.
    pub gen_time: UnixNanos,
    /// `None` when not stated, which is not zero.
    pub accuracy: Option<Accuracy>,
    /// Whether tokens of this authority are ordered by their times alone.
    pub ordering: bool,
    /// Content octets of the nonce.
    pub nonce: Option<&'a [u8]>,
    /// The `GeneralName` of the authority.
    pub(super) tsa: Option<Element<'a>>,
}

impl<'a> TstInfo<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        let mut inside = Reader::single(bytes, der::SEQUENCE)?.inside();
        if inside.small()? != 1 {
            return Err(Problem::Malformed("TSTInfo is not of version 1".to_owned()));
        }
        let policy = der::dotted(inside.expect(der::OID)?.value);
        let mut imprint = inside.expect(der::SEQUENCE)?.inside();
        let (imprint_algorithm, digest) = (imprint.algorithm()?, imprint.expect(der::OCTET_STRING)?.value);
        imprint.end()?;
        let serial = inside.expect(der::INTEGER)?.value;
        // RFC 3161 does not say that it is positive, and OpenSSL reads others.
        der::shortest(serial)?;
        let time = inside.expect(der::GENERALIZED_TIME)?.value;
        let (gen_time_text, gen_time) = general_time(time)
            .ok_or_else(|| Problem::Malformed("genTime is not YYYYMMDDhhmmss[.f]Z".to_owned()))?;
        let accuracy = inside.optional(der::SEQUENCE)?.map(accuracy).transpose()?;
        let ordering = inside.optional(der::BOOLEAN)?;
        let ordering = match ordering {
            // A stated default is not DER.
            Some(element) if !der::boolean(element.value)? => return Err(der::DerError::Value.into()),
            Some(_) => true,
            None => false,
        };
        let nonce = inside.optional(der::INTEGER)?.map(|element| element.value);
        let tsa = match inside.optional(der::context(0))? {
            Some(element) => {
                let mut name = element.inside();
                let general_name = name.read()?;
                name.end()?;
                Some(general_name)
            }
            None => None,
        };
        if let Some(extensions) = inside.optional(der::context(1))? {
            no_critical_extension(extensions)?;
        }
        inside.end()?;
        if serial.len() > SERIAL_BYTES || nonce.is_some_and(|nonce| nonce.len() > NONCE_BYTES) {
            return Err(Problem::Malformed("serial number or nonce is too long".to_owned()));
        }
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint: digest,
            serial,
            gen_time_text,
            gen_time,
            accuracy,
            ordering,
            nonce,
            tsa,
        })
    }

    /// The earliest and the latest instant that the stated time allows.
    #[must_use]
    pub fn interval(&self) -> (UnixNanos, UnixNanos) {
        let width = self.accuracy.map_or(0, |accuracy| accuracy.nanos);
        (self.gen_time.minus(width), self.gen_time.plus(width))
    }
}

/// `[1] IMPLICIT Extensions`: none is known, so none may be critical.
fn no_critical_extension(extensions: Element<'_>) -> Result<(), Problem> {
    let mut list = extensions.inside();
    while !list.is_empty() {
        let mut extension = list.expect(der::SEQUENCE)?.inside();
        let oid = extension.expect(der::OID)?.value;
        let critical = extension.optional(der::BOOLEAN)?;
        extension.expect(der::OCTET_STRING)?;
        extension.end()?;
        if critical.map(|critical| der::boolean(critical.value)).transpose()? == Some(true) {
            let reason = format!("TSTInfo has the unknown critical extension {}", der::dotted(oid));
            return Err(Problem::Malformed(reason));
        }
    }
    Ok(())
}

/// Seconds, milliseconds (1 to 999) and microseconds (1 to 999).
fn accuracy(element: Element<'_>) -> Result<Accuracy, Problem> {
    const WRONG: Problem = Problem::Malformed(String::new());
    let mut inside = element.inside();
    let seconds = inside.optional(der::INTEGER)?.map(|element| der::small(element.value)).transpose()?;
    let part = |element: Option<Element<'_>>| -> Result<u64, Problem> {
        match element.map(|element| der::small(element.value)).transpose()? {
            Some(0 | 1_000..) => Err(Problem::Malformed("the accuracy's parts are 1 to 999".to_owned())),
            Some(part) => Ok(part),
            None => Ok(0),
        }
    };
    let millis = part(inside.optional(0x80)?)?;
    let micros = part(inside.optional(0x81)?)?;
    inside.end()?;
    let nanos = seconds
        .unwrap_or(0)
        .checked_mul(1_000_000_000)
        .and_then(|nanos| nanos.checked_add(millis * 1_000_000 + micros * 1_000));
    nanos.map(|nanos| Accuracy { nanos }).ok_or(WRONG)
}

/// `YYYYMMDDhhmmss[.f+]Z` without trailing zeros in the fraction (RFC 3161 section 2.4.2), to the nanosecond.
fn general_time(bytes: &[u8]) -> Option<(&str, UnixNanos)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let body = text.strip_suffix('Z')?;
    let (whole, fraction) = match body.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (body, None),
    };
    if whole.len() != 14 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| whole.get(from..to);
    let rfc3339 = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    let seconds = UnixNanos::of(&Timestamp::parse(&rfc3339)?);
    let Some(fraction) = fraction else { return Some((text, seconds)) };
    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if fraction.is_empty() || !digits || fraction.ends_with('0') || fraction.len() > 32 {
        return None;
    }
    let nanos = (0..9).fold(0u64, |nanos, place| {
        nanos * 10 + fraction.as_bytes().get(place).map_or(0, |digit| u64::from(digit - b'0'))
    });
    Some((text, seconds.plus(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_form() {
        let seconds = |text: &str| general_time(text.as_bytes()).map(|(_, time)| time);
        let base = UnixNanos::from_seconds(1_781_524_805);
        assert_eq!(seconds("20260615120005Z"), Some(base));
        assert_eq!(seconds("20260615120005.9Z"), Some(base.plus(900_000_000)));
        assert_eq!(seconds("20260615120005.123456789012Z"), Some(base.plus(123_456_789)));
        for wrong in [
            "20260615120005",
            "20260615120005z",
            "20260615120005.Z",
            "20260615120005.10Z",
            "2026061512000Z",
            "20260615120005+0000",
            "20261315120005Z",
            "20260615240005Z",
            "20260615120060Z",
            "2026061512000 Z",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
