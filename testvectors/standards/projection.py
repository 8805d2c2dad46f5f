"""Figures of verifier-core/src/projection from exact fractions alone.

`factors` prints verifier-core/data/poisson_factors.csv; `bounds` the upper rates that its tests expect.
"""

import sys
from fractions import Fraction
from math import comb, factorial

LEVELS = [80, 85, 90, 95, 98, 99]
UNIT = 1 << 200


def exponential(x):
    """Lower and upper bound of e^x, in units of 2^-200."""
    low = term_low = high = term_high = UNIT
    for i in range(1, int(x) * 4 + 60):
        term_low = term_low * x.numerator // (x.denominator * i)
        term_high = -(-term_high * x.numerator // (x.denominator * i))
        low, high = low + term_low, high + term_high
    return low, high + 2 * term_high


def meets(k, mean, risk):
    """Whether P(X <= k) <= risk, X of Poisson with this mean."""
    low, high = exponential(mean)
    terms = sum(mean**i / factorial(i) for i in range(k + 1))
    answers = {terms <= risk * Fraction(bound, UNIT) for bound in (low, high)}
    assert len(answers) == 1
    return answers.pop()


def factors():
    print("k," + ",".join(map(str, LEVELS)))
    row = [0] * len(LEVELS)
    for k in range(101):
        for column, level in enumerate(LEVELS):
            low, high = row[column], row[column] + 700
            while high - low > 1:
                middle = (low + high) // 2
                if meets(k, Fraction(middle, 100), Fraction(100 - level, 100)):
                    high = middle
                else:
                    low = middle
            row[column] = high
        print(f"{k}," + ",".join(map(str, row)))


def upper(n, k, level):
    """Clopper-Pearson upper bound in millionths, rounded up."""
    low, high = -1, 10**6
    while k < n and high - low > 1:
        rate = (low + high) // 2
        tail = sum(comb(n, i) * rate**i * (10**6 - rate) ** (n - i) for i in range(k + 1))
        if tail * 100 <= (100 - level) * 10 ** (6 * n):
            high = rate
        else:
            low = rate
    return high


def bounds():
    cases = [
        (59, 0, 95), (60, 0, 95), (93, 1, 95), (25, 0, 90), (100, 5, 95), (100, 100, 95), (1, 0, 95), (45, 0, 90),
        (300, 12, 99), (1000, 0, 99), (500, 250, 80), (2000, 37, 95), (5, 4, 80), (10, 9, 99), (2, 0, 99), (181, 176, 99),
    ]  # fmt: skip
    for case in cases:
        print(*case, upper(*case))


{"factors": factors, "bounds": bounds}[sys.argv[1]]()
