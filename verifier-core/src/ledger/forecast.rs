//! Spend to the end of a month, from the days of it that the evidence covers.

use std::collections::BTreeMap;

use super::read::Ledger;
use crate::time::Timestamp;

/// Days with records that a forecast needs; fewer say too little.
pub const DAYS_NEEDED: u32 = 7;

/// What a month comes to if it goes on as it began. Amounts are micro-USD.
///
/// ```text
/// forecast = spent + ceil(spent * days left / days elapsed)
/// ```
///
/// Days elapsed are the days of the month up to the last one with a record, with or without spend. Only stated costs
/// count; nothing is said about seasons, weekends or calls that are not in the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// `YYYY-MM`.
    pub month: String,
    /// Days of the month up to the last one with a record.
    pub elapsed: u32,
    /// Days of the month.
    pub days: u32,
    /// Days with a record.
    pub covered: u32,
    /// Cost so far.
    pub spent: i128,
    /// Cost to the end of the month; `None` with fewer than [`DAYS_NEEDED`] days with records.
    pub forecast: Option<i128>,
}

/// The forecast of the last month in the evidence; `None` without a readable time.
#[must_use]
pub fn forecast(ledger: &Ledger) -> Option<Forecast> {
    let mut days: BTreeMap<(i64, u32, u32), i128> = BTreeMap::new();
    for row in &ledger.permits {
        let Some(day) = row.created_micros.get().and_then(date) else { continue };
        *days.entry(day).or_default() += i128::from(row.actual_cost.get().unwrap_or(0));
    }
    let (year, month, elapsed) = *days.keys().next_back()?;
    let own = || days.iter().filter(|((own_year, own_month, _), _)| (*own_year, *own_month) == (year, month));
    let spent: i128 = own().map(|(_, cost)| cost).sum();
    let covered = u32::try_from(own().count()).unwrap_or(u32::MAX);
    let length = days_of(year, month);
    let left = i128::from(length.saturating_sub(elapsed));
    let product = spent.saturating_mul(left);
    let divisor = i128::from(elapsed.max(1));
    let more = product.div_euclid(divisor) + i128::from(product.rem_euclid(divisor) > 0);
    Some(Forecast {
        month: format!("{year:04}-{month:02}"),
        elapsed,
        days: length,
        covered,
        spent,
        forecast: (covered >= DAYS_NEEDED).then_some(spent + more),
    })
}

fn days_of(year: i64, month: u32) -> u32 {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of an instant.
fn date(micros: i64) -> Option<(i64, u32, u32)> {
    let time = Timestamp::from_unix_micros(micros)?;
    let mut parts = time.text().get(..10)?.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Figure, PermitRow};

    fn ledger(days: &[(&str, i64)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (day, cost) in days {
            let at = Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap().unix_micros();
            ledger.permits.push(PermitRow {
                created_micros: Figure::of(at),
                actual_cost: Figure::of(*cost),
                ..PermitRow::default()
            });
        }
        ledger
    }

    #[test]
    fn a_month_goes_on_as_it_began() {
        let days: Vec<(String, i64)> = (1..=10).map(|day| (format!("2026-02-{day:02}"), 101)).collect();
        let days: Vec<(&str, i64)> = days.iter().map(|(day, cost)| (day.as_str(), *cost)).collect();
        let found = forecast(&ledger(&days)).unwrap();
        assert_eq!((found.month.as_str(), found.elapsed, found.days, found.covered), ("2026-02", 10, 28, 10));
        // 1010 * 18 / 10 = 1818
        assert_eq!((found.spent, found.forecast), (1_010, Some(2_828)));
    }

    #[test]
    fn few_days_give_none_and_older_months_do_not_count() {
        let found = forecast(&ledger(&[("2026-01-31", 500), ("2026-02-01", 7)])).unwrap();
        assert_eq!((found.spent, found.forecast, found.covered), (7, None, 1));
        assert_eq!(forecast(&Ledger::default()), None);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            [days_of(2024, 2), days_of(2100, 2), days_of(2000, 2), days_of(2026, 11)],
            [29, 28, 29, 30]
        );
    }
}
