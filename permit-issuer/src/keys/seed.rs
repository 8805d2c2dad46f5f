//! Private halves. A seed is wiped when dropped, has no `Debug`, and leaves this file only as a signature or in its key file: 64
//! hexadecimal digits, whose text in memory is wiped too.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use ed25519_dalek::{Signer as _, SigningKey};
use verifier_core::bytes::hex;
use verifier_core::crypto::{PublicKey, sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Signer;
use crate::error::{Error, Result};

/// 32 secret bytes and the key made of them.
#[derive(ZeroizeOnDrop)]
pub struct Seed {
    bytes: [u8; 32],
    #[zeroize(skip)] // wipes itself
    key: SigningKey,
    #[zeroize(skip)] // not a secret
    public: PublicKey,
}

impl Seed {
    /// A seed from the operating system's random numbers.
    ///
    /// # Errors
    /// [`Error::Refused`] when there are none.
    pub fn random() -> Result<Self> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        getrandom::fill(bytes.as_mut())
            .map_err(|error| Error::refused("system.random", format!("no random bytes: {error}")))?;
        Self::from_bytes(&bytes)
    }

    /// A seed that everybody can compute, for stories and test vectors only.
    ///
    /// # Errors
    /// As [`Self::from_text`].
    pub fn public_fixture(label: &str) -> Result<Self> {
        Self::from_bytes(&sha256(
            format!("permit-issuer public fixture key, not a secret: {label}").as_bytes(),
        ))
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not 64 lower-case hexadecimal digits.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut bytes: [u8; 32] = hex::decode(text.trim_ascii_end().as_bytes())
            .ok_or_else(|| Error::Damaged("a key file does not hold 64 hexadecimal digits".to_owned()))?;
        let seed = Self::from_bytes(&bytes);
        bytes.zeroize();
        seed
    }

    /// The text of a key file.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(hex::encode(&self.bytes));
        text.push('\n');
        text
    }

    /// Writes a key file that only its owner can read.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create_file(&self, path: &Path) -> Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(self.to_text().as_bytes())?;
                file.sync_all()
            })
            .map_err(|error| Error::file(path, error))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// When it is missing, damaged or readable by others.
    pub fn read_file(path: &Path) -> Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_err(|error| Error::file(path, error))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(Error::refused(
                    "keys.permissions",
                    format!("{}: other users can read this key; chmod 600", path.display()),
                ));
            }
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| Error::file(path, error))?);
        Self::from_text(&text)
    }

    fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let key = SigningKey::from_bytes(bytes);
        let public = PublicKey::from_bytes(&key.verifying_key().to_bytes())
            .ok_or_else(|| Error::Damaged("a seed has no usable public key".to_owned()))?;
        Ok(Self { bytes: *bytes, key, public })
    }
}

impl Signer for Seed {
    fn public_key(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::crypto::{SignatureText, verify};

    /// Spec 03 section 1: key names for seeds 32 × 0x01 and 32 × 0x02; spec 02 section 2.3: a signature.
    #[test]
    fn published_keys_and_signature() {
        let export = Seed::from_text(&"01".repeat(32)).unwrap();
        let key = export.public_key();
        assert_eq!(key.to_text(), "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=");
        assert_eq!(key.fingerprint(), "sha256:34750f98bd59fcfc946da45aaabe933b");
        assert_eq!(Seed::from_text(&"02".repeat(32)).unwrap().public_key().binding_id(), "6a3803d5f059902a");
        let message = "sha256:e1e0bf02439654b5cf9ccdef652529812d353e40189a807444e0a2af4ecaf517";
        let signature = export.sign_text(message);
        assert_eq!(
            signature,
            "ed25519:gm/E48Y4X0n5MTANML2kSTinTnljBlP1xCq4uWl2SumRG6HtRFIT0+5QOI2hO1a91iIy9W4WTlAEkpuNu29XAQ=="
        );
        assert!(verify(&key, message.as_bytes(), &SignatureText::parse(&signature).unwrap()));
    }

    #[test]
    fn key_files_round_trip_and_refuse_damage() {
        let seed = Seed::public_fixture("a").unwrap();
        let again = Seed::from_text(&seed.to_text()).unwrap();
        assert_eq!(again.public_key(), seed.public_key());
        assert!(Seed::from_text("00").is_err());
        assert!(Seed::from_text(&"zz".repeat(32)).is_err());
    }
}
