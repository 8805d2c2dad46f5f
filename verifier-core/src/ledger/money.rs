//! Amounts: integers of micro-USD, read from text without a floating-point number anywhere.
//!
//! Two spellings occur. Members whose name ends in `_usd_micros` are JSON integers. Costs in USD (`cost_usd`, gateway
//! logs, invoices) are decimal numbers; they are kept exactly as [`Decimal`] and become micro-USD by rounding half to
//! even (spec 07 section 2). Sums are 128 bits wide and checked.

use std::fmt;

/// Micro-units in one unit of a currency.
pub const MICROS: i64 = 1_000_000;

/// Digits that a decimal may have, leading zeros not counted; more do not fit 128 bits.
const DIGITS: usize = 36;
/// The largest power of ten that a spelling may carry or need.
const EXPONENT: i32 = 60;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AmountError {
    /// Nothing is there.
    Empty,
    /// Neither an integer nor a decimal number.
    NotANumber,
    /// A number, but one with a fraction or an exponent, where an integer is required.
    NotAnInteger,
    /// Below zero, where that has no meaning.
    Negative,
    /// More than fits.
    TooLarge,
}

impl fmt::Display for AmountError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "no number",
            Self::NotANumber => "not a decimal number",
            Self::NotAnInteger => "not an integer",
            Self::Negative => "negative",
            Self::TooLarge => "too large",
        })
    }
}

impl std::error::Error for AmountError {}

/// Reads an integer: an optional minus sign and decimal digits, nothing else.
///
/// # Errors
/// [`AmountError`]; a fraction or exponent is [`AmountError::NotAnInteger`], even when it is zero.
pub fn parse_integer(text: &str) -> Result<i64, AmountError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() {
        return Err(AmountError::Empty);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_err(|_| AmountError::TooLarge);
    }
    match Decimal::parse(text) {
        Ok(_) | Err(AmountError::TooLarge) => Err(AmountError::NotAnInteger),
        Err(error) => Err(error),
    }
}

/// A decimal number, exactly: `units / 10^scale`, without trailing zeros in the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    units: i128,
    scale: u32,
}

/// An amount in micro-units, and whether rounding changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounded {
    /// The nearest micro-unit, half to even.
    pub micros: i64,
    /// Whether the decimal is a whole number of micro-units.
    pub is_exact: bool,
}

impl Decimal {
    /// Reads `[+-]digits[.digits][e[+-]digits]`. Grouping characters, blanks and currency signs are refused: what they
    /// mean differs between countries.
    ///
    /// # Errors
    /// [`AmountError`].
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return Err(AmountError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        let mut units: i128 = 0;
        let mut count = 0usize;
        for digit in whole.bytes().chain(fraction.bytes()).map(|byte| i128::from(byte.wrapping_sub(b'0'))) {
            count += usize::from(count > 0 || digit != 0);
            if count > DIGITS {
                return Err(AmountError::TooLarge);
            }
            units = units * 10 + digit;
        }
        let places = i32::try_from(fraction.len()).map_err(|_| AmountError::TooLarge)?;
        Self::normal(if negative { -units } else { units }, places - exponent)
    }

    /// `units / 10^scale` without trailing zeros; a negative scale multiplies.
    fn normal(mut units: i128, mut scale: i32) -> Result<Self, AmountError> {
        if units == 0 {
            return Ok(Self::default());
        }
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        while scale < 0 {
            units = units.checked_mul(10).ok_or(AmountError::TooLarge)?;
            scale += 1;
        }
        match u32::try_from(scale) {
            Ok(scale) if scale <= EXPONENT.unsigned_abs() => Ok(Self { units, scale }),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// So many micro-units.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self::normal(i128::from(micros), 6).unwrap_or_default()
    }

    /// Divided by `10^places`.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] when it needs more decimal places than a decimal may have.
    pub fn shifted(self, places: i32) -> Result<Self, AmountError> {
        let scale = i32::try_from(self.scale).map_err(|_| AmountError::TooLarge)?;
        Self::normal(self.units, scale.checked_add(places).ok_or(AmountError::TooLarge)?)
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.units < 0
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// The nearest number of micro-units, half to even.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] when it does not fit.
    pub fn to_micros(self) -> Result<Rounded, AmountError> {
        let (micros, is_exact) = match self.scale.checked_sub(6) {
            None | Some(0) => {
                let factor = 10i128.checked_pow(6 - self.scale).ok_or(AmountError::TooLarge)?;
                (self.units.checked_mul(factor).ok_or(AmountError::TooLarge)?, true)
            }
            Some(excess) => match 10i128.checked_pow(excess) {
                Some(divisor) => (divide_half_even(self.units, divisor), false),
                // Every number of at most 36 digits is less than half of such a power.
                None => (0, false),
            },
        };
        let micros = i64::try_from(micros).map_err(|_| AmountError::TooLarge)?;
        Ok(Rounded { micros, is_exact })
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] when it needs more than 128 bits.
    pub fn plus(self, other: Self) -> Result<Self, AmountError> {
        let scale = self.scale.max(other.scale);
        let widen = |decimal: Self| {
            let factor = 10i128.checked_pow(scale - decimal.scale)?;
            decimal.units.checked_mul(factor)
        };
        let sum = widen(self).zip(widen(other)).and_then(|(left, right)| left.checked_add(right));
        let scale = i32::try_from(scale).map_err(|_| AmountError::TooLarge)?;
        Self::normal(sum.ok_or(AmountError::TooLarge)?, scale)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.units.unsigned_abs().to_string();
        let scale = usize::try_from(self.scale).unwrap_or(0);
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(scale));
        let sign = if self.units < 0 { "-" } else { "" };
        match fraction {
            "" => write!(formatter, "{sign}{whole}"),
            fraction => write!(formatter, "{sign}{whole}.{fraction}"),
        }
    }
}

fn parse_exponent(text: &str) -> Result<i32, AmountError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::NotANumber);
    }
    match text.parse::<i32>() {
        Ok(exponent) if (-EXPONENT..=EXPONENT).contains(&exponent) => Ok(exponent),
        _ => Err(AmountError::TooLarge),
    }
}

fn divide_half_even(units: i128, divisor: i128) -> i128 {
    let quotient = units.div_euclid(divisor);
    let remainder = units.rem_euclid(divisor);
    // twice the remainder would overflow for the largest divisors
    match remainder.cmp(&(divisor - remainder)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// An amount of micro-USD as USD, with two to six decimals (spec 27 section 5): `1234567` is `1.234567`, `1000000` is
/// `1.00`.
#[must_use]
pub fn usd(micros: i128) -> String {
    let magnitude = micros.unsigned_abs();
    let unit = u128::from(MICROS.unsigned_abs());
    let fraction = format!("{:06}", magnitude % unit);
    let shown = fraction.trim_end_matches('0').len().max(2);
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{}", magnitude / unit, fraction.get(..shown).unwrap_or_default())
}

/// A number of a row: present, absent, or present and unreadable. Eight bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Figure(i64);

impl Figure {
    /// Nothing is stated, or `null`.
    pub const ABSENT: Self = Self(i64::MIN);
    /// Something is stated that is no integer in range; a fault says what.
    pub const UNREADABLE: Self = Self(i64::MIN + 1);

    /// A number. The two lowest numbers do not fit and count as unreadable.
    #[must_use]
    pub fn of(number: i64) -> Self {
        if number <= i64::MIN + 1 { Self::UNREADABLE } else { Self(number) }
    }

    /// The number, when there is one.
    #[must_use]
    pub fn get(self) -> Option<i64> {
        (self.0 > i64::MIN + 1).then_some(self.0)
    }

    /// Whether something is stated that cannot be read.
    #[must_use]
    pub fn is_unreadable(self) -> bool {
        self == Self::UNREADABLE
    }

    /// Whether nothing is stated.
    #[must_use]
    pub fn is_absent(self) -> bool {
        self == Self::ABSENT
    }
}

impl Default for Figure {
    fn default() -> Self {
        Self::ABSENT
    }
}

impl fmt::Debug for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(number) => write!(formatter, "{number}"),
            None if self.is_absent() => formatter.write_str("absent"),
            None => formatter.write_str("unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(text: &str) -> Result<(i64, bool), AmountError> {
        Decimal::parse(text)?.to_micros().map(|rounded| (rounded.micros, rounded.is_exact))
    }

    #[test]
    fn integers_are_digits_and_nothing_else() {
        assert_eq!(parse_integer("125745"), Ok(125_745));
        assert_eq!(parse_integer("-1"), Ok(-1));
        assert_eq!(parse_integer("9223372036854775807"), Ok(i64::MAX));
        assert_eq!(parse_integer("9223372036854775808"), Err(AmountError::TooLarge));
        for text in ["1.0", "1e3", "1.5", "0.1"] {
            assert_eq!(parse_integer(text), Err(AmountError::NotAnInteger), "{text}");
        }
        for text in ["1_0", " 1", "1 ", "0x10", "true", "１", "--1", "1,5"] {
            assert_eq!(parse_integer(text), Err(AmountError::NotANumber), "{text}");
        }
        assert_eq!(parse_integer(""), Err(AmountError::Empty));
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(micros("0.125745"), Ok((125_745, true)));
        assert_eq!(micros("1.2e-05"), Ok((12, true)));
        assert_eq!(micros("1E2"), Ok((100_000_000, true)));
        assert_eq!(micros("0.0000000000"), Ok((0, true)));
        // 0.1 + 0.2 of a binary double
        assert_eq!(micros("0.30000000000000004"), Ok((300_000, false)));
        assert_eq!(micros("9223372036854.775807"), Ok((i64::MAX, true)));
        assert_eq!(micros("9223372036854.775808"), Err(AmountError::TooLarge));
        assert_eq!(micros("1e-59"), Ok((0, false)));
        for text in ["", "-", ".", "1.2.3", "1,5", "$1", "1e", "1e1.5", "NaN", "Infinity", "1 000", "0x1"] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
        for text in ["1e61", "1e999999999999", &"9".repeat(37), "1e-61"] {
            assert_eq!(Decimal::parse(text), Err(AmountError::TooLarge), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (text, expected) in [
            ("0.0000005", 0),
            ("0.0000015", 2),
            ("0.0000025", 2),
            ("0.00000250001", 3),
            ("-0.0000005", 0),
            ("-0.0000015", -2),
            ("-0.0000014", -1),
        ] {
            assert_eq!(micros(text), Ok((expected, false)), "{text}");
        }
    }

    #[test]
    fn usd_has_two_to_six_decimals() {
        for (amount, text) in [
            (1_234_567, "1.234567"),
            (1_000_000, "1.00"),
            (0, "0.00"),
            (-5, "-0.000005"),
            (1_200_000, "1.20"),
        ] {
            assert_eq!(usd(amount), text);
        }
    }

    proptest! {
        #[test]
        fn a_decimal_prints_as_itself_and_loses_nothing(micros in any::<i64>()) {
            let decimal = Decimal::from_micros(micros);
            prop_assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
            prop_assert_eq!(decimal.to_micros(), Ok(Rounded { micros, is_exact: true }));
            prop_assert_eq!(Decimal::parse(&usd(i128::from(micros))), Ok(decimal));
        }

        #[test]
        fn sums_are_those_of_the_integers(left in any::<i32>(), right in any::<i32>()) {
            let (left, right) = (i64::from(left), i64::from(right));
            let sum = Decimal::from_micros(left).plus(Decimal::from_micros(right));
            prop_assert_eq!(sum, Ok(Decimal::from_micros(left + right)));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9eE.,_ ]{0,50}") {
            let _ = Decimal::parse(&text).map(|decimal| (decimal.to_micros(), decimal.to_string()));
            let _ = parse_integer(&text);
        }
    }
}
