use super::*;
use crate::time::UnixNanos;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/tsa_trust/");

fn blocks(name: &str, label: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(format!("{DATA}{name}")).unwrap();
    read_pem(&text, &[label]).unwrap().into_iter().map(|(_, der)| der).collect()
}

fn certificate(name: &str) -> Certificate {
    Certificate::read(&blocks(name, "CERTIFICATE")[0]).unwrap()
}

fn crl(name: &str) -> Crl {
    Crl::read(&blocks(name, "X509 CRL")[0]).unwrap()
}

/// Spec 11.5: names, windows and signatures of the published anchors.
#[test]
fn published_anchors_and_lists_are_read_and_verify() {
    for (issuer, child) in [
        ("digicert/assured_id_root_ca.pem", "digicert/trusted_root_g4_cross_signed.pem"),
        (
            "digicert/trusted_root_g4_cross_signed.pem",
            "digicert/trusted_g4_timestamping_rsa4096_sha256_2025_ca1.pem",
        ),
        ("globalsign/root_r6.pem", "globalsign/timestamping_root_r45.pem"),
        ("globalsign/timestamping_root_r45.pem", "globalsign/offline_r45_timestamping_ca_2025.pem"),
    ] {
        let (issuer, child) = (certificate(issuer), certificate(child));
        assert!(child.names_issuer(&issuer) && issuer.is_issuer() && issuer.may_sign_crls());
        child.verify_issued_by(&issuer).unwrap();
        assert!(issuer.verify_issued_by(&child).is_err());
        assert!(child.unknown_critical().is_none());
    }
    // A self-signature on SHA-1 is refused, and is never asked for: the certificate is an anchor.
    let root = certificate("digicert/assured_id_root_ca.pem");
    assert!(root.verify_issued_by(&root).unwrap_err().is_weakness());
    assert_eq!(root.key().unwrap().algorithm(), "RSA 2048");
    for (list, issuer, entries) in [
        ("digicert/assured_id_root_ca.crl.pem", "digicert/assured_id_root_ca.pem", true),
        ("digicert/trusted_root_g4.crl.pem", "digicert/trusted_root_g4_cross_signed.pem", false),
        (
            "digicert/trusted_g4_timestamping_rsa4096_sha256_2025_ca1.crl.pem",
            "digicert/trusted_g4_timestamping_rsa4096_sha256_2025_ca1.pem",
            false,
        ),
        ("globalsign/root_r6.crl.pem", "globalsign/root_r6.pem", true),
        ("globalsign/timestamping_root_r45.crl.pem", "globalsign/timestamping_root_r45.pem", true),
        (
            "globalsign/offline_r45_timestamping_ca_2025.crl.pem",
            "globalsign/offline_r45_timestamping_ca_2025.pem",
            false,
        ),
    ] {
        let (list, issuer) = (crl(list), certificate(issuer));
        list.verify(&issuer).unwrap();
        assert_eq!(list.unusable(), None);
        assert_eq!(list.revoked_count() > 0, entries, "{}", list.issuer_text());
        assert!(list.verify(&root).is_err() || list.issuer() == root.subject());
    }
}

fn path_at(seconds: i64) -> Result<usize, PathError> {
    let leaf = certificate("globalsign/offline_r45_timestamping_ca_2025.pem");
    let middle = certificate("globalsign/timestamping_root_r45.pem");
    let (root, other) =
        (certificate("globalsign/root_r6.pem"), certificate("digicert/assured_id_root_ca.pem"));
    let verify = |child: &Certificate, issuer: &Certificate| child.verify_issued_by(issuer);
    find_path(
        &leaf,
        &[&leaf, &middle, &other],
        &[&other, &root],
        UnixNanos::from_seconds(seconds),
        oid::TIME_STAMPING,
        &verify,
    )
    .map(|path| path.len())
}

#[test]
fn a_path_holds_at_its_time_only() {
    // 2025-07-16T03:05:04Z, the first second of the last certificate.
    assert_eq!(path_at(1_752_635_104), Ok(3));
    assert_eq!(path_at(1_752_635_103).unwrap_err().problem, PathProblem::NotYetValid);
    // 2034-12-10T00:00:00Z ends both the root and the certificate below it.
    assert_eq!(path_at(2_049_321_600), Ok(3));
    assert_eq!(path_at(2_049_321_601).unwrap_err().problem, PathProblem::Expired);
}

#[test]
fn a_purpose_that_is_not_stated_ends_the_path() {
    let leaf = certificate("globalsign/offline_r45_timestamping_ca_2025.pem");
    let middle = certificate("globalsign/timestamping_root_r45.pem");
    let root = certificate("globalsign/root_r6.pem");
    let verify = |child: &Certificate, issuer: &Certificate| child.verify_issued_by(issuer);
    let find = |purpose| {
        find_path(&leaf, &[&middle], &[&root], UnixNanos::from_seconds(1_780_000_000), purpose, &verify)
    };
    assert!(find(oid::TIME_STAMPING).is_ok());
    assert_eq!(find(oid::CODE_SIGNING).unwrap_err().problem, PathProblem::Purpose);
    // A signature that fails is the reason that is given.
    let refuse = |_: &Certificate, _: &Certificate| Err(crate::crypto::pki::PkiError::Signature);
    let error = find_path(
        &leaf,
        &[&middle],
        &[&root],
        UnixNanos::from_seconds(1_780_000_000),
        oid::TIME_STAMPING,
        &refuse,
    )
    .unwrap_err();
    assert!(matches!(error.problem, PathProblem::Signature(_)));
}

/// Every truncation and every changed byte of a certificate either fails to be read, or fails its signature.
#[test]
fn damage_is_noticed() {
    let root = certificate("globalsign/root_r6.pem");
    let bytes = blocks("globalsign/timestamping_root_r45.pem", "CERTIFICATE").remove(0);
    for length in 0..bytes.len() {
        assert!(Certificate::read(&bytes[..length]).is_err(), "{length}");
    }
    for position in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x01;
        if let Ok(read) = Certificate::read(&damaged) {
            assert!(read.verify_issued_by(&root).is_err(), "{position}");
        }
    }
    let bytes = blocks("globalsign/root_r6.crl.pem", "X509 CRL").remove(0);
    for position in 0..bytes.len() {
        assert!(Crl::read(&bytes[..position]).is_err());
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x01;
        if let Ok(read) = Crl::read(&damaged) {
            assert!(read.verify(&root).is_err(), "{position}");
        }
    }
}

#[test]
fn pem_is_read_strictly() {
    let good = "# note\n-----BEGIN A-----\nAAEC\n-----END A-----\n\n";
    assert_eq!(read_pem(good, &["A"]).unwrap(), [("A", vec![0, 1, 2])]);
    for (text, error) in [
        ("x", PemError::Line(1)),
        ("-----BEGIN A-----\nAAEC\n", PemError::Line(1)),
        ("-----BEGIN A-----\nAAEC\n-----END B-----\n", PemError::Line(1)),
        ("-----BEGIN B-----\n", PemError::Label("B".to_owned())),
        ("-----BEGIN A-----\nAA*C\n-----END A-----\n", PemError::Base64(1)),
    ] {
        assert_eq!(read_pem(text, &["A"]).unwrap_err(), error, "{text}");
    }
}
