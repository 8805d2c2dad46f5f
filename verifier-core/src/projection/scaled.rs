//! Positive numbers with 64 significant bits, always rounded away from zero.
//!
//! The tail of a binomial distribution has factors far beyond what an integer holds, and the machine's floating-point
//! functions differ between platforms. Here a number is `mantissa × 2^exponent` with the mantissa's highest bit set, and
//! every operation rounds up, so a result is never below the true one and exceeds it by at most about 2^-63 an operation.
//! The same input gives the same bits everywhere.

use std::cmp::Ordering;

/// A positive number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scaled {
    mantissa: u64,
    exponent: i64,
}

impl Scaled {
    /// One.
    pub(super) const ONE: Self = Self { mantissa: 1 << 63, exponent: -63 };

    /// `number × 2^exponent`, rounded up or down to 64 bits; `number` is above zero.
    fn of(number: u128, exponent: i64, up: bool) -> Self {
        let drop = 64u32.saturating_sub(number.leading_zeros());
        let kept = number >> drop;
        let inexact = drop > 0 && kept << drop != number;
        let kept = kept + u128::from(inexact && up);
        let exponent = exponent.saturating_add(i64::from(drop));
        match u64::try_from(kept) {
            Ok(mantissa) => {
                let shift = mantissa.leading_zeros();
                Self { mantissa: mantissa << shift, exponent: exponent.saturating_sub(i64::from(shift)) }
            }
            // rounding up reached 2^64
            Err(_) => Self { mantissa: 1 << 63, exponent: exponent.saturating_add(1) },
        }
    }

    /// `numerator / denominator` rounded down, for the side that is compared with; both above zero.
    pub(super) fn ratio_below(numerator: u64, denominator: u64) -> Self {
        let shift = 64 + numerator.leading_zeros();
        let quotient = (u128::from(numerator) << shift) / u128::from(denominator.max(1));
        Self::of(quotient, -i64::from(shift), false)
    }

    /// Times `numerator / denominator`; both above zero.
    pub(super) fn times(self, numerator: u64, denominator: u64) -> Self {
        let product = u128::from(self.mantissa) * u128::from(numerator);
        let shift = product.leading_zeros();
        let quotient = (product << shift).div_ceil(u128::from(denominator.max(1)));
        Self::of(quotient, self.exponent.saturating_sub(i64::from(shift)), true)
    }

    fn product(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        Self::of(product, self.exponent.saturating_add(other.exponent), true)
    }

    /// The power.
    pub(super) fn power(self, mut exponent: u64) -> Self {
        let (mut power, mut square) = (Self::ONE, self);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = power.product(square);
            }
            square = square.product(square);
            exponent >>= 1;
        }
        power
    }

    /// The sum.
    pub(super) fn plus(self, other: Self) -> Self {
        let (large, small) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let distance = u32::try_from(large.exponent.saturating_sub(small.exponent)).unwrap_or(u32::MAX);
        let shifted = small.mantissa.checked_shr(distance).unwrap_or(0);
        let inexact = shifted.checked_shl(distance) != Some(small.mantissa);
        let sum = u128::from(large.mantissa) + u128::from(shifted) + u128::from(inexact);
        Self::of(sum, large.exponent, true)
    }

    /// The order of the numbers.
    pub(super) fn compare(self, other: Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then(self.mantissa.cmp(&other.mantissa))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_exact() {
        assert_eq!(Scaled::ONE.times(3, 1).times(1, 3), Scaled::ONE);
        assert_eq!(Scaled::ONE.plus(Scaled::ONE), Scaled::ONE.times(2, 1));
        assert_eq!(Scaled::ONE.times(3, 4).power(2), Scaled::ONE.times(9, 16));
        assert_eq!(Scaled::ONE.power(1_000_000), Scaled::ONE);
        assert_eq!(Scaled::ratio_below(5, 1), Scaled::ONE.times(5, 1));
    }

    #[test]
    fn rounding_goes_up_and_the_limit_down() {
        let above = Scaled::ONE.times(1, 3);
        let below = Scaled::ratio_below(1, 3);
        assert_eq!(above.compare(below), Ordering::Greater);
        // one unit of the last of 64 bits
        assert_eq!(above.mantissa - below.mantissa, 1);
        let tiny = Scaled::ONE.times(1, 2).power(500);
        assert_eq!(Scaled::ONE.plus(tiny).compare(Scaled::ONE), Ordering::Greater);
        let full = Scaled { mantissa: u64::MAX, exponent: 0 };
        assert_eq!(full.plus(tiny), Scaled { mantissa: 1 << 63, exponent: 1 });
    }
}
