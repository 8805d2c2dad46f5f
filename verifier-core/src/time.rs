//! Points in time: UTC microseconds with the original text kept, no clock.
//!
//! Accepted grammar: RFC 3339 with any number of fraction digits (cut to microseconds), and the further
//! ISO 8601 forms that the reference verifier's `datetime.fromisoformat` (CPython 3.11) reads, because
//! genuine evidence is judged by it (spec 03 section 10): date only, week dates, the basic format, one
//! arbitrary character between date and time, missing minutes or seconds, a comma as decimal sign,
//! offsets `+HH`, `+HHMM`, `+HH:MM[:SS[.ffffff]]`. A text without an offset is UTC. Refused: a lower-case `z`,
//! hour 24, second 60, offsets of a day or more, years outside 1..=9999.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Appends `YYYY-MM-DDTHH:MM:SS.ffffff` of the wall-clock fields of a timestamp, offset dropped, year without
/// padding: the form that enters the chain record hash v1 (spec 04 section 2). Returns the stated offset from UTC in
/// microseconds, or `None` (and appends nothing) when [`Timestamp::parse`] would refuse the text.
pub fn push_record_hash_form(text: &str, out: &mut String) -> Option<RecordTime> {
    if let (Some(unix_micros), Some(form)) = (read_long_form(text), text.get(..26)) {
        out.push_str(form);
        return Some(RecordTime { unix_micros, offset: Some(0) });
    }
    let (wall, offset) = parse_parts(text.trim())?;
    push_long_form(wall, out);
    Some(RecordTime { unix_micros: wall - offset.unwrap_or(0), offset })
}

/// The time of a chain entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordTime {
    /// The instant, in microseconds since 1970; without an offset the text is read as UTC.
    pub unix_micros: i64,
    /// The offset from UTC in microseconds, when the text states one.
    pub offset: Option<i64>,
}

fn push_long_form(wall_micros: i64, out: &mut String) {
    let fields = Fields::of(wall_micros);
    push_decimal(out, fields.year, 1);
    fields.push_rest(out, 6);
}

/// A timestamp spelled `YYYY-MM-DDTHH:MM:SS.ffffffZ` with a year from 1000, as nearly all are, in microseconds since
/// 1970. `None` leaves the text to the whole grammar.
fn read_long_form(text: &str) -> Option<i64> {
    const FORM: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
    let text = text.as_bytes().as_array::<27>()?;
    let (mut digits, mut differs) = ([0; 27], false);
    for ((digit, byte), form) in digits.iter_mut().zip(text).zip(FORM) {
        *digit = byte.wrapping_sub(*form);
        differs |= *digit > if *form == b'0' { 9 } else { 0 };
    }
    let number = |from, to| {
        let digits = digits.get(from..to).unwrap_or_default();
        digits.iter().fold(0, |number, digit| number * 10 + i64::from(*digit))
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let valid = !differs
        && year >= 1000
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    valid.then_some(seconds * MICROS_PER_SECOND + number(20, 26))
}

/// Nanoseconds since 1970-01-01T00:00:00Z, for times of certificates and timestamps, which may be finer than a
/// microsecond and later than the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixNanos(i128);

impl UnixNanos {
    /// The beginning of a Unix second.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self(i128::from(seconds) * 1_000_000_000)
    }

    /// Later by so many nanoseconds.
    #[must_use]
    pub fn plus(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(i128::from(nanos)))
    }

    /// Earlier by so many nanoseconds.
    #[must_use]
    pub fn minus(self, nanos: u64) -> Self {
        Self(self.0.saturating_sub(i128::from(nanos)))
    }

    /// The Unix second it lies in.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0.div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }

    /// The instant of a timestamp.
    #[must_use]
    pub fn of(timestamp: &Timestamp) -> Self {
        Self(i128::from(timestamp.unix_micros()) * 1_000)
    }
}

impl fmt::Display for UnixNanos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = i64::try_from(self.0.div_euclid(1_000)).ok().and_then(Timestamp::from_unix_micros);
        match micros {
            Some(time) => write!(formatter, "{time}"),
            None => write!(formatter, "{} ns", self.0),
        }
    }
}

/// A point in time and the text it was read from.
///
/// Ordering and equality are by instant; the text is for display.
#[derive(Clone, Debug)]
pub struct Timestamp {
    wall_micros: i64,
    offset_micros: Option<i64>,
    text: Box<str>,
}

impl Timestamp {
    /// Reads a timestamp; blanks around it are ignored. `None` when the text is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (wall_micros, offset_micros) = parse_parts(text.trim())?;
        Some(Self { wall_micros, offset_micros, text: text.into() })
    }

    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z, within years 1..=9999.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        let low = days_from_civil(1, 1, 1) * MICROS_PER_DAY;
        let high = days_from_civil(9999, 12, 31) * MICROS_PER_DAY + MICROS_PER_DAY - 1;
        if !(low..=high).contains(&micros) {
            return None;
        }
        let mut stamp = Self { wall_micros: micros, offset_micros: Some(0), text: "".into() };
        stamp.text = stamp.to_rfc3339().into();
        Some(stamp)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(&self) -> i64 {
        self.wall_micros - self.offset_micros.unwrap_or(0)
    }

    /// The text as it was received.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The stated offset from UTC in microseconds; `None` when the text states none.
    #[must_use]
    pub fn offset_micros(&self) -> Option<i64> {
        self.offset_micros
    }

    /// The wall-clock fields as they enter the chain record hash v1: [`push_record_hash_form`].
    #[must_use]
    pub fn record_hash_form(&self) -> String {
        let mut out = String::with_capacity(26);
        push_long_form(self.wall_micros, &mut out);
        out
    }

    /// UTC as `YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00`, the form that permit bindings sign.
    #[must_use]
    pub fn to_offset_form(&self) -> String {
        format!("{}+00:00", self.utc_form())
    }

    /// UTC as RFC 3339 with `Z`.
    #[must_use]
    pub fn to_rfc3339(&self) -> String {
        format!("{}Z", self.utc_form())
    }

    fn utc_form(&self) -> String {
        let fields = Fields::of(self.unix_micros());
        let mut out = String::with_capacity(32);
        push_decimal(&mut out, fields.year, 4);
        fields.push_rest(&mut out, if fields.micros == 0 { 0 } else { 6 });
        out
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.unix_micros() == other.unix_micros()
    }
}
impl Eq for Timestamp {}
impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.unix_micros().cmp(&other.unix_micros())
    }
}
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_rfc3339())
    }
}

struct Fields {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

impl Fields {
    fn of(total: i64) -> Self {
        let (year, month, day) = civil_from_days(total.div_euclid(MICROS_PER_DAY));
        let in_day = total.rem_euclid(MICROS_PER_DAY);
        let seconds = in_day / MICROS_PER_SECOND;
        Self {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            micros: in_day % MICROS_PER_SECOND,
        }
    }

    fn push_rest(&self, out: &mut String, fraction_digits: usize) {
        for (separator, value) in
            [('-', self.month), ('-', self.day), ('T', self.hour), (':', self.minute), (':', self.second)]
        {
            out.push(separator);
            push_pair(out, value);
        }
        if fraction_digits > 0 {
            out.push('.');
            push_pair(out, self.micros / 10_000);
            push_pair(out, self.micros / 100 % 100);
            push_pair(out, self.micros % 100);
        }
    }
}

/// Two digits of a number below 100.
fn push_pair(out: &mut String, value: i64) {
    let digit = |value: i64| char::from(b'0' + u8::try_from(value).unwrap_or(0));
    out.push(digit(value / 10));
    out.push(digit(value % 10));
}

fn push_decimal(out: &mut String, value: i64, width: usize) {
    if (1000..=9999).contains(&value) {
        push_pair(out, value / 100);
        push_pair(out, value % 100);
        return;
    }
    // Writing to a String cannot fail.
    write!(out, "{value:0width$}").ok();
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn parse_parts(text: &str) -> Option<(i64, Option<i64>)> {
    let (date_length, days) = parse_date(text.as_bytes())?;
    let rest = text.get(date_length..)?;
    if rest.is_empty() {
        return Some((days * MICROS_PER_DAY, None));
    }
    let mut characters = rest.chars();
    characters.next()?;
    let (time, offset) = parse_time_and_offset(characters.as_str())?;
    let wall = days * MICROS_PER_DAY + time;
    let instant = wall - offset.unwrap_or(0);
    Timestamp::from_unix_range(instant).then_some((wall, offset))
}

impl Timestamp {
    fn from_unix_range(micros: i64) -> bool {
        let low = (days_from_civil(1, 1, 1) - 1) * MICROS_PER_DAY;
        let high = (days_from_civil(9999, 12, 31) + 2) * MICROS_PER_DAY;
        (low..high).contains(&micros)
    }
}

/// Length of the date part and its day number.
fn parse_date(text: &[u8]) -> Option<(usize, i64)> {
    let year = number(text.get(..4)?)?;
    if year < 1 {
        return None;
    }
    let extended = text.get(4) == Some(&b'-');
    let mut at = if extended { 5 } else { 4 };
    if text.get(at) == Some(&b'W') {
        let week = number(text.get(at + 1..at + 3)?)?;
        at += 3;
        let mut weekday = 1;
        let day_at = if extended { at + 1 } else { at };
        let has_day = if extended { text.get(at) == Some(&b'-') } else { true };
        if has_day && text.get(day_at).is_some_and(u8::is_ascii_digit) {
            weekday = number(text.get(day_at..=day_at)?)?;
            at = day_at + 1;
        }
        return Some((at, days_from_week(year, week, weekday)?));
    }
    let month = number(text.get(at..at + 2)?)?;
    at += 2;
    if extended {
        if text.get(at) != Some(&b'-') {
            return None;
        }
        at += 1;
    }
    let day = number(text.get(at..at + 2)?)?;
    at += 2;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    Some((at, days_from_civil(year, month, day)))
}

fn days_from_week(year: i64, week: i64, weekday: i64) -> Option<i64> {
    if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    let first = days_from_civil(year, 1, 1);
    let first_weekday = (first + 3).rem_euclid(7);
    let mut monday = first - first_weekday;
    if first_weekday > 3 {
        monday += 7;
    }
    if week == 53 {
        let leap = days_in_month(year, 2) == 29;
        if !(first_weekday == 3 || (first_weekday == 2 && leap)) {
            return None;
        }
    }
    Some(monday + (week - 1) * 7 + weekday - 1)
}

fn parse_time_and_offset(text: &str) -> Option<(i64, Option<i64>)> {
    let bytes = text.as_bytes();
    if let Some(plain) = text.strip_suffix('Z') {
        // CPython rewrites the final `Z`; a blank before it is then a blank before `+00:00`.
        return Some((parse_time(before_offset(plain).as_bytes(), 24)?, Some(0)));
    }
    let Some(sign_at) = bytes.iter().position(|byte| matches!(byte, b'+' | b'-')) else {
        return Some((parse_time(bytes, 24)?, None));
    };
    let time = parse_time(before_offset(text.get(..sign_at)?).as_bytes(), 24)?;
    let offset = parse_time(bytes.get(sign_at + 1..)?, 24)?;
    let signed = if bytes.get(sign_at) == Some(&b'-') { -offset } else { offset };
    Some((time, Some(signed)))
}

/// A time before an offset. CPython lets one character stand behind whole hours, minutes or seconds; here that is a blank.
fn before_offset(text: &str) -> &str {
    text.strip_suffix(' ').filter(|time| !time.contains(['.', ','])).unwrap_or(text)
}

/// `HH[[:]MM[[:]SS[(.|,)f*]]]` as microseconds.
fn parse_time(text: &[u8], hours: i64) -> Option<i64> {
    let hour = number(text.get(..2)?)?;
    if hour >= hours {
        return None;
    }
    let mut total = hour * 3600;
    let extended = text.get(2) == Some(&b':');
    let mut at = 2;
    for unit in [60, 1] {
        let rest = text.get(at..)?;
        if rest.is_empty() {
            return Some(total * MICROS_PER_SECOND);
        }
        if extended {
            if rest.first() != Some(&b':') {
                return None;
            }
            at += 1;
        }
        let value = number(text.get(at..at + 2)?)?;
        if value > 59 {
            return None;
        }
        total += value * unit;
        at += 2;
    }
    let rest = text.get(at..)?;
    let micros = match rest.split_first() {
        None => 0,
        Some((b'.' | b',', digits)) => fraction(digits)?,
        Some(_) => return None,
    };
    Some(total * MICROS_PER_SECOND + micros)
}

fn fraction(digits: &[u8]) -> Option<i64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut value = 0;
    for index in 0..6 {
        value = value * 10 + digits.get(index).map_or(0, |digit| i64::from(digit - b'0'));
    }
    Some(value)
}

fn number(digits: &[u8]) -> Option<i64> {
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    (!digits.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Option<String> {
        let mut out = String::new();
        push_record_hash_form(text, &mut out)?;
        Some(out)
    }

    /// Spec 04 section 2, observed on the reference under CPython 3.11.
    #[test]
    fn record_hash_forms() {
        for (text, expected) in [
            ("2026-05-07T12:00:01Z", "2026-05-07T12:00:01.000000"),
            ("2026-05-07T12:00:01.123456789+00:00", "2026-05-07T12:00:01.123456"),
            ("2026-05-07T12:00:01+05:30", "2026-05-07T12:00:01.000000"),
            ("2026-05-07 12:00:01Z", "2026-05-07T12:00:01.000000"),
            ("20260507T120001Z", "2026-05-07T12:00:01.000000"),
            ("2026-05-07", "2026-05-07T00:00:00.000000"),
            ("2026-05-07T12:00:01,5Z", "2026-05-07T12:00:01.500000"),
            ("0001-01-01T00:00:00Z", "1-01-01T00:00:00.000000"),
            ("2026-W19-4", "2026-05-07T00:00:00.000000"),
            ("2026-05-07T12:00:01 Z", "2026-05-07T12:00:01.000000"),
            ("2026-05-07T12 +00:00", "2026-05-07T12:00:00.000000"),
            ("2026-05-07T12:00:01.Z", "2026-05-07T12:00:01.000000"),
        ] {
            assert_eq!(record(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "2026-05-07T12:00:01z",
            "2026-05-07T24:00:00Z",
            "2026-05-07T12:00:60Z",
            "",
            "026-05-07",
            "2026-02-29",
            "2026-05-07T12:00:00+24:00",
            "2026-05-07T12:00:00ZZ",
            "2026-05-07T12:00:01.12345 Z",
            "2026-05-07T12:00:01.1 +00:00",
            "2026-05-07T12:00:01  Z",
            "2026-05-0é",
        ] {
            assert_eq!(record(text), None, "{text}");
        }
    }

    /// The fixed places and the grammar agree on the form itself and on everything one character away from it.
    #[test]
    fn the_long_form_is_read_like_any_other() {
        let texts =
            ["2026-05-07T12:34:56.123456Z", "2024-02-29T23:59:59.999999Z", "1000-12-31T00:00:00.000000Z"];
        for text in texts {
            let mut read = 0;
            for (at, byte) in (0..27).flat_map(|at| (b' '..=b'z').map(move |byte| (at, byte))) {
                let mut changed = text.to_owned();
                changed.replace_range(at..=at, &char::from(byte).to_string());
                let slow = parse_parts(changed.trim());
                if let Some(micros) = read_long_form(&changed) {
                    read += 1;
                    assert_eq!(slow, Some((micros, Some(0))), "{changed}");
                    let mut form = String::new();
                    push_long_form(micros, &mut form);
                    assert_eq!(form, changed[..26]);
                } else {
                    let of_form = |(byte, form): (u8, u8)| match form {
                        b'0' => byte.is_ascii_digit(),
                        other => byte == other,
                    };
                    let form = "0000-00-00T00:00:00.000000Z".bytes();
                    let is_form = !changed.starts_with('0') && changed.bytes().zip(form).all(of_form);
                    assert!(!is_form || slow.is_none(), "{changed}");
                }
            }
            assert!(read > 100, "{read}");
        }
        assert_eq!(read_long_form("2026-05-07T12:34:56.123456+00:00"), None);
    }

    #[test]
    fn instants_and_normal_forms() {
        let stamp = Timestamp::parse("2026-05-07T14:00:00+02:00").unwrap();
        assert_eq!(stamp.to_offset_form(), "2026-05-07T12:00:00+00:00");
        assert_eq!(stamp, Timestamp::parse("2026-05-07T12:00:00").unwrap());
        assert_eq!(
            Timestamp::parse("2026-05-07T12:00:00.5").unwrap().to_offset_form(),
            "2026-05-07T12:00:00.500000+00:00"
        );
        assert_eq!(Timestamp::parse("1970-01-01T00:00:01Z").unwrap().unix_micros(), 1_000_000);
        for micros in [0, -1, 1_778_155_201_000_001, 253_402_300_799_999_999] {
            let stamp = Timestamp::from_unix_micros(micros).unwrap();
            assert_eq!(Timestamp::parse(stamp.text()).unwrap().unix_micros(), micros);
        }
        assert!(Timestamp::from_unix_micros(i64::MAX).is_none());
    }
}
