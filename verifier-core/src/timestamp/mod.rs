//! RFC 3161 timestamps: what a receipt says, and whether its issuer can be trusted for it.
//!
//! A receipt is a [`Token`], bare or inside a response. Reading it tells what it claims; [`verify`] decides, against a
//! [`TrustSet`] of anchors and revocation lists, whether an accepted authority claimed it. The two are kept apart
//! because a token that was put together by hand states a digest and a time as well as a genuine one does.

mod authority;
mod info;
mod problem;
mod signer;
mod token;
mod trust;
mod verify;

pub use authority::verify_by_authority;
pub use info::{Accuracy, TstInfo};
pub use problem::{NotValidated, Problem};
pub use token::{Form, Token};
pub use trust::{TrustScope, TrustSet, TrustSetError, TrustSetName};
pub use verify::{Checks, Outcome, Remark, Verified, verify};

#[cfg(test)]
mod tests;
