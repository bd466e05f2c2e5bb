"""The expected deviance of a cell of a large mean, as a short series of positive terms, without a sum over counts.

For K ~ Hypergeometric(n, a, b) and its mean m, E[K psi(K)] = m (psi(a) + psi(b) - psi(n)), where psi is the digamma
function, but for less than P(K = 0), which is below exp(-m). Gregory's coefficients G_j lead from psi to the logarithm,

    log x = psi(x) + sum over j >= 1 of |G_j| (j - 1)! / (x (x + 1) ... (x + j - 1)),

and the expectation of K over such a product is a quotient of products, too. The terms of E[K log K] - m log m for one j
are then a product of two numbers, one of each cluster:

    E[K log(K / m) - K + m] = sum over j of |G_j| (j - 1)! / (n + 1) ... (n + j - 1) * u_j(a) u_j(b),
    u_j(a) = (n + 1) ... (n + j - 1) / ((a + 1) ... (a + j - 1)) - a / n >= 0.

The series of log x in these products is that of Blagouchine (2016), 10.1016/j.jmaa.2016.04.032.
"""

from __future__ import annotations

import math
from fractions import Fraction

LEAST_MEAN = 40.0  # exp(-40) is below the rounding of a sum
# The least mean from which on so many terms do: what follows is below 2e-17
ENOUGH = ((64549721.0, 2), (12245.0, 4), (858.2, 6), (246.9, 8), (121.4, 10), (64.8, 13))
MOST_TERMS = 17


def _coefficients(n_terms: int) -> tuple[float, ...]:
    """Return |G_j| (j - 1)! for j = 1, ..., where x / log(1 + x) = 1 + G_1 x + G_2 x**2 + ..."""
    gregory = [Fraction(1)]
    for j in range(1, n_terms + 1):
        gregory.append(-sum((gregory[i] * Fraction((-1) ** (j - i), j - i + 1) for i in range(j)), Fraction(0)))
    return tuple(float(abs(g) * math.factorial(j)) for j, g in enumerate(gregory[1:]))


COEFFICIENTS = _coefficients(MOST_TERMS)


def n_terms(mean: float) -> int:
    """Return how many terms are enough for cells of this mean or a larger one, at least `LEAST_MEAN`."""
    for least, enough in ENOUGH:
        if mean >= least:
            return enough
    return MOST_TERMS


def expected_deviance(a: int, b: int, n: int, mean: float) -> float:
    """Return what is expected of the deviance of K ~ Hypergeometric(n, a, b) from its mean, at least `LEAST_MEAN`."""
    rest_a, rest_b = float(n - a), float(n - b)
    of_a, of_b, ratio_a, ratio_b, scale = rest_a / n, rest_b / n, 1.0, 1.0, 1.0
    total = COEFFICIENTS[0] * of_a * of_b
    for j in range(1, n_terms(mean)):  # each ratio is a product of (n + j) / (a + j) = 1 + (n - a) / (a + j)
        step_a, step_b = ratio_a * (rest_a / (a + j)), ratio_b * (rest_b / (b + j))
        of_a, of_b, ratio_a, ratio_b = of_a + step_a, of_b + step_b, ratio_a + step_a, ratio_b + step_b
        scale /= n + j
        total += COEFFICIENTS[j] * scale * of_a * of_b
    return total
