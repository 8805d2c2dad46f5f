//! Figures from published tables, from exact fractions, and properties.

use proptest::prelude::*;

use super::attribute::upper_rate;
use super::*;
use crate::finding::Verdict;

/// AICPA Audit Guide *Audit Sampling*, table of confidence factors: 95 % and 90 %.
#[test]
fn factors_are_the_published_ones() {
    let row = |level: Confidence| (0..8).map(|number| level.factor(number).unwrap()).collect::<Vec<_>>();
    assert_eq!(row(Confidence::P95), [300, 475, 630, 776, 916, 1052, 1185, 1315]);
    assert_eq!(row(Confidence::P90), [231, 389, 533, 669, 800, 928, 1054, 1178]);
    assert_eq!(Confidence::P95.factor(100), Some(11_808));
    assert_eq!(Confidence::P95.factor(101), None);
    assert_eq!(Confidence::of_percent(95), Some(Confidence::P95));
    assert_eq!(Confidence::of_percent(96), None);
}

/// P(X ≤ k) of a Poisson distribution in doubles: precise enough to place a factor to a hundredth.
fn poisson(misstatements: usize, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut sum = term;
    for number in 1..=misstatements {
        term *= mean / f64::from(u32::try_from(number).unwrap());
        sum += term;
    }
    sum
}

#[test]
fn every_factor_is_the_smallest_hundredth_that_meets_the_risk() {
    for level in Confidence::ALL {
        let risk = f64::from(level.risk_percent()) / 100.0;
        for number in 0..=100 {
            let factor = level.factor(number).unwrap();
            let mean = f64::from(factor) / 100.0;
            assert!(poisson(number, mean) <= risk, "{level} {number}");
            assert!(poisson(number, mean - 0.01) > risk, "{level} {number}");
        }
    }
}

/// `testvectors/standards/projection.py bounds` prints these, from exact fractions.
#[test]
fn binomial_bounds_are_exact() {
    for (sample, exceptions, percent, expected) in [
        (59, 0, 95, 49_508),
        (60, 0, 95, 48_703),
        (93, 1, 95, 49_994),
        (25, 0, 90, 87_990),
        (100, 5, 95, 102_254),
        (100, 100, 95, 1_000_000),
        (1, 0, 95, 950_000),
        (45, 0, 90, 49_882),
        (300, 12, 99, 74_702),
        (1000, 0, 99, 4_595),
        (500, 250, 80, 519_802),
        (2000, 37, 95, 24_267),
        (5, 4, 80, 956_353),
        (10, 9, 99, 998_996),
        (2, 0, 99, 900_000),
        (181, 176, 99, 992_880),
    ] {
        let rate = upper_rate(sample, exceptions, 100 - percent, 100);
        assert_eq!(rate, expected, "{exceptions} of {sample} at {percent} %");
    }
}

fn stratum(population: u64, sample: u64, exceptions: u64) -> AttributeStratum {
    AttributeStratum { population, sample, exceptions }
}

#[test]
fn attributes_are_projected_and_bounded() {
    let one = attribute(&[stratum(1000, 59, 0)], Confidence::P95, Some(50)).unwrap();
    assert_eq!((one.projected, one.upper, one.verdict), (0, 49, Some(Verdict::Supported)));
    let some = attribute(&[stratum(1000, 100, 5)], Confidence::P95, Some(60)).unwrap();
    assert_eq!((some.projected, some.upper), (50, 102));
    assert_eq!(some.verdict, Some(Verdict::InsufficientEvidence));
    let many = attribute(&[stratum(1000, 100, 61)], Confidence::P95, Some(60)).unwrap();
    assert_eq!(many.verdict, Some(Verdict::Disproved));
    let whole = attribute(&[stratum(40, 40, 3)], Confidence::P95, None).unwrap();
    assert_eq!((whole.projected, whole.upper, whole.verdict), (3, 3, None));
}

#[test]
fn strata_share_the_risk() {
    let parts = [stratum(600, 60, 0), stratum(10, 10, 1), stratum(400, 40, 0)];
    let both = attribute(&parts, Confidence::P90, None).unwrap();
    // two strata are open, so each has half of the risk
    assert_eq!(both.strata[0].upper_rate_millionths, upper_rate(60, 0, 5, 100));
    assert_eq!(both.strata[1].upper, 1);
    assert_eq!(both.upper, both.strata.iter().map(|row| row.upper).sum::<u64>());
}

#[test]
fn impossible_attribute_samples_are_refused() {
    let of = |parts: &[AttributeStratum]| attribute(parts, Confidence::P95, None);
    assert_eq!(of(&[]), Err(ProjectionError::Empty));
    assert_eq!(of(&[stratum(10, 0, 0)]), Err(ProjectionError::Empty));
    assert_eq!(of(&[stratum(10, 11, 0)]), Err(ProjectionError::SampleBeyondPopulation));
    assert_eq!(of(&[stratum(10, 5, 6)]), Err(ProjectionError::ExceptionsBeyondSample));
    let huge = stratum(u64::MAX, attribute::SAMPLE + 1, 0);
    assert_eq!(of(&[huge]), Err(ProjectionError::TooLarge));
    let widest = of(&[stratum(u64::MAX, attribute::SAMPLE, attribute::SAMPLE)]).unwrap();
    assert_eq!(widest.upper, u64::MAX);
}

fn judged(book: i64, audited: i64) -> Judged {
    Judged { book, audited }
}

/// Interval 10,000; taintings 60 % and 25 %; a certain item overstated by 500. By hand at 95 %:
/// projected 6,000 + 2,500; basic 30,000; incremental 0.75 × 6,000 + 0.55 × 2,500 = 5,875; known 500.
#[test]
fn monetary_units_follow_the_hand_calculation() {
    let items = [judged(400, 300), judged(20_000, 19_500), judged(1_000, 400), judged(5_000, 5_000)];
    let sample = MonetaryUnitSample { interval: 10_000, left_to_chance: 90_000, items: &items };
    let result = monetary_unit(&sample, Confidence::P95, Some(45_000)).unwrap();
    assert_eq!((result.certain, result.drawn), (1, 3));
    assert_eq!((result.known_overstatement, result.found_overstatement), (500, 1_200));
    assert_eq!((result.projected_overstatement, result.basic_precision), (8_500, 30_000));
    assert_eq!(result.incremental_allowance, 5_875);
    assert_eq!(result.upper_overstatement, Some(44_875));
    assert_eq!(result.verdict, Some(Verdict::Supported));
    let tight = monetary_unit(&sample, Confidence::P95, Some(44_874)).unwrap();
    assert_eq!(tight.verdict, Some(Verdict::InsufficientEvidence));
    let broken = monetary_unit(&sample, Confidence::P95, Some(1_199)).unwrap();
    assert_eq!(broken.verdict, Some(Verdict::Disproved));
}

#[test]
fn understatements_are_kept_apart_and_nothing_is_bounded_beyond_an_item() {
    let items = [judged(1_000, 1_500), judged(20_000, 21_000)];
    let sample = MonetaryUnitSample { interval: 10_000, left_to_chance: 50_000, items: &items };
    let result = monetary_unit(&sample, Confidence::P95, None).unwrap();
    assert_eq!((result.projected_understatement, result.known_understatement), (5_000, 1_000));
    assert_eq!((result.projected_overstatement, result.upper_overstatement), (0, Some(30_000)));
    let beyond = [judged(1_000, -1)];
    let sample = MonetaryUnitSample { interval: 10_000, left_to_chance: 50_000, items: &beyond };
    let result = monetary_unit(&sample, Confidence::P95, Some(i128::MAX)).unwrap();
    assert_eq!(result.upper_overstatement, None);
    assert_eq!(result.verdict, Some(Verdict::InsufficientEvidence));
}

#[test]
fn without_chance_there_is_no_allowance_for_it() {
    let sample =
        MonetaryUnitSample { interval: 10, left_to_chance: 0, items: &[judged(10, 7), judged(90, 90)] };
    let result = monetary_unit(&sample, Confidence::P99, None).unwrap();
    assert_eq!((result.basic_precision, result.upper_overstatement), (0, Some(3)));
}

#[test]
fn impossible_monetary_samples_are_refused() {
    let of = |interval, items: &[Judged]| {
        monetary_unit(&MonetaryUnitSample { interval, left_to_chance: 1, items }, Confidence::P95, None)
    };
    assert_eq!(of(0, &[judged(1, 1)]), Err(ProjectionError::NotPositive));
    assert_eq!(of(5, &[judged(0, 0)]), Err(ProjectionError::NotPositive));
    assert_eq!(of(5, &[]), Err(ProjectionError::Empty));
    assert_eq!(of(i64::MAX, &[judged(1, i64::MIN)]), Err(ProjectionError::TooLarge));
    assert_eq!(of(9, &vec![judged(2, 1); 101]), Err(ProjectionError::TooManyMisstatements));
    assert!(of(9, &vec![judged(2, 1); 100]).is_ok());
}

/// N = 100, book 5,000; drawn 4 with books 40, 60, 50, 50 and differences 10, 0, 0, 2. By hand: Σ audited 188; mean per unit
/// 4,700; ratio 5,000 × 188 / 200 = 4,700; difference 5,000 − 300 = 4,700; s² = (104 − 36) / 3;
/// variance 100 × 96 × 68 / 3 / 4 = 54,400, whose root is 233.2.
#[test]
fn estimates_follow_the_hand_calculation() {
    let items = [judged(40, 30), judged(60, 60), judged(50, 50), judged(50, 48)];
    let result = estimate(&[AmountStratum { population: 100, book: 5_000, items: &items }]).unwrap();
    assert_eq!((result.mean_per_unit, result.ratio, result.difference), (4_700, Some(4_700), 4_700));
    assert_eq!((result.found_difference, result.standard_error), (12, Some(234)));
}

#[test]
fn estimates_of_a_whole_population_are_its_total() {
    let items = [judged(40, 30), judged(-60, -60)];
    let result = estimate(&[AmountStratum { population: 2, book: -20, items: &items }]).unwrap();
    assert_eq!((result.mean_per_unit, result.difference), (-30, -30));
    assert_eq!((result.ratio, result.standard_error), (None, Some(0)));
    let single = [judged(1, 1)];
    let result = estimate(&[AmountStratum { population: 2, book: 2, items: &single }]).unwrap();
    assert_eq!(result.standard_error, None);
}

proptest! {
    /// The bound against doubles, from both sides, with room for their error.
    #[test]
    fn the_bound_meets_the_risk(sample in 1u64..300, share in 0u64..=100, risk in 1u64..20) {
        let exceptions = (sample - 1) * share / 100;
        let rate = upper_rate(sample, exceptions, risk, 100);
        let tail = |rate: u64| {
            let chance = f64::from(u32::try_from(rate).unwrap()) / 1e6;
            let number = |value: u64| f64::from(u32::try_from(value).unwrap());
            // logarithms, because the first terms are too small for a double
            let mut term = number(sample) * (-chance).ln_1p();
            let mut sum = term.exp();
            for k in 1..=exceptions {
                term += (number(sample - k + 1) / number(k) * chance / (1.0 - chance)).ln();
                sum += term.exp();
            }
            sum
        };
        let risk = f64::from(u32::try_from(risk).unwrap()) / 100.0;
        prop_assert!(rate == 1_000_000 || tail(rate) <= risk * (1.0 + 1e-9));
        prop_assert!(tail(rate - 1) >= risk * (1.0 - 1e-9));
    }

    #[test]
    fn more_exceptions_never_lower_the_bound(sample in 2u64..500, exceptions in 0u64..499) {
        prop_assume!(exceptions < sample);
        let bound = |exceptions| upper_rate(sample, exceptions, 5, 100);
        prop_assert!(bound(exceptions) <= bound(exceptions + 1));
        prop_assert!(bound(exceptions) * sample >= exceptions * 1_000_000);
    }

    #[test]
    fn the_order_of_items_does_not_matter(
        items in prop::collection::vec((1i64..50_000, 0i64..60_000), 1..40),
        by in 0usize..40,
    ) {
        let mut items: Vec<Judged> = items.into_iter().map(|(book, audited)| judged(book, audited)).collect();
        let of = |items: &[Judged]| {
            let sample = MonetaryUnitSample { interval: 20_000, left_to_chance: 1_000_000, items };
            monetary_unit(&sample, Confidence::P90, None).unwrap()
        };
        let before = of(&items);
        let by = by % items.len();
        items.rotate_left(by);
        let after = of(&items);
        prop_assert_eq!(&before, &after);
        let upper = after.upper_overstatement.unwrap();
        prop_assert!(upper >= after.found_overstatement.min(upper) && upper >= after.projected_overstatement);
    }
}
