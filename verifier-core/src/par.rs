//! Work over slices on all cores, with results in input order.
//!
//! Threads are scoped and results joined by index, so a report is the same with 1 or 64 workers.

use std::num::NonZeroUsize;

/// Applies `work` to every item and returns the results in input order.
pub fn map<T: Sync, R: Send>(workers: NonZeroUsize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if workers.get() == 1 || items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(workers.get());
    std::thread::scope(|scope| {
        let handles: Vec<_> = items
            .chunks(share)
            .map(|chunk| {
                let work = &work;
                scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>())
            })
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| match handle.join() {
                Ok(results) => results,
                Err(payload) => std::panic::resume_unwind(payload),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_depend_on_the_number_of_workers() {
        let items: Vec<u32> = (0..1000).collect();
        let expected: Vec<u32> = items.iter().map(|item| item * 3).collect();
        for workers in [1, 2, 7] {
            assert_eq!(map(NonZeroUsize::new(workers).unwrap(), &items, |item| item * 3), expected);
        }
    }
}
