//! Where the time comes from: the system, or a fixed instant for vectors and stories.
//!
//! Everything below the commands receives `now` as a value; nothing else reads a clock.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use verifier_core::time::Timestamp;

/// Gives microseconds since 1970-01-01T00:00:00Z.
pub trait Clock {
    /// The current instant.
    fn now_micros(&self) -> i64;
}

/// The operating system's clock.
#[derive(Debug, Default)]
pub struct System;

impl Clock for System {
    fn now_micros(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|elapsed| i64::try_from(elapsed.as_micros()).ok())
            .unwrap_or(0)
    }
}

/// An instant that only its owner moves.
#[derive(Debug)]
pub struct Fixed(Cell<i64>);

impl Fixed {
    /// Stands at `micros`.
    #[must_use]
    pub fn at(micros: i64) -> Self {
        Self(Cell::new(micros))
    }

    /// Stands at an RFC 3339 instant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Timestamp::parse(text).map(|stamp| Self::at(stamp.unix_micros()))
    }

    /// Moves to `micros`.
    pub fn set(&self, micros: i64) {
        self.0.set(micros);
    }

    /// Moves forward.
    pub fn advance(&self, micros: i64) {
        self.0.set(self.0.get().saturating_add(micros));
    }
}

impl Clock for Fixed {
    fn now_micros(&self) -> i64 {
        self.0.get()
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now_micros(&self) -> i64 {
        (**self).now_micros()
    }
}

impl Clock for Box<dyn Clock> {
    fn now_micros(&self) -> i64 {
        (**self).now_micros()
    }
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`: the one spelling of instants in everything that is exported, so that
/// the chain record hash form is this text without its last character.
#[must_use]
pub fn wire_time(micros: i64) -> String {
    Timestamp::from_unix_micros(micros).map_or_else(String::new, |stamp| {
        let mut text = stamp.record_hash_form();
        text.push('Z');
        text
    })
}

/// `YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00`: the spelling inside signed permit bindings (spec 21 section 4.3).
#[must_use]
pub fn binding_time(micros: i64) -> String {
    Timestamp::from_unix_micros(micros).map_or_else(String::new, |stamp| stamp.to_offset_form())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let clock = Fixed::parse("2026-05-07T12:00:01Z").unwrap();
        assert_eq!(wire_time(clock.now_micros()), "2026-05-07T12:00:01.000000Z");
        assert_eq!(binding_time(clock.now_micros()), "2026-05-07T12:00:01+00:00");
        clock.advance(500_000);
        assert_eq!(wire_time(clock.now_micros()), "2026-05-07T12:00:01.500000Z");
        assert_eq!(binding_time(clock.now_micros()), "2026-05-07T12:00:01.500000+00:00");
    }
}
