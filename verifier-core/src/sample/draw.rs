//! The methods (see [`super`]).

use std::collections::BTreeMap;
use std::fmt;

use super::population::{Population, Stratum, seed, seed_text};
use super::stream::Stream;
use crate::crypto::sha256;

/// How items are chosen. Sizes are numbers of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Simple random, without replacement.
    Random {
        /// Items.
        size: u32,
    },
    /// As many as asked for at even distances, from a random start.
    Systematic {
        /// Items.
        size: u32,
    },
    /// Every n-th, from a random start among the first n.
    SystematicInterval {
        /// Items from one to the next.
        every: u32,
    },
    /// Random within each stratum, in proportion.
    Stratified {
        /// Items.
        size: u32,
        /// What the strata are.
        by: Stratum,
    },
    /// Random within each stratum, as many as stated for it.
    StratifiedFixed {
        /// What the strata are.
        by: Stratum,
        /// Items of each stratum, by its name; every stratum of the population, and each above zero.
        sizes: BTreeMap<String, u32>,
    },
    /// In proportion to the amount.
    MonetaryUnit {
        /// Items, about; large ones count as often as the interval goes into them.
        size: u32,
    },
    /// In proportion to the amount, one in every so many micro-USD.
    MonetaryUnitInterval {
        /// Micro-USD from one to the next.
        interval: u64,
    },
}

impl Method {
    /// Its name in documents.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Random { .. } => "random",
            Self::Systematic { .. } | Self::SystematicInterval { .. } => "systematic",
            Self::Stratified { .. } | Self::StratifiedFixed { .. } => "stratified",
            Self::MonetaryUnit { .. } | Self::MonetaryUnitInterval { .. } => "monetary_unit",
        }
    }

    /// Items that were asked for; zero where an interval was.
    #[must_use]
    pub fn size(&self) -> u32 {
        match self {
            Self::Random { size }
            | Self::Systematic { size }
            | Self::Stratified { size, .. }
            | Self::MonetaryUnit { size } => *size,
            Self::StratifiedFixed { sizes, .. } => {
                sizes.values().fold(0, |sum: u32, size| sum.saturating_add(*size))
            }
            Self::SystematicInterval { .. } | Self::MonetaryUnitInterval { .. } => 0,
        }
    }

    /// What the strata are.
    #[must_use]
    pub fn stratum(&self) -> Stratum {
        match self {
            Self::Stratified { by, .. } | Self::StratifiedFixed { by, .. } => *by,
            _ => Stratum::None,
        }
    }

    /// The method with this name and a size.
    #[must_use]
    pub fn find(name: &str, size: u32, by: Stratum) -> Option<Self> {
        match name {
            "random" => Some(Self::Random { size }),
            "systematic" => Some(Self::Systematic { size }),
            "stratified" => Some(Self::Stratified { size, by }),
            "monetary_unit" => Some(Self::MonetaryUnit { size }),
            _ => None,
        }
    }

    /// The method in the text that the seed covers (see [`super`]).
    fn text(&self) -> String {
        let (name, by) = (self.name(), self.stratum().as_str());
        match self {
            Self::SystematicInterval { every } => format!("{name} every {every} {by}"),
            Self::MonetaryUnitInterval { interval } => format!("{name} every {interval} {by}"),
            Self::StratifiedFixed { sizes, .. } => {
                let sizes = serde_json::to_string(sizes).unwrap_or_default();
                format!("{name} fixed {by} {sizes}")
            }
            _ => format!("{name} {} {by}", self.size()),
        }
    }
}

/// Why an item was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// By chance.
    Chance,
    /// It is as large as the interval or larger, so it is chosen in every sample.
    Certain,
}

impl Basis {
    /// Its name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chance => "chance",
            Self::Certain => "certain",
        }
    }
}

/// A chosen item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Its position in the population.
    pub position: usize,
    /// Why it was chosen.
    pub basis: Basis,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How.
    pub method: Method,
    /// The auditor's text.
    pub engagement: String,
    /// Digest of the population.
    pub population: String,
    /// The seed, in hexadecimal digits.
    pub seed: String,
    /// Micro-USD between two chosen ones, of a monetary-unit sample.
    pub interval: Option<u64>,
    /// The items, in the order of the population, each once.
    pub drawn: Vec<Drawn>,
}

/// Why no sample can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DrawError {
    /// The population is empty.
    Empty,
    /// A size of zero.
    NoSize,
    /// More items than the population has.
    TooMany,
    /// No amount is above zero.
    NoAmount,
    /// The amounts sum to more than 2^63 micro-USD.
    Sum,
    /// The interval is larger than the population, so that a sample may be empty.
    Interval,
    /// A stratum of the population has no size.
    NotAllocated(String),
    /// The size is for a stratum that the population does not have.
    NoStratum(String),
    /// A stratum has fewer items than are asked of it, which are stated.
    StratumTooSmall(String, usize),
    /// The engagement is empty or holds a control character.
    Engagement,
}

impl fmt::Display for DrawError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAllocated(name) => {
                return write!(
                    formatter,
                    "the stratum {name:?} has no size; each stratum needs one above zero"
                );
            }
            Self::NoStratum(name) => return write!(formatter, "the population has no stratum {name:?}"),
            Self::StratumTooSmall(name, items) => {
                return write!(formatter, "the stratum {name:?} has {items} items, fewer than asked for");
            }
            Self::Interval => "the interval is larger than the population, so a sample might be empty",
            Self::Empty => "the evidence holds no permit records to sample from",
            Self::NoSize => "a sample has at least one item",
            Self::TooMany => "the sample would be larger than the population",
            Self::NoAmount => "no permit has an amount above zero, so there is no monetary unit to draw",
            Self::Sum => "the amounts sum to more than can be sampled",
            Self::Engagement => "the engagement must be a text of one line without control characters",
        })
    }
}

impl std::error::Error for DrawError {}

/// Draws a sample.
///
/// # Errors
/// [`DrawError`] says why there is none.
pub fn draw(population: &Population, method: &Method, engagement: &str) -> Result<Sample, DrawError> {
    if engagement.trim().is_empty() || engagement.chars().any(char::is_control) {
        return Err(DrawError::Engagement);
    }
    let count = population.items.len();
    let size = usize::try_from(method.size()).unwrap_or(usize::MAX);
    if count == 0 {
        return Err(DrawError::Empty);
    }
    let step = match method {
        Method::SystematicInterval { every } => u64::from(*every),
        Method::MonetaryUnitInterval { interval } => *interval,
        _ => wide(size),
    };
    if step == 0 {
        return Err(DrawError::NoSize);
    }
    let digest = population.digest();
    let seed = seed(&["keel.sample.seed/v1", engagement, &digest, &method.text()]);
    let mut interval = None;
    let fits = if size > count { Err(DrawError::TooMany) } else { Ok(()) };
    let mut drawn: Vec<Drawn> = match method {
        Method::Random { .. } => {
            fits?;
            by_chance(random(&mut Stream::new(seed), count, size))
        }
        Method::Systematic { .. } => {
            fits?;
            by_chance(systematic(&mut Stream::new(seed), count, size))
        }
        Method::SystematicInterval { every } => {
            let every = usize::try_from(*every).unwrap_or(usize::MAX);
            if every > count {
                return Err(DrawError::Interval);
            }
            let start = narrow(Stream::new(seed).below(wide(every)));
            by_chance((start..count).step_by(every).collect())
        }
        Method::Stratified { .. } => {
            fits?;
            let strata = strata(population);
            let sizes = allocate(&strata.values().map(Vec::len).collect::<Vec<_>>(), size);
            by_chance(stratified(strata, sizes, &seed))
        }
        Method::StratifiedFixed { sizes, .. } => {
            let strata = strata(population);
            let sizes = fixed(&strata, sizes)?;
            by_chance(stratified(strata, sizes, &seed))
        }
        Method::MonetaryUnit { size } => {
            let step = (monetary_units(population)? / u64::from(*size)).max(1);
            interval = Some(step);
            monetary_unit(population, &mut Stream::new(seed), step)
        }
        Method::MonetaryUnitInterval { interval: step } => {
            if *step > monetary_units(population)? {
                return Err(DrawError::Interval);
            }
            interval = Some(*step);
            monetary_unit(population, &mut Stream::new(seed), *step)
        }
    };
    drawn.sort_by_key(|item| item.position);
    Ok(Sample {
        method: method.clone(),
        engagement: engagement.to_owned(),
        population: digest,
        seed: seed_text(&seed),
        interval,
        drawn,
    })
}

fn by_chance(positions: Vec<usize>) -> Vec<Drawn> {
    positions.into_iter().map(|position| Drawn { position, basis: Basis::Chance }).collect()
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn narrow(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn random(stream: &mut Stream, count: usize, size: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for position in 0..size {
        let other = position + narrow(stream.below(wide(count - position)));
        order.swap(position, other);
    }
    order.truncate(size);
    order
}

fn systematic(stream: &mut Stream, count: usize, size: usize) -> Vec<usize> {
    let (count, size) = (u128::from(wide(count)), u128::from(wide(size)));
    let start = u128::from(stream.below(u64::try_from(count).unwrap_or(u64::MAX)));
    (0..size).filter_map(|step| usize::try_from((start + step * count) / size).ok()).collect()
}

/// Positions of the items of each stratum, by its name.
type Strata<'p> = BTreeMap<&'p str, Vec<usize>>;

fn strata(population: &Population) -> Strata<'_> {
    let mut strata = Strata::new();
    for (position, item) in population.items.iter().enumerate() {
        strata.entry(&item.stratum).or_default().push(position);
    }
    strata
}

/// The stated sizes in order of the strata, where they fit them.
fn fixed(strata: &Strata<'_>, sizes: &BTreeMap<String, u32>) -> Result<Vec<usize>, DrawError> {
    if let Some(name) = sizes.keys().find(|name| !strata.contains_key(name.as_str())) {
        return Err(DrawError::NoStratum(name.clone()));
    }
    let size = |(name, members): (&&str, &Vec<usize>)| {
        let size = sizes.get(*name).filter(|size| **size > 0);
        let size = size.ok_or_else(|| DrawError::NotAllocated((*name).to_owned()))?;
        let size = usize::try_from(*size).unwrap_or(usize::MAX);
        let fits = size <= members.len();
        fits.then_some(size).ok_or_else(|| DrawError::StratumTooSmall((*name).to_owned(), members.len()))
    };
    strata.iter().map(size).collect()
}

fn stratified(strata: Strata<'_>, sizes: Vec<usize>, seed: &[u8; 32]) -> Vec<usize> {
    let mut drawn = Vec::with_capacity(sizes.iter().sum());
    for ((name, members), size) in strata.into_iter().zip(sizes) {
        let own = sha256(&[&seed[..], name.as_bytes()].concat());
        let chosen = random(&mut Stream::new(own), members.len(), size);
        drawn.extend(chosen.into_iter().filter_map(|index| members.get(index).copied()));
    }
    drawn
}

/// Splits `size` in proportion to `counts`: the whole parts, then one more for the largest remainders, earlier strata
/// first among equals. Where `size` suffices, each stratum first gets one and the rest is split like this over what is left
/// of each, because nothing can be said of a stratum that nobody looked into.
fn allocate(counts: &[usize], size: usize) -> Vec<usize> {
    let own: Vec<usize> = counts.iter().map(|count| usize::from(*count > 0)).collect();
    match size.checked_sub(own.iter().sum()) {
        None => in_proportion(counts, size),
        Some(rest) => {
            let left: Vec<usize> = counts.iter().map(|count| count.saturating_sub(1)).collect();
            let further = in_proportion(&left, rest);
            own.iter().zip(further).map(|(own, further)| own + further).collect()
        }
    }
}

fn in_proportion(counts: &[usize], size: usize) -> Vec<usize> {
    let all: u128 = counts.iter().map(|count| u128::from(wide(*count))).sum();
    let share = |count: usize| u128::from(wide(count)) * u128::from(wide(size));
    let part = |count: usize| usize::try_from(share(count).checked_div(all).unwrap_or(0)).unwrap_or(0);
    let mut sizes: Vec<usize> = counts.iter().map(|count| part(*count)).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    let remainder =
        |index: &usize| counts.get(*index).map_or(0, |count| share(*count).checked_rem(all).unwrap_or(0));
    order.sort_by_key(|index| std::cmp::Reverse(remainder(index)));
    let missing = size.saturating_sub(sizes.iter().sum());
    for index in order.into_iter().take(missing) {
        if let Some(size) = sizes.get_mut(index) {
            *size += 1;
        }
    }
    sizes
}

/// The sum of the amounts above zero, in micro-USD.
fn monetary_units(population: &Population) -> Result<u64, DrawError> {
    let total = population.total();
    if total == 0 {
        return Err(DrawError::NoAmount);
    }
    i64::try_from(total).ok().and_then(|total| u64::try_from(total).ok()).ok_or(DrawError::Sum)
}

fn monetary_unit(population: &Population, stream: &mut Stream, interval: u64) -> Vec<Drawn> {
    let start = stream.below(interval);
    let mut drawn = Vec::new();
    // The next micro-USD that is chosen, and how many lie before the item at hand.
    let (mut next, mut before) = (start, 0u64);
    for (position, item) in population.items.iter().enumerate() {
        let Some(amount) = item.amount.and_then(|amount| u64::try_from(amount).ok()) else { continue };
        if amount >= interval {
            drawn.push(Drawn { position, basis: Basis::Certain });
            continue;
        }
        let after = before.saturating_add(amount);
        if next < after {
            drawn.push(Drawn { position, basis: Basis::Chance });
            next = next.saturating_add(interval);
        }
        before = after;
    }
    drawn
}
