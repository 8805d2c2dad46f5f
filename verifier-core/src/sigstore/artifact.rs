//! The artifact, known by its digests only: a signature over a digest needs no more, and files of any size are
//! read once with constant memory.

use std::io::{self, Read};

use sha2::{Digest, Sha256, Sha384, Sha512};

/// Digests of one artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactDigest {
    /// SHA-256.
    pub sha256: [u8; 32],
    /// SHA-384; `None` when the artifact is known by its SHA-256 only.
    pub sha384: Option<[u8; 48]>,
    /// SHA-512; `None` when the artifact is known by its SHA-256 only.
    pub sha512: Option<[u8; 64]>,
}

impl ArtifactDigest {
    /// An artifact of which only the SHA-256 is known.
    #[must_use]
    pub fn from_sha256(sha256: [u8; 32]) -> Self {
        Self { sha256, sha384: None, sha512: None }
    }

    /// Digests bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: Sha256::digest(bytes).into(),
            sha384: Some(Sha384::digest(bytes).into()),
            sha512: Some(Sha512::digest(bytes).into()),
        }
    }

    /// Digests a stream to its end.
    ///
    /// # Errors
    /// When reading fails.
    pub fn read(mut stream: impl Read) -> io::Result<Self> {
        let (mut sha256, mut sha384, mut sha512) = (Sha256::new(), Sha384::new(), Sha512::new());
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let read = buffer.get(..count).unwrap_or_default();
            sha256.update(read);
            sha384.update(read);
            sha512.update(read);
        }
        Ok(Self {
            sha256: sha256.finalize().into(),
            sha384: Some(sha384.finalize().into()),
            sha512: Some(sha512.finalize().into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_the_digests_of_its_bytes() {
        let bytes = vec![7; 200_000];
        assert_eq!(ArtifactDigest::read(bytes.as_slice()).unwrap(), ArtifactDigest::of(&bytes));
    }
}
