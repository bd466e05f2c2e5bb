"""Where samples lie: along an axis, or everywhere in label images and volumes."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest

import amiable
from amiable import CellScore, ContingencyTable
from tests.registry import CASES

every_score = pytest.mark.parametrize("score", CASES, ids=str)
SHAPES = [(60, 1), (1, 60), (6, 10), (3, 4, 5), (1, 3, 1, 20)]

# What takes labels and is no score of `CASES`; beside these, `labels_true` and `labels_pred` are those of resampling.
CELLS = CellScore(lambda xp, x, a, b, n: x * x, degree=2)
OTHERS = {
    "contingency_matrix": amiable.contingency_matrix,
    "pair_confusion_matrix": amiable.pair_confusion_matrix,
    "entropy": lambda true, pred, **options: amiable.entropy(pred, **options),
    "homogeneity_completeness_v_measure": amiable.homogeneity_completeness_v_measure,
    "bcubed_precision_recall_fscore": amiable.bcubed_precision_recall_fscore,
    "cluster_matching": lambda *labels, **options: amiable.cluster_matching(*labels, **options).counts,
    "conditional": lambda true, pred, **options: amiable.conditional_adjusted_mutual_info_score(
        true, pred, true, **options
    ),
    "CellScore": CELLS,
    "adjusted_score": partial(amiable.adjusted_score, score=CELLS),
    "adjusted_score-ari": partial(amiable.adjusted_score, score="ari"),
    "standardized_score": partial(amiable.standardized_score, score="ari"),
    "standardized_score-mi": partial(amiable.standardized_score, score="mi"),
    "score_pvalue": partial(amiable.score_pvalue, score="ari"),
    "score_pvalue-mi": partial(amiable.score_pvalue, score="mi"),
    "adjusted_mutual_info_score-num": partial(amiable.adjusted_mutual_info_score, null="num"),
    "adjusted_rand_score-num": partial(amiable.adjusted_rand_score, null="num"),
    "ContingencyTable": lambda *labels, **options: ContingencyTable.from_labels(*labels, **options).to_dense(),
}
every_other = pytest.mark.parametrize("function", OTHERS.values(), ids=OTHERS)


@pytest.fixture
def labels(rng):
    true, pred = rng.integers(0, 4, 60), rng.integers(0, 5, 60)
    return np.where(rng.random(60) < 0.4, pred % 4, true), pred


@every_score
@pytest.mark.slow_on("strict-other-device", "jax-as-accelerator")
def test_a_volume_is_one_labeling(score, backend, labels):
    volumes = (backend.asarray(v.reshape(3, 4, 5)) for v in labels)
    got, expected = score.function(*volumes, axis=None), score.function(*labels)
    assert np.shape(got) == ()
    assert isinstance(got, float) is backend.name.startswith("numpy")
    assert float(got) == pytest.approx(expected, abs=score.error_on(backend, expected))


@every_score
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_labels_of_any_shape(score, shape, labels):
    images = [v.reshape(shape) for v in labels]
    assert score.function(*images, axis=None) == score.function(*labels)
    assert score.function(*(v.tolist() for v in images), axis=None, n_labels=(4, 5)) == score.function(*labels)


@every_score
def test_an_axis_is_moved_to_the_end(score, rng):
    true, pred = rng.integers(0, 4, (2, 40, 3)), rng.integers(0, 5, (2, 40, 3))
    expected = score.function(np.moveaxis(true, 1, -1), np.moveaxis(pred, 1, -1))
    assert expected.shape == (2, 3)
    for axis in (1, -2, np.int64(1)):
        np.testing.assert_array_equal(score.function(true, pred, axis=axis), expected)
    np.testing.assert_array_equal(
        score.function(true[0, :, 0], pred[0], axis=0), expected[0] * 0 + score.function(true[0, :, 0], pred[0].T)
    )


@every_other
@pytest.mark.slow_on("strict-other-device", "jax-as-accelerator")
def test_what_is_no_single_score(function, labels, backend):
    images = [v.reshape(5, 12) for v in labels]
    expected = function(*labels)
    got = function(*map(backend.asarray, images), axis=None)
    for one, known in zip(*((x if isinstance(x, tuple) else (x,)) for x in (got, expected)), strict=True):
        error = 1e-4 if backend.single else 1e-12
        np.testing.assert_allclose(backend.to_numpy(one), known, rtol=error, atol=error)
    columns = [backend.asarray(v[:, None]) for v in labels]
    with pytest.raises(ValueError, match=r"shape is \(60, 1\), a batch .* ravel\(\) makes of a column, as axis=None"):
        function(*columns)


@every_other
def test_the_axis_of_what_is_no_single_score(function, labels):
    images = [v[:, None] for v in labels]
    is_single = function in (OTHERS["cluster_matching"], OTHERS["conditional"])
    got = function(*((v[:, 0] if is_single else v) for v in images), axis=0)
    np.testing.assert_allclose(np.squeeze(got), np.squeeze(function(*labels)), rtol=1e-13, atol=1e-13)
    with pytest.raises(
        ValueError, match=r"axis is 2 and labels(_true)? has shape \(60, 1\): expected None, or an axis"
    ):
        function(*images, axis=2)


@pytest.mark.parametrize(
    ("true", "pred", "axis", "message"),
    [
        (
            np.zeros((2, 3)),
            np.zeros((3, 2)),
            None,
            r"labels_true has shape \(2, 3\) and labels_pred \(3, 2\): with axis",
        ),
        (
            [[0, 1], [1, 0]],
            [0, 1, 1, 0],
            None,
            r"labels_true has shape \(2, 2\) and labels_pred \(4,\): with axis=None",
        ),
        (np.zeros((4, 1)), np.zeros(4), None, r"labels_true has shape \(4, 1\) and labels_pred \(4,\): with axis=None"),
        (np.zeros((4, 2)), np.zeros((3, 2)), 0, "labels_true and labels_pred have 4 and 3 samples along axis 0"),
        (np.zeros((1, 4)), np.zeros((1, 4)), 0, r"labels_true must be 1D: shape is \(1, 4\), a batch of labelings of"),
        (np.zeros((4, 0)), np.zeros(4), 0, r"labels_true has shape \(4, 0\): the batch is empty"),
        ([0, 1], [0, 1], 1, r"axis is 1 and labels_true has shape \(2,\): expected None, or an axis that"),
        ([[0, 1], [1, 0]], [0, 1], -2, r"axis is -2 and labels_pred has shape \(2,\)"),
        ([0, 1], [0, 1], "last", r"axis is 'last' and labels_true has shape"),
        ([0, 1], [0, 1], (0,), r"axis is \(0,\) and labels_true has shape"),
        ([0, 1], [0, 1], False, r"axis is False and labels_true has shape"),
        ([[0, 1], [1]], [0, 1], None, "labels_true holds items of unequal lengths"),
        (3, 3, None, r"labels_true must be 1D: shape is \(\)"),
        ([[0, 1]], [[0.0, np.nan]], None, "labels_pred contains NaN: 1 of 2 values, the first at position 1"),
    ],
)
def test_bad_axes_and_shapes(true, pred, axis, message):
    for function in (amiable.adjusted_mutual_info_score, ContingencyTable.from_labels):
        with pytest.raises(ValueError, match=message):
            function(true, pred, axis=axis)


@every_score
def test_a_table_has_no_axis(score):
    with pytest.raises(ValueError, match="axis is None and contingency is given: expected labels"):
        score.function(contingency=[[1, 2], [3, 4]], axis=None)


def test_sizes_and_strata_have_none_either():
    with pytest.raises(ValueError, match="axis is 0 and contingency is given"):
        amiable.entropy(contingency=[1, 2], axis=0)
    with pytest.raises(
        ValueError, match=r"labels_true has shape \(1, 4\) and strata \(2, 2\): with axis=None, expected"
    ):
        amiable.conditional_adjusted_mutual_info_score([[0, 1, 1, 0]], [[0, 1, 1, 0]], [[0, 1], [1, 0]], axis=None)


@pytest.mark.parametrize(
    "function",
    [
        amiable.permutation_test,
        amiable.bootstrap,
        lambda true, pred: amiable.compare_scores(true, pred, pred),
        lambda true, pred: amiable.permutation_test(true.ravel(), pred.ravel(), strata=true),
        lambda true, pred: ContingencyTable.from_cells(true, pred, np.ones(4)),
        lambda true, pred: amiable.pairwise_scores(true),
        lambda true, pred: amiable.pairwise_scores(true.tolist()),
        lambda true, pred: amiable.pairwise_scores(true.T, pred),
        lambda true, pred: amiable.pairwise_scores(pytest.importorskip("dask.array").from_array(true)),
    ],
)
def test_columns_are_refused_everywhere(function):
    column = np.array([[0], [1], [1], [0]])
    with pytest.raises(ValueError, match=r"shape (is )?\(4, 1\), .*ravel\(\) makes"):
        function(column, column)


def test_images_without_an_axis_are_a_batch(rng):
    images = rng.integers(0, 3, (2, 30, 30))
    assert amiable.adjusted_mutual_info_score(*images).shape == (30,)
    with pytest.raises(
        ValueError, match=r"make a batch of tables .*from_labels\(\.\.\., axis=None\) makes of label im"
    ):
        amiable.permutation_test(*images)
    table = ContingencyTable.from_labels(*images, axis=None)
    assert amiable.permutation_test(contingency=table, n_resamples=9, rng=0).pvalue > 0


def test_images_of_any_kind(labels):
    names = np.array(["ab", "a", "c", "", "é"])
    expected = amiable.adjusted_mutual_info_score(*labels)
    for made in (
        lambda v: names[v],
        lambda v: names[v].astype(object),
        lambda v: v.astype(float),
        lambda v: v * 10**15,
    ):
        images = [made(v).reshape(6, 10) for v in labels]
        assert amiable.adjusted_mutual_info_score(*images, axis=None) == pytest.approx(expected, abs=1e-14)
        assert amiable.adjusted_mutual_info_score(*(x.T for x in images), axis=None) == pytest.approx(
            expected, abs=1e-14
        )
    with pytest.raises(TypeError, match="labels_true mixes kinds of labels"):
        amiable.adjusted_mutual_info_score([[0, "a"]], [[0, 1]], axis=None)
    assert amiable.adjusted_mutual_info_score(np.zeros((0, 5)), np.zeros((0, 5)), axis=None) == 1


def test_every_function_of_labels_has_an_axis():
    """But those of resampling, which take one table."""
    without = {"permutation_test", "bootstrap", "compare_scores", "pairwise_scores", "Matching", "ContingencyTable"}
    functions = [getattr(amiable, name) for name in amiable.__all__ if name not in without]
    functions += [ContingencyTable.from_labels, CellScore.__call__]
    taking = [f for f in functions if callable(f) and {"labels_true", "labels"} & set(inspect.signature(f).parameters)]
    assert len(taking) > 40
    for function in taking:
        axis = inspect.signature(function).parameters["axis"]
        assert (axis.default, axis.kind) == (-1, axis.KEYWORD_ONLY)
        is_described = "\naxis : int or None, default=-1\n" in inspect.getdoc(function)
        assert is_described or function is CellScore.__call__


@pytest.mark.parametrize("x64", [False, True], ids=["float32", "float64"])
def test_jit(x64, labels):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(x64):
        images = [jax.numpy.asarray(v.reshape(3, 4, 5)) for v in labels]
        for function in (amiable.adjusted_mutual_info_score, amiable.rand_score):
            compiled = jax.jit(partial(function, n_labels=(4, 5), axis=None))
            assert float(compiled(*images)) == pytest.approx(function(*labels), abs=1e-13 if x64 else 1e-5)
        pairs = jax.jit(partial(amiable.pair_confusion_matrix, n_labels=(4, 5), axis=None))(*images)
        np.testing.assert_array_equal(pairs, amiable.pair_confusion_matrix(*labels))
        along = jax.jit(partial(amiable.rand_score, n_labels=(4, 5), axis=0))(*(v.reshape(3, 20).T for v in images))
        expected = amiable.rand_score(*(v.reshape(3, 20) for v in labels))
        np.testing.assert_allclose(along, expected, rtol=0, atol=1e-13 if x64 else 1e-5)
        entropy = jax.jit(partial(amiable.entropy, n_labels=5, axis=None))(images[1])
        assert float(entropy) == pytest.approx(amiable.entropy(labels[1]), abs=1e-13 if x64 else 1e-5)
        with pytest.raises(ValueError, match="labels_true is traced"):
            jax.jit(partial(amiable.rand_score, axis=None))(*images)


def test_pairs_that_int32_does_not_hold():
    jax = pytest.importorskip("jax")
    image = jax.numpy.zeros((500, 100), dtype=jax.numpy.int32)
    with pytest.raises(ValueError, match="50000 samples have 2499950000 ordered pairs, more than int32 holds"):
        jax.jit(lambda u: amiable.pair_confusion_matrix(u, u, n_labels=(2, 2), axis=None))(image)


def test_torch_compile(labels):
    torch = pytest.importorskip("torch")
    torch._dynamo.reset()
    compiled = torch.compile(
        lambda u, v: amiable.rand_score(u, v, n_labels=(4, 5), axis=None),
        fullgraph=True,
        backend="eager",
    )
    got = compiled(*(torch.asarray(v.reshape(3, 4, 5)) for v in labels))
    assert float(got) == pytest.approx(amiable.rand_score(*labels), abs=1e-13)


def test_no_value_is_looked_at():
    torch = pytest.importorskip("torch")
    image = torch.zeros((6, 50), dtype=torch.int64, device="meta")
    got = amiable.adjusted_mutual_info_score(image, image, n_labels=(4, 5), axis=None)
    assert (got.shape, got.device) == ((), image.device)
    assert amiable.adjusted_mutual_info_score(image, image, n_labels=(4, 5), axis=0).shape == (50,)


@pytest.mark.parametrize("kind", ["list", "array", "masked"])
def test_missing_ignored_and_groups_of_images(kind, rng):
    true, pred = rng.integers(0, 4, (2, 6, 10)).astype(float)
    true[rng.random(true.shape) < 0.2] = np.nan
    groups = rng.integers(0, 3, (6, 10))
    made = {"list": np.ndarray.tolist, "array": np.array, "masked": np.ma.masked_invalid}[kind]
    options = {"missing": "drop", "ignore_pred": 1}
    for more in ({}, {"groups": groups}):
        flat = {name: x.ravel() for name, x in more.items()}
        expected = ContingencyTable.from_labels(true.ravel(), pred.ravel(), **options, **flat)
        for given in (more, {name: x.tolist() for name, x in more.items()}):
            found = ContingencyTable.from_labels(made(true), made(pred), axis=None, **options, **given)
            np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
            assert (found.n_missing, np.sum(found.n_ignored)) == (np.isnan(true).sum(), np.sum(expected.n_ignored))
    along = ContingencyTable.from_labels(made(true), made(pred), axis=0, **options)
    np.testing.assert_array_equal(
        along.to_dense(), ContingencyTable.from_labels(true.T.copy(), pred.T.copy(), **options).to_dense()
    )


def test_groups_are_of_the_shape_of_the_labels():
    labels = [[0, 1, 1], [1, 0, 0]]
    for missing in ("raise", "drop"):
        with pytest.raises(
            ValueError, match=r"labels_true has shape \(2, 3\) and groups \(3, 2\): with axis=None, expe"
        ):
            ContingencyTable.from_labels(labels, labels, groups=np.transpose(labels), axis=None, missing=missing)
