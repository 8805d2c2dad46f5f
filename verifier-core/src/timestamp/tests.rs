use super::*;
use crate::bytes::{base64, hex};
use crate::time::UnixNanos;
use crate::x509::{Basis, PathProblem};

macro_rules! data {
    ($name:literal) => {
        include_str!(concat!("../../tests/data/timestamp/", $name))
    };
}

const EXAMPLE_DIGEST: &str = "b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5";

fn bytes(text: &str) -> Vec<u8> {
    base64::decode(text.trim()).unwrap()
}

fn digest(text: &str) -> [u8; 32] {
    hex::decode(text.as_bytes()).unwrap()
}

fn example() -> TrustSet {
    TrustSet::user(data!("example_root.pem"), &[data!("example_crl.pem").to_owned()]).unwrap()
}

fn judge(token: &[u8], expected: &str, trust: &TrustSet) -> Outcome {
    match Token::read(token) {
        Ok(token) => verify(&token, &digest(expected), trust).0,
        Err(problem) => Outcome::Invalid(problem),
    }
}

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Validated(_) => "validated",
        Outcome::NotValidated(reason) => reason.reason(),
        Outcome::Invalid(problem) => problem.code(),
    }
}

/// Spec 11.9.
#[test]
fn the_worked_example() {
    let bytes = bytes(data!("example_token.b64"));
    let token = Token::read(&bytes).unwrap();
    assert_eq!((token.form, token.info.policy.as_str()), (Form::Token, "1.3.6.1.4.1.99999.1"));
    assert_eq!(token.info.gen_time_text, "20260615120005Z");
    assert_eq!(token.info.gen_time, UnixNanos::from_seconds(1_781_524_805));
    assert_eq!(token.info.accuracy, Some(Accuracy { nanos: 1_000_000_000 }));
    assert_eq!((token.info.nonce, token.info.serial), (Some(&[7][..]), &[3, 0xe9][..]));
    let (outcome, checks) = verify(&token, &digest(EXAMPLE_DIGEST), &example());
    let Outcome::Validated(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.revocation_basis, Basis::Current);
    assert_eq!(verified.not_later_than, UnixNanos::from_seconds(1_781_524_806));
    assert_eq!(verified.not_earlier_than, UnixNanos::from_seconds(1_781_524_804));
    assert_eq!(verified.path[0], "8c0d6419569c69f5f9a4825db8f01caa4574fe39349018004f3661a4388c5f4f");
    assert_eq!((checks.signature, checks.purpose, checks.path), (Some(true), Some(true), Some(true)));
    assert_eq!(checks.revocation, Some(true));
    assert!(checks.remarks.is_empty());
}

/// Public tokens of two authorities against the published anchors.
#[test]
fn public_tokens_validate_against_the_published_anchors() {
    let trust = TrustSet::release().unwrap();
    for (text, expected, ordering) in [
        (data!("digicert.b64"), "9dbcfcbbe0f9f2ae7bd72b6f36a7a4e3b226226d3d3d949878816d798d09aa2c", false),
        (data!("globalsign.b64"), "6c272d15bbe101ee48a9be6f9dd1502a1d6564f96eb6434918357a96789589a1", false),
    ] {
        let bytes = bytes(text);
        let token = Token::read(&bytes).unwrap();
        assert_eq!(token.info.gen_time_text, "20261022053320Z");
        assert_eq!(token.info.ordering, ordering);
        let (outcome, checks) = verify(&token, &digest(expected), trust);
        let Outcome::Validated(verified) = outcome else { panic!("{outcome:?} {checks:?}") };
        assert_eq!(verified.path.len(), 4, "{checks:?}");
        assert_eq!(code(&judge(&bytes, EXAMPLE_DIGEST, trust)), "TSA_IMPRINT_MISMATCH");
        // Under foreign anchors the same token leads nowhere.
        assert_eq!(code(&judge(&bytes, expected, &example())), "TSA_CHAIN_INVALID");
    }
}

#[test]
fn an_unknown_authority_is_not_wrong() {
    let outcome = judge(&bytes(data!("example_token.b64")), EXAMPLE_DIGEST, TrustSet::release().unwrap());
    assert_eq!(outcome, Outcome::NotValidated(NotValidated::UnknownAuthority));
    let anchors_only = TrustSet::user(data!("example_root.pem"), &[]).unwrap();
    let outcome = judge(&bytes(data!("example_token.b64")), EXAMPLE_DIGEST, &anchors_only);
    assert_eq!(outcome, Outcome::NotValidated(NotValidated::RevocationNotSupplied));
}

#[test]
fn a_token_that_nobody_signed_is_no_timestamp() {
    let unsigned = bytes(data!("example_unsigned.b64"));
    assert_eq!(Token::read(&unsigned).unwrap().info.imprint, digest(EXAMPLE_DIGEST));
    for trust in [&example(), TrustSet::release().unwrap()] {
        assert_eq!(code(&judge(&unsigned, EXAMPLE_DIGEST, trust)), "TSA_TOKEN_MALFORMED");
    }
}

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = vec![tag, 0x82, length[0], length[1]];
    out.extend_from_slice(content);
    out
}

#[test]
fn a_response_must_grant_its_token() {
    let token = bytes(data!("example_token.b64"));
    let response = |status: u8| wrap(0x30, &[&[0x30, 3, 2, 1, status][..], &token].concat());
    for status in [0, 1] {
        let bytes = response(status);
        assert_eq!(Token::read(&bytes).unwrap().form, Form::Response);
        assert_eq!(code(&judge(&bytes, EXAMPLE_DIGEST, &example())), "validated");
    }
    assert_eq!(Token::read(&response(2)).unwrap_err(), Problem::NotGranted(2));
    let refused = [0x30, 5, 0x30, 3, 2, 1, 2];
    assert_eq!(Token::read(&refused).unwrap_err(), Problem::NotGranted(2));
}

#[test]
fn trailing_and_missing_bytes_are_noticed() {
    let token = bytes(data!("example_token.b64"));
    for length in 0..token.len() {
        assert_eq!(code(&judge(&token[..length], EXAMPLE_DIGEST, &example())), "TSA_TOKEN_MALFORMED");
    }
    let longer = [&token[..], &[0]].concat();
    assert_eq!(code(&judge(&longer, EXAMPLE_DIGEST, &example())), "TSA_TOKEN_MALFORMED");
    let huge = vec![0x30; 70_000];
    assert_eq!(code(&judge(&huge, EXAMPLE_DIGEST, &example())), "TSA_TOKEN_MALFORMED");
}

/// Every single-bit change of a token is noticed, except where nothing rests on the bit: the version of the signed
/// data, which RFC 5652 has several of.
#[test]
fn every_bit_counts() {
    let trust = example();
    let token = bytes(data!("example_token.b64"));
    let mut accepted = Vec::new();
    for position in 0..token.len() {
        for bit in 0..8 {
            let mut damaged = token.clone();
            damaged[position] ^= 1 << bit;
            if code(&judge(&damaged, EXAMPLE_DIGEST, &trust)) == "validated" {
                accepted.push((position, damaged[position]));
            }
        }
    }
    assert_eq!(accepted, [(25, 1)], "{:02x?}", &token[20..28]);
}

#[test]
fn the_published_set_is_whole_and_damage_is_noticed() {
    let set = TrustSet::release().unwrap();
    assert_eq!(
        set.name().unwrap().hash,
        "sha256:80766b71e7279278a77878c333155cdf251c0249b33140d3fe3ff68e17f940f3"
    );
    assert_eq!((set.certificates().count(), set.lists().len()), (6, 6));
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/data/tsa_trust/");
    let manifest = std::fs::read(format!("{root}tsa_trust_bundle_v1.json")).unwrap();
    let read = |path: &str| std::fs::read(format!("{root}{path}")).ok();
    assert!(TrustSet::read(&manifest, &read, TrustScope::Directory).is_ok());
    let missing = TrustSet::read(&manifest, &|_| None, TrustScope::Directory).unwrap_err();
    assert!(missing.0.contains("cannot be read"), "{missing}");
    let other = |path: &str| read(path).map(|bytes| [bytes, b"\n".to_vec()].concat());
    let changed = TrustSet::read(&manifest, &other, TrustScope::Directory).unwrap_err();
    assert!(changed.0.contains("another digest"), "{changed}");
}

/// A list that its issuer did not sign makes the whole set unusable.
#[test]
fn a_forged_revocation_list_is_refused() {
    let mut der = crate::x509::read_pem(data!("example_crl.pem"), &["X509 CRL"]).unwrap().remove(0).1;
    let last = der.len() - 1;
    der[last] ^= 1;
    let forged = format!("-----BEGIN X509 CRL-----\n{}\n-----END X509 CRL-----\n", base64::encode(&der));
    let error = TrustSet::user(data!("example_root.pem"), &[forged]).unwrap_err();
    assert!(error.0.contains("not signed"), "{error}");
}

#[test]
fn paths_are_judged_at_the_stated_time() {
    let problem =
        Problem::Path(crate::x509::PathError { problem: PathProblem::Expired, subject: String::new() });
    assert_eq!(problem.reference_reason(), "tsa_certificate_time_invalid_at_gentime");
}
