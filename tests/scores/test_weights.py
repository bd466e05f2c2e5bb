"""Scores of weighted samples: exact arithmetic, unit weights, scale, the null under which weights stay, limit cases."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from amiable import ContingencyTable
from tests import oracles
from tests.registry import CASES

weighable = pytest.mark.parametrize("score", [case for case in CASES if case.record.takes_weights], ids=str)
counting = pytest.mark.parametrize("score", [case for case in CASES if not case.record.takes_weights], ids=str)
samples = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 9)), min_size=2, max_size=12)


def exact_table(true, pred, weights):
    """Sums of weights and of squared weights of each pair of labels, in fractions."""
    sums, squares = {}, {}
    for u, v, w in zip(true, pred, weights, strict=True):
        sums[u, v] = sums.get((u, v), 0) + w
        squares[u, v] = squares.get((u, v), 0) + w * w
    return sums, squares


def margins(sums):
    rows, cols = {}, {}
    for (u, v), w in sums.items():
        rows[u], cols[v] = rows.get(u, 0) + w, cols.get(v, 0) + w
    return rows, cols


def exact_pairs(true, pred, weights):
    """Apart in both, together in pred only, in true only, in both: w_s w_t of each ordered pair, one after another."""
    found = [Fraction(0)] * 4
    for s, t in itertools.permutations(range(len(weights)), 2):
        found[2 * (true[s] == true[t]) + (pred[s] == pred[t])] += weights[s] * weights[t]
    return found


def exact_entropy(shares):
    return -mpmath.fsum(
        mpmath.mpf(p.numerator) / p.denominator * mpmath.log(mpmath.mpf(p.numerator) / p.denominator)
        for p in shares
        if p
    )


@settings(max_examples=80)
@given(samples)
def test_exact_arithmetic(drawn):
    true, pred, tenths = (list(x) for x in zip(*drawn, strict=True))
    weights = [Fraction(w, 8) for w in tenths]
    sums, _ = exact_table(true, pred, weights)
    rows, cols = margins(sums)
    n = sum(weights)
    table = ContingencyTable.from_labels(true, pred, sample_weight=[float(w) for w in weights])
    with mpmath.workdps(oracles.DIGITS):
        u, v, both = (exact_entropy([w / n for w in x.values()]) for x in (rows, cols, sums))
        information = u + v - both
        expected = {
            "mi": information,
            "nmi": 2 * information / (u + v) if u + v else 1,
            "vi": 2 * both - u - v,
            "vi_split": both - u,
            "vi_merge": both - v,
            "nid": 1 - information / max(u, v) if max(u, v) else 0,
            "homogeneity": information / u if u else 1,
            "completeness": information / v if v else 1,
        }
    apart, pred_only, true_only, together = exact_pairs(true, pred, weights)
    every = apart + pred_only + true_only + together
    identical = len(sums) == len(rows) == len(cols)

    def ratio(part, whole):
        return part / whole if whole else Fraction(int(identical))

    expected |= {
        "ri": (apart + together) / every,
        "precision": ratio(together, together + pred_only),
        "recall": ratio(together, together + true_only),
        "f1": ratio(2 * together, 2 * together + pred_only + true_only),
        "jaccard": ratio(together, together + pred_only + true_only),
        "are": 1 - ratio(2 * together, 2 * together + pred_only + true_only),
        "ecs": sum(w * w / (n * max(rows[i], cols[j])) for (i, j), w in sums.items()),
        "b3_precision": sum(w * w / (n * cols[j]) for (_, j), w in sums.items()),
        "b3_recall": sum(w * w / (n * rows[i]) for (i, _), w in sums.items()),
        "purity": sum(max(w for (_, j), w in sums.items() if j == col) for col in cols) / n,
        "inverse_purity": sum(max(w for (i, _), w in sums.items() if i == row) for row in rows) / n,
    }
    for name, value in expected.items():
        case = next(case for case in CASES if case.record.short_name == name and not case.options)
        assert case.function(contingency=table) == pytest.approx(float(value), abs=2e-15), name
    matrix = amiable.pair_confusion_matrix(contingency=table)
    np.testing.assert_allclose(matrix.ravel(), [float(x) for x in (apart, pred_only, true_only, together)], atol=1e-13)


def test_matching_of_weights():
    """Few long segments outweigh many short ones."""
    true, pred, weights = [0, 0, 0, 1, 1], [0, 1, 1, 0, 1], [5.0, 1.0, 1.0, 0.5, 4.0]
    table = ContingencyTable.from_labels(true, pred, sample_weight=weights)
    assert amiable.matching_accuracy_score(contingency=table) == pytest.approx(9 / 11.5, rel=1e-15)
    matching = amiable.cluster_matching(contingency=table)
    assert (matching.labels_true.tolist(), matching.labels_pred.tolist()) == ([0, 1], [0, 1])
    assert matching.counts.tolist() == [5.0, 4.0]
    assert amiable.cluster_matching(true, pred).labels_pred.tolist() == [1, 0]


def test_durations_of_speakers():
    """Purity and coverage of a diarization, of the seconds that reference and hypothesis both assign to a speaker."""
    # reference A [0, 10], B [12, 20], C [24, 27], D [30, 40]; hypothesis a [2, 13], b [13, 14], c [14, 20], b [22, 38],
    # d [38, 40]: an example of pyannote.metrics
    segments = [
        ("A", "a", 8.0), ("B", "a", 1.0), ("B", "b", 1.0), ("B", "c", 6.0), ("C", "b", 3.0), ("D", "b", 8.0),
        ("D", "d", 2.0),
    ]  # fmt: skip
    true, pred, seconds = zip(*segments, strict=True)
    table = ContingencyTable.from_labels(true, pred, sample_weight=seconds)
    assert amiable.purity_score(contingency=table) == pytest.approx((8 + 6 + 8 + 2) / 29, rel=1e-15)
    assert amiable.inverse_purity_score(contingency=table) == pytest.approx((8 + 6 + 3 + 8) / 29, rel=1e-15)


@weighable
@pytest.mark.slow_on("numpy-read-only", "strict-other-device", "strict-no-float64", "jax", "jax-as-accelerator")
def test_unit_weights_are_counts(score, backend, rng):
    true, pred = rng.integers(0, 4, 60), rng.integers(0, 5, 60)
    expected = score.function(true, pred)
    x, y, ones = (backend.asarray(v) for v in (true, pred, np.ones(60)))
    for options in ({}, {"n_labels": (4, 6)}):
        got = score.function(contingency=ContingencyTable.from_labels(x, y, sample_weight=ones, **options))
        assert float(got) == pytest.approx(expected, abs=score.error_on(backend, expected))
    batch = ContingencyTable.from_labels(x, backend.asarray(np.stack([pred, true])), sample_weight=ones)
    got = backend.to_numpy(score.function(contingency=batch))
    np.testing.assert_allclose(got, [expected, score.function(true, true)], atol=score.error_on(backend, expected))


@weighable
@pytest.mark.parametrize("k", [3, 200])
def test_unit_weights_of_few_and_of_many_labels(score, rng, k):
    true, pred = rng.integers(0, k, 1000), rng.integers(0, k, 1000)
    table = ContingencyTable.from_labels(true, pred, sample_weight=np.ones(1000, dtype=np.float32))
    assert table.is_grid == (k == 3)
    assert score.function(contingency=table) == pytest.approx(score.function(true, pred), rel=1e-13, abs=1e-13)


@weighable
def test_scale_changes_nothing(score, rng):
    true, pred, weights = rng.integers(0, 4, 30), rng.integers(0, 5, 30), rng.exponential(size=30)
    mass = rng.exponential(size=(3, 4)) * (rng.random((3, 4)) < 0.7) + np.eye(3, 4)
    for make in (
        lambda scale: ContingencyTable.from_labels(true, pred, sample_weight=scale * weights),
        lambda scale: ContingencyTable.from_weights(scale * mass),
    ):
        expected = score.function(contingency=make(1.0))
        for scale in (1e-60, 0.37, 1000, 1e90):
            assert score.function(contingency=make(scale)) == pytest.approx(expected, rel=1e-12, abs=1e-13)


@weighable
def test_batch_is_a_loop(score, rng):
    true, pred, weights = rng.integers(0, 3, (2, 1, 25)), rng.integers(0, 4, (5, 25)), rng.random((5, 25))
    got = score.function(contingency=ContingencyTable.from_labels(true, pred, sample_weight=weights))
    assert got.shape == (2, 5)
    for i, j in itertools.product(range(2), range(5)):
        one = ContingencyTable.from_labels(true[i, 0], pred[j], sample_weight=weights[j])
        assert got[i, j] == pytest.approx(score.function(contingency=one), abs=1e-14)


@weighable
@pytest.mark.slow_on("numpy-read-only", "strict-other-device", "strict-no-float64", "jax", "jax-as-accelerator")
def test_limit_cases(score, backend, rng):
    """Identical partitions, one cluster, singletons: exactly, though weights add up to what is rounded."""
    weights = backend.asarray(rng.exponential(size=40))
    for labels in (rng.integers(0, 5, 40), np.zeros(40, dtype=int), np.arange(40)):
        for other in (labels[::1], np.zeros(40, dtype=int), np.arange(40)):
            x, y = backend.asarray(labels), backend.asarray(other)
            got = float(score.function(contingency=ContingencyTable.from_labels(x, y, sample_weight=weights)))
            unit = score.function(labels, other)
            if score.lowest == unit or unit in (0.0, 1.0):
                assert got == pytest.approx(unit, abs=1e-7 if backend.single else 1e-15)
            assert score.lowest <= got
            assert score.highest is None or got <= score.highest


@weighable
def test_mass_is_that_of_many_samples(score):
    """A table of mass scores as one of so many samples that none of them matters."""
    shares = np.array([[3, 1, 0], [1, 4, 2]])
    many = score.function(contingency=shares * 10**9)
    assert score.function(contingency=ContingencyTable.from_weights(shares / 11)) == pytest.approx(many, abs=1e-8)


@counting
def test_scores_that_count_samples_refuse_weights(score):
    for table in (
        ContingencyTable.from_labels([0, 1, 1], [0, 0, 1], sample_weight=[1, 2, 3]),
        ContingencyTable.from_weights([[1.0, 2.0], [3.0, 0.5]]),
    ):
        with pytest.raises(TypeError, match=r"contingency is a table of weights.*permutation_test\(labels_true"):
            score.function(contingency=table)


@pytest.mark.parametrize(
    "function",
    [
        lambda table: amiable.expected_score("ri", table.row_sums, table.col_sums),
        lambda table: amiable.adjusted_score(contingency=table, score="ri"),
        lambda table: amiable.standardized_score(contingency=table, score="ri"),
        lambda table: amiable.score_pvalue(contingency=table, score="ri"),
        lambda table: amiable.permutation_test(contingency=table, score="ri"),
        lambda table: amiable.bootstrap(contingency=table, score="ri"),
        lambda table: amiable.adjusted_rand_score(contingency=table, null="num"),
        lambda table: amiable.CellScore(lambda xp, x, a, b, n: x / n, degree=1)(contingency=table),
        lambda table: amiable.mutual_information_moments(table.row_sums, table.col_sums),
    ],
)
def test_what_chance_gives_of_counts_refuses_weights(function):
    with pytest.raises((TypeError, ValueError), match=r"a table of weights|expected whole numbers"):
        function(ContingencyTable.from_labels([0, 1, 1], [0, 0, 1], sample_weight=[1, 2, 3.5]))


@pytest.mark.parametrize("seed", range(6))
def test_adjusted_rand_against_all_permutations(seed):
    """1 - D / E[D], the expectation over all ways to shuffle predicted labels while weights stay."""
    rng = np.random.default_rng(seed)
    n = 7
    true, pred = rng.integers(0, 3, n).tolist(), rng.integers(0, 3, n).tolist()
    weights = [Fraction(int(w), 4) for w in rng.integers(1, 20, n)]

    def disagreement(labels):
        return sum(exact_pairs(true, labels, weights)[1:3])

    shuffled = [disagreement(order) for order in itertools.permutations(pred)]
    mean = sum(shuffled) / Fraction(math.factorial(n))
    table = ContingencyTable.from_labels(true, pred, sample_weight=[float(w) for w in weights])
    expected = 1 - disagreement(pred) / mean if mean else 1
    assert amiable.adjusted_rand_score(contingency=table) == pytest.approx(float(expected), abs=1e-14)


def test_samples_without_weight_are_left_out(rng):
    true, pred, weights = rng.integers(0, 3, 30), rng.integers(0, 3, 30), rng.random(30)
    weights[5:15] = 0
    there = weights > 0
    for score in (amiable.adjusted_rand_score, amiable.v_measure_score, amiable.pair_f1_score):
        with_all = ContingencyTable.from_labels(true, pred, sample_weight=weights)
        without = ContingencyTable.from_labels(true[there], pred[there], sample_weight=weights[there])
        assert score(contingency=with_all) == pytest.approx(score(contingency=without), abs=1e-15)


def test_weights_are_no_repetitions():
    """A sample of weight 2 has no pair with itself, which two samples are."""
    weighted = ContingencyTable.from_labels([0, 0, 1], [0, 1, 1], sample_weight=[2, 1, 1])
    repeated = ContingencyTable.from_cells([0, 0, 1], [0, 1, 1], [2, 1, 1])
    assert amiable.mutual_info_score(contingency=weighted) == pytest.approx(
        amiable.mutual_info_score(contingency=repeated), rel=1e-14
    )
    assert amiable.pair_confusion_matrix(contingency=weighted).tolist() == [[4, 2], [4, 0]]
    assert amiable.pair_confusion_matrix(contingency=repeated).tolist() == [[4, 2], [4, 2]]


@weighable
def test_under_jit(score):
    jax = pytest.importorskip("jax")
    if not score.record.is_traceable or score.options or score.record.short_name not in ("nmi", "ari", "ecs", "purity"):
        pytest.skip("its parts are compiled by others")
    with jax.enable_x64(True):
        rng = np.random.default_rng(3)
        true, pred, weights = rng.integers(0, 3, 30), rng.integers(0, 4, 30), rng.random(30)

        @jax.jit
        def scored(u, v, w):
            return score.function(contingency=ContingencyTable.from_labels(u, v, sample_weight=w, n_labels=(3, 4)))

        expected = score.function(contingency=ContingencyTable.from_labels(true, pred, sample_weight=weights))
        assert float(scored(true, pred, weights)) == pytest.approx(expected, abs=1e-14)
