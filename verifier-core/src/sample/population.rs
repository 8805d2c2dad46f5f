//! What is sampled from.

use crate::bytes::hex;
use crate::canon::write_string;
use crate::crypto::prefixed;
use crate::ledger::Ledger;

use sha2::{Digest, Sha256};

/// One permit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The row in the ledger.
    pub row: u32,
    /// The permit.
    pub permit: String,
    /// Its project.
    pub project: String,
    /// Lowest sequence number of its chain entries.
    pub sequence: Option<i64>,
    /// Actual cost in micro-USD; `None` where none is stated or it cannot be read.
    pub amount: Option<i64>,
    /// The stratum.
    pub stratum: String,
}

/// What items are told apart by for a stratified sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stratum {
    /// All are one stratum.
    None,
    /// By provider.
    Provider,
    /// By model.
    Model,
    /// By project.
    Project,
    /// By decision.
    Decision,
    /// By power of ten of the amount.
    Amount,
}

impl Stratum {
    /// Its name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Project => "project",
            Self::Decision => "decision",
            Self::Amount => "amount",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::None, Self::Provider, Self::Model, Self::Project, Self::Decision, Self::Amount]
            .into_iter()
            .find(|stratum| stratum.as_str() == name)
    }
}

/// Every permit record, by project, sequence number and permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// The items in order.
    pub items: Vec<Item>,
}

impl Population {
    /// The population of a ledger.
    #[must_use]
    pub fn of(ledger: &Ledger, stratum: Stratum) -> Self {
        let mut items: Vec<Item> = (0u32..)
            .zip(&ledger.permits)
            .map(|(row, permit)| {
                let text = |name| ledger.text(name).to_owned();
                let amount = permit.actual_cost.get();
                Item {
                    row,
                    permit: text(permit.permit),
                    project: text(permit.project),
                    sequence: permit.sequence.get(),
                    amount,
                    stratum: match stratum {
                        Stratum::None => String::new(),
                        Stratum::Provider => text(permit.provider),
                        Stratum::Model => text(permit.model),
                        Stratum::Project => text(permit.project),
                        Stratum::Decision => text(permit.decision),
                        Stratum::Amount => band(amount),
                    },
                }
            })
            .collect();
        // Stable: records that agree in everything keep the order of the evidence.
        items.sort_by(|left, right| {
            (&left.project, left.sequence, &left.permit, left.amount).cmp(&(
                &right.project,
                right.sequence,
                &right.permit,
                right.amount,
            ))
        });
        Self { items }
    }

    /// SHA-256 over one line for each item: a JSON array of project, sequence number, permit and amount.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut line = Vec::new();
        for item in &self.items {
            line.clear();
            line.push(b'[');
            write_string(&item.project, &mut line);
            line.push(b',');
            number(item.sequence, &mut line);
            line.push(b',');
            write_string(&item.permit, &mut line);
            line.push(b',');
            number(item.amount, &mut line);
            line.extend_from_slice(b"]\n");
            hash.update(&line);
        }
        prefixed(&hash.finalize().into())
    }

    /// The sum of the amounts above zero, in micro-USD.
    #[must_use]
    pub fn total(&self) -> i128 {
        self.items.iter().filter_map(|item| item.amount).filter(|amount| *amount > 0).map(i128::from).sum()
    }

    /// Items with an amount of zero or less, or with none: no monetary unit stands for them.
    #[must_use]
    pub fn without_amount(&self) -> usize {
        self.items.iter().filter(|item| item.amount.is_none_or(|amount| amount <= 0)).count()
    }
}

fn number(number: Option<i64>, line: &mut Vec<u8>) {
    match number {
        Some(number) => line.extend_from_slice(number.to_string().as_bytes()),
        None => line.extend_from_slice(b"null"),
    }
}

/// The power of ten of an amount in micro-USD, so that bands sort by size.
fn band(amount: Option<i64>) -> String {
    match amount {
        None => "none".to_owned(),
        Some(amount) if amount <= 0 => "zero or less".to_owned(),
        Some(amount) => format!("10^{:02} micro-USD", amount.ilog10()),
    }
}

/// The seed of a stratum, and of a sample.
pub(super) fn seed(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}

/// The seed as documents show it.
pub(super) fn seed_text(seed: &[u8; 32]) -> String {
    hex::encode(seed)
}
