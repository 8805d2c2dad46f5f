//! One line of a log or invoice, made from its values.

use super::map::{Field, Unit};
use super::problem::{At, InputError, InputProblem};
use super::source::Reader;
use crate::ledger::money::parse_integer;
use crate::ledger::{AmountError, Decimal, Figure};
use crate::time::Timestamp;

/// Bytes of a field that names something.
const TEXT_BYTES: usize = 1_024;

/// One line of a file.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Permit id.
    pub permit: String,
    /// The call's id.
    pub request: String,
    /// The answer's id.
    pub response: String,
    /// Provider.
    pub provider: String,
    /// Model or price key.
    pub model: String,
    /// Cost in the currency.
    pub cost: Decimal,
    /// Half of the last decimal place as it was written, in micro-units; what rounding can explain.
    pub slack: i64,
    /// Currency code in capitals.
    pub currency: String,
    /// Input tokens.
    pub input: Figure,
    /// Output tokens.
    pub output: Figure,
    /// When, or the start of the billed period, microseconds.
    pub time: Figure,
    /// End of the billed period, microseconds.
    pub period_end: Figure,
    /// The billed account.
    pub account: String,
    /// The billed resource.
    pub resource: String,
    /// What is charged.
    pub charge: String,
    /// A status other than success: the call did not go through.
    pub is_failure: bool,
    /// A credit, correction, tax or purchase, which is no call.
    pub is_other_charge: bool,
}

impl Reader<'_> {
    /// Takes a value into the line; of several places for a field the first that is filled counts.
    pub(super) fn take(
        &self,
        line: &mut Line,
        seen: &mut Seen,
        field: Field,
        text: &str,
        place: Place<'_>,
    ) -> Result<(), InputError> {
        if text.is_empty() {
            return Ok(());
        }
        let wrong = |problem| self.error(place.at, place.name, problem);
        let amount = |error| wrong(InputProblem::Amount(error, short(text)));
        if text.len() > TEXT_BYTES {
            return Err(wrong(InputProblem::TooLong));
        }
        let named = |slot: &mut String| {
            if slot.is_empty() {
                text.clone_into(slot);
            }
        };
        match field {
            Field::Permit => named(&mut line.permit),
            Field::Request => named(&mut line.request),
            Field::Response => named(&mut line.response),
            Field::Provider => named(&mut line.provider),
            Field::Model => named(&mut line.model),
            Field::Currency => line.currency = text.to_ascii_uppercase(),
            Field::Cost if seen.cost.is_none() => {
                let (cost, slack) = cost(text, self.map.unit).map_err(amount)?;
                (line.cost, line.slack) = (cost, slack);
                seen.cost = Some((place.name.to_owned(), text.to_owned()));
            }
            Field::Cost => {}
            Field::Input | Field::Output => {
                let count = parse_integer(text).map_err(amount)?;
                if count < 0 {
                    return Err(amount(AmountError::Negative));
                }
                let slot = if field == Field::Input { &mut line.input } else { &mut line.output };
                *slot = Figure::of(count);
            }
            Field::Account => named(&mut line.account),
            Field::Resource => named(&mut line.resource),
            Field::Charge => named(&mut line.charge),
            Field::Time | Field::PeriodEnd => {
                let time =
                    Timestamp::parse(text).ok_or_else(|| wrong(InputProblem::NotATime(short(text))))?;
                let slot = if field == Field::Time { &mut line.time } else { &mut line.period_end };
                *slot = Figure::of(time.unix_micros());
            }
            Field::Status => {
                let word = text.to_ascii_lowercase();
                line.is_failure =
                    !matches!(word.as_str(), "success" | "ok" | "succeeded" | "completed" | "200");
            }
            Field::Category => line.is_other_charge |= text != "Usage",
            Field::Class => line.is_other_charge |= text == "Correction",
        }
        Ok(())
    }

    /// Checks a line that has all its values.
    pub(super) fn finish(&self, line: &mut Line, at: At, seen: &Seen) -> Result<(), InputError> {
        let cost = self.map.columns.iter().find(|(field, _)| *field == Field::Cost);
        let name = cost.and_then(|(_, names)| names.first()).map_or("cost", |name| name);
        let Some((name, text)) = &seen.cost else {
            return Err(self.error(at, name, InputProblem::Missing));
        };
        if line.cost.is_negative() && !line.is_other_charge {
            let problem = InputProblem::Amount(AmountError::Negative, short(text));
            return Err(self.error(at, name, problem));
        }
        if line.currency.is_empty() {
            if self.map.columns.iter().any(|(field, _)| *field == Field::Currency) {
                return Err(self.error(at, "currency", InputProblem::Missing));
            }
            "USD".clone_into(&mut line.currency);
        }
        Ok(())
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) at: At,
    pub(super) name: &'a str,
}

/// The cost of a line as it was found: column and text.
#[derive(Default)]
pub(super) struct Seen {
    cost: Option<(String, String)>,
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The exact amount, and half of its last written decimal place: at least two places count, so that "1" is no licence
/// to be wrong by half a dollar.
fn cost(text: &str, unit: Unit) -> Result<(Decimal, i64), AmountError> {
    let shift = match unit {
        Unit::Usd => 0i32,
        Unit::Cent => 2,
        Unit::Micro => 6,
    };
    let decimal = Decimal::parse(text)?.shifted(shift)?;
    // Beyond what sums are made of; no amount of another size may stand for it.
    decimal.to_micros()?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let written = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len());
    let exponent = exponent.parse::<i32>().map_err(|_| AmountError::NotANumber)?;
    let written = i32::try_from(written).unwrap_or(i32::MAX).saturating_sub(exponent);
    let places = written.saturating_add(shift).clamp(2, 7);
    let slack = 10i64.checked_pow(u32::try_from(6 - places.min(6)).unwrap_or(0)).unwrap_or(1) / 2;
    Ok((decimal, slack))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounding_explains_is_half_of_the_last_place() {
        for (text, unit, slack) in [
            ("1", Unit::Usd, 5_000),
            ("0.12", Unit::Usd, 5_000),
            ("0.1200", Unit::Usd, 50),
            ("1.2e-05", Unit::Usd, 0),
            ("1.2E-3", Unit::Usd, 50),
            ("1e+2", Unit::Usd, 5_000),
            ("0.00000001", Unit::Usd, 0),
            ("12.5", Unit::Cent, 500),
            ("7", Unit::Micro, 0),
        ] {
            assert_eq!(cost(text, unit).unwrap().1, slack, "{text}");
        }
        for text in ["1e22", "-1e22", "9223372036854.775808"] {
            assert_eq!(cost(text, Unit::Usd), Err(AmountError::TooLarge), "{text}");
        }
        assert!(cost("1e", Unit::Usd).is_err() && cost("1e1e1", Unit::Usd).is_err());
    }
}
