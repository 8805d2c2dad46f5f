use std::ops::Deref;

use serde::Serialize;

/// Why a key is trusted, from strongest to weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The operator named the key.
    Pinned,
    /// The compiled-in trust root, or the trust root that the operator named.
    Root,
    /// A key manifest that a trust-root key signed.
    SignedManifest,
    /// A key manifest without a signature, which the operator named.
    Manifest,
    /// Only the evidence itself vouches for the key.
    SelfAttested,
}

impl Basis {
    /// Whether something outside the evidence vouches for the key.
    #[must_use]
    pub fn is_trusted(self) -> bool {
        self != Self::SelfAttested
    }

    /// The name in machine output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Root => "root",
            Self::SignedManifest => "signed_manifest",
            Self::Manifest => "manifest",
            Self::SelfAttested => "self_attested",
        }
    }

    /// The basis in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Pinned => "the key that you named",
            Self::Root => "a key of the trust root",
            Self::SignedManifest => "a key of a key manifest that a trust-root key signed",
            Self::Manifest => "a key of an unsigned key manifest that you named: you vouch for that file",
            Self::SelfAttested => "nothing outside the evidence: whoever made it chose the key",
        }
    }
}

/// A value whose signature was checked. Only this module's parent makes one.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    value: T,
    basis: Basis,
}

impl<T> Verified<T> {
    pub(super) fn new(value: T, basis: Basis) -> Self {
        Self { value, basis }
    }

    /// Why the signer's key is trusted.
    pub fn basis(&self) -> Basis {
        self.basis
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
