"""What figures hold: numbers, names, axis titles; and every complaint."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

go = pytest.importorskip("plotly.graph_objects")

import amiable  # noqa: E402
from amiable import ContingencyTable, plot  # noqa: E402
from amiable._extras import hint  # noqa: E402
from amiable.scores.contributions import contributions_to_ami  # noqa: E402
from tests import oracles  # noqa: E402
from tests.backends import named  # noqa: E402

TABLE = [[70, 28, 14, 8], [25, 17, 11, 7], [5, 5, 5, 5]]


def titles(figure):
    return figure.layout.xaxis.title.text, figure.layout.yaxis.title.text


def test_cells_of_a_table():
    figure = plot.contingency_heatmap(contingency=[[8, 2, 0], [0, 1, 3]], match=False)
    (cells,) = figure.data
    np.testing.assert_array_equal(cells.customdata, [[8, 2, 0], [0, 1, 3]])
    np.testing.assert_allclose(cells.z, [[0.8, 0.2, 0], [0, 0.25, 0.75]])
    assert cells.text.tolist() == [["8<br>80%", "2<br>20%", ""], ["", "1<br>25%", "3<br>75%"]]
    assert titles(figure) == ("predicted cluster", "true class")
    assert figure.layout.title.text == "2 classes against 3 clusters, 14 samples"


@pytest.mark.parametrize(("percent", "share"), [("rows", 0.8), ("columns", 1.0), ("all", 8 / 14)])
def test_percentages(percent, share):
    figure = plot.contingency_heatmap(contingency=[[8, 2, 0], [0, 1, 3]], percent=percent)
    assert figure.data[0].z.max() == pytest.approx(share)
    assert figure.layout.title.subtitle.text.startswith("colours: share of")


def test_clusters_are_matched_with_classes():
    labels = np.repeat(["ant", "bee", "cat"], [5, 6, 7])
    renamed = np.repeat([30, 10, 20], [5, 6, 7])
    (cells,) = plot.contingency_heatmap(labels, renamed).data
    assert cells.customdata.tolist() == [[5, 0, 0], [0, 6, 0], [0, 0, 7]]
    assert (cells.x, cells.y) == ((" 30", " 10", " 20"), (" ant", " bee", " cat"))


@pytest.mark.parametrize("percent", ["rows", "all"])
def test_large_tables_are_added_up(rng, percent):
    true, pred = rng.integers(0, 5000, 20_000), rng.integers(0, 40, 20_000)
    (cells,) = plot.contingency_heatmap(true, pred, most=12, percent=percent).data
    assert cells.customdata.shape == (12, 12)
    assert cells.customdata.sum() == 20_000
    assert (cells.x[-1], cells.y[-1]) == (" 29 others", f" {np.unique(true).size - 11:,} others")
    largest = np.sort(np.bincount(pred))[::-1]
    assert sorted(cells.customdata[:, :-1].sum(0), reverse=True) == largest[:11].tolist()
    if percent == "all":
        assert cells.zmax < cells.z[-1, -1]


def test_names_are_shown_as_they_are():
    names = ["<script>alert(1)</script>", "<b>bold</b>", "a & b"]
    (cells,) = plot.contingency_heatmap(names, names).data
    assert set(cells.x) == {" &lt;script&gt;alert(1)&lt;/script&gt;", " &lt;b&gt;bold&lt;/b&gt;", " a &amp; b"}
    assert "<script>" not in plot.pairwise_heatmap(np.eye(3), names).to_json()
    curves = plot.score_curves([1, 2], {"<i>AMI</i>": [0, 1]}, xlabel="<br>")
    assert (curves.data[0].name, titles(curves)[0]) == ("&lt;i&gt;AMI&lt;/i&gt;", "&lt;br&gt;")


def test_long_names_are_cut_beside_axes():
    long = "<b> & a name of more than eighteen characters"
    figure = plot.pairwise_heatmap(np.eye(2), ["short", long])
    (full,) = [name for name in figure.data[0].x if "short" not in name]
    assert full == " &lt;b&gt; &amp; a name of more than eighteen characters"
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.labelalias == {full: " &lt;b&gt; &amp; a \u2026aracters"}


@pytest.mark.parametrize(
    "names",
    [
        [f"k-means with a long name, seed {i}" for i in range(12)],
        [f"k-means, seed {i}, features scaled, kept" for i in range(12)],
        ["a" * i for i in range(17, 40)],
        [f"{'a' * 30}{x}{'b' * 30}{y}{'c' * 30}" for x in "xy" for y in "xy"],
    ],
    ids=["end", "middle", "length", "twice"],
)
def test_names_that_are_cut_are_told_apart(names):
    figure = plot.score_ranking(names, range(len(names)))
    cut = figure.layout.yaxis.labelalias or {}
    shown = [cut.get(name, name) for name in figure.data[0].y]
    assert len(set(shown)) == len(names)
    assert max(map(len, shown)) <= 20


@pytest.mark.parametrize("library", ["numpy", "torch", "strict"])
def test_labels_of_any_library(library):
    backend = named(library)
    labels = backend.asarray(np.array([0, 0, 1, 2]))
    assert plot.contingency_heatmap(labels, labels).data[0].customdata.trace() == 4
    assert sum(plot.cluster_contributions(labels, labels).data[0].x) == pytest.approx(1)
    assert plot.score_curves(labels, {"x": labels}, xlabel="").data[0].y.shape == (4,)


@pytest.mark.parametrize("average_method", ["arithmetic", "geometric", "min", "max"])
@pytest.mark.parametrize("shape", [(3, 4), (30, 20)])
def test_contributions_add_up_to_ami(average_method, shape, rng):
    table = ContingencyTable.from_counts(rng.integers(0, 9, shape))
    ami = amiable.adjusted_mutual_info_score(contingency=table, average_method=average_method)
    for part in contributions_to_ami(table, average_method):
        assert part.sum() == pytest.approx(ami, abs=1e-13)


def test_contributions_against_enumeration_of_all_tables():
    counts = np.array([[3, 1], [0, 2], [1, 2]])
    rows, cols = counts.sum(1), counts.sum(0)

    def terms(x):  # of MI, cell by cell
        ratio = np.where(x > 0, x * counts.sum() / np.outer(rows, cols), 1)
        return x / counts.sum() * np.log(ratio)

    tables = oracles.tables_with_margins(rows.tolist(), cols.tolist())
    excess = terms(counts) - sum(float(chance) * terms(table.astype(int)) for table, chance in tables)
    scale = amiable.adjusted_mutual_info_score(contingency=counts) / excess.sum()
    by_row, by_col = contributions_to_ami(ContingencyTable.from_counts(counts))
    np.testing.assert_allclose(by_row, excess.sum(1) * scale, atol=1e-13)
    np.testing.assert_allclose(by_col, excess.sum(0) * scale, atol=1e-13)


def test_bars_of_contributions(rng):
    true = np.repeat([0, 1, 2], 30)
    pred = np.where(true == 2, rng.integers(2, 50, 90), true)
    figure = plot.cluster_contributions(true, pred, most=5)
    (bars,) = figure.data
    assert len(bars.x) == 5
    assert sum(bars.x) == pytest.approx(amiable.adjusted_mutual_info_score(true, pred))
    assert sum(bars.customdata) == 90
    assert set(bars.y[-2:]) == {" 0", " 1"}
    assert titles(figure) == ("contribution to AMI (no unit)", "predicted cluster")
    assert len(plot.cluster_contributions(true, pred, side="true").data[0].x) == 3
    assert plot.cluster_contributions([0, 0], [0, 0]).data[0].x == (0.0,)  # 0/0


@pytest.mark.parametrize("moments", [None, "exact"])
def test_null_distributions(moments):
    sizes = np.sum(TABLE, 1), np.sum(TABLE, 0)
    moments = amiable.mutual_information_moments(*sizes) if moments else None
    test = amiable.permutation_test(contingency=TABLE, score="mutual_info_score", n_resamples=5000, rng=0)
    figure = plot.null_distribution(test, score="mutual information (nats)", moments=moments)
    assert figure.data[0].y.sum() == pytest.approx(1)
    assert len(figure.data[0].x) <= 200
    assert titles(figure) == ("mutual information (nats)", "share of random labelings")
    assert f"{test.pvalue:.3g}" in figure.layout.title.text
    assert test.statistic in [shape.x0 for shape in figure.layout.shapes]
    if moments:
        curve = figure.data[1]
        assert curve.y.sum() * (curve.x[1] - curve.x[0]) / figure.data[0].width[0] == pytest.approx(1, abs=0.01)
        assert float(moments.mean) in [shape.x0 for shape in figure.layout.shapes]


@pytest.mark.parametrize("far", [0.9, -0.9])
def test_a_score_far_away_is_told_at_the_edge(far):
    test = amiable.permutation_test(contingency=TABLE, n_resamples=500, rng=0)
    near = plot.null_distribution(test)
    assert near.layout.xaxis.range is None
    figure = plot.null_distribution(dataclasses.replace(test, statistic=far))
    low, high = figure.layout.xaxis.range
    assert low < test.null_distribution.min() <= test.null_distribution.max() < high
    assert high - low < 2 * np.ptp(test.null_distribution)
    (note,) = figure.layout.annotations
    assert note.text == ("observed 0.9 \u2192" if far > 0 else "\u2190 observed -0.9")
    assert far not in [shape.x0 for shape in figure.layout.shapes]


def test_few_values_have_a_bar_each():
    labels = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    test = amiable.permutation_test(labels, labels, n_resamples=2000, rng=0)
    bars = plot.null_distribution(test).data[0]
    assert bars.y.sum() == pytest.approx(1)
    np.testing.assert_allclose(bars.x, np.unique(test.null_distribution.round(12)))
    assert len(plot.null_distribution(test, bins=7).data[0].x) == 7
    constant = amiable.permutation_test([0, 1], [0, 1], n_resamples=20, rng=0)
    assert plot.null_distribution(constant).data[0].y.tolist() == [1.0]


def test_curves_and_bands(rng):
    repeats = rng.random((5, 80))
    figure = plot.score_curves(
        range(5), {"AMI": repeats, "MI": repeats[:, 0]}, xlabel="k", chance=rng.random(80), band=(5, 95)
    )
    band, line = figure.data[3:5]  # the first score is drawn last, on top
    np.testing.assert_allclose(line.y, repeats.mean(1))
    low, high = np.percentile(repeats, (5, 95), axis=1)
    np.testing.assert_allclose(band.y, [*high, *low[::-1]])
    assert figure.data[2].y.tolist() == repeats[:, 0].tolist()
    assert line.line.width > figure.data[2].line.width
    assert line.legendrank < figure.data[2].legendrank
    assert figure.layout.title.text == "Score against k"
    assert figure.layout.title.subtitle.text == "bands: 5th to 95th percentile"
    assert figure.data[0].fill == "toself"  # of chance, the same at every x
    assert np.ptp(figure.data[1].y) == pytest.approx(0)
    assert titles(figure) == ("k", "score (no unit)")


def test_ranking():
    figure = plot.score_ranking(["a", "<b>", "c"], [0.1, 0.7, 0.5], [(0, 0.3), (0.6, 0.8), (np.nan, np.nan)])
    (points,) = figure.data
    assert points.y == (" a", " c", " &lt;b&gt;")
    np.testing.assert_allclose(points.error_x.array, [0.2, 0, 0.1])
    np.testing.assert_allclose(points.error_x.arrayminus, [0.1, 0, 0.1])
    assert titles(figure) == ("AMI (no unit)", "labeling")
    assert plot.score_ranking("abcd", [1, 2, 3, 4], most=2).data[0].y == (" c", " d")


def test_heatmap_of_settings():
    scores = np.array([[0.1, np.nan, 0.3], [0.2, 0.9, 0.4]])
    figure = plot.score_heatmap(scores, x=[1, 2, 3], y=["a", "b"], xlabel="threshold", ylabel="penalty")
    assert figure.layout.title.text == "AMI: best 0.9000 at threshold 2, penalty b"
    assert (figure.data[1].x, figure.data[1].y) == ((" 2",), (" b",))
    np.testing.assert_array_equal(figure.data[0].z, scores)


@pytest.mark.parametrize("distance", [False, True])
def test_similar_labelings_side_by_side(distance):
    truth = np.arange(90) % 3
    other = np.arange(90) // 30
    near = np.r_[truth[:-1], [0]]
    score = amiable.variation_of_information if distance else amiable.adjusted_mutual_info_score
    scores = amiable.pairwise_scores([truth, other, near], score=score)
    (cells,) = plot.pairwise_heatmap(scores, ["truth", "other", "near"]).data
    assert cells.x in ((" other", " near", " truth"), (" other", " truth", " near"), (" truth", " near", " other"),
                       (" near", " truth", " other"))  # fmt: skip
    at = {name: i for i, name in enumerate(cells.x)}
    assert cells.z[at[" truth"], at[" other"]] == pytest.approx(scores[0, 1])
    assert plot.pairwise_heatmap(scores, clustered=False).data[0].x == (" 0", " 1", " 2")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: plot.contingency_heatmap(contingency=TABLE, percent="x"),
            ValueError,
            "percent is 'x': expected one of",
        ),
        (
            lambda: plot.contingency_heatmap(contingency=TABLE, most=1),
            ValueError,
            "most is 1: expected a whole number of",
        ),
        (lambda: plot.contingency_heatmap(contingency=[TABLE]), ValueError, "contingency is a batch of tables"),
        (lambda: plot.contingency_heatmap([], []), ValueError, "expected at least one sample to draw"),
        (lambda: plot.cluster_contributions([[0, 1]], [[0, 1]]), ValueError, "make a batch of tables of shape"),
        (lambda: plot.cluster_contributions([0, 1], [0, 1], side="x"), ValueError, "side is 'x': expected 'pred' or"),
        (lambda: plot.cluster_contributions([0], [0], average_method="x"), ValueError, "average_method is 'x'"),
        (lambda: plot.null_distribution([1, 2]), TypeError, "test is a list: expected what amiable.permutation_test"),
        (lambda: plot.score_curves([1, 2], {}, xlabel=""), ValueError, "scores is empty"),
        (
            lambda: plot.score_curves([1, 2], {"a": [1]}, xlabel=""),
            ValueError,
            r"scores\['a'\] has shape \(1,\): expected",
        ),
        (
            lambda: plot.score_curves([[1]], {"a": [1]}, xlabel=""),
            ValueError,
            r"x has shape \(1, 1\).*expected numbers, 1-D",
        ),
        (lambda: plot.score_curves(["a"], {"a": [1]}, xlabel=""), ValueError, "x has shape .* and dtype <U1"),
        (lambda: plot.score_curves([1], {"a": [1]}, xlabel="", band=(90, 10)), ValueError, r"band is \(90, 10\)"),
        (
            lambda: plot.score_heatmap([[1]], x=[1, 2], y=[1], xlabel="", ylabel=""),
            ValueError,
            "x has 2 names: expected 1",
        ),
        (lambda: plot.score_heatmap([[np.nan]], x=[1], y=[1], xlabel="", ylabel=""), ValueError, "scores are all NaN"),
        (lambda: plot.pairwise_heatmap(np.zeros((2, 3))), ValueError, r"scores has shape \(2, 3\): expected \(M, M\)"),
        (lambda: plot.pairwise_heatmap(np.eye(2), ["a"]), ValueError, "names has 1 names: expected 2"),
        (lambda: plot.pairwise_heatmap(np.eye(2), ["a", "a"]), ValueError, "names has 'a' 2 times: expected different"),
        (lambda: plot.score_ranking(["a"], [1], [[1]]), ValueError, r"intervals has shape \(1, 1\): expected \(1, 2\)"),
        (lambda: plot.score_ranking(["a"], [1], most=0), ValueError, "most is 0"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_hint_where_the_extra_is_missing():
    code = "import sys; sys.modules['plotly'] = None\nimport amiable.plot"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr.strip().endswith(hint("amiable.plot", "plotly", "viz"))


def test_names_below_a_heatmap_leave_room_for_it():
    """A phone turns them upright."""
    for names in (["a", "b", "c"], ["clustering one", "clustering two", "clustering three"]):
        drawn = plot.pairwise_heatmap(np.eye(3), names)
        assert drawn.layout.height == 390 + 7 * min(len(f" {names[2]}"), 18)
