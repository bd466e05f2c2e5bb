"""What a report says of one clustering: as the functions say it, and within a budget."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

pytest.importorskip("plotly")
pytest.importorskip("jinja2")

import amiable
from amiable.report import measure_clustering
from amiable.report._results import MEASURED
from amiable.scores.registry import SCORES
from tests.backends import named

TABLE = [[70, 28, 14, 8], [25, 17, 11, 7], [5, 5, 5, 5]]


def test_scores_intervals_and_pvalues_are_those_of_the_functions():
    clustering = measure_clustering("a", TABLE, n_resamples=300, confidence_level=0.9, rng=3)
    assert (clustering.n_tables, clustering.n_resamples) == (300, 300)
    for short, score in MEASURED.items():
        assert clustering.scores[short] == pytest.approx(score.function(contingency=TABLE), rel=1e-12)
        side = "less" if score.is_distance else "greater"
        test = amiable.permutation_test(
            contingency=TABLE, score=score.function, n_resamples=300, alternative=side, rng=3
        )
        assert clustering.pvalues[score.order] == test.pvalue
        if short != "smi":
            result = amiable.bootstrap(
                None,
                None,
                score.function,
                contingency=TABLE,
                n_resamples=300,
                confidence_level=0.9,
                rng=3,
            )
            np.testing.assert_allclose(clustering.intervals[short], result.confidence_interval, rtol=1e-12)
    assert set(clustering.intervals) == set(MEASURED) - {"smi"}
    null = amiable.permutation_test(contingency=TABLE, n_resamples=300, rng=3).null_distribution
    np.testing.assert_allclose(clustering.null.null_distribution, null, atol=1e-14)


@pytest.mark.parametrize(
    ("n_classes", "n", "kept", "least"),
    [
        (4, 2000, 0.5, 0.9),
        pytest.param(30, 300, 0.5, 0.75, marks=pytest.mark.slow),
        pytest.param(3, 100, 0.9, 0.75, marks=pytest.mark.slow),
    ],
)
def test_intervals_hold_the_mean_of_scores(n_classes, n, kept, least, rng):
    """Of many sets of samples; and always the score itself, also where resamples all score higher."""

    def table():
        true = rng.integers(0, n_classes, n)
        pred = np.where(rng.random(n) < kept, true, rng.integers(0, n_classes, n))
        return amiable.ContingencyTable.from_labels(true, pred)

    names = ("ami", "ari")
    means = {name: np.mean([SCORES[name].function(contingency=table()) for _ in range(300)]) for name in names}
    held = dict.fromkeys(names, 0)
    for _ in range(40):
        clustering = measure_clustering("x", table(), n_resamples=199)
        for name, (low, high) in clustering.intervals.items():
            assert low <= clustering.scores[name] <= high
        for name in names:
            low, high = clustering.intervals[name]
            held[name] += low <= means[name] <= high
    assert min(held.values()) >= least * 40


def test_scores_of_an_order_sort_tables_with_given_sizes_alike():
    tables = amiable.random_tables([30, 25, 5], [20, 20, 15, 5], 300, rng=0)
    for order, leader in (("information", "mi"), ("pairs", "ri")):
        leading = SCORES[leader].function(contingency=tables)
        for score in SCORES.values():
            if score.order != order:
                continue
            values = score.function(contingency=tables) * (-1 if score.is_distance else 1)
            for i, j in itertools.combinations(range(100), 2):
                if abs(leading[i] - leading[j]) > 1e-9:
                    assert (leading[i] < leading[j]) == (values[i] < values[j]), score.name
                else:
                    assert values[i] == pytest.approx(values[j], abs=1e-7)


@pytest.mark.slow
def test_large_tables_are_simulated_less_often(rng):
    true = rng.integers(0, 10, 20_000)
    many = measure_clustering("many", amiable.ContingencyTable.from_labels(true, rng.integers(0, 5000, true.size)))
    assert 19 <= many.n_tables < 999
    assert many.n_resamples == 5_000_000 // int((many.table.counts > 0).sum()) < 999
    distinct = amiable.ContingencyTable.from_labels(rng.integers(0, 10, 60_000), np.arange(60_000))
    alone = measure_clustering("distinct", distinct)
    assert (alone.n_tables, alone.n_resamples, alone.intervals) == (19 + 1, 0, {})
    low, high = many.intervals["ami"]
    assert low < many.scores["ami"] < high
    assert alone.scores["ami"] == pytest.approx(0, abs=1e-9)
    assert alone.pvalues["information"] == 1


@pytest.mark.parametrize(
    ("true", "pred"),
    [([0], [0]), ([0, 0, 0], [0, 1, 2]), ([0, 1, 1, 2], [5, 5, 5, 5]), ([0, 1, 2], [2, 1, 0]), ([1, 1], [1, 1])],
    ids=["one sample", "one class", "one cluster", "all distinct", "one and one"],
)
def test_limit_cases(true, pred):
    clustering = measure_clustering("x", amiable.ContingencyTable.from_labels(true, pred), n_resamples=199)
    assert all(map(math.isfinite, clustering.scores.values()))
    assert all(map(math.isfinite, itertools.chain(*clustering.intervals.values())))
    assert clustering.pvalues == {"information": 1, "pairs": 1}


@pytest.mark.parametrize("library", ["torch", "strict"])
def test_tables_of_any_library(library):
    backend = named(library)
    labels = [backend.asarray(np.array(x)) for x in ([0, 0, 1, 1, 2], [0, 0, 1, 2, 2])]
    clustering = measure_clustering("x", amiable.ContingencyTable.from_labels(*labels), n_resamples=199)
    assert clustering.scores["ami"] == pytest.approx(amiable.adjusted_mutual_info_score(*map(list, labels)))
    assert isinstance(clustering.table.counts, np.ndarray)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"contingency": [[0, 0], [0, 0]]}, "contingency has no samples"),
        ({"contingency": [[1, -1]]}, "contingency"),
        ({"contingency": np.ones((2, 2, 2), int)}, "expected one table"),
        ({"n_resamples": 0}, "n_resamples is 0"),
        ({"confidence_level": 1}, "confidence_level is 1"),
    ],
)
def test_bad_input(given, message):
    with pytest.raises(ValueError, match=message):
        measure_clustering("x", **{"contingency": TABLE, **given})
