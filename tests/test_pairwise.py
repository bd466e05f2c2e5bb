"""Every pair of labelings at once is a loop over pairs, however they are counted."""

from __future__ import annotations

from functools import partial

import array_api_compat as compat
import numpy as np
import pytest

import amiable
from amiable import adjusted_mutual_info_score, adjusted_rand_score, pairwise, pairwise_scores
from amiable._array.transfers import to_numpy
from amiable.scores.registry import SCORES, is_symmetric
from tests.backends import _as_accelerator
from tests.registry import CASES

every_score = pytest.mark.parametrize("score", CASES, ids=str)


def labelings_of(rng, lengths, n=80):
    return np.stack([rng.integers(0, k, n) for k in lengths])


def looped(score, labelings, others):
    return np.array([[score(true, pred) for pred in others] for true in labelings])


@every_score
def test_is_a_loop(score, rng):
    labelings, others = labelings_of(rng, (3, 1, 6, 4)), labelings_of(rng, (2, 5))
    got = pairwise_scores(labelings, score=score.function)
    np.testing.assert_allclose(got, looped(score.function, labelings, labelings), rtol=0, atol=1e-13)
    got = pairwise_scores(labelings, others, score=score.function)
    np.testing.assert_allclose(got, looped(score.function, labelings, others), rtol=0, atol=1e-13)


@pytest.mark.slow_on("jax")
@pytest.mark.parametrize("lengths", [(2, 3, 3), (30, 2, 30), (70, 5)], ids=["one-hot", "counted", "listed"])
def test_every_way_of_counting_on_every_library(backend, rng, lengths, monkeypatch):
    """Few cells are products of one-hot matrices; more are counted in grids, and more than samples in lists."""
    monkeypatch.setattr(pairwise, "_ONE_HOT_CELLS", 1 << 5)
    monkeypatch.setattr(amiable.contingency.counting, "_GRID_CELLS", 1 << 5)
    labelings = labelings_of(rng, lengths, n=300)
    score = amiable.adjusted_rand_score
    got = pairwise_scores(backend.asarray(labelings), score=score)
    assert compat.array_namespace(got) is compat.array_namespace(backend.asarray(labelings))
    np.testing.assert_allclose(
        backend.to_numpy(got), looped(score, labelings, labelings), rtol=0, atol=backend.tolerance
    )


def test_products_and_passes_count_the_same(rng, monkeypatch):
    labelings = labelings_of(rng, (3, 9, 4, 4), n=5000)
    tables = []

    def keep(contingency):
        tables.append(contingency)
        return amiable.mutual_info_score(contingency=contingency)

    pairwise_scores(labelings, score=keep)
    monkeypatch.setattr(pairwise, "_ONE_HOT_CELLS_ON_CPU", 0)
    pairwise_scores(labelings, score=keep)
    np.testing.assert_array_equal(tables[0].to_dense(), tables[1].to_dense())
    assert tables[0].counts.dtype == np.int64


def test_samples_beyond_one_product(rng):
    labelings = labelings_of(rng, (2, 3), n=3 * pairwise._ONE_HOT_SAMPLES + 5)
    assert pairwise_scores(labelings)[0, 1] == pytest.approx(amiable.adjusted_mutual_info_score(*labelings), abs=1e-14)


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("batch", [400, 30])
def test_promised_codes_need_no_index_on_the_device(rng, monkeypatch, ordered, batch):
    """Where none may be copied there, tiles are computed whole and put together."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(pairwise, "BATCH", batch)  # one tile, or many
    labelings, others = labelings_of(rng, (3,) * 7), labelings_of(rng, (4,) * 5)
    score = amiable.homogeneity_score if ordered else amiable.adjusted_rand_score
    with _as_accelerator():
        x, y = map(torch.asarray, (labelings, others))
        monkeypatch.setattr(compat.array_namespace(x), "asarray", None)
        got = pairwise_scores(x, score=score, n_labels=(3, 3)), pairwise_scores(x, y, score=score, n_labels=(3, 4))
    for matrix, right in zip(got, (labelings, others), strict=True):
        np.testing.assert_allclose(matrix, looped(score, labelings, right), rtol=0, atol=1e-13)


def test_half_precision_counts_exactly(rng, monkeypatch):
    """Products are as long as their largest sums are still whole numbers there."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(pairwise, "one_hot_dtype", lambda xp, x: xp.float16)
    labelings = labelings_of(rng, (1, 2, 3), n=2 * pairwise._ONE_HOT_SAMPLES + 5)
    true = torch.asarray(labelings)
    counts = pairwise._counts_by_products(compat.array_namespace(true), true, true, (3, 3))
    expected = np.array([[amiable.contingency_matrix(u, v, n_labels=(3, 3)) for v in labelings] for u in labelings])
    np.testing.assert_array_equal(counts, expected)
    assert counts[0, 0, 0, 0] == labelings.shape[1]


@pytest.mark.parametrize("ordered", [False, True])
def test_tiles_cover_every_pair_once(rng, monkeypatch, ordered):
    monkeypatch.setattr(pairwise, "BATCH", 400)
    lengths = (7, 2, 19, 3, 3, 40, 2, 11, 1)
    labelings = labelings_of(rng, lengths)
    score = amiable.homogeneity_score if ordered else amiable.adjusted_rand_score
    seen = []
    got = pairwise_scores(labelings, score=score, progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_allclose(got, looped(score, labelings, labelings), rtol=0, atol=1e-13)
    total = 81 if ordered else 45
    assert len(seen) > 5
    assert seen == sorted(set(seen))
    assert seen[-1] == (total, total)


def test_symmetric_scores_are_computed_once():
    counted = []

    def spy(score):
        pairwise_scores(np.eye(6, dtype=int), score=score, progress=lambda _, total: counted.append(total))

    for score in (amiable.adjusted_mutual_info_score, partial(amiable.v_measure_score, beta=1.0)):
        spy(score)
    unknown = lambda contingency: contingency.n_samples  # noqa: E731
    for score in (amiable.completeness_score, partial(amiable.v_measure_score, beta=0.5), unknown):
        spy(score)
    assert counted == [21, 21, 36, 36, 36]


def test_every_symmetric_score_is_known():
    """One that is not takes twice the work."""
    for score in CASES:
        assert is_symmetric(score.function) == score.symmetric


def test_null_models_that_fix_one_labeling_are_not_symmetric(rng):
    labelings = labelings_of(rng, (3, 5, 8))
    for function in (amiable.adjusted_mutual_info_score, amiable.adjusted_rand_score):
        score = partial(function, null="num1")
        found = pairwise_scores(labelings, score=score)
        expected = [[score(true, pred) for pred in labelings] for true in labelings]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        assert abs(found - found.T).max() > 1e-4


def test_scores_by_name(rng):
    labelings = labelings_of(rng, (3, 4))
    for record in SCORES.values():
        expected = pairwise_scores(labelings, score=record.function)
        for name in (record.name, record.short_name):
            np.testing.assert_array_equal(pairwise_scores(labelings, score=name), expected)


def test_labelings_of_different_kinds(rng):
    codes = labelings_of(rng, (4, 4, 2, 3, 4))
    first = codes[0].astype(np.uint64) + np.uint64(2**63)
    kinds = [first, np.array(list("abcd"))[codes[1]].tolist(), codes[2] > 0, codes[3].astype("M8[D]"), codes[4]]
    np.testing.assert_array_equal(pairwise_scores(kinds), pairwise_scores(codes))
    np.testing.assert_array_equal(pairwise_scores(kinds[1:2], codes), pairwise_scores(codes[1:2], codes))


def test_promised_codes_of_different_widths(backend, rng):
    codes = labelings_of(rng, (3, 3))
    given = [backend.asarray(codes[0].astype(np.int8)), backend.asarray(codes[1].astype(np.int16))]
    got = backend.to_numpy(pairwise_scores(given, n_labels=(3, 3)))
    np.testing.assert_allclose(got, pairwise_scores(codes), rtol=0, atol=backend.tolerance)
    with pytest.raises(TypeError, match=r"labelings\[1\] has dtype float64: with n_labels, labels must be"):
        pairwise_scores([codes[0], codes[1] / 1], n_labels=(3, 3))


def frames_of(columns):
    """The same columns in every kind of frame that is here."""
    yield columns
    pd = pytest.importorskip("pandas")
    yield pd.DataFrame(columns)
    yield pd.DataFrame(columns).astype("category")
    pl = pytest.importorskip("polars")
    yield pl.DataFrame(columns)
    pytest.importorskip("pyarrow")
    yield pl.DataFrame(columns).to_arrow()


def test_columns_of_a_frame(rng):
    columns = {"b": rng.integers(0, 3, 40), "a": np.array(list("xyz"))[rng.integers(0, 3, 40)], "c": np.arange(40) > 12}
    expected = [[amiable.adjusted_mutual_info_score(x, y) for y in columns.values()] for x in columns.values()]
    for frame in frames_of(columns):
        np.testing.assert_allclose(pairwise_scores(frame), expected, rtol=0, atol=1e-14)
        found = pairwise_scores(frame, {"a": columns["a"]})
        np.testing.assert_allclose(found, np.array(expected)[:, 1:2], rtol=0, atol=1e-14)


def test_frames_that_hold_no_labelings():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame = pd.DataFrame({"a": [0, 1], "b": [1, 0]})
    with pytest.raises(ValueError, match="labelings has several columns of one name: expected one labeling in each"):
        pairwise_scores(frame.rename(columns={"b": "a"}))
    with pytest.raises(ValueError, match="others has no columns"):
        pairwise_scores(frame, frame[[]])
    with pytest.raises(TypeError, match=r"labelings is a LazyFrame: .* such as labelings\.collect\(\)"):
        pairwise_scores(pl.LazyFrame({"a": [0, 1]}))


@pytest.mark.parametrize("change", [lambda x: x, lambda x: x.astype("category")])
def test_columns_with_samples_to_leave_out(rng, change):
    """Noise and missing labels are told by their values, whatever the columns hold them in."""
    pd = pytest.importorskip("pandas")
    noise = pd.DataFrame({"a": rng.integers(-1, 3, 60).astype(np.int8), "b": rng.integers(-1, 4, 60)})
    ami = amiable.adjusted_mutual_info_score
    keep = (noise["a"] != -1) & (noise["b"] != -1)
    found = pairwise_scores(change(noise), ignore_true=-1, ignore_pred=-1)
    assert found[0, 1] == pytest.approx(ami(noise["a"][keep], noise["b"][keep]), abs=1e-14)
    one_side = pairwise_scores(change(noise), ignore_pred=-1)
    keep = noise["b"] != -1
    assert one_side[0, 1] == pytest.approx(ami(noise["a"][keep], noise["b"][keep]), abs=1e-14)
    holes = noise.where(noise != -1)
    found = pairwise_scores(change(holes), missing="drop")
    keep = (noise["a"] != -1) & (noise["b"] != -1)
    assert found[0, 1] == pytest.approx(ami(noise["a"][keep], noise["b"][keep]), abs=1e-14)


def test_booleans(rng):
    labelings = labelings_of(rng, (2, 2, 2))
    np.testing.assert_array_equal(pairwise_scores(labelings > 0), pairwise_scores(labelings))


@pytest.mark.parametrize(
    "rename",
    [
        lambda x: x * 10**12 - 7,
        lambda x: (x * 50 - 128).astype(np.int8),
        lambda x: x.astype(np.uint64) + np.uint64(2**64 - 10),
        lambda x: np.array(["a", "bc", "d", "", "é"])[x],
        lambda x: np.array(["a", "bc", "d", "", "é"])[x].tolist(),
        lambda x: x / 2 + 1,
    ],
)
@pytest.mark.filterwarnings("ignore:labelings holds continuous values")
def test_labels_of_any_kind(rng, rename):
    labelings = labelings_of(rng, (5, 3, 4))
    np.testing.assert_allclose(pairwise_scores(rename(labelings)), pairwise_scores(labelings), rtol=0, atol=1e-14)


def test_each_labeling_has_labels_of_its_own(rng):
    """Identifiers that go on from one labeling to the next make no table larger."""
    labelings = labelings_of(rng, [4] * 50)
    shapes = []

    def spy(contingency):
        shapes.append(contingency.shape)
        return amiable.rand_score(contingency=contingency)

    pairwise_scores(labelings + 1000 * np.arange(50)[:, None], score=spy)
    assert {shape[1:] for shape in shapes} == {(4, 4)}


def test_promised_codes(backend, rng):
    labelings, others = labelings_of(rng, (4, 3)), labelings_of(rng, (5, 2, 5))
    got = pairwise_scores(backend.asarray(labelings), backend.asarray(others), n_labels=(4, 6))
    expected = looped(amiable.adjusted_mutual_info_score, labelings, others)
    np.testing.assert_allclose(backend.to_numpy(got), expected, rtol=0, atol=backend.tolerance)


def test_under_jit(rng):
    jax = pytest.importorskip("jax")
    labelings = labelings_of(rng, (4, 3))
    got = jax.jit(lambda x: pairwise_scores(x, score=amiable.rand_score, n_labels=(4, 4)))(jax.numpy.asarray(labelings))
    np.testing.assert_allclose(got, looped(amiable.rand_score, labelings, labelings), rtol=0, atol=1e-6)


def test_no_value_is_looked_at():
    torch = pytest.importorskip("torch")
    labelings = torch.zeros((3, 50), dtype=torch.int64, device="meta")
    got = pairwise_scores(labelings, n_labels=(4, 4))
    assert (got.shape, got.device) == ((3, 3), labelings.device)


def test_no_samples_and_one_labeling():
    np.testing.assert_array_equal(pairwise_scores(np.zeros((2, 0), dtype=int)), np.ones((2, 2)))
    assert pairwise_scores([[0, 1, 1]]).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[0, 1]], {}, ValueError, r"labelings has shape \(2,\): expected \(n_labelings, n_samples\)"),
        ([np.zeros((2, 3)), np.zeros(3)], {}, ValueError, r"others has shape \(3,\)"),
        ([np.zeros((2, 3)), np.zeros((2, 4))], {}, ValueError, r"labelings and others have \[3, 4\] samples"),
        ([np.zeros((0, 3))], {}, ValueError, "the batch is empty"),
        ([[[0, None]]], {}, ValueError, r"labelings\[0\] contains None"),
        ([[[0, 1], [1]]], {}, ValueError, r"labelings\[0\] has 2 samples and labelings\[1\] 1: expected the same"),
        ([[[0, 1], [[1, 0]]]], {}, ValueError, r"labelings\[1\] has shape \(1, 2\): expected \(n_samples,\)"),
        ([{"a": [0, 1], "b": [0, None]}], {}, ValueError, r"labelings\['b'\] contains None"),
        ([{}], {}, ValueError, "labelings has no columns: expected one labeling in each"),
        ([iter([[0, 1]])], {}, TypeError, r"labelings is a list_iterator: expected a list"),
        ([np.zeros((2, 3))], {"score": "amy"}, ValueError, "score is 'amy': .* one of 'ami', 'nmi', "),
        ([np.zeros((2, 3))], {"score": 3}, ValueError, "score is 3: expected a function of tables"),
        ([np.zeros((2, 3))], {"score": lambda contingency: 1.0}, ValueError, "score returned float for 4 tables"),
        ([np.zeros((2, 3))], {"score": amiable.contingency_matrix}, ValueError, "score returned an array of shape"),
        ([np.zeros((2, 3), dtype=int)], {"n_labels": (2, 3)}, ValueError, r"n_labels is \(2, 3\): without others"),
        ([np.ones((2, 3), dtype=int)], {"n_labels": (1, 1)}, ValueError, "labelings has the code 1, outside n_labels"),
    ],
)
def test_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        pairwise_scores(*arguments, **options)


def test_more_cells_than_samples_are_checked_alike():
    labelings = np.stack([np.random.default_rng(i).permutation(200) for i in range(3)])
    with pytest.raises(ValueError, match="score returned an array of shape"):
        pairwise_scores(labelings, score=amiable.contingency_matrix)
    shapes = []
    pairwise_scores(labelings, score=lambda contingency: shapes.append(contingency.shape) or contingency.n_samples)
    assert set(shapes) == {(1, 200, 200)}


def test_autocast_does_not_round_counts(rng):
    torch = pytest.importorskip("torch")
    labelings = torch.asarray(labelings_of(rng, (2, 2, 2), n=1000))
    with _as_accelerator(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = pairwise_scores(labelings, score=lambda contingency: contingency.n_samples)
    assert found.tolist() == [[1000] * 3] * 3


def pairwise_complete(labelings, others, keep_rows, keep_cols):
    """Scores of pairs of labelings without the samples that either lacks."""
    found = np.zeros((len(labelings), len(others)))
    for i, j in np.ndindex(*found.shape):
        keep = keep_rows[i] & keep_cols[j]
        found[i, j] = adjusted_mutual_info_score(labelings[i][keep], others[j][keep])
    return found


@pytest.mark.slow_on("jax", "jax-as-accelerator")
@pytest.mark.parametrize("n_clusters", [4, 60], ids=["small", "more cells than samples"])
def test_samples_that_a_run_did_not_draw(counting_backend, rng, n_clusters):
    labelings = rng.integers(0, n_clusters, (6, 90))
    drawn = rng.random(labelings.shape) < 0.7
    lacking = np.where(drawn, labelings.astype(float), np.nan)
    expected = pairwise_complete(labelings, labelings, drawn, drawn)
    found = pairwise_scores(counting_backend.asarray(lacking), missing="drop")
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-9, atol=1e-12)
    ignored = counting_backend.asarray(np.where(drawn, labelings, -1))
    found = pairwise_scores(ignored, ignore_true=-1, ignore_pred=-1)
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-9, atol=1e-12)
    found = pairwise_scores(ignored, ignore_pred=[-1])
    everything = np.ones(labelings.shape, dtype=bool)
    one_side = pairwise_complete(np.where(drawn, labelings, -1), labelings, everything, drawn)
    np.testing.assert_allclose(to_numpy(found), one_side, rtol=1e-9, atol=1e-12)
    promised = counting_backend.asarray(np.where(drawn, labelings, 255))
    found = pairwise_scores(promised, n_labels=(n_clusters, n_clusters), ignore_true=255, ignore_pred=255)
    np.testing.assert_allclose(to_numpy(found), expected, rtol=1e-9, atol=1e-12)


def test_lists_of_labelings_that_lack_samples():
    labelings = [["a", "b", None, "a", "b"], [1, 1, 2, None, 2], np.array([0.0, 1, 1, np.nan, 1])]
    found = pairwise_scores(labelings, missing="drop", score="ari")
    assert found[0, 1] == adjusted_rand_score(["a", "b", "b"], [1, 1, 2])
    assert found[1, 2] == adjusted_rand_score([1, 1, 2, 2], [0, 1, 1, 1])
    with pytest.raises(ValueError, match=r"labelings\[0\] contains None"):
        pairwise_scores(labelings)


def test_best_pairs_without_ignored_samples(rng):
    labelings = rng.integers(-1, 4, (20, 50))
    whole = pairwise_scores(labelings, ignore_true=-1, ignore_pred=-1)
    best = pairwise_scores(labelings, ignore_true=-1, ignore_pred=-1, top=3)
    for i in range(20):
        others = np.delete(np.arange(20), i)
        np.testing.assert_allclose(best.scores[i], np.sort(whole[i, others])[::-1][:3])


def test_pairs_of_which_no_sample_is_left():
    with pytest.warns(UserWarning, match="no sample is left in 1 of 3 pairs"):
        found = pairwise_scores([[0, 1, -1, -1], [-1, -1, 0, 1]], ignore_true=-1, ignore_pred=-1)
    assert found[0, 1] == adjusted_mutual_info_score([], [])
