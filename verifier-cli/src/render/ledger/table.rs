//! The tables of a statement: column names, and the cells of each row. Amounts are integers of micro-USD.

use verifier_core::claim::ledger::Statement;
use verifier_core::ledger::{Figure, Name, Place};

use crate::args::ledger::LedgerTable;
use crate::render::csv::Cell;

/// The columns.
pub(super) fn columns(table: LedgerTable) -> &'static [&'static str] {
    match table {
        LedgerTable::Rules => {
            &["rule", "title", "severity", "result", "checked", "not_evaluated", "violated", "compares"]
        }
        LedgerTable::Violations => &[
            "rule",
            "code",
            "severity",
            "subject",
            "stated_label",
            "stated",
            "expected_label",
            "expected",
            "difference",
            "file",
            "pointer",
            "first_byte",
            "end_byte",
        ],
        LedgerTable::Balances => &[
            "project_id",
            "envelope_id",
            "bookings",
            "first_seq",
            "last_seq",
            "complete",
            "reserved_usd_micros",
            "spent_usd_micros",
            "caps_usd_micros",
            "remaining_usd_micros",
        ],
        LedgerTable::Reservations => &[
            "reservation_id",
            "permit_id",
            "envelope_id",
            "reserved_usd_micros",
            "released_usd_micros",
            "committed_usd_micros",
            "spent_usd_micros",
            "open_usd_micros",
            "envelope_complete",
        ],
        LedgerTable::Overspend => {
            &["envelope_id", "first_seq", "last_seq", "largest_excess_usd_micros", "ended"]
        }
        LedgerTable::Totals => &[
            "project_id",
            "provider",
            "model",
            "day",
            "permits",
            "with_cost",
            "actual_usd_micros",
            "unverified_usd_micros",
            "usage_rows_usd_micros",
            "difference_usd_micros",
        ],
        LedgerTable::Permits => &[
            "file",
            "pointer",
            "first_byte",
            "end_byte",
            "permit_id",
            "sequence",
            "created_at",
            "decision",
            "reason_code",
            "status",
            "provider",
            "model",
            "operation",
            "subject_id",
            "project_id",
            "policy_id",
            "policy_version",
            "estimated_usd_micros",
            "actual_usd_micros",
            "cost_grade",
            "input_tokens",
            "output_tokens",
            "closure_status",
        ],
    }
}

/// Hands every row to `each`, in the order of the statement.
pub(super) fn rows<E>(
    table: LedgerTable,
    statement: &Statement<'_>,
    each: &mut dyn FnMut(Vec<Cell>) -> Result<(), E>,
) -> Result<(), E> {
    let ledger = statement.ledger;
    let text = |name: Name| Cell::text(ledger.text(name));
    let complete =
        |account: usize| statement.replay.accounts.get(account).is_some_and(|account| account.is_complete);
    match table {
        LedgerTable::Rules => statement.rules.iter().try_for_each(|result| {
            each(vec![
                Cell::plain(result.rule.id),
                Cell::plain(result.rule.title),
                Cell::plain(result.rule.severity.as_str()),
                Cell::plain(result.outcome().as_str()),
                Cell::count(result.checked),
                Cell::count(result.missing),
                Cell::count(result.violated),
                Cell::plain(result.rule.compares),
            ])
        }),
        LedgerTable::Violations => statement.rules.iter().try_for_each(|result| {
            result.violations.iter().try_for_each(|violation| {
                let mut row = vec![
                    Cell::plain(result.rule.id),
                    Cell::plain(violation.code.id),
                    Cell::plain(result.rule.severity.as_str()),
                    Cell::text(&violation.subject),
                    Cell::plain(violation.stated.0),
                    value(&violation.stated.1),
                    Cell::plain(violation.expected.0),
                    value(&violation.expected.1),
                    Cell::plain(violation.difference.map_or(String::new(), |amount| amount.to_string())),
                ];
                row.extend(place(statement, &violation.place));
                each(row)
            })
        }),
        LedgerTable::Balances => statement.replay.accounts.iter().try_for_each(|account| {
            each(vec![
                text(account.project),
                text(account.envelope),
                Cell::count(account.events),
                Cell::count(account.first_seq),
                Cell::count(account.last_seq),
                Cell::Flag(account.is_complete),
                Cell::plain(account.reserved),
                Cell::plain(account.spent),
                optional(account.cap),
                optional(account.remaining()),
            ])
        }),
        LedgerTable::Reservations => statement.replay.reservations.iter().try_for_each(|(id, own)| {
            let account = statement.replay.accounts.get(own.account);
            each(vec![
                text(*id),
                text(own.permit),
                text(account.map_or(Name::NONE, |account| account.envelope)),
                Cell::plain(own.reserved),
                Cell::plain(own.released),
                Cell::plain(own.committed),
                Cell::plain(own.spent),
                Cell::plain(own.open()),
                Cell::Flag(complete(own.account)),
            ])
        }),
        LedgerTable::Overspend => statement.replay.accounts.iter().try_for_each(|account| {
            account.windows.iter().try_for_each(|window| {
                let seq = |event: usize| {
                    let event = ledger.events.get(event);
                    count(event.map_or(Figure::ABSENT, |event| event.seq))
                };
                each(vec![
                    text(account.envelope),
                    seq(window.first),
                    seq(window.last),
                    Cell::plain(window.worst),
                    Cell::Flag(window.is_over),
                ])
            })
        }),
        LedgerTable::Totals => statement.groups.iter().try_for_each(|(group, total)| {
            each(vec![
                text(group.project),
                text(group.provider),
                text(group.model),
                Cell::plain(group.day_text()),
                Cell::count(total.permits),
                Cell::count(total.costed),
                Cell::plain(total.actual),
                Cell::plain(total.unverified),
                Cell::plain(total.booked),
                Cell::plain(total.difference),
            ])
        }),
        LedgerTable::Permits => ledger.permits.iter().try_for_each(|row| {
            let mut cells = place(statement, &row.place).to_vec();
            cells.extend([
                text(row.permit),
                count(row.sequence),
                Cell::text(&row.created_at),
                text(row.decision),
                text(row.reason_code),
                text(row.status),
                text(row.provider),
                text(row.model),
                text(row.operation),
                text(row.subject),
                text(row.project),
                text(row.policy),
                text(row.policy_version),
                figure(row.estimated_cost),
                figure(row.actual_cost),
                Cell::plain(row.cost_grade.as_str()),
                count(row.actual_input),
                count(row.actual_output),
                text(row.closure),
            ]);
            each(cells)
        }),
    }
}

/// A figure of a violation, else a text of the evidence.
fn value(text: &str) -> Cell {
    let is_number = text.parse::<i128>().is_ok();
    if is_number { Cell::plain(text) } else { Cell::text(text) }
}

fn optional(amount: Option<i128>) -> Cell {
    Cell::plain(amount.map_or(String::new(), |amount| amount.to_string()))
}

/// A token count or position.
fn count(figure: Figure) -> Cell {
    figure.get().map_or_else(|| self::figure(figure), Cell::count)
}

/// An amount.
fn figure(figure: Figure) -> Cell {
    Cell::plain(match figure.get() {
        Some(number) => number.to_string(),
        None if figure.is_absent() => String::new(),
        None => "unreadable".to_owned(),
    })
}

fn place(statement: &Statement<'_>, place: &Place) -> [Cell; 4] {
    let file = statement.ledger.sources.get(usize::from(place.source));
    [
        Cell::text(file.map_or("", |file| &file.label)),
        Cell::text(&statement.ledger.pointer(place)),
        Cell::count(place.start),
        Cell::count(place.end),
    ]
}
