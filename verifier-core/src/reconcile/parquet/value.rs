//! Values of a column, and the text that a CSV file would have for them.
//!
//! A double becomes its shortest decimal number that is read back as the same double, so that 0.1 is `0.1`. Decimals keep
//! all places that their type states. Points in time are UTC: FOCUS has no others, and a type without a zone states none.

use super::super::csv::RECORD_BYTES;
use super::Problem;
use crate::time::Timestamp;

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Physical {
    Boolean,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    /// Bytes of a fixed length, at least 1.
    Fixed(usize),
}

impl Physical {
    /// Bytes of one value; none for bits and for bytes that state their length.
    pub(super) fn width(self) -> Option<usize> {
        match self {
            Self::Boolean | Self::Bytes => None,
            Self::Int32 | Self::Float => Some(4),
            Self::Int64 | Self::Double => Some(8),
            Self::Int96 => Some(12),
            Self::Fixed(length) => Some(length),
        }
    }
}

/// The unit of a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A truth, a signed integer or a binary number.
    Plain,
    /// An unsigned integer.
    Unsigned,
    /// UTF-8.
    Text,
    /// An integer with so many decimal places.
    Decimal(usize),
    /// Days since 1970-01-01.
    Date,
    /// Since 1970-01-01T00:00:00Z.
    Timestamp(Unit),
    /// Nanoseconds of a day, and the day's Julian number.
    JulianDay,
    /// 16 bytes.
    Uuid,
    /// No value; writers without any give a column this form.
    Null,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    Float(f32),
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// A value of fixed width from its bytes.
    pub(super) fn fixed(physical: Physical, bytes: &'a [u8]) -> Option<Self> {
        Some(match physical {
            Physical::Boolean => return None,
            Physical::Int32 => Self::Int32(i32::from_le_bytes(bytes.try_into().ok()?)),
            Physical::Int64 => Self::Int64(i64::from_le_bytes(bytes.try_into().ok()?)),
            Physical::Float => Self::Float(f32::from_le_bytes(bytes.try_into().ok()?)),
            Physical::Double => Self::Double(f64::from_le_bytes(bytes.try_into().ok()?)),
            Physical::Int96 | Physical::Bytes | Physical::Fixed(_) => Self::Bytes(bytes),
        })
    }

    /// Appends the value as text.
    pub(super) fn push(self, form: Form, out: &mut String) -> Result<(), Problem> {
        use std::fmt::Write as _;
        let number = |number: f64, text: &str, out: &mut String| {
            if !number.is_finite() {
                return Err(Problem::NotFinite);
            }
            out.push_str(text);
            Ok(())
        };
        let written = match (self, form) {
            (_, Form::Null) => return Err(Problem::Damaged("a column without values has one")),
            (Self::Boolean(truth), _) => write!(out, "{truth}"),
            (Self::Float(float), _) => {
                return number(f64::from(float), ryu_js::Buffer::new().format(float), out);
            }
            (Self::Double(double), _) => return number(double, ryu_js::Buffer::new().format(double), out),
            (Self::Int32(value), Form::Unsigned) => write!(out, "{}", value.cast_unsigned()),
            (Self::Int64(value), Form::Unsigned) => write!(out, "{}", value.cast_unsigned()),
            (Self::Int32(days), Form::Date) => return date(i64::from(days), out),
            (Self::Int64(count), Form::Timestamp(unit)) => return timestamp(i128::from(count), unit, out),
            (Self::Int32(units), Form::Decimal(places)) => return decimal(i128::from(units), places, out),
            (Self::Int64(units), Form::Decimal(places)) => return decimal(i128::from(units), places, out),
            (Self::Int32(value), _) => write!(out, "{value}"),
            (Self::Int64(value), _) => write!(out, "{value}"),
            (Self::Bytes(bytes), Form::Decimal(places)) => {
                let units =
                    big_endian(bytes).ok_or(Problem::Damaged("a decimal has no bytes, or more than 16"))?;
                return decimal(units, places, out);
            }
            (Self::Bytes(bytes), Form::JulianDay) => return julian_day(bytes, out),
            (Self::Bytes(bytes), Form::Uuid) => bytes.iter().enumerate().try_for_each(|(position, byte)| {
                let dash = if matches!(position, 4 | 6 | 8 | 10) { "-" } else { "" };
                write!(out, "{dash}{byte:02x}")
            }),
            (Self::Bytes(bytes), _) if bytes.len() > RECORD_BYTES => return Err(Problem::TooLong),
            (Self::Bytes(bytes), _) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?;
                if text.contains('\0') {
                    return Err(Problem::Nul);
                }
                out.push_str(text);
                Ok(())
            }
        };
        written.map_err(|_| Problem::TooLong)
    }
}

/// A signed integer, the highest byte first, of 1 to 16 bytes.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = bytes.first().copied()?;
    let mut wide = [if first & 0x80 == 0 { 0 } else { 0xff }; 16];
    let start = wide.len().checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}

fn decimal(units: i128, places: usize, out: &mut String) -> Result<(), Problem> {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - places).ok_or(Problem::TooLong)?;
    if units < 0 {
        out.push('-');
    }
    out.push_str(whole);
    if places > 0 {
        out.push('.');
        out.push_str(fraction);
    }
    Ok(())
}

fn date(days: i64, out: &mut String) -> Result<(), Problem> {
    let micros = days.checked_mul(86_400_000_000).ok_or(Problem::NoDate)?;
    let time = Timestamp::from_unix_micros(micros).ok_or(Problem::NoDate)?;
    out.push_str(time.text().get(..10).ok_or(Problem::NoDate)?);
    Ok(())
}

/// Nanoseconds below a microsecond are cut off, as everywhere in this program.
fn timestamp(count: i128, unit: Unit, out: &mut String) -> Result<(), Problem> {
    let micros = match unit {
        Unit::Millis => count * 1_000,
        Unit::Micros => count,
        Unit::Nanos => count.div_euclid(1_000),
    };
    let time = i64::try_from(micros).ok().and_then(Timestamp::from_unix_micros).ok_or(Problem::NoDate)?;
    out.push_str(time.text());
    Ok(())
}

/// The legacy form of Spark and Impala. Julian day 2,440,588 is 1970-01-01.
fn julian_day(bytes: &[u8], out: &mut String) -> Result<(), Problem> {
    let (nanos, day) = bytes.split_first_chunk::<8>().ok_or(Problem::NoDate)?;
    let day = i128::from(i32::from_le_bytes(day.try_into().map_err(|_| Problem::NoDate)?));
    let nanos = i128::from(i64::from_le_bytes(*nanos));
    timestamp((day - 2_440_588) * 86_400_000_000_000 + nanos, Unit::Nanos, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Value<'_>, form: Form) -> Result<String, Problem> {
        let mut out = String::new();
        value.push(form, &mut out).map(|()| out)
    }

    #[test]
    fn a_value_is_what_csv_has() {
        let rows = [
            (Value::Boolean(true), Form::Plain, "true"),
            (Value::Double(0.1), Form::Plain, "0.1"),
            (Value::Double(0.1 + 0.2), Form::Plain, "0.30000000000000004"),
            (Value::Double(1e-7), Form::Plain, "1e-7"),
            (Value::Double(-3.0), Form::Plain, "-3"),
            (Value::Float(0.1), Form::Plain, "0.1"),
            (Value::Int32(-1), Form::Plain, "-1"),
            (Value::Int32(-1), Form::Unsigned, "4294967295"),
            (Value::Int64(-1), Form::Unsigned, "18446744073709551615"),
            (Value::Int64(-5), Form::Decimal(2), "-0.05"),
            (Value::Int32(1_234_500), Form::Decimal(6), "1.234500"),
            (Value::Int32(12), Form::Decimal(0), "12"),
            (Value::Bytes(&[0xff, 0x9c]), Form::Decimal(1), "-10.0"),
            (Value::Bytes(&[0]), Form::Decimal(1), "0.0"),
            (Value::Int32(-1), Form::Date, "1969-12-31"),
            (Value::Int64(1_767_225_600_000), Form::Timestamp(Unit::Millis), "2026-01-01T00:00:00Z"),
            (Value::Int64(-1), Form::Timestamp(Unit::Nanos), "1969-12-31T23:59:59.999999Z"),
            (Value::Bytes("é".as_bytes()), Form::Text, "é"),
            (Value::Bytes(&[0x12; 16]), Form::Uuid, "12121212-1212-1212-1212-121212121212"),
        ];
        for (value, form, expected) in rows {
            assert_eq!(text(value, form).as_deref(), Ok(expected), "{value:?}");
        }
        // 3,600 s of Julian day 2,440,589
        let bytes = [&3_600_000_000_000i64.to_le_bytes()[..], &2_440_589i32.to_le_bytes()].concat();
        assert_eq!(text(Value::Bytes(&bytes), Form::JulianDay).as_deref(), Ok("1970-01-02T01:00:00Z"));
    }

    #[test]
    fn what_has_no_text_is_refused() {
        let no_decimal = Problem::Damaged("a decimal has no bytes, or more than 16");
        for (value, form, problem) in [
            (Value::Double(f64::NAN), Form::Plain, Problem::NotFinite),
            (Value::Double(f64::NEG_INFINITY), Form::Plain, Problem::NotFinite),
            (Value::Float(f32::NAN), Form::Plain, Problem::NotFinite),
            (Value::Bytes(b"\xff"), Form::Text, Problem::NotUtf8),
            (Value::Bytes(b"a\0"), Form::Text, Problem::Nul),
            (Value::Bytes(&[1; 17]), Form::Decimal(2), no_decimal),
            (Value::Bytes(&[]), Form::Decimal(2), no_decimal),
            (Value::Int64(i64::MAX), Form::Timestamp(Unit::Micros), Problem::NoDate),
            (Value::Int32(i32::MAX), Form::Date, Problem::NoDate),
            (Value::Bytes(&[0; 11]), Form::JulianDay, Problem::NoDate),
        ] {
            assert_eq!(text(value, form), Err(problem), "{value:?}");
        }
    }
}
