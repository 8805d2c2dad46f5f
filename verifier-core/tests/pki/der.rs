//! Writes DER, for certificates, lists and tokens that no honest program would make.

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};

/// One element.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7f => out.push(u8::try_from(length).unwrap()),
        length @ 0x80..=0xff => out.extend([0x81, u8::try_from(length).unwrap()]),
        length => {
            out.push(0x82);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub fn set(parts: &[&[u8]]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// `[number] EXPLICIT`, or an implicitly tagged constructed element.
pub fn tagged(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut body = Vec::new();
    for arc in [&[arcs[0] * 40 + arcs[1]][..], &arcs[2..]].concat() {
        let mut digits = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            digits.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        body.extend(digits.into_iter().rev());
    }
    element(6, &body)
}

/// A number that is not negative.
pub fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let mut body = bytes[start..].to_vec();
    if body[0] >= 0x80 {
        body.insert(0, 0);
    }
    element(2, &body)
}

pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(4, bytes)
}

pub fn boolean(value: bool) -> Vec<u8> {
    element(1, &[if value { 0xff } else { 0 }])
}

/// `YYYYMMDDhhmmss[.f]Z`.
pub fn general_time(text: &str) -> Vec<u8> {
    element(0x18, text.as_bytes())
}

pub fn algorithm(dotted: &str) -> Vec<u8> {
    sequence(&[&oid(dotted)])
}

pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";

/// A common name.
pub fn name(text: &str) -> Vec<u8> {
    sequence(&[&set(&[&sequence(&[&oid("2.5.4.3"), &element(0x0c, text.as_bytes())])])])
}

/// A P-256 key from a number, so that everything is the same in every run.
pub fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

pub fn spki(key: &SigningKey) -> Vec<u8> {
    let point = VerifyingKey::from(key).to_sec1_point(false);
    let bits = [&[0][..], point.as_bytes()].concat();
    sequence(&[&sequence(&[&oid("1.2.840.10045.2.1"), &oid("1.2.840.10045.3.1.7")]), &element(3, &bits)])
}

/// ECDSA over SHA-256 of the message.
pub fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: DerSignature = key.sign(message);
    signature.as_bytes().to_vec()
}

/// `SIGNED { … }`: content, algorithm, signature.
pub fn signed(content: &[u8], algorithm_id: &str, key: &SigningKey) -> Vec<u8> {
    let bits = [&[0][..], &sign(key, content)].concat();
    sequence(&[content, &algorithm(algorithm_id), &element(3, &bits)])
}
