//! The rows of the permit table: filtering, order, and the text of a cell.

use std::cmp::Ordering;

use verifier_core::ledger::{Ledger, PermitRow};

use crate::filter::{self, Field, Filter, Kind, Prepared};
use crate::money;

/// The text of a cell, as it is shown and exported.
#[must_use]
pub fn text(ledger: &Ledger, row: &PermitRow, field: Field) -> String {
    match filter::cell(row, field) {
        filter::Cell::Text(name) => ledger.text(name).to_owned(),
        filter::Cell::Time => row.created_at.to_string(),
        filter::Cell::Word(word) => word.replace('_', " "),
        filter::Cell::Flag(flag) => if flag { "yes" } else { "no" }.to_owned(),
        filter::Cell::Day(day) => day.map(filter::day_text).unwrap_or_default(),
        filter::Cell::Number(None) => String::new(),
        filter::Cell::Number(Some(number)) if field.kind() == Kind::Money => {
            money::amount(i128::from(number))
        }
        filter::Cell::Number(Some(number)) => number.to_string(),
    }
}

/// Positions of the rows that pass `filter`, ordered by `sort`. `stop` is asked from time to time.
pub fn select(
    ledger: &Ledger,
    filter: Filter,
    sort: Option<(Field, bool)>,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<u32>> {
    let prepared = Prepared::new(filter, ledger);
    let mut rows = Vec::new();
    for (position, row) in (0_u32..).zip(&ledger.permits) {
        if position.is_multiple_of(4096) && stop() {
            return None;
        }
        if prepared.passes(row) {
            rows.push(position);
        }
    }
    if let Some((field, descends)) = sort {
        let at = |position: &u32| usize::try_from(*position).ok().and_then(|at| ledger.permits.get(at));
        rows.sort_by(|one, other| {
            let ordering = match (at(one), at(other)) {
                (Some(one), Some(other)) => compare(ledger, one, other, field, descends),
                _ => Ordering::Equal,
            };
            ordering.then(one.cmp(other))
        });
    }
    Some(rows)
}

/// Order of two rows; what has no value comes last either way.
fn compare(ledger: &Ledger, one: &PermitRow, other: &PermitRow, field: Field, descends: bool) -> Ordering {
    use filter::Cell;
    let turned = |ordering: Ordering| if descends { ordering.reverse() } else { ordering };
    match (filter::cell(one, field), filter::cell(other, field)) {
        (Cell::Text(one), Cell::Text(other)) => match (one.is_none(), other.is_none()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => turned(ledger.text(one).cmp(ledger.text(other))),
        },
        (Cell::Number(one), Cell::Number(other)) | (Cell::Day(one), Cell::Day(other)) => match (one, other) {
            (Some(one), Some(other)) => turned(one.cmp(&other)),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        },
        (Cell::Time, Cell::Time) => {
            let time = |row: &PermitRow| row.created_micros.get();
            turned(time(one).cmp(&time(other)).then_with(|| one.created_at.cmp(&other.created_at)))
        }
        (Cell::Word(one), Cell::Word(other)) => turned(one.cmp(other)),
        (Cell::Flag(one), Cell::Flag(other)) => turned(one.cmp(&other)),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::ledger::Figure;

    use super::*;

    #[test]
    fn rows_without_a_value_come_last() {
        let mut ledger = Ledger::default();
        for cost in [Some(5), None, Some(9), Some(1)] {
            let actual_cost = cost.map_or(Figure::ABSENT, Figure::of);
            ledger.permits.push(PermitRow { actual_cost, ..PermitRow::default() });
        }
        let select = |descends| select(&ledger, Filter::All, Some((Field::Cost, descends)), &|| false);
        assert_eq!(select(false), Some(vec![3, 0, 2, 1]));
        assert_eq!(select(true), Some(vec![2, 0, 3, 1]));
        assert_eq!(super::select(&ledger, Filter::All, None, &|| true), None);
    }
}
