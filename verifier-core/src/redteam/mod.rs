//! Attacks on honest evidence: many small changes, each verified again, and what was not noticed.
//!
//! Every mutant follows from the seed and its number alone:
//!
//! ```text
//! stream of mutant i = sample::Stream of SHA-256("keel.redteam/v1\n" seed "\n" i "\n")
//! ```
//!
//! so a run can be repeated by anybody, with any number of threads. A mutant changes one file: a bit, a cut, or a value,
//! member or item of its JSON. The files keep their roles, and options and trust material stay as they are: the attacker
//! holds no key.
//!
//! A mutant is verified as [`verify`](crate::verify::verify) does it, until the first finding that fails the run. Signatures
//! and rows of unchanged files are [remembered](crate::memo) within one attack; `tests.rs` demands the same verdicts without.
//!
//! | fate | means |
//! | --- | --- |
//! | caught | the run is no longer verified |
//! | same meaning | the JSON is the same value as before, or a set has its items in another order or one of them twice |
//! | listed | not noticed, at a place that no signature covers and the report says so, or in a file that the verdict does not rest on |
//! | survived | not noticed, at a place that the report calls covered: a fault of the verifier |

mod mutant;
mod node;
mod target;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::evidence::{Evidence, Progress};
use crate::memo::Memory;
use crate::par;
use crate::report::Outcome;
use crate::trust::TrustPolicy;
use crate::verify::failure;

pub use mutant::{Class, Mutant};
pub use target::{Target, TargetError};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Noticed; the code of the first finding that failed the run, in the order of the steps.
    Caught(&'static str),
    /// The file means the same as before.
    SameMeaning,
    /// Not noticed, and no proof of the report covers the place.
    Listed,
    /// Not noticed, although the report calls the place covered.
    Survived,
}

/// A mutant that was not noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// Its number.
    pub number: u64,
    /// What was done.
    pub class: Class,
    /// The file.
    pub file: String,
    /// JSON pointer; empty for a change of bytes.
    pub pointer: String,
    /// What was done there, in words.
    pub what: String,
    /// Whether the report lists the place as uncovered.
    pub is_listed: bool,
}

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Mutants.
    pub made: u64,
    /// Noticed.
    pub caught: u64,
    /// With the same meaning.
    pub same: u64,
    /// Not noticed and listed.
    pub listed: u64,
    /// Not noticed and not listed.
    pub survived: u64,
}

/// What an attack came to.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    /// By class.
    pub classes: BTreeMap<Class, Counts>,
    /// By the code that noticed.
    pub codes: BTreeMap<&'static str, u64>,
    /// What was not noticed, in order of number; at most [`SURVIVORS`] of each kind.
    pub survivors: Vec<Survivor>,
    /// Whether it was stopped.
    pub is_cut: bool,
    /// Files that the verdict does not rest on: the evidence verifies without them, so changes of them are listed.
    pub dispensable: Vec<String>,
}

/// Survivors that are listed, of those that the report lists and of the others.
pub const SURVIVORS: usize = 1_000;

/// Mutants that one thread takes at a time.
const BATCH: u64 = 64;

impl Attack {
    /// The sum over all classes.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.classes.values().fold(Counts::default(), |sum, own| Counts {
            made: sum.made + own.made,
            caught: sum.caught + own.caught,
            same: sum.same + own.same,
            listed: sum.listed + own.listed,
            survived: sum.survived + own.survived,
        })
    }

    /// Verified when something was tried and nothing survived but at places that the report lists as uncovered.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let total = self.total();
        match (total.survived, self.is_cut || total.made == 0) {
            (0, false) => Outcome::Verified,
            (0, true) => Outcome::NotEstablished,
            _ => Outcome::Disproved,
        }
    }
}

/// Makes and judges `count` mutants of honest evidence.
///
/// # Errors
/// [`TargetError`] when the evidence does not verify as it is, or cannot be held in memory.
pub fn attack(
    evidence: &Evidence,
    policy: &TrustPolicy,
    seed: &str,
    count: u64,
    progress: &dyn Progress,
) -> Result<Attack, TargetError> {
    let alone = TrustPolicy { workers: NonZeroUsize::MIN, ..policy.clone() };
    let memory = Arc::new(Memory::default());
    let target = memory.with(|| Target::new(evidence, &alone))?;
    memory.close();
    let done = AtomicU64::new(0);
    let shown = Mutex::new(());
    let batches: Vec<u64> = (0..count.div_ceil(BATCH)).collect();
    // Neighbouring batches cost about the same, so equal shares are fair.
    let judged = par::map(policy.workers, &batches, |batch| {
        let mut own = Attack::default();
        if progress.cancelled() {
            own.is_cut = true;
            return own;
        }
        let from = batch * BATCH;
        memory.with(|| {
            for number in from..count.min(from + BATCH) {
                one(&target, &alone, seed, number, &mut own);
            }
        });
        let now = done.fetch_add(BATCH, Ordering::Relaxed) + BATCH;
        if let Ok(_guard) = shown.try_lock() {
            progress.advance(now.min(count), count);
        }
        own
    });
    let mut attack = Attack { dispensable: target.dispensable(), ..Attack::default() };
    judged.into_iter().for_each(|own| attack.take(own));
    Ok(attack)
}

impl Attack {
    fn take(&mut self, own: Self) {
        for (class, counts) in own.classes {
            let sum = self.classes.entry(class).or_default();
            sum.made += counts.made;
            sum.caught += counts.caught;
            sum.same += counts.same;
            sum.listed += counts.listed;
            sum.survived += counts.survived;
        }
        for (code, count) in own.codes {
            *self.codes.entry(code).or_default() += count;
        }
        self.is_cut |= own.is_cut;
        for survivor in own.survivors {
            let known = self.survivors.iter().filter(|known| known.is_listed == survivor.is_listed).count();
            if known < SURVIVORS {
                self.survivors.push(survivor);
            }
        }
    }
}

fn one(target: &Target, policy: &TrustPolicy, seed: &str, number: u64, own: &mut Attack) {
    let Some(mutant) = mutant::make(target, seed, number) else { return };
    let fate = judge(target, policy, &mutant);
    let counts = own.classes.entry(mutant.class).or_default();
    counts.made += 1;
    match fate {
        Fate::Caught(code) => {
            counts.caught += 1;
            *own.codes.entry(code).or_default() += 1;
            return;
        }
        Fate::SameMeaning => {
            counts.same += 1;
            return;
        }
        Fate::Listed => counts.listed += 1,
        Fate::Survived => counts.survived += 1,
    }
    own.survivors.push(Survivor {
        number,
        class: mutant.class,
        file: target.label(mutant.file).to_owned(),
        is_listed: fate == Fate::Listed,
        pointer: mutant.pointer,
        what: mutant.what,
    });
}

fn judge(target: &Target, policy: &TrustPolicy, mutant: &Mutant) -> Fate {
    let evidence = target.with(mutant.file, mutant.bytes.clone());
    if let Some(code) = failure(&evidence, policy) {
        return Fate::Caught(code);
    }
    let is_order = matches!(mutant.class, Class::ItemsSwapped | Class::ItemRepeated)
        && Target::is_unordered(&mutant.pointer);
    if is_order || target.means_the_same(mutant.file, &mutant.bytes) {
        return Fate::SameMeaning;
    }
    if target.is_uncovered(mutant.file, &mutant.pointer) { Fate::Listed } else { Fate::Survived }
}

#[cfg(test)]
mod tests;
