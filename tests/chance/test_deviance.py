"""The deviance and the exact offset it starts from."""

from __future__ import annotations

from fractions import Fraction

import array_api_compat as compat
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amiable._array.dtypes import to_count, to_float
from amiable.chance.deviance import deviance, log_factorial_excess, mean_count, offset_from_mean, xlogx

xp = compat.array_namespace(np.zeros(1))


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 10**12))
def test_deviance_keeps_all_digits(x, a, b):
    """The mean is that of a cell, so it is not a whole number; the offset is computed exactly."""
    n = 10**12 + 7
    counts = [np.asarray(v, dtype=np.int64) for v in (x, a, b, n)]
    got = deviance(xp, to_float(xp, counts[0]), mean_count(xp, *counts[1:]), offset_from_mean(xp, *counts))
    with mpmath.workdps(60):
        mean = mpmath.mpf(a * b) / n
        expected = (x * mpmath.log(x / mean) if x else 0) - x + mean
    assert float(got) == pytest.approx(float(expected), rel=5e-15)
    assert got >= 0


@pytest.mark.parametrize("n", [9, 46_341, 10**6, 2**31 - 1, 10**12, 2**52])
def test_offset_is_exact_on_every_library(backend, rng, n):
    if backend.single and n >= (2**31 if backend.narrow else 2**42):
        pytest.skip("more samples than this device takes")
    a, b = rng.integers(1, n + 1, (2, 200))
    near = np.array([int(u) * int(v) // n for u, v in zip(a, b, strict=True)])
    x = np.clip(near + rng.integers(-3, 4, 200), 0, np.minimum(a, b))
    counts = [backend.asarray(v) for v in (x, a, b, np.array(n))]
    space = compat.array_namespace(*counts)
    got = backend.to_numpy(offset_from_mean(space, *(to_count(space, v) for v in counts)))
    exact = [float(Fraction(int(k) * n - int(u) * int(v), n)) for k, u, v in zip(x, a, b, strict=True)]
    np.testing.assert_allclose(got, exact, rtol=4e-7 if backend.single else 4e-16)


def test_log_factorial_excess():
    x = np.array([0, 1, 2, 7, 15, 16, 17, 100, 12_345, 10**9, 10**15])
    with mpmath.workdps(60):
        expected = [float(mpmath.loggamma(int(v) + 1) - (int(v) * mpmath.log(int(v)) - int(v) if v else 0)) for v in x]
    np.testing.assert_allclose(log_factorial_excess(xp, x, x.astype(float)), expected, rtol=1e-15)
    for v in range(16):
        got = log_factorial_excess(xp, np.array([v]), np.array([float(v)]))
        with mpmath.workdps(60):
            assert got[0] == float(mpmath.loggamma(v + 1) - (v * mpmath.log(v) - v if v else 0))


def test_xlogx():
    np.testing.assert_allclose(xlogx(xp, np.array([0.0, 1.0, np.e])), [0.0, 0.0, np.e])
