//! Draws against numbers that a separate program computed from the rules in [`super`] alone, and what holds of all.

use proptest::prelude::*;

use super::*;

/// Permit `p000`… with amounts 1, 4, 9, …, every tenth without one.
fn population(count: u32) -> Population {
    let items = (0..count).map(|row| Item {
        row,
        permit: format!("p{row:03}"),
        project: format!("project-{}", row % 3),
        sequence: Some(i64::from(row)),
        amount: (row % 10 != 9).then(|| i64::from(row + 1).pow(2)),
        stratum: format!("s{}", row % 4 / 3),
    });
    Population { items: items.collect() }
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

fn positions(sample: &Sample) -> Vec<usize> {
    sample.drawn.iter().map(|drawn| drawn.position).collect()
}

fn drawn(method: Method) -> Sample {
    draw(&population(50), &method, "Borealis 2026-Q3 nonce 7f3a").unwrap()
}

fn fixed<const N: usize>(sizes: [(&str, u32); N]) -> Method {
    let sizes = sizes.map(|(name, size)| (name.to_owned(), size));
    Method::StratifiedFixed { by: Stratum::Model, sizes: sizes.into() }
}

/// `testvectors/standards/sampling.py` prints these.
#[test]
fn the_draws_of_another_program() {
    let population = population(50);
    assert_eq!(population.digest(), VECTORS[0]);
    let cases = [
        Method::Random { size: 6 },
        Method::Systematic { size: 7 },
        Method::Stratified { size: 9, by: Stratum::Model },
        Method::MonetaryUnit { size: 8 },
        Method::SystematicInterval { every: 7 },
        Method::MonetaryUnitInterval { interval: 5_000 },
        fixed([("s0", 4), ("s1", 6)]),
    ];
    for (method, expected) in cases.into_iter().zip(&VECTORS[1..]) {
        let sample = drawn(method.clone());
        let text = format!("{} {:?} {:?}", sample.seed, sample.interval.unwrap_or(0), positions(&sample));
        assert_eq!(text, *expected, "{method:?}");
    }
}

const VECTORS: [&str; 8] = [
    "sha256:5f6122029c8e38f2e6509b0f8f3da6b2497cc0da4f58e6162de7d048beaf5b4f",
    "802b863ff6c6e3764b67819458cff79f721fbf33901d60ec90062aa50e28623c 0 [0, 5, 13, 26, 30, 42]",
    "8c3b5ec8c728385244c2d0ffbdc592746f6c295fb114879f14c0646894a06f2e 0 [5, 13, 20, 27, 34, 41, 48]",
    "ee7b459b223190f5e288bbfd9bb1a508f78cf59f1ae0990372c07d98771b8972 0 [15, 23, 24, 25, 35, 37, 41, 46, 49]",
    "aeaa1a66db22cf92d146fa6b6931fdeae42a02792eead95b5960f9c7c282d8d4 4678 [22, 30, 34, 38, 41, 44, 46, 48]",
    "521449a7b5c98aaf7b625c0310faba95fe0792fc128ad914a713ee74c948bdf1 0 [0, 7, 14, 21, 28, 35, 42, 49]",
    "cfb7e19247c291bd90171e825109403e63a4c4d687671753918761b6059ba57f 5000 [15, 26, 33, 37, 41, 43, 46, 48]",
    "75c276e8cc1fd4178b9f566f4679bedbde36dc57dced0c1792d7001eee50d8ac 0 [0, 3, 13, 15, 19, 23, 27, 30, 31, 32]",
];

#[test]
fn the_seed_depends_on_everything() {
    let base = drawn(Method::Random { size: 6 });
    let mut other = population(50);
    other.items[7].amount = Some(63);
    assert_ne!(draw(&other, &base.method, &base.engagement).unwrap().seed, base.seed);
    assert_ne!(draw(&population(50), &base.method, "another").unwrap().seed, base.seed);
    assert_ne!(drawn(Method::Random { size: 7 }).seed, base.seed);
    assert_eq!(drawn(Method::Random { size: 6 }), base);
}

#[test]
fn nothing_is_drawn_from_nothing() {
    let fifty = population(50);
    let fails = |population: &Population, method, engagement: &str| {
        draw(population, &method, engagement).unwrap_err()
    };
    assert_eq!(fails(&Population::default(), Method::Random { size: 1 }, "e"), DrawError::Empty);
    assert_eq!(fails(&fifty, Method::Random { size: 0 }, "e"), DrawError::NoSize);
    for method in [
        Method::Random { size: 51 },
        Method::Systematic { size: 51 },
        Method::Stratified { size: 51, by: Stratum::Model },
    ] {
        assert_eq!(fails(&fifty, method, "e"), DrawError::TooMany);
    }
    for engagement in ["", "  ", "two\nlines", "a\u{1b}b"] {
        assert_eq!(fails(&fifty, Method::Random { size: 1 }, engagement), DrawError::Engagement);
    }
    for method in [Method::SystematicInterval { every: 0 }, Method::MonetaryUnitInterval { interval: 0 }] {
        assert_eq!(fails(&fifty, method, "e"), DrawError::NoSize);
    }
    for method in
        [Method::SystematicInterval { every: 51 }, Method::MonetaryUnitInterval { interval: 1_000_000 }]
    {
        assert_eq!(fails(&fifty, method, "e"), DrawError::Interval);
    }
    let named = |error: fn(String) -> DrawError, name: &str| error(name.to_owned());
    assert_eq!(fails(&fifty, fixed([("s0", 4)]), "e"), named(DrawError::NotAllocated, "s1"));
    assert_eq!(fails(&fifty, fixed([("s0", 4), ("s1", 0)]), "e"), named(DrawError::NotAllocated, "s1"));
    let unknown = fixed([("s0", 1), ("s1", 1), ("s2", 1)]);
    assert_eq!(fails(&fifty, unknown, "e"), named(DrawError::NoStratum, "s2"));
    let large = fixed([("s0", 1), ("s1", 13)]);
    assert_eq!(fails(&fifty, large, "e"), DrawError::StratumTooSmall("s1".to_owned(), 12));
    let mut poor = population(5);
    poor.items.iter_mut().for_each(|item| item.amount = Some(-1));
    assert_eq!(fails(&poor, Method::MonetaryUnit { size: 1 }, "e"), DrawError::NoAmount);
    poor.items.iter_mut().for_each(|item| item.amount = Some(i64::MAX));
    assert_eq!(fails(&poor, Method::MonetaryUnit { size: 1 }, "e"), DrawError::Sum);
}

/// Every item of a small population is drawn about equally often.
#[test]
fn no_item_is_favoured() {
    for method in [Method::Random { size: 3 }, Method::Systematic { size: 3 }] {
        let mut counts = [0u32; 10];
        for number in 0..2_000 {
            let sample = draw(&population(10), &method, &format!("e{number}")).unwrap();
            positions(&sample).into_iter().for_each(|position| counts[position] += 1);
        }
        // 600 expected; five standard deviations are about 100.
        assert!(counts.iter().all(|count| (500..700).contains(count)), "{method:?} {counts:?}");
    }
}

#[test]
fn every_stratum_is_looked_into_where_the_size_suffices() {
    let mut many = population(40);
    for (row, item) in many.items.iter_mut().enumerate() {
        item.stratum = if row < 36 { "large".to_owned() } else { format!("small-{row}") };
    }
    let method = |size| Method::Stratified { size, by: Stratum::Model };
    for size in [5, 6, 20, 40] {
        let sample = draw(&many, &method(size), "e").unwrap();
        let strata: std::collections::BTreeSet<&str> =
            sample.drawn.iter().map(|drawn| many.items[drawn.position].stratum.as_str()).collect();
        assert_eq!((strata.len(), sample.drawn.len()), (5, wide(size)), "{size}");
    }
    assert_eq!(draw(&many, &method(3), "e").unwrap().drawn.len(), 3);
}

proptest! {
    #[test]
    fn a_systematic_interval_is_kept(count in 1u32..200, every in 1u32..200, name in "[a-z]{1,9}") {
        let population = population(count);
        match draw(&population, &Method::SystematicInterval { every }, &name) {
            Ok(sample) => {
                let positions = positions(&sample);
                let start = positions[0];
                prop_assert!(start < wide(every));
                prop_assert_eq!(positions, (start..wide(count)).step_by(wide(every)).collect::<Vec<_>>());
            }
            Err(error) => prop_assert_eq!((error, every > count), (DrawError::Interval, true)),
        }
    }

    #[test]
    fn samples_are_as_large_as_asked_and_hold_nothing_twice(count in 1u32..200, size in 1u32..200, name in "[a-z]{1,9}") {
        let population = population(count);
        for method in [
            Method::Random { size },
            Method::Systematic { size },
            Method::Stratified { size, by: Stratum::Model },
        ] {
            match draw(&population, &method, &name) {
                Ok(sample) => {
                    let mut positions = positions(&sample);
                    prop_assert_eq!(positions.len(), wide(size));
                    prop_assert!(positions.iter().all(|position| *position < wide(count)));
                    positions.dedup();
                    prop_assert_eq!(positions.len(), wide(size));
                }
                Err(error) => prop_assert_eq!((error, size > count), (DrawError::TooMany, true)),
            }
        }
    }

    #[test]
    fn large_amounts_are_certain_and_the_rest_has_its_interval(count in 1u32..200, size in 1u32..50, name in "[a-z]{1,9}") {
        let population = population(count);
        let sample = draw(&population, &Method::MonetaryUnit { size }, &name).unwrap();
        let interval = i64::try_from(sample.interval.unwrap()).unwrap();
        for (position, item) in population.items.iter().enumerate() {
            let found = sample.drawn.iter().find(|drawn| drawn.position == position);
            let is_certain = item.amount.is_some_and(|amount| amount >= interval);
            prop_assert_eq!(found.is_some_and(|drawn| drawn.basis == Basis::Certain), is_certain);
            prop_assert!(found.is_none() || item.amount.is_some_and(|amount| amount > 0));
        }
        let rest: i64 = population.items.iter().filter_map(|item| item.amount).filter(|amount| *amount < interval).sum();
        let chance = sample.drawn.iter().filter(|drawn| drawn.basis == Basis::Chance).count();
        let chance = i64::try_from(chance).unwrap();
        prop_assert!((rest / interval..=rest / interval + 1).contains(&chance), "{} {} {}", rest, interval, chance);
    }

    #[test]
    fn numbers_are_below_their_bound(n in 1u64.., seed in any::<[u8; 32]>()) {
        let mut stream = Stream::new(seed);
        for _ in 0..20 {
            prop_assert!(stream.below(n) < n);
        }
    }
}
