"""Draws of hypergeometric and binomial variables against exact probabilities, by each sampler, on each library."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from amiable._array.libraries import namespace_of
from amiable._array.random import Source, sampler_for
from amiable.resampling import sampling
from amiable.resampling.sampling import binomial, hypergeometric

DRAWS = 20_000

# samples, marked ones, drawn ones
HYPERGEOMETRIC = [
    (2, 1, 1),
    (20, 7, 3),
    (100, 95, 90),
    (1000, 300, 300),
    (10**4, 5000, 2000),
    (10**6, 10**5, 30),
    (2 * 10**9, 10**9, 3),
    (2 * 10**9, 4 * 10**8, 10**6),
]
BINOMIAL = [(10, 1, 2), (100, 3, 7), (10**6, 1, 3), (10**6, 2, 10**6), (3 * 10**8, 1, 2)]


def own_source(rng):
    """Give the sampler that is written for any library NumPy's uniforms."""
    return Source(rng.random)


class Known:
    """A distribution as a vector of chances over the window that carries it."""

    def __init__(self, distribution, low, high, mean, variance):
        self.mean, self.variance, reach = mean, variance, 12 * np.sqrt(variance) + 20
        self.k = np.arange(max(low, int(mean - reach)), min(high, int(mean + reach)) + 1)
        self.chances = np.exp(distribution.logpmf(self.k))
        self.chances /= self.chances.sum()


def known_hypergeometric(n, b, a):
    mean = a * (b / n)
    variance = mean * (1 - a / n) * (1 - b / n) * n / (n - 1)
    return Known(scipy.stats.hypergeom(n, b, a), max(0, a + b - n), min(a, b), mean, variance)


def known_binomial(n, chance):
    return Known(scipy.stats.binom(n, chance), 0, n, n * chance, n * chance * (1 - chance))


def chi_square(draws, known):
    """Return the p-value of draws against a distribution, in classes of an expected hundred draws or so."""
    classes = np.minimum(np.cumsum(known.chances) * 150, 149).astype(int)
    expected = np.bincount(classes, known.chances) * draws.size
    observed = np.bincount(classes, np.bincount(draws - known.k[0], minlength=known.k.size), minlength=expected.size)
    likely = expected > 5
    observed, expected = (np.append(x[likely], x[~likely].sum()) for x in (observed, expected))
    if expected[-1] < 1:
        assert observed[-1] < 10
        observed, expected = observed[:-1], expected[:-1]
    return scipy.stats.chi2.sf(((observed - expected) ** 2 / expected).sum(), max(len(expected) - 1, 1))


def kolmogorov(draws, known):
    """Return a p-value that is too large, if anything, as the distribution is discrete."""
    found = np.cumsum(np.bincount(draws - known.k[0], minlength=known.k.size)) / draws.size
    return scipy.stats.kstwo.sf(np.abs(found - np.cumsum(known.chances)).max(), draws.size)


def assert_drawn(draws, known):
    assert draws.min() >= known.k[0]
    assert draws.max() <= known.k[-1]
    assert chi_square(draws, known) > 1e-4
    assert kolmogorov(draws, known) > 1e-4


def drawn(f, backend, numbers):
    arrays = [backend.asarray(np.full(DRAWS, v)) for v in numbers]
    xp, views, back, source = sampler_for(namespace_of(arrays[0]), 11, *arrays)
    return backend.to_numpy(back(f(xp, source, *views)))


@pytest.mark.parametrize(("n", "b", "a"), HYPERGEOMETRIC)
def test_hypergeometric_by_ratio_of_uniforms(n, b, a, rng):
    numbers = [np.full(DRAWS, v) for v in (a, b, n)]
    assert_drawn(hypergeometric(np, own_source(rng), *numbers), known_hypergeometric(n, b, a))


@pytest.mark.parametrize(("n", "part", "whole"), BINOMIAL)
def test_binomial_by_ratio_of_uniforms(n, part, whole, rng):
    numbers = [np.full(DRAWS, v) for v in (n, part, whole)]
    assert_drawn(binomial(np, own_source(rng), *numbers), known_binomial(n, part / whole))


@pytest.mark.slow_on("jax-as-accelerator", "strict-other-device")
@pytest.mark.parametrize(("n", "b", "a"), [HYPERGEOMETRIC[i] for i in (1, 4)] + [(2 * 10**9, 4 * 10**8, 10**6)])
def test_hypergeometric_on_every_library(n, b, a, backend):
    got = drawn(hypergeometric, backend, (a, b, n))
    assert_drawn(got, known_hypergeometric(n, b, a))


@pytest.mark.slow_on("jax-as-accelerator", "strict-other-device")
@pytest.mark.parametrize(("n", "part", "whole"), [BINOMIAL[1], BINOMIAL[2]])
def test_binomial_on_every_library(n, part, whole, backend):
    assert_drawn(drawn(binomial, backend, (n, part, whole)), known_binomial(n, part / whole))


def test_many_different_parameters(rng):
    """One call for many distributions: the chance integral of each draw is uniform."""
    n = np.floor(10 ** rng.uniform(1, 6, DRAWS)).astype(np.int64)
    a, b = (rng.integers(0, n + 1) for _ in range(2))
    got = hypergeometric(np, own_source(rng), a, b, n)
    assert np.all((got >= np.maximum(0, a + b - n)) & (got <= np.minimum(a, b)))
    known = scipy.stats.hypergeom(n, b, a)
    spread = known.cdf(got) - rng.random(DRAWS) * known.pmf(got)
    assert scipy.stats.kstest(spread, "uniform").pvalue > 1e-3


def test_nothing_to_choose(rng):
    """Where there is one possible outcome, it is drawn."""
    n = np.array([0, 5, 5, 5, 7, 3 * 10**9])
    a, b = np.array([0, 0, 5, 2, 7, 3 * 10**9]), np.array([0, 3, 2, 5, 7, 2 * 10**9])
    for source in (own_source(rng), Source(rng.random, rng)):
        np.testing.assert_array_equal(hypergeometric(np, source, a, b, n), [0, 0, 2, 2, 7, 2 * 10**9])
        few = np.array([0, 4, 4]), np.array([1, 0, 3]), np.array([2, 3, 3])
        np.testing.assert_array_equal(binomial(np, source, *few), [0, 0, 4])


def test_hat_covers_the_distribution(rng):
    """What is accepted in the rectangle of u and v is all there is: |w - mean - 1/2| sqrt(P / P(mode)) <= s / 2."""
    for total in np.floor(10 ** rng.uniform(0.5, 5, 300)).astype(int):
        marked, chosen = (int(v) for v in rng.integers(1, total, 2))
        for known in (known_hypergeometric(total, marked, chosen), known_binomial(chosen, marked / total)):
            root = np.sqrt(known.chances / known.chances.max())
            furthest = np.maximum(np.abs(known.k - known.mean - 0.5), np.abs(known.k + 0.5 - known.mean)) * root
            scale = sampling._HAT_SLOPE * np.sqrt(known.variance + 0.5) + sampling._HAT_OFFSET
            assert furthest.max() <= scale / 2 * (1 + 1e-9)


@pytest.mark.parametrize("broken", ["narrow hat", "wrong weights", "no test"])
def test_broken_samplers_are_noticed(broken, rng, monkeypatch):
    """The tests above can fail."""
    if broken == "narrow hat":
        monkeypatch.setattr(sampling, "_HAT_SLOPE", sampling._HAT_SLOPE * 0.8)
    else:
        factor, cost = (1.2 if broken == "wrong weights" else 0), sampling._cost
        monkeypatch.setattr(sampling, "_cost", lambda *given: cost(*given) * factor)
    n, b, a = 10**4, 5000, 2000
    got = hypergeometric(np, own_source(rng), *(np.full(DRAWS, v) for v in (a, b, n)))
    known = known_hypergeometric(n, b, a)
    inside = got[(got >= known.k[0]) & (got <= known.k[-1])]
    assert inside.size < got.size or min(chi_square(got, known), kolmogorov(got, known)) < 1e-4
