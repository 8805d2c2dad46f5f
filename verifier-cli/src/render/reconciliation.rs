//! Results of a reconciliation as text, CSV, JSON, and as the invoice again with proof references.

use std::io::{self, Write};

use serde_json::{Value, json};
use verifier_core::bytes::hex;
use verifier_core::ledger::money::usd;
use verifier_core::ledger::{Ledger, Name};
use verifier_core::reconcile::csv::Record;
use verifier_core::reconcile::{Class, InputSummary, LineRef, Outcome, Totals};
use verifier_core::report::TOOL;

use super::csv::{self, Cell};
use super::escape;
use super::style::{Page, Tone};

/// What no reconciliation establishes.
pub(crate) const NOT_PROVEN: &str = "logs and invoices are taken as they are; agreement of the three sides does not show that any of \
them is complete or true";

pub(crate) const COLUMNS: [&str; 20] = [
    "class",
    "code",
    "material",
    "permit_id",
    "x_ProofRef",
    "first_byte",
    "end_byte",
    "decision",
    "provider",
    "model",
    "created_at",
    "gateway_line",
    "invoice_line",
    "id",
    "permit_usd_micros",
    "gateway_usd_micros",
    "invoice_usd_micros",
    "difference_usd_micros",
    "cost_grade",
    "members",
];

/// Files of one side, by number.
pub(crate) struct Names<'a> {
    pub(crate) gateway: &'a [String],
    pub(crate) invoice: &'a [String],
}

/// Digest of the export and pointer of the record: enough to find the permit's proof.
pub(crate) fn proof_ref(ledger: &Ledger, permit: usize) -> String {
    let Some(row) = ledger.permits.get(permit) else { return String::new() };
    let source = ledger.sources.get(usize::from(row.place.source));
    let digest = source.map_or(String::new(), |source| hex::encode(&source.sha256));
    format!("sha256:{digest}#{}", ledger.pointer(&row.place))
}

pub(crate) fn cells(ledger: &Ledger, names: &Names<'_>, outcome: &Outcome) -> [Cell; 20] {
    let row = outcome.permit.and_then(|permit| ledger.permits.get(permit));
    let text = |name: Option<Name>| Cell::text(name.map_or("", |name| ledger.text(name)));
    let amount = |amount: Option<i64>| Cell::plain(amount.map_or(String::new(), |amount| amount.to_string()));
    let line = |place: Option<LineRef>, files: &[String]| match place {
        Some(place) => {
            let file = files.get(place.file()).map_or("", |file| file);
            Cell::text(&format!("{file}:{}", place.line()))
        }
        None => Cell::plain(""),
    };
    let byte = |position: Option<u64>| position.map_or_else(|| Cell::plain(""), Cell::count);
    [
        Cell::plain(outcome.class.as_str()),
        Cell::plain(outcome.class.code().map_or("", |code| code.id)),
        Cell::Flag(outcome.is_material),
        text(row.map(|row| row.permit)),
        Cell::plain(outcome.permit.map_or(String::new(), |permit| proof_ref(ledger, permit))),
        byte(row.map(|row| row.place.start)),
        byte(row.map(|row| row.place.end)),
        text(row.map(|row| row.decision)),
        text(row.map(|row| row.provider)),
        text(row.map(|row| row.model)),
        Cell::text(row.map_or("", |row| &row.created_at)),
        line(outcome.gateway_line, names.gateway),
        line(outcome.invoice_line, names.invoice),
        Cell::text(&outcome.id),
        amount(outcome.expected),
        amount(outcome.gateway),
        amount(outcome.invoice),
        Cell::plain(outcome.difference),
        Cell::plain(row.map_or("", |row| row.cost_grade.as_str())),
        if outcome.members > 0 { Cell::count(outcome.members) } else { Cell::plain("") },
    ]
}

/// The header of the CSV form: evidence and columns.
pub(crate) fn csv_header(evidence: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in evidence {
        writeln!(out, "# {line}")?;
    }
    csv::line(&COLUMNS.map(Cell::plain), out)
}

/// A line of the CSV form.
pub(crate) fn csv_line(
    ledger: &Ledger,
    names: &Names<'_>,
    outcome: &Outcome,
    out: &mut dyn Write,
) -> io::Result<()> {
    csv::line(&cells(ledger, names, outcome), out)
}

/// The JSON form up to its results.
pub(crate) fn json_header(evidence: &[Value], out: &mut dyn Write) -> io::Result<()> {
    let tool = json!({"name": TOOL, "version": env!("CARGO_PKG_VERSION")});
    let evidence = json!(evidence);
    write!(
        out,
        "{{\"schema\":\"keel-verify.reconciliation/v1\",\n\"tool\":{tool},\n\"evidence\":{evidence},\n\
         \"amounts\":\"micro_usd\",\n\"results\":["
    )
}

/// A result of the JSON form.
pub(crate) fn json_line(
    ledger: &Ledger,
    names: &Names<'_>,
    outcome: &Outcome,
    is_first: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let members = COLUMNS.iter().zip(cells(ledger, names, outcome));
    let members = members.map(|(name, cell)| ((*name).to_owned(), cell.into_json()));
    let separator = if is_first { "\n" } else { ",\n" };
    write!(out, "{separator}{}", Value::Object(members.collect()))
}

/// The end of the JSON form.
pub(crate) fn json_end(
    inputs: &[(&'static str, InputSummary)],
    totals: &Totals,
    status: u8,
    out: &mut dyn Write,
) -> io::Result<()> {
    let inputs: Vec<Value> = inputs
        .iter()
        .map(|(side, input)| {
            json!({"side": side, "file": input.file, "sha256": format!("sha256:{}", hex::encode(&input.sha256)),
                "bytes": input.bytes, "lines": input.lines, "columns_not_read": input.left_out})
        })
        .collect();
    let classes: Vec<Value> = Class::ALL
        .iter()
        .map(|class| {
            let total = totals.of(*class);
            json!({"class": class.as_str(), "code": class.code().map(|code| code.id), "count": total.count,
                "material": total.material, "difference_usd_micros": total.difference.to_string()})
        })
        .collect();
    let sums = json!({
        "permits_usd_micros": totals.permits.to_string(),
        "gateway_usd_micros": totals.gateway.to_string(),
        "invoice_usd_micros": totals.invoice.to_string(),
        "other_charges_usd_micros": totals.other_charges.to_string(),
        "other_lines": totals.other_lines,
    });
    writeln!(
        out,
        "\n],\n\"classes\":{},\n\"totals\":{sums},\n\"inputs\":{},\n\"not_proven\":{},\n\"exit_status\":{status}}}",
        json!(classes),
        json!(inputs),
        json!([NOT_PROVEN]),
    )
}

/// The columns that are added to invoice lines.
const ADDED: [&str; 2] = ["x_KeelPermitId", "x_ProofRef"];

/// Positions of the added columns, where the invoice has them already.
pub(crate) fn focus_header(header: &Record, out: &mut dyn Write) -> io::Result<[Option<usize>; 2]> {
    let positions = ADDED.map(|name| header.fields().position(|own| own == name));
    let mut cells: Vec<Cell> = header.fields().map(Cell::plain).collect();
    let missing = ADDED.iter().zip(positions).filter(|(_, position)| position.is_none());
    cells.extend(missing.map(|(name, _)| Cell::plain(name)));
    csv::line(&cells, out)?;
    Ok(positions)
}

/// An invoice line again; what it says itself stays, blanks of the added columns are filled.
pub(crate) fn focus_line(
    record: &Record,
    positions: [Option<usize>; 2],
    ledger: &Ledger,
    permit: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut cells: Vec<Cell> = record.fields().map(Cell::plain).collect();
    let id = permit.and_then(|permit| ledger.permits.get(permit)).map_or("", |row| ledger.text(row.permit));
    let values =
        [Cell::text(id), Cell::plain(permit.map_or(String::new(), |permit| proof_ref(ledger, permit)))];
    for (value, position) in values.into_iter().zip(positions) {
        match position.map(|position| cells.get_mut(position)) {
            None => cells.push(value),
            Some(Some(cell)) if cell.shown().is_empty() => *cell = value,
            Some(_) => {}
        }
    }
    csv::line(&cells, out)
}

/// Text for people, after the lines about the evidence.
pub(crate) fn human(
    inputs: &[(&'static str, InputSummary)],
    totals: &Totals,
    samples: &[(Class, String)],
    page: &mut Page<'_>,
) -> io::Result<()> {
    for (side, input) in inputs {
        let digest = hex::encode(&input.sha256);
        page.line(&format!("  {side} {} sha256:{digest}, {} lines", escape::text(&input.file), input.lines))?;
        if !input.left_out.is_empty() {
            let names = input.left_out.iter().map(|name| escape::text(name)).collect::<Vec<_>>();
            page.line(&format!("    columns without a form as text, not read: {}", names.join(", ")))?;
        }
    }
    page.heading("Classes")?;
    let has_sums = Class::ALL.into_iter().any(|class| class.is_of_sums() && totals.of(class).count > 0);
    for class in Class::ALL.into_iter().filter(|class| has_sums || !class.is_of_sums()) {
        let total = totals.of(class);
        let tone = match (class.is_exception(), total.count, total.material) {
            (_, 0, _) => Tone::Dim,
            (false, ..) => Tone::Good,
            (true, _, 0) => Tone::Open,
            (true, ..) => Tone::Bad,
        };
        let word = page.paint(tone, &format!("{:<22}", class.as_str().replace('_', " ")));
        page.line(&format!(
            "  {word} {:>10}  {:>8} material  USD {}",
            total.count,
            total.material,
            usd(total.difference)
        ))?;
    }
    page.heading("Sums")?;
    page.line(&format!("  permits USD {}", usd(totals.permits)))?;
    page.line(&format!("  gateway USD {}", usd(totals.gateway)))?;
    page.line(&format!(
        "  invoice USD {}, and {} credits, corrections, taxes and purchases of USD {}",
        usd(totals.invoice),
        totals.other_lines,
        usd(totals.other_charges)
    ))?;
    for class in Class::ALL.into_iter().filter(|class| class.is_exception()) {
        let mut own = samples.iter().filter(|(other, _)| *other == class).peekable();
        let Some(code) = class.code().filter(|_| own.peek().is_some()) else { continue };
        page.heading(&format!("{} [{}]", code.title, code.id))?;
        for (_, text) in own {
            page.line(&format!("  {text}"))?;
        }
    }
    page.line("")?;
    page.paragraph(0, &format!("Not proven: {NOT_PROVEN}."))
}

/// A result in one line of text.
pub(crate) fn sample(ledger: &Ledger, names: &Names<'_>, outcome: &Outcome) -> String {
    let mut parts = Vec::new();
    if let Some(row) = outcome.permit.and_then(|permit| ledger.permits.get(permit)) {
        parts.push(format!(
            "{} {}",
            escape::text(ledger.text(row.permit)),
            escape::text(&ledger.pointer(&row.place))
        ));
    }
    if !outcome.id.is_empty() {
        parts.push(escape::text(&outcome.id));
    }
    for (place, files) in [(outcome.gateway_line, names.gateway), (outcome.invoice_line, names.invoice)] {
        if let Some(place) = place {
            let file = files.get(place.file()).map_or("", |file| file);
            parts.push(format!("{}:{}", escape::text(file), place.line()));
        }
    }
    for (label, amount) in
        [("permit", outcome.expected), ("gateway", outcome.gateway), ("invoice", outcome.invoice)]
    {
        if let Some(amount) = amount {
            parts.push(format!("{label} {}", usd(i128::from(amount))));
        }
    }
    if outcome.members > 0 {
        parts.push(format!("{} calls", outcome.members));
    }
    parts.push(format!("difference {}", usd(i128::from(outcome.difference))));
    parts.join("  ")
}
