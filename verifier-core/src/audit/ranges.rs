//! Ranges of sequence numbers, first and last.

use crate::time::Timestamp;

/// A range of numbers.
pub(super) type Range = (i64, i64);

/// Merges ranges into ascending ones that do not touch.
pub(super) fn ranges(of: impl Iterator<Item = Range>) -> Vec<Range> {
    let mut all: Vec<(i64, i64)> = Vec::new();
    let mut sorted: Vec<(i64, i64)> = Vec::new();
    for (first, last) in of {
        match sorted.last_mut() {
            Some(own) if own.1.checked_add(1) == Some(first) => own.1 = last,
            _ => sorted.push((first, last)),
        }
    }
    sorted.sort_unstable();
    for (first, last) in sorted {
        match all.last_mut() {
            Some(own) if own.1.saturating_add(1) >= first => own.1 = own.1.max(last),
            _ => all.push((first, last)),
        }
    }
    all
}

/// The parts of `numbers` inside and outside of the ranges.
pub(super) fn split(numbers: Range, of: &[Range]) -> (Vec<Range>, Vec<Range>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let (mut at, end) = numbers;
    for (first, last) in of.iter().filter(|(first, last)| *last >= numbers.0 && *first <= numbers.1) {
        if *first > at {
            outside.push((at, first.saturating_sub(1)));
        }
        inside.push(((*first).max(at), (*last).min(end)));
        at = last.saturating_add(1);
    }
    if at <= end {
        outside.push((at, end));
    }
    (inside, outside)
}

/// `7` or `7 to 9`.
pub(super) fn span_text(first: i64, last: i64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// Ranges named in one message; the rest are counted.
const NAMED: usize = 8;

/// The ranges in words.
pub(super) fn ranges_text(ranges: &[(i64, i64)]) -> String {
    let mut text: Vec<String> =
        ranges.iter().take(NAMED).map(|(first, last)| span_text(*first, *last)).collect();
    let more = ranges.len().saturating_sub(NAMED);
    if more > 0 {
        text.push(format!("{more} further ranges"));
    }
    text.join(", ")
}

/// RFC 3339, or the number where it is beyond the calendar.
pub(super) fn time_text(micros: i64) -> String {
    Timestamp::from_unix_micros(micros).map_or_else(|| micros.to_string(), |time| time.to_rfc3339())
}
