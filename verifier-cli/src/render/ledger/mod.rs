//! A statement of money rows as text, JSON and CSV. Every form begins with the evidence: digest, and what the
//! verification of the same bytes came to.

mod table;

use std::io::{self, Write};

use serde_json::{Value, json};
use verifier_core::claim::ledger::{RuleOutcome, RuleResult, Severity, Statement};
use verifier_core::finding::Finding;
use verifier_core::ledger::money::usd;
use verifier_core::render::csv::comment_text;
use verifier_core::render::{ascii, headline};
use verifier_core::report::{Outcome, Report, TOOL};

use super::csv::{self, Cell};
use super::escape;
use super::style::{Page, Tone};
use crate::args::ledger::LedgerTable;
use crate::exit::Exit;

/// What no statement establishes.
const NOT_PROVEN: &str = "amounts are as the evidence states them: nothing here shows that a provider charged them, \
that money moved, or that no other ledger exists";

/// A statement with the reports over the same bytes.
pub(crate) struct Shown<'a> {
    pub(crate) statement: &'a Statement<'a>,
    pub(crate) reports: &'a [Report],
    pub(crate) outcome: Outcome,
}

/// Trust state, file and digest of each verified set.
pub(crate) fn evidence(reports: &[Report]) -> Vec<Value> {
    let each = reports.iter().map(|report| {
        let headline = headline::of(report);
        let file = report.artifact.files.first();
        json!({
            "file": file.map(|file| &file.path),
            "sha256": file.and_then(|file| file.sha256.as_deref()),
            "outcome": report.outcome,
            "trust": headline.word,
            "summary": headline.text,
        })
    });
    each.collect()
}

/// The same as lines of text to stand before a table.
pub(crate) fn evidence_lines(reports: &[Report]) -> Vec<String> {
    let each = reports.iter().map(|report| {
        let headline = headline::of(report);
        let file = report.artifact.files.first();
        let digest = file.and_then(|file| file.sha256.as_deref()).unwrap_or("no digest");
        let path = file.map_or("input", |file| &file.path);
        comment_text(&format!("{}: {path} {digest}", headline.word))
    });
    each.collect()
}

/// One table with its header.
pub(crate) fn csv(shown: &Shown<'_>, which: LedgerTable, out: &mut dyn Write) -> io::Result<()> {
    for line in evidence_lines(shown.reports) {
        writeln!(out, "# {line}")?;
    }
    if let Some(at) = shown.statement.at {
        writeln!(out, "# bookings up to {at}")?;
    }
    let columns: Vec<Cell> = table::columns(which).iter().map(Cell::plain).collect();
    csv::line(&columns, out)?;
    table::rows(which, shown.statement, &mut |cells| csv::line(&cells, out))
}

/// The whole statement, without the table of permits.
pub(crate) fn json(shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let statement = shown.statement;
    let ledger = statement.ledger;
    let table = |which| {
        let mut rows = Vec::new();
        let columns = table::columns(which);
        let collected: Result<(), std::convert::Infallible> =
            table::rows(which, statement, &mut |cells: Vec<Cell>| {
                let members = columns.iter().zip(cells);
                let members = members.map(|(name, cell)| ((*name).to_owned(), cell.into_json()));
                rows.push(Value::Object(members.collect()));
                Ok(())
            });
        collected.ok();
        Value::Array(rows)
    };
    let faults: Vec<Value> = ledger
        .fault_counts
        .iter()
        .map(|(kind, count)| json!({"kind": kind.to_string(), "count": count}))
        .collect();
    let findings: Vec<Finding> = statement.findings();
    let total = &statement.total;
    let document = json!({
        "schema": "keel-verify.ledger/v1",
        "tool": {"name": TOOL, "version": env!("CARGO_PKG_VERSION")},
        "exit_status": Exit::from(shown.outcome).status(),
        "outcome": shown.outcome,
        "evidence": evidence(shown.reports),
        "amounts": "micro_usd",
        "at": statement.at,
        "rows": {
            "permits": ledger.permits.len(),
            "bookings": ledger.events.len(),
            "unreadable": faults,
        },
        "balances": table(LedgerTable::Balances),
        "overspend": table(LedgerTable::Overspend),
        "rules": table(LedgerTable::Rules),
        "violations": table(LedgerTable::Violations),
        "findings": findings,
        "total": {
            "permits": total.permits,
            "with_cost": total.costed,
            "actual_usd_micros": total.actual.to_string(),
            "unverified_usd_micros": total.unverified.to_string(),
            "usage_rows_usd_micros": total.booked.to_string(),
            "difference_usd_micros": total.difference.to_string(),
        },
        "totals": table(LedgerTable::Totals),
        "not_proven": [NOT_PROVEN],
    });
    ascii::write(&document, out)
}

/// Text for people.
pub(crate) fn human(shown: &Shown<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let statement = shown.statement;
    let ledger = statement.ledger;
    for report in shown.reports {
        let headline = headline::of(report);
        let word = page.paint(Tone::from(report.outcome), headline.word);
        page.line(&format!("{word}: {}", headline.text))?;
        for file in &report.artifact.files {
            if let Some(digest) = &file.sha256 {
                page.line(&format!("  {} {} {digest}", file.role, escape::text(&file.path)))?;
            }
        }
    }
    page.heading("Balances")?;
    if let Some(at) = statement.at {
        page.line(&format!("  bookings up to {at}"))?;
    }
    for account in &statement.replay.accounts {
        page.line(&format!("  envelope {}", escape::text(ledger.text(account.envelope))))?;
        let cap = account.cap.map_or_else(|| "unknown".to_owned(), usd);
        let left = account.remaining().map_or_else(|| "unknown".to_owned(), usd);
        page.line(&format!(
            "    caps {cap}  reserved {}  spent {}  remaining {left}  (USD)",
            usd(account.reserved),
            usd(account.spent)
        ))?;
        let state = match account.gap() {
            None if account.is_complete => "complete".to_owned(),
            None => "not complete: the figures are movements, not balances".to_owned(),
            Some((expected, _)) => {
                format!("booking {expected} is missing: the figures are movements, not balances")
            }
        };
        page.line(&format!("    bookings {} to {}, {}", account.first_seq, account.last_seq, state))?;
    }
    if statement.replay.accounts.is_empty() {
        page.line("  the evidence holds no bookings")?;
    }
    page.heading("Rules")?;
    for result in &statement.rules {
        let outcome = result.outcome();
        let tone = match (outcome, result.rule.severity) {
            (RuleOutcome::Holds, _) => Tone::Good,
            (RuleOutcome::Violated, Severity::Error) => Tone::Bad,
            (RuleOutcome::Violated, _) | (RuleOutcome::DataMissing, _) => Tone::Open,
            (RuleOutcome::NotApplicable, _) => Tone::Dim,
        };
        let word = match (outcome, result.rule.severity) {
            (RuleOutcome::Violated, Severity::Info) => "noted".to_owned(),
            _ => outcome.as_str().replace('_', " "),
        };
        let word = page.paint(tone, &format!("{word:<15}"));
        let mut counts = vec![format!("{} compared", result.checked)];
        if result.missing > 0 {
            counts.push(format!("{} not evaluated", result.missing));
        }
        if result.violated > 0 {
            counts.push(format!("{} {}", result.violated, result.rule.severity.as_str()));
        }
        page.line(&format!("  {:<4}{word} {:<34} {}", result.rule.id, result.rule.title, counts.join(", ")))?;
    }
    violations(statement, page)?;
    page.heading("Total")?;
    let total = &statement.total;
    page.line(&format!(
        "  {} permits, {} with a cost of USD {}, of which USD {} without verified provider evidence",
        total.permits,
        total.costed,
        usd(total.actual),
        usd(total.unverified)
    ))?;
    page.line(&format!("  usage rows USD {}, difference USD {}", usd(total.booked), usd(total.difference)))?;
    page.line("")?;
    page.paragraph(0, &format!("Not proven: {NOT_PROVEN}."))
}

/// Violations shown of one rule; the CSV and JSON forms list more, and those of severity info.
const SHOWN: usize = 10;

fn violations(statement: &Statement<'_>, page: &mut Page<'_>) -> io::Result<()> {
    let ledger = statement.ledger;
    for (kind, count) in &ledger.fault_counts {
        page.heading(&format!("Unreadable: {kind} ({count})"))?;
        for fault in ledger.faults.iter().filter(|fault| fault.kind == *kind).take(SHOWN) {
            let pointer = format!("{}{}", ledger.pointer(&fault.place), fault.pointer);
            page.line(&format!("  {}: {}", escape::text(&pointer), escape::text(&fault.stated)))?;
        }
    }
    let listed = |result: &&RuleResult| result.violated > 0 && result.rule.severity != Severity::Info;
    for result in statement.rules.iter().filter(listed) {
        page.heading(&format!(
            "{} {} ({} {})",
            result.rule.id,
            result.rule.title,
            result.violated,
            result.rule.severity.as_str()
        ))?;
        for violation in result.violations.iter().take(SHOWN) {
            page.line(&format!(
                "  {} {}",
                escape::text(&violation.subject),
                escape::text(&ledger.pointer(&violation.place))
            ))?;
            let difference = match violation.difference {
                Some(difference) => format!(" (difference {difference})"),
                None => String::new(),
            };
            page.labelled(
                4,
                "",
                &format!(
                    "{} {}; {} {}{difference}  [{}]",
                    violation.stated.0,
                    escape::text(&violation.stated.1),
                    violation.expected.0,
                    escape::text(&violation.expected.1),
                    violation.code.id
                ),
            )?;
        }
        let shown = u64::try_from(result.violations.len().min(SHOWN)).unwrap_or(u64::MAX);
        if result.violated > shown {
            page.line(&format!("  and {} more", result.violated - shown))?;
        }
    }
    Ok(())
}
