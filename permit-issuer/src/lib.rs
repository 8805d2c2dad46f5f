//! Permit issuer.
