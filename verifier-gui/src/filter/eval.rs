use std::cmp::Ordering;

use verifier_core::ledger::{Ledger, Name, PermitRow};

use super::{Field, Filter, Operand, Operator};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What a row has in a field.
pub(crate) enum Cell {
    Text(Name),
    Number(Option<i64>),
    Flag(bool),
    /// The time as written.
    Time,
    /// Days since 1970.
    Day(Option<i64>),
    Word(&'static str),
}

pub(crate) fn cell(row: &PermitRow, field: Field) -> Cell {
    match field {
        Field::Sequence => Cell::Number(row.sequence.get()),
        Field::Permit => Cell::Text(row.permit),
        Field::Created => Cell::Time,
        Field::Day => Cell::Day(row.created_micros.get().map(|micros| micros.div_euclid(DAY))),
        Field::Decision => Cell::Text(row.decision),
        Field::Reason => Cell::Text(row.reason_code),
        Field::Status => Cell::Text(row.status),
        Field::Provider => Cell::Text(row.provider),
        Field::Model => Cell::Text(row.model),
        Field::Operation => Cell::Text(row.operation),
        Field::Subject => Cell::Text(row.subject),
        Field::Project => Cell::Text(row.project),
        Field::Policy => Cell::Text(row.policy),
        Field::Estimate => Cell::Number(row.estimated_cost.get()),
        Field::Cost => Cell::Number(row.actual_cost.get()),
        Field::Grade => Cell::Word(row.cost_grade.as_str()),
        Field::Tokens => Cell::Number(row.actual_total.get()),
        Field::Closure => Cell::Text(row.closure),
        Field::Dispatched => Cell::Flag(row.is_dispatched),
    }
}

/// The day as `YYYY-MM-DD`.
pub(crate) fn day_text(days: i64) -> String {
    let time = days.checked_mul(DAY).and_then(verifier_core::time::Timestamp::from_unix_micros);
    time.map(|time| time.text().chars().take(10).collect()).unwrap_or_default()
}

/// A filter made ready for one ledger: texts that occur in it are compared as numbers.
#[derive(Clone, Debug)]
pub struct Prepared<'l> {
    ledger: &'l Ledger,
    filter: Filter,
}

impl<'l> Prepared<'l> {
    /// Makes a filter ready.
    #[must_use]
    pub fn new(filter: Filter, ledger: &'l Ledger) -> Self {
        Self { ledger, filter }
    }

    /// Whether a row passes.
    #[must_use]
    pub fn passes(&self, row: &PermitRow) -> bool {
        self.judge(&self.filter, row)
    }

    fn judge(&self, filter: &Filter, row: &PermitRow) -> bool {
        match filter {
            Filter::All => true,
            Filter::Not(inner) => !self.judge(inner, row),
            Filter::And(parts) => parts.iter().all(|part| self.judge(part, row)),
            Filter::Or(parts) => parts.iter().any(|part| self.judge(part, row)),
            Filter::Anywhere(text) => Field::ALL.iter().any(|field| self.contains(*field, row, text)),
            Filter::Compare(field, operator, operand) => self.compare(*field, *operator, operand, row),
        }
    }

    fn contains(&self, field: Field, row: &PermitRow, lower: &str) -> bool {
        match cell(row, field) {
            Cell::Text(name) => self.ledger.text(name).to_lowercase().contains(lower),
            Cell::Time => row.created_at.to_lowercase().contains(lower),
            Cell::Word(word) => word.contains(lower),
            Cell::Day(day) if field == Field::Day => day.is_some_and(|day| day_text(day).contains(lower)),
            _ => false,
        }
    }

    fn compare(&self, field: Field, operator: Operator, operand: &Operand, row: &PermitRow) -> bool {
        let ordering = match (cell(row, field), operand) {
            (_, Operand::Text(text)) if operator == Operator::Contains => {
                return self.contains(field, row, text);
            }
            (Cell::Text(name), Operand::Text(text)) if !name.is_none() => {
                Some(self.ledger.text(name).cmp(text.as_str()))
            }
            (Cell::Time, Operand::Text(text)) => Some((*row.created_at).cmp(text.as_str())),
            (Cell::Word(word), Operand::Text(text)) => Some(word.cmp(text.as_str())),
            (Cell::Day(Some(day)), Operand::Text(text)) => Some(day_text(day).as_str().cmp(text.as_str())),
            (Cell::Number(Some(number)), Operand::Number(wanted)) => Some(number.cmp(wanted)),
            (Cell::Flag(flag), Operand::Flag(wanted)) => Some(flag.cmp(wanted)),
            _ => None,
        };
        match (operator, ordering) {
            (Operator::NotEqual, None) => true,
            (_, None) | (Operator::Contains, _) => false,
            (Operator::Equal, Some(found)) => found == Ordering::Equal,
            (Operator::NotEqual, Some(found)) => found != Ordering::Equal,
            (Operator::Less, Some(found)) => found == Ordering::Less,
            (Operator::AtMost, Some(found)) => found != Ordering::Greater,
            (Operator::More, Some(found)) => found == Ordering::Greater,
            (Operator::AtLeast, Some(found)) => found != Ordering::Less,
        }
    }
}
