//! Samples that anyone can draw again, and that the audited side cannot foresee.
//!
//! The population is every permit record of the evidence in one order; its digest covers permit, project, sequence
//! number and amount of each. The seed is
//!
//! ```text
//! seed  = SHA-256("keel.sample.seed/v1\n" || engagement || "\n" || population digest || "\n" || method text || "\n")
//! block = SHA-256(seed || number of the block, 64 bits big-endian), from 0 on
//! word  = 8 bytes of the blocks in order, big-endian
//! below(n): words are taken until one is below 2^64 - (2^64 mod n); the answer is that word mod n
//! ```
//!
//! `engagement` is the auditor's: a text with enough randomness that nobody can guess it. The auditor publishes its
//! SHA-256 ([`commitment`]) before the evidence is handed over and the text after it. The audited side can then not
//! choose the evidence for a sample that it knows, and the auditor cannot choose a seed for the evidence.
//!
//! | method | items |
//! | --- | --- |
//! | random | without replacement: for k = 0.., swap item k with item k + below(n - k) |
//! | systematic | start = below(n); item floor((start + k * n) / size) for k = 0..size |
//! | systematic, every | start = below(every); items start, start + every, … |
//! | stratified | one of each stratum where size suffices, and the rest over what is left of the strata in proportion, by largest remainder, in order of name among equals; each stratum is drawn as random, its seed SHA-256(seed, stratum name) |
//! | stratified, fixed | as many of each stratum as stated, drawn in the same way |
//! | monetary unit | interval = floor(sum / size); items of the interval or more are all taken; of the others the ones that hold the micro-USD start + k * interval, start = below(interval) |
//! | monetary unit, every | the same with the stated interval |
//!
//! | method text of the seed | |
//! | --- | --- |
//! | `<name> <size> <strata>` | with a size; strata `none` where there are none |
//! | `<name> every <interval> none` | with an interval: items, or micro-USD |
//! | `stratified fixed <strata> {"<stratum>":<size>,…}` | with a size for each stratum, as JSON without blanks, names in order of their bytes |

mod draw;
mod population;
mod stream;

pub use draw::{Basis, DrawError, Drawn, Method, Sample, draw};
pub use population::{Item, Population, Stratum};
pub use stream::Stream;

use crate::crypto::{prefixed, sha256};

/// What is published of an engagement before the evidence is handed over: `sha256:` of its text.
#[must_use]
pub fn commitment(engagement: &str) -> String {
    prefixed(&sha256(engagement.as_bytes()))
}

#[cfg(test)]
mod tests;
