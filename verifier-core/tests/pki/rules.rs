//! Every rule of RFC 3161, CMS and the certificate identifiers, broken one at a time (spec 11.7).

use verifier_core::timestamp::{Outcome, Remark, Token, TrustSet, verify};
use verifier_core::x509::Basis;

use crate::authority::*;
use crate::der::*;
use crate::token::*;

pub fn judge(token: &[u8], trust: &TrustSet) -> &'static str {
    match Token::read(token) {
        Err(problem) => problem.code(),
        Ok(token) => match verify(&token, &DIGEST, trust).0 {
            Outcome::Validated(_) => "validated",
            Outcome::NotValidated(reason) => reason.reason(),
            Outcome::Invalid(problem) => problem.code(),
        },
    }
}

/// A token with `rest` behind genTime.
fn with_rest(rest: Vec<u8>) -> Vec<u8> {
    Draft3161 { rest, ..Draft3161::default() }.build()
}

fn with_signer(draft: &Draft) -> Vec<u8> {
    let signer = draft.issued_by(MIDDLE.0, MIDDLE.1);
    Draft3161 { certificates: vec![signer.clone(), middle()], signer, ..Draft3161::default() }.build()
}

fn edited(edit: impl FnOnce(&mut Vec<Attribute>)) -> Vec<u8> {
    Draft3161::default().build_edited(edit)
}

fn replace(attributes: &mut Vec<Attribute>, kind: &'static str, values: Vec<Vec<u8>>) {
    attributes.retain(|(own, _)| *own != kind);
    attributes.push((kind, values));
}

fn without(kind: &'static str) -> Vec<u8> {
    edited(|attributes| attributes.retain(|(own, _)| *own != kind))
}

fn with(kind: &'static str, values: Vec<Vec<u8>>) -> Vec<u8> {
    edited(|attributes| replace(attributes, kind, values))
}

#[test]
fn content_and_attributes() {
    let honest = Draft3161::default();
    let hash = |dotted: &str| Draft3161 { imprint_algorithm: algorithm(dotted), ..honest.clone() }.build();
    let cms = |digest: &str, signature: &str| {
        Draft3161 {
            digest: algorithm(digest),
            announced: algorithm(digest),
            signature_algorithm: algorithm(signature),
            ..honest.clone()
        }
        .build()
    };
    let signed_at = |text: &str| with(SIGNING_TIME, vec![element(0x17, text.as_bytes())]);
    let protection = |digest: &str, signature: &str| {
        let value = sequence(&[&algorithm(digest), &tagged(1, &oid(signature))]);
        with(ALGORITHM_PROTECTION, vec![value])
    };
    let (valid, digest) = ("validated", "TSA_IMPRINT_ALGORITHM");
    let (attributes, malformed) = ("TSA_SIGNED_ATTRS", "TSA_TOKEN_MALFORMED");
    let (ess, weak, signature) = ("TSA_ESS_MISMATCH", "TSA_WEAK_ALGORITHM", "TSA_SIGNATURE_INVALID");
    let both = vec![oid(TST_INFO), oid(TST_INFO)];
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("baseline", honest.build(), valid),
        ("imprint md5", hash("1.2.840.113549.2.5"), digest),
        ("imprint sha1", hash("1.3.14.3.2.26"), digest),
        ("imprint sha384", hash("2.16.840.1.101.3.4.2.2"), digest),
        ("imprint sha512", hash("2.16.840.1.101.3.4.2.3"), digest),
        ("imprint sha512/256", hash("2.16.840.1.101.3.4.2.6"), digest),
        ("imprint sha3-256", hash("2.16.840.1.101.3.4.2.8"), digest),
        (
            "imprint other",
            Draft3161 { imprint: vec![0; 32], ..honest.clone() }.build(),
            "TSA_IMPRINT_MISMATCH",
        ),
        (
            "imprint longer",
            Draft3161 { imprint: vec![0x5a; 33], ..honest.clone() }.build(),
            "TSA_IMPRINT_MISMATCH",
        ),
        ("version 2", Draft3161 { info_version: 2, ..honest.clone() }.build(), malformed),
        ("content type missing", without(CONTENT_TYPE), attributes),
        ("content type data", with(CONTENT_TYPE, vec![oid("1.2.840.113549.1.7.1")]), attributes),
        ("content type twice in one", with(CONTENT_TYPE, both), attributes),
        ("content type without value", with(CONTENT_TYPE, vec![]), attributes),
        ("an attribute twice", edited(|own| own.push((CONTENT_TYPE, vec![oid(TST_INFO)]))), attributes),
        ("attributes unsorted", Draft3161 { sorted: false, ..honest.clone() }.build(), attributes),
        ("no attributes", honest.build_with(None), attributes),
        ("empty attributes", honest.build_with(Some(Vec::new())), attributes),
        ("digest missing", without(MESSAGE_DIGEST), signature),
        ("digest wrong", with(MESSAGE_DIGEST, vec![octets(&[0; 32])]), signature),
        ("digest empty", with(MESSAGE_DIGEST, vec![octets(&[])]), signature),
        ("other key", Draft3161 { key: 9, ..honest.clone() }.build(), signature),
        ("digest sha1", cms("1.3.14.3.2.26", "1.2.840.10045.4.1"), weak),
        ("digest md5", cms("1.2.840.113549.2.5", ECDSA_SHA256), weak),
        ("signature sha1", cms(SHA256, "1.2.840.10045.4.1"), weak),
        ("signature of another digest", cms(SHA256, "1.2.840.10045.4.3.3"), signature),
        (
            "digest not announced",
            Draft3161 { announced: algorithm("2.16.840.1.101.3.4.2.2"), ..honest.clone() }.build(),
            attributes,
        ),
        ("algorithms protected", protection(SHA256, ECDSA_SHA256), valid),
        ("another digest protected", protection("2.16.840.1.101.3.4.2.2", ECDSA_SHA256), attributes),
        ("another signature protected", protection(SHA256, "1.2.840.10045.4.3.3"), attributes),
        ("signing time near", signed_at("260615120459Z"), valid),
        ("no identifiers", without(SIGNING_CERTIFICATE_V2), ess),
        ("identifiers empty", with(SIGNING_CERTIFICATE_V2, ids(&[])), ess),
        ("identifier of another", with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&middle(), &[])])), ess),
        (
            "identifier with issuer",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &issuer_serial(MIDDLE.0, 3))])),
            valid,
        ),
        (
            "identifier with another issuer",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &issuer_serial(ROOT.0, 3))])),
            ess,
        ),
        (
            "identifier with another serial",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &issuer_serial(MIDDLE.0, 4))])),
            ess,
        ),
        (
            "identifiers of signer and its issuer",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &[]), id_v2(&middle(), &[])])),
            valid,
        ),
        (
            "identifiers of signer and a stranger",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &[]), id_v2(b"stranger", &[])])),
            ess,
        ),
        (
            "the signer twice",
            with(SIGNING_CERTIFICATE_V2, ids(&[id_v2(&signer(), &[]), id_v2(&signer(), &[])])),
            ess,
        ),
        (
            "first version only",
            edited(|own| {
                own.retain(|(kind, _)| *kind != SIGNING_CERTIFICATE_V2);
                own.push((SIGNING_CERTIFICATE, ids(&[id_v1(&signer())])));
            }),
            valid,
        ),
        (
            "first version of another",
            edited(|own| own.push((SIGNING_CERTIFICATE, ids(&[id_v1(&middle())])))),
            ess,
        ),
        ("no signer", Draft3161 { signers: 0, ..honest.clone() }.build(), malformed),
        ("two signers", Draft3161 { signers: 2, ..honest.clone() }.build(), malformed),
        ("no certificate", Draft3161 { certificates: Vec::new(), ..honest.clone() }.build(), malformed),
        (
            "content data",
            Draft3161 { content_type: "1.2.840.113549.1.7.1", ..honest.clone() }.build(),
            malformed,
        ),
        (
            "seventeen certificates",
            Draft3161 { certificates: vec![signer(); 17], ..honest.clone() }.build(),
            malformed,
        ),
    ];
    let trust = trust(&lists());
    for (name, token, expected) in cases {
        assert_eq!(judge(&token, &trust), expected, "{name}");
    }
}

#[test]
fn what_stands_behind_the_time() {
    let accuracy = |parts: &[&[u8]]| with_rest(sequence(parts));
    let own_name = tagged(0, &tagged(4, &name(SIGNER.0)));
    let extension = |critical: bool| {
        let critical = if critical { boolean(true) } else { Vec::new() };
        with_rest(tagged(1, &sequence(&[&oid("1.2.3.4"), &critical, &octets(&[5, 0])])))
    };
    let at = |gen_time| Draft3161 { gen_time, ..Draft3161::default() }.build();
    let (valid, malformed) = ("validated", "TSA_TOKEN_MALFORMED");
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("accuracy", accuracy(&[&integer(1), &element(0x80, &[5]), &element(0x81, &[6])]), valid),
        ("accuracy of no seconds", accuracy(&[&element(0x80, &[5])]), valid),
        ("accuracy of 0 ms", accuracy(&[&element(0x80, &[0])]), malformed),
        ("accuracy of 1000 ms", accuracy(&[&element(0x80, &[3, 0xe8])]), malformed),
        ("accuracy of too many seconds", accuracy(&[&element(2, &[0x7f; 8])]), malformed),
        ("accuracy with more", accuracy(&[&integer(1), &integer(2)]), malformed),
        ("ordering", with_rest(boolean(true)), valid),
        ("ordering stated as default", with_rest(boolean(false)), malformed),
        ("nonce", with_rest(integer(0x1234_5678_9abc)), valid),
        ("nonce of 65 octets", with_rest(element(2, &[1; 65])), malformed),
        ("own name", with_rest(own_name.clone()), valid),
        ("another name", with_rest(tagged(0, &tagged(4, &name("Other")))), "TSA_NAME_MISMATCH"),
        ("no name in the name", with_rest(tagged(0, &[])), malformed),
        ("unknown extension", extension(false), valid),
        ("unknown critical extension", extension(true), malformed),
        ("something else", with_rest(octets(b"?")), malformed),
        (
            "serial of 20 octets",
            Draft3161 { serial: element(2, &[0x11; 20]), ..Draft3161::default() }.build(),
            valid,
        ),
        ("fraction", at("20260615120000.9Z"), valid),
        ("fraction with a trailing zero", at("20260615120000.90Z"), malformed),
        ("no zone", at("20260615120000"), malformed),
        ("offset", at("20260615120000+0100"), malformed),
        ("no seconds", at("202606151200Z"), malformed),
    ];
    let trust = trust(&lists());
    for (name, token, expected) in cases {
        assert_eq!(judge(&token, &trust), expected, "{name}");
    }
    let alternative = Draft::signer("Called otherwise", SIGNER.1)
        .with("2.5.29.17", false, sequence(&[&tagged(4, &name(SIGNER.0))]))
        .issued_by(MIDDLE.0, MIDDLE.1);
    let token = Draft3161 {
        rest: own_name,
        certificates: vec![alternative.clone(), middle()],
        signer: alternative,
        ..Draft3161::default()
    };
    assert_eq!(judge(&token.build(), &trust), valid);
}

#[test]
fn the_signer_is_for_timestamps_only() {
    let base = || Draft::signer(SIGNER.0, SIGNER.1);
    let purpose = |critical, list: &[&str]| base().with(EXTENDED_KEY_USAGE, critical, purposes(list));
    let usage = |bits: &[u8]| base().with(KEY_USAGE, true, key_usage(bits));
    let (valid, wrong, chain) = ("validated", "TSA_EKU_INVALID", "TSA_CHAIN_INVALID");
    let dated = |not_before, not_after| Draft { not_before, not_after, ..base() };
    for (name, draft, expected) in [
        ("baseline", base(), valid),
        ("not critical", purpose(false, &[TIME_STAMPING]), wrong),
        ("another purpose too", purpose(true, &[TIME_STAMPING, CODE_SIGNING]), wrong),
        ("the same purpose twice", purpose(true, &[TIME_STAMPING, TIME_STAMPING]), wrong),
        ("another purpose", purpose(true, &[CODE_SIGNING]), wrong),
        ("any purpose", purpose(true, &["2.5.29.37.0"]), wrong),
        ("no purpose", purpose(true, &[]), wrong),
        ("purpose not stated", base().without(EXTENDED_KEY_USAGE), wrong),
        ("usage not stated", base().without(KEY_USAGE), valid),
        ("content commitment", usage(&[1]), valid),
        ("key encipherment too", usage(&[0, 2]), wrong),
        ("certificate signing too", usage(&[0, 5]), wrong),
        ("a certification authority", base().with(BASIC_CONSTRAINTS, true, ca(None)), wrong),
        ("unknown critical extension", base().with("1.2.3.4", true, vec![5, 0]), chain),
        ("unknown extension", base().with("1.2.3.4", false, vec![5, 0]), valid),
        ("expires with the second", dated("20200101000000Z", "20260615120000Z"), valid),
        ("expired the second before", dated("20200101000000Z", "20260615115959Z"), chain),
        ("begins with the second", dated("20260615120000Z", "20400101000000Z"), valid),
        ("begins the second after", dated("20260615120001Z", "20400101000000Z"), chain),
    ] {
        assert_eq!(judge(&with_signer(&draft), &trust(&lists())), expected, "{name}");
    }
    // A tenth of a second after the last second is after it.
    let late = dated("20200101000000Z", "20260615120000Z").issued_by(MIDDLE.0, MIDDLE.1);
    let token = Draft3161 {
        gen_time: "20260615120000.1Z",
        certificates: vec![late.clone(), middle()],
        signer: late,
        ..Draft3161::default()
    };
    assert_eq!(judge(&token.build(), &trust(&lists())), chain);
}

#[test]
fn the_path_ends_at_an_anchor() {
    let trusted = trust(&lists());
    let below = |draft: Draft| {
        let middle = draft.issued_by(ROOT.0, ROOT.1);
        let token = Draft3161 { certificates: vec![signer(), middle], ..Draft3161::default() };
        judge(&token.build(), &trusted)
    };
    let base = || Draft::authority(MIDDLE.0, MIDDLE.1);
    let chain = "TSA_CHAIN_INVALID";
    for (name, draft, expected) in [
        ("baseline", base(), "validated"),
        ("with the purpose", base().with(EXTENDED_KEY_USAGE, false, purposes(&[TIME_STAMPING])), "validated"),
        ("with another purpose", base().with(EXTENDED_KEY_USAGE, false, purposes(&[CODE_SIGNING])), chain),
        ("no authority", base().without(BASIC_CONSTRAINTS), chain),
        ("without certificate signing", base().with(KEY_USAGE, true, key_usage(&[0, 6])), chain),
        ("path length 0", base().with(BASIC_CONSTRAINTS, true, ca(Some(0))), "validated"),
        ("unknown critical extension", base().with("1.2.3.4", true, vec![5, 0]), chain),
        ("expired", Draft { not_after: "20260101000000Z", ..base() }, chain),
        ("another key", Draft { key: 8, ..base() }, chain),
        ("another key identifier", base().with(SUBJECT_KEY_ID, false, octets(&[8; 20])), "validated"),
        ("signed with SHA-1", Draft { algorithm: ["1.2.840.10045.4.1"; 2], ..base() }, "TSA_WEAK_ALGORITHM"),
        ("name constraints", base().with("2.5.29.30", true, sequence(&[])), chain),
        ("name constraints, not critical", base().with("2.5.29.30", false, sequence(&[])), chain),
    ] {
        assert_eq!(below(draft), expected, "{name}");
    }
    // Somebody else's root of the same name.
    let other = Draft::authority(ROOT.0, 7).self_signed();
    let trusted = TrustSet::user(&pem("CERTIFICATE", &other), &[]).unwrap();
    assert_eq!(judge(&Draft3161::default().build(), &trusted), chain);
}

#[test]
fn revocation_at_the_stated_time() {
    let root_list = List::new("20260601000000Z", "20260701000000Z").signed_by(ROOT.0, &key(ROOT.1));
    let of_middle = |list: &List| list.signed_by(MIDDLE.0, &key(MIDDLE.1));
    let current = || List::new("20260601000000Z", "20260701000000Z");
    let later = || List::new("20270101000000Z", "20270201000000Z");
    let stale = || List::new("20260101000000Z", "20260201000000Z");
    let judged =
        |list: &List| judge(&Draft3161::default().build(), &trust(&[root_list.clone(), of_middle(list)]));
    let entry = |date, reason| Entry::new(3, date, reason);
    let (valid, revoked) = ("validated", "TSA_CERTIFICATE_REVOKED_AT_GENTIME");
    let compromised = "TSA_CERTIFICATE_KEY_COMPROMISED";
    let after = "20260701000000Z";
    let point = |flags: Vec<u8>| {
        let address = element(0x86, b"http://crl.example/list");
        sequence(&[&tagged(0, &tagged(0, &address)), &flags])
    };
    let scoped = |flags: Vec<u8>| List { extensions: vec![("2.5.29.28", true, point(flags))], ..current() };
    let missing = "not_validated_revocation_snapshot_missing";
    for (name, list, expected) in [
        ("nothing listed", current(), valid),
        ("another listed", current().listing(Entry::new(4, "20260101000000Z", None)), valid),
        ("revoked before", current().listing(entry("20260101000000Z", Some(4))), revoked),
        ("revoked in the same second", current().listing(entry("20260615120000Z", Some(4))), revoked),
        (
            "invalid since before",
            current().listing(Entry { invalid_since: Some("20260101000000Z"), ..entry(after, Some(4)) }),
            revoked,
        ),
        ("on hold before", current().listing(entry("20260101000000Z", Some(6))), revoked),
        ("revoked later, no reason", later().listing(entry(after, None)), compromised),
        ("revoked later, key", later().listing(entry(after, Some(1))), compromised),
        ("revoked later, authority", later().listing(entry(after, Some(2))), compromised),
        ("revoked later, attribute authority", later().listing(entry(after, Some(10))), compromised),
        ("revoked later, unspecified", later().listing(entry(after, Some(0))), valid),
        ("revoked later, affiliation", later().listing(entry(after, Some(3))), valid),
        ("revoked later, superseded", later().listing(entry(after, Some(4))), valid),
        ("revoked later, ceased", later().listing(entry(after, Some(5))), valid),
        ("revoked later, privilege", later().listing(entry(after, Some(9))), compromised),
        (
            "two entries, one without reason",
            later().listing(entry(after, Some(4))).listing(entry("20260801000000Z", None)),
            compromised,
        ),
        (
            "two entries, the second before",
            later().listing(entry(after, Some(4))).listing(entry("20260101000000Z", Some(4))),
            revoked,
        ),
        ("a later list", later(), valid),
        (
            "a list from after the certificate ended",
            List::new("20410101000000Z", "20420101000000Z"),
            "not_validated_revocation_snapshot_stale",
        ),
        ("an old list", stale(), "not_validated_revocation_snapshot_stale"),
        (
            "ends in the same second",
            List::new("20260601000000Z", "20260615120000Z"),
            "not_validated_revocation_snapshot_stale",
        ),
        ("begins in the same second", List::new("20260615120000Z", "20260701000000Z"), valid),
        ("no end", List { next_update: None, ..current() }, valid),
        ("a distribution point", scoped(Vec::new()), valid),
        ("users only", scoped(element(0x81, &[0xff])), missing),
        ("authorities only", scoped(element(0x82, &[0xff])), missing),
        ("some reasons only", scoped(element(0x83, &[1, 0x40])), missing),
        ("indirect", scoped(element(0x84, &[0xff])), missing),
        ("a delta", List { extensions: vec![("2.5.29.27", true, integer(1))], ..current() }, missing),
        (
            "a delta, not critical",
            List { extensions: vec![("2.5.29.27", false, integer(1))], ..current() },
            missing,
        ),
        (
            "unknown critical extension",
            List { extensions: vec![("1.2.3.4", true, vec![5, 0])], ..current() },
            missing,
        ),
    ] {
        assert_eq!(judged(&list), expected, "{name}");
    }
    let token = Draft3161::default().build();
    assert_eq!(judge(&token, &trust(std::slice::from_ref(&root_list))), missing);
    assert_eq!(judge(&token, &trust(&[])), "not_validated_release_pinned_revocation_unavailable");
    // The best of several lists counts, in any order.
    let several = [root_list.clone(), of_middle(&stale()), of_middle(&current())];
    assert_eq!(judge(&token, &trust(&several)), valid);
    // What is known to be revoked is not excused by another list.
    let several = [
        root_list.clone(),
        of_middle(&later()),
        of_middle(&current().listing(entry("20260101000000Z", Some(4)))),
    ];
    assert_eq!(judge(&token, &trust(&several)), revoked);
    // The issuer of the signer can be revoked as well.
    let middle_revoked = current().listing(Entry::new(2, "20260101000000Z", Some(1)));
    let lists = [middle_revoked.signed_by(ROOT.0, &key(ROOT.1)), of_middle(&current())];
    assert_eq!(judge(&token, &trust(&lists)), revoked);
    // A list by somebody else under the issuer's name says nothing, neither way.
    let forged = current().listing(entry("20260101000000Z", None)).signed_by(MIDDLE.0, &key(9));
    assert_eq!(judge(&token, &trust(&[root_list.clone(), forged.clone()])), missing);
    assert_eq!(judge(&token, &trust(&[root_list, of_middle(&current()), forged])), valid);
}

#[test]
fn a_validated_token_says_what_it_rests_on() {
    let later = List::new("20270101000000Z", "20270201000000Z");
    let lists = [later.signed_by(ROOT.0, &key(ROOT.1)), later.signed_by(MIDDLE.0, &key(MIDDLE.1))];
    let bytes = with("1.2.840.113549.1.9.5", vec![element(0x17, b"260615130000Z")]);
    let token = Token::read(&bytes).unwrap();
    let (outcome, checks) = verify(&token, &DIGEST, &trust(&lists));
    let Outcome::Validated(verified) = outcome else { panic!("{outcome:?}") };
    assert_eq!(verified.revocation_basis, Basis::Later);
    assert_eq!(verified.path.len(), 3);
    // Without an accuracy the stated time stands for itself.
    assert_eq!(
        (verified.not_earlier_than, verified.not_later_than),
        (token.info.gen_time, token.info.gen_time)
    );
    assert_eq!(checks.remarks, [Remark::SigningTimeDiffers]);
    let first_version = edited(|own| {
        own.retain(|(kind, _)| *kind != SIGNING_CERTIFICATE_V2);
        own.push((SIGNING_CERTIFICATE, ids(&[id_v1(&signer())])));
    });
    let token = Token::read(&first_version).unwrap();
    assert_eq!(verify(&token, &DIGEST, &trust(&lists)).1.remarks, [Remark::NamedBySha1Only]);
}

#[test]
fn responses_and_truncated_tokens() {
    let trusted = trust(&lists());
    let token = Draft3161::default().build();
    let response = |status: u64, token: &[u8]| sequence(&[&sequence(&[&integer(status)]), token]);
    for (status, expected) in
        [(0, "validated"), (1, "validated"), (2, "TSA_TOKEN_MALFORMED"), (5, "TSA_TOKEN_MALFORMED")]
    {
        assert_eq!(judge(&response(status, &token), &trusted), expected, "{status}");
    }
    assert_eq!(judge(&response(0, &[]), &trusted), "TSA_TOKEN_MALFORMED");
    assert_eq!(judge(&response(0, &[&token[..], &token].concat()), &trusted), "TSA_TOKEN_MALFORMED");
    for bytes in [token.clone(), response(0, &token)] {
        for length in 0..bytes.len() {
            assert_eq!(judge(&bytes[..length], &trusted), "TSA_TOKEN_MALFORMED", "{length}");
        }
        assert_eq!(judge(&[&bytes[..], &[0]].concat(), &trusted), "TSA_TOKEN_MALFORMED");
    }
}
