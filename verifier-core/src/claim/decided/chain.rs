//! The places of all entries of an export: which of them hash links join, and how stated time moves along them.

use std::collections::HashMap;

/// A place in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) scope: u32,
    pub(super) sequence: i64,
}

struct Point {
    place: Place,
    /// [`i64::MIN`] when it states no time.
    stated: i64,
    /// Number of the unbroken run that the entry is in.
    run: u32,
}

/// Every entry of an export, in chain order.
#[derive(Default)]
pub(super) struct Chains {
    scopes: HashMap<Box<str>, u32>,
    points: Vec<Point>,
}

impl Chains {
    /// The number of a scope.
    pub(super) fn scope(&mut self, name: &str) -> u32 {
        if let Some(number) = self.scopes.get(name) {
            return *number;
        }
        let number = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        self.scopes.insert(name.into(), number);
        number
    }

    /// The number of a scope that the export has entries of.
    pub(super) fn known(&self, name: &str) -> Option<u32> {
        self.scopes.get(name).copied()
    }

    pub(super) fn add(&mut self, place: Place, stated: Option<i64>) {
        self.points.push(Point { place, stated: stated.unwrap_or(i64::MIN), run: 0 });
    }

    /// Orders the entries. From here on a point's time is the latest stated up to it.
    pub(super) fn settle(&mut self) {
        self.points.sort_unstable_by_key(|point| (point.place.scope, point.place.sequence));
        let mut before: Option<(Place, u32, i64)> = None;
        for point in &mut self.points {
            let Place { scope, sequence } = point.place;
            if let Some((last, run, latest)) = before {
                let same = last.scope == scope;
                let joined =
                    same && (last.sequence == sequence || last.sequence.checked_add(1) == Some(sequence));
                point.run = if joined { run } else { run.saturating_add(1) };
                if same {
                    point.stated = point.stated.max(latest);
                }
            }
            before = Some((point.place, point.run, point.stated));
        }
    }

    fn at(&self, place: Place) -> Option<usize> {
        let key = |point: &Point| (point.place.scope, point.place.sequence);
        self.points.binary_search_by_key(&(place.scope, place.sequence), key).ok()
    }

    /// Whether hash links lead from the one to the other.
    pub(super) fn linked(&self, from: Place, to: Place) -> bool {
        let run = |place| self.at(place).and_then(|at| self.points.get(at)).map(|point| point.run);
        from.scope == to.scope && from.sequence <= to.sequence && run(from).is_some() && run(from) == run(to)
    }

    /// The latest time (microseconds) that entries before this place state.
    pub(super) fn latest_before(&self, place: Place) -> Option<i64> {
        let key = |point: &Point| (point.place.scope, point.place.sequence);
        let first = self.points.partition_point(|point| key(point) < (place.scope, place.sequence));
        let before = first.checked_sub(1).and_then(|at| self.points.get(at))?;
        (before.place.scope == place.scope && before.stated != i64::MIN).then_some(before.stated)
    }
}
