//! A signed head as an artifact for a public log: a Sigstore bundle 0.3 with a key in place of a certificate (spec 16
//! section 16.7.1).
//!
//! | file | what |
//! | --- | --- |
//! | `checkpoint` | the artifact: the newest signed head, cosignatures included |
//! | `checkpoint.sigstore.json` | SHA-256 of it, ECDSA P-256 signature, hint at the key |
//! | `sigstore.pub` | the key, SubjectPublicKeyInfo in PEM |
//!
//! Public logs take P-256 keys, not the log's own Ed25519 note signature. The bundle holds no log entry: it is what is submitted, by
//! tools that may talk to the network, and proves nothing before a log has taken it. The `sigstore` crate signs and does
//! nothing else here.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use sigstore::crypto::signing_key::ecdsa::ECDSAKeys;
use sigstore::crypto::signing_key::ecdsa::ec::EcdsaSigner;
use sigstore::crypto::signing_key::{KeyPair as _, SigStoreSigner};
use sigstore::errors::SigstoreError;
use verifier_core::bytes::base64;
use verifier_core::crypto::sha256;
use zeroize::Zeroizing;

use super::SignedHead;
use crate::document;
use crate::error::{Error, Result};

/// Signs `head` with the P-256 key in the file `key` (PKCS #8, PEM) and writes the three files into `directory`.
///
/// # Errors
/// When the key is none of that kind, or a file exists or cannot be written.
pub fn write_bundle(head: &SignedHead, key: &Path, directory: &Path) -> Result<Value> {
    let pem = Zeroizing::new(fs::read(key).map_err(|error| Error::file(key, error))?);
    let artifact = head.to_text();
    let (bundle, public) = sign(&pem, artifact.as_bytes())
        .map_err(|error| Error::refused("log.sigstore_key", format!("{}: {error}", key.display())))?;
    fs::create_dir_all(directory).map_err(|error| Error::file(directory, error))?;
    let bundle = document::pretty(&bundle)?;
    let files: [(&str, &[u8]); 3] = [
        ("checkpoint", artifact.as_bytes()),
        ("checkpoint.sigstore.json", &bundle),
        ("sigstore.pub", public.as_bytes()),
    ];
    for (name, bytes) in files {
        let path = directory.join(name);
        fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| Error::file(&path, error))?;
    }
    Ok(json!({"path": directory.display().to_string(), "files": files.map(|(name, _)| name)}))
}

/// The bundle over `artifact` and the public key in PEM.
fn sign(pem: &[u8], artifact: &[u8]) -> sigstore::errors::Result<(Value, String)> {
    // not the reader that takes every kind of key: it would try RSA, whose crate has an open timing weakness
    let ECDSAKeys::P256(keys) = ECDSAKeys::from_pem(pem)? else {
        return Err(SigstoreError::KeyParseError("not a P-256 key".to_owned()));
    };
    let signature =
        SigStoreSigner::ECDSA_P256_SHA256_ASN1(EcdsaSigner::from_ecdsa_keys(&keys)?).sign(artifact)?;
    let hint = base64::encode(&sha256(&keys.public_key_to_der()?));
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64::encode(&sha256(artifact))},
            "signature": base64::encode(&signature),
        },
    });
    Ok((bundle, keys.public_key_to_pem()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigstore::crypto::signing_key::ecdsa::EllipticCurve;
    use sigstore::crypto::{Signature, SigningScheme};

    #[test]
    fn the_bundle_signs_the_artifact() {
        let keys = ECDSAKeys::new(EllipticCurve::P256).unwrap();
        let pem = keys.as_inner().private_key_to_pem().unwrap();
        let (bundle, public) = sign(pem.as_bytes(), b"artifact").unwrap();
        assert_eq!(sign(pem.as_bytes(), b"artifact").unwrap().0, bundle, "RFC 6979: no chance in it");
        assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{public}");
        let signature = bundle["messageSignature"]["signature"].as_str().unwrap();
        let key = keys.as_inner().to_verification_key(&SigningScheme::ECDSA_P256_SHA256_ASN1).unwrap();
        let verify =
            |message: &[u8]| key.verify_signature(Signature::Base64Encoded(signature.as_bytes()), message);
        verify(b"artifact").unwrap();
        assert!(verify(b"artifact2").is_err());
        let other = ECDSAKeys::new(EllipticCurve::P384).unwrap().as_inner().private_key_to_pem().unwrap();
        assert!(sign(other.as_bytes(), b"artifact").is_err(), "P-256 only");
        assert!(sign(b"nonsense", b"artifact").is_err());
    }
}
