//! Timestamp tokens, right unless told otherwise.

use sha2::{Digest, Sha256};
use verifier_core::timestamp::TrustSet;

use crate::authority::*;
use crate::der::*;

pub const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
pub const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
pub const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
pub const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub const ALGORITHM_PROTECTION: &str = "1.2.840.113549.1.9.52";

pub const DIGEST: [u8; 32] = [0x5a; 32];
pub const GEN_TIME: &str = "20260615120000Z";
/// Names and keys of the usual three certificates.
pub const ROOT: (&str, u8) = ("Root", 1);
pub const MIDDLE: (&str, u8) = ("Timestamp CA", 2);
pub const SIGNER: (&str, u8) = ("Timestamp authority", 3);

pub fn root() -> Vec<u8> {
    Draft::authority(ROOT.0, ROOT.1).self_signed()
}

pub fn middle() -> Vec<u8> {
    Draft::authority(MIDDLE.0, MIDDLE.1).issued_by(ROOT.0, ROOT.1)
}

pub fn signer() -> Vec<u8> {
    Draft::signer(SIGNER.0, SIGNER.1).issued_by(MIDDLE.0, MIDDLE.1)
}

/// Lists of both issuers, current at the usual time.
pub fn lists() -> Vec<Vec<u8>> {
    let list = List::new("20260601000000Z", "20260701000000Z");
    vec![list.signed_by(ROOT.0, &key(ROOT.1)), list.signed_by(MIDDLE.0, &key(MIDDLE.1))]
}

/// The root and these lists as what the user trusts.
pub fn trust(lists: &[Vec<u8>]) -> TrustSet {
    let lists: Vec<String> = lists.iter().map(|list| pem("X509 CRL", list)).collect();
    TrustSet::user(&pem("CERTIFICATE", &root()), &lists).unwrap()
}

/// A signed attribute: its type and its values.
pub type Attribute = (&'static str, Vec<Vec<u8>>);

/// A token to be made.
#[derive(Clone)]
pub struct Draft3161 {
    pub info_version: u64,
    pub imprint_algorithm: Vec<u8>,
    pub imprint: Vec<u8>,
    pub serial: Vec<u8>,
    pub gen_time: &'static str,
    /// Everything behind genTime.
    pub rest: Vec<u8>,
    pub content_type: &'static str,
    pub certificates: Vec<Vec<u8>>,
    pub signer: Vec<u8>,
    pub key: u8,
    pub digest: Vec<u8>,
    pub announced: Vec<u8>,
    pub signature_algorithm: Vec<u8>,
    pub signers: usize,
    pub sorted: bool,
}

impl Default for Draft3161 {
    fn default() -> Self {
        Self {
            info_version: 1,
            imprint_algorithm: algorithm(SHA256),
            imprint: DIGEST.to_vec(),
            serial: integer(7),
            gen_time: GEN_TIME,
            rest: Vec::new(),
            content_type: TST_INFO,
            certificates: vec![signer(), middle()],
            signer: signer(),
            key: SIGNER.1,
            digest: algorithm(SHA256),
            announced: algorithm(SHA256),
            signature_algorithm: algorithm(ECDSA_SHA256),
            signers: 1,
            sorted: true,
        }
    }
}

/// `ESSCertIDv2` with the default digest.
pub fn id_v2(certificate: &[u8], issuer_serial: &[u8]) -> Vec<u8> {
    sequence(&[&octets(&Sha256::digest(certificate)), issuer_serial])
}

/// `ESSCertID`.
pub fn id_v1(certificate: &[u8]) -> Vec<u8> {
    sequence(&[&octets(&sha1::Sha1::digest(certificate))])
}

/// `IssuerSerial`.
pub fn issuer_serial(issuer: &str, serial: u64) -> Vec<u8> {
    sequence(&[&sequence(&[&tagged(4, &name(issuer))]), &integer(serial)])
}

pub fn ids(list: &[Vec<u8>]) -> Vec<Vec<u8>> {
    vec![sequence(&[&element(0x30, &list.concat())])]
}

impl Draft3161 {
    pub fn info(&self) -> Vec<u8> {
        sequence(&[
            &integer(self.info_version),
            &oid("1.3.6.1.4.1.99999.1"),
            &sequence(&[&self.imprint_algorithm, &octets(&self.imprint)]),
            &self.serial,
            &general_time(self.gen_time),
            &self.rest,
        ])
    }

    /// The attributes of an honest token.
    pub fn attributes(&self) -> Vec<Attribute> {
        vec![
            (CONTENT_TYPE, vec![oid(TST_INFO)]),
            (MESSAGE_DIGEST, vec![octets(&Sha256::digest(self.info()))]),
            (SIGNING_CERTIFICATE_V2, ids(&[id_v2(&self.signer, &[])])),
        ]
    }

    pub fn build(&self) -> Vec<u8> {
        self.build_with(Some(self.attributes()))
    }

    /// With the honest attributes changed.
    pub fn build_edited(&self, edit: impl FnOnce(&mut Vec<Attribute>)) -> Vec<u8> {
        let mut attributes = self.attributes();
        edit(&mut attributes);
        self.build_with(Some(attributes))
    }

    pub fn build_with(&self, attributes: Option<Vec<Attribute>>) -> Vec<u8> {
        let info = self.info();
        let (attributes, signature) = match attributes {
            None => (Vec::new(), sign(&key(self.key), &info)),
            Some(attributes) => {
                let mut encoded: Vec<Vec<u8>> = attributes
                    .iter()
                    .map(|(kind, values)| sequence(&[&oid(kind), &element(0x31, &values.concat())]))
                    .collect();
                encoded.sort();
                if !self.sorted {
                    encoded.reverse();
                }
                let body = encoded.concat();
                (tagged(0, &body), sign(&key(self.key), &element(0x31, &body)))
            }
        };
        let certificate = read(&self.signer);
        let signer_info = sequence(&[
            &integer(1),
            &sequence(&[certificate.issuer(), &element(2, certificate.serial())]),
            &self.digest,
            &attributes,
            &self.signature_algorithm,
            &octets(&signature),
        ]);
        let certificates = match self.certificates.as_slice() {
            [] => Vec::new(),
            some => tagged(0, &some.concat()),
        };
        let data = sequence(&[
            &integer(3),
            &set(&[&self.announced]),
            &sequence(&[&oid(self.content_type), &tagged(0, &octets(&info))]),
            &certificates,
            &element(0x31, &signer_info.repeat(self.signers)),
        ]);
        sequence(&[&oid("1.2.840.113549.1.7.2"), &tagged(0, &data)])
    }
}
