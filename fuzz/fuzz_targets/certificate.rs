//! Any bytes as a certificate, a revocation list and PEM: an answer within bounded time. Bytes that are read are read
//! whole; a certificate that is its own only issuer leads to no anchor but itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::time::UnixNanos;
use verifier_core::x509::{Certificate, Crl, Revocation, find_path, oid, read_pem, revocation};

const CHILD: &[u8] = include_bytes!("../seeds/certificate/timestamping_root_r45.der");
const ISSUER: &[u8] = include_bytes!("../seeds/certificate/root_r6.der");
const LIST: &[u8] = include_bytes!("../seeds/certificate/root_r6.crl.der");

fuzz_target!(|bytes: &[u8]| {
    let certificate = Certificate::read(bytes);
    let list = Crl::read(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = read_pem(text, &["CERTIFICATE", "X509 CRL"]);
        let _ = verifier_core::timestamp::TrustSet::user(text, &[text.to_owned()]);
    }
    let at = UnixNanos::from_seconds(1_781_524_800);
    if let Ok(certificate) = &certificate {
        assert_eq!(certificate.der(), bytes);
        assert!(certificate.tbs().len() < bytes.len());
        let longer = [bytes, &[0]].concat();
        assert!(Certificate::read(&longer).is_err());
        let _ = (certificate.key().map(|key| key.algorithm()), certificate.subject_text().len());
        let verify = |child: &Certificate, issuer: &Certificate| child.verify_issued_by(issuer);
        let candidates = [certificate; 8];
        let found = find_path(certificate, &candidates, &[], at, oid::TIME_STAMPING, &verify);
        assert!(found.is_err());
    }
    if let Ok(list) = &list {
        let child = Certificate::read(CHILD).unwrap();
        let issuer = Certificate::read(ISSUER).unwrap();
        let answer = revocation(&child, [list], at);
        assert_eq!(answer, revocation(&child, [list], at));
        if list.issuer() != child.issuer() || list.unusable().is_some() {
            assert_eq!(answer, Revocation::Missing);
        }
        // Only the issuer can have signed it, and the one that it signed is among the seeds.
        assert!(list.verify(&issuer).is_err() || bytes == LIST);
    }
});
