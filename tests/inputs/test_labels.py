"""Every complaint about labels, by its message; and labels that must pass."""

from __future__ import annotations

import re
import warnings
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable, adjusted_mutual_info_score, contingency_matrix
from tests.registry import CASES

every_score = pytest.mark.parametrize("score", CASES, ids=str)


@every_score
@pytest.mark.parametrize(
    ("true", "pred", "message"),
    [
        ([0, 1], [0, 1, 1], r"must have the same length. Found input .* inconsistent numbers of samples: \[2, 3\]"),
        ([[0, 1], [1, 0]], [1, 1, 1], r"labels_true must be 1D: shape is \(2, 2\); for a batch"),
        ([0, 1, 0], [[1, 1], [0, 0]], r"labels_pred must be 1D: shape is \(2, 2\); for a batch"),
        (3, [0], r"labels_true must be 1D: shape is \(\)"),
        ([0], 3, r"labels_pred must be 1D: shape is \(\)"),
        (np.zeros((0, 4)), [0, 0, 1, 1], r"labels_true has shape \(0, 4\): the batch is empty"),
        (np.zeros((2, 3)), np.zeros((3, 3)), r"labels_true has shape \(2, 3\) and labels_pred \(3, 3\): the leading"),
        ([0, 1], [0.0, np.nan], r"labels_pred contains NaN: 1 of 2 values, the first at position 1"),
        ([np.inf, 1], [0, 1], r"labels_true contains infinity: 1 of 2 values, the first at position 0"),
        (["a", None], [0, 1], r"labels_true contains None: 1 of 2 values, the first at position 1"),
        (["a", np.nan, np.nan], [0, 1, 1], r"labels_true contains NaN: 2 of 3 values, the first at position 1"),
        (np.array(["2020", "NaT"], dtype="M8[D]"), [0, 1], r"labels_true contains NaT: 1 of 2 values"),
        (
            np.zeros((3, 1)),
            np.zeros((3, 1)),
            r"labels_true must be 1D: shape is \(3, 1\), a batch of labelings of one",
        ),
        ([0], [[0], [1], [1]], r"labels_pred must be 1D: shape is \(3, 1\)"),
        ([[0, 1], [1]], [0, 1], r"labels_true holds items of unequal lengths, 2 and 1: expected one label a sample"),
        ([["a"], ["a", "b"]], [0, 1], r"labels_true holds items of unequal lengths, 1 and 2: expected one label a sam"),
        ([0, [1, 2]], [0, 1], r"labels_true holds items of unequal lengths, some of them nested deeper"),
        ("0011", [0, 1], r"labels_true must be 1D: shape is \(\) of type str"),
        (np.ma.array([0, 1], mask=[0, 1]), [0, 1], r"labels_true has 1 masked values"),
    ],
)
def test_bad_values(score, true, pred, message):
    with pytest.raises(ValueError, match=message):
        score.function(true, pred)


@every_score
@pytest.mark.parametrize(
    ("true", "pred", "message"),
    [
        (None, [0, 1], r"labels_true is None: expected labels"),
        ([0, 1], None, r"labels_pred is None: expected labels"),
        ([1, "a", "b"], [0, 1, 1], r"labels_true mixes kinds of labels \(2 str, 1 number\): expected one kind"),
        (np.array([b"a", "b"], dtype=object), [0, 1], r"labels_true mixes kinds of labels"),
        ([1j, 2j], [0, 1], r"labels_true has dtype complex128"),
        ([{1: 2}, {3: 4}], [0, 1], r"labels_true holds labels of type dict: expected numbers"),
        (
            [(0, "a"), (1, "b")],
            [0, 1],
            r"labels_true mixes kinds of labels .* tuples are labels in a pandas MultiIndex",
        ),
        (np.array([1 + 1j, 2j], dtype=object), [0, 1], r"labels_true holds labels of type complex"),
    ],
)
def test_bad_types(score, true, pred, message):
    with pytest.raises(TypeError, match=message):
        score.function(true, pred)


MEMBERS = [frozenset({0, 1}), frozenset({2})]


@pytest.mark.parametrize(
    ("clusters", "message"),
    [
        (MEMBERS, "holds labels of type frozenset: expected one label a sample; clusters listed by their members"),
        (list(map(set, MEMBERS)), "holds labels of type set: .* clusters listed by their members"),
        (np.array([[0, 1], [2]], dtype=object), "holds labels of type list: .* clusters listed by their members"),
        ({0: [0, 1], 1: [2]}, r"is a dict: .* ContingencyTable\.from_mappings; .* by amiable\.labels_of_clusters"),
        ({0, 1, 2}, "is a set: expected one label a sample, in the order of the samples"),
        ({"a": 0}.values(), r"is a dict_values: expected a list or an array of labels; list\(...\) makes one"),
        (SimpleNamespace(communities=[[0, 1], [2]]), "is a SimpleNamespace: .* clusters listed by their members"),
        (SimpleNamespace(membership=[0, 0, 1]), "is a SimpleNamespace: expected .*, which its membership is"),
    ],
    ids=repr,
)
def test_clusters_that_are_no_labels(clusters, message):
    """Two partitions into as many sets would agree, whatever is in the sets."""
    with pytest.raises(TypeError, match=f"labels_pred {message}"):
        adjusted_mutual_info_score([0, 0, 1], clusters)


@pytest.mark.parametrize("make", [iter, lambda labels: map(int, labels), lambda labels: (x for x in labels)])
def test_iterators_are_not_read(make):
    labels = make([0, 1])
    with pytest.raises(
        TypeError, match=r"labels is a .*: expected a list or an array of labels; list\(...\) makes one"
    ):
        amiable.entropy(labels)
    assert list(labels) == [0, 1]


def test_a_series_named_like_a_graph():
    pd = pytest.importorskip("pandas")
    labels = pd.Series([0, 1], index=["membership", "communities"])
    assert adjusted_mutual_info_score(labels, labels) == 1.0


def test_tuples_in_a_list_are_a_batch():
    assert adjusted_mutual_info_score([(0, 1), (2, 3)], [[0, 1], [0, 0]]).shape == (2,)


def test_pandas_missing_values():
    pd = pytest.importorskip("pandas")
    for series in (pd.Series([1, None], dtype="Int64"), pd.Series(["a", None]), pd.Series(["a", None], dtype="string")):
        with pytest.raises(ValueError, match=r"labels_true contains .*: 1 of 2 values, the first at position 1"):
            adjusted_mutual_info_score(series, [0, 1])
    with pytest.raises(TypeError, match="labels_true is a DataFrame: expected one label a sample"):
        adjusted_mutual_info_score(pd.DataFrame({"a": [0, 1]}), [0, 1])


def test_nested_columns_of_polars():
    """NumPy would make a batch of them."""
    pl = pytest.importorskip("polars")
    pairs = pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2))
    for labels in (pairs, pl.Series([{"a": 1, "b": 2}, {"a": 3, "b": 4}])):
        with pytest.raises(TypeError, match=r"labels_true holds values of type (Array|Struct).*: expected one label a"):
            adjusted_mutual_info_score(labels, [0, 1])
    with pytest.raises(TypeError, match="labels_true holds labels of type ndarray: expected one label a sample"):
        adjusted_mutual_info_score(pl.Series([[1], [2, 3]]), [0, 1])


def test_mixed_libraries():
    torch = pytest.importorskip("torch")
    labels = torch.tensor([0, 1])
    for true, pred in ((labels, [0, 1]), ([0, 1], labels)):
        with pytest.raises(TypeError, match="expected one array library and one device"):
            adjusted_mutual_info_score(true, pred)
    with pytest.raises(TypeError, match=r"row_sums is on torch \(cpu\) and col_sums on numpy"):
        amiable.expected_mutual_information(labels, [1, 0])
    one, two = ContingencyTable.from_labels(labels, labels), ContingencyTable.from_labels([0], [0])
    with pytest.raises(TypeError, match=r"left is on torch \(cpu\) and right on numpy"):
        one + two


def test_mixed_devices():
    xp = pytest.importorskip("array_api_strict")
    here, there = xp.__array_namespace_info__().devices()[:2]
    with pytest.raises(
        TypeError, match=r"labels_true is on array_api_strict \(.*\) and labels_pred on array_api_strict"
    ):
        adjusted_mutual_info_score(xp.asarray([0, 1], device=here), xp.asarray([0, 1], device=there))


def test_a_table_in_place_of_labels():
    table = ContingencyTable.from_labels([0, 1], [0, 1])
    with pytest.raises(TypeError, match=r"labels_true is a ContingencyTable: .* given by name, as contingency"):
        adjusted_mutual_info_score(table)


def test_dask_arrays():
    dask_array = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match="row_sums is a Dask array, which is not supported: expected an array in mem"):
        amiable.expected_mutual_information(dask_array.ones(3), dask_array.ones(3))


CONTINUOUS = "labels_true holds continuous values: 3 of 4 are not whole numbers"


@every_score
def test_continuous_values_warn(score):
    with pytest.warns(UserWarning, match=CONTINUOUS) as caught:
        got = score.function([0.5, 0.25, 0.5, 1.0], [0, 1, 0, 1])
    assert caught[0].filename == __file__
    assert got == pytest.approx(score.function([1, 0, 1, 2], [0, 1, 0, 1]), abs=1e-15)


def test_continuous_values_warn_on_every_library(counting_backend):
    labels = counting_backend.asarray(np.array([0.5, 0.25, 0.5, 1.0]))
    with pytest.warns(UserWarning, match=CONTINUOUS):
        ContingencyTable.from_labels(labels, counting_backend.asarray(np.array([0, 1, 0, 1])))


@every_score
@pytest.mark.parametrize(
    ("n_labels", "message"),
    [
        ((2, 3), r"labels_true has the code 2, outside n_labels: expected 0..1"),
        ((3, 2), r"labels_pred has the code 2, outside n_labels: expected 0..1"),
        (3, r"n_labels is 3: expected two positive integers"),
        ((3, 0), r"n_labels is \(3, 0\): expected two positive integers"),
        ((3, 2.5), r"n_labels is \(3, 2.5\): expected two positive integers"),
    ],
)
def test_bad_codes(score, n_labels, message):
    with pytest.raises(ValueError, match=message):
        score.function([0, 1, 2], [2, 1, 0], n_labels=n_labels)


def test_codes_below_zero_or_of_another_type():
    with pytest.raises(ValueError, match=re.escape("labels_pred has the code -1, outside n_labels: expected 0..1")):
        adjusted_mutual_info_score([0, 1], [0, -1], n_labels=(2, 2))
    with pytest.raises(TypeError, match="labels_true has dtype float64: with n_labels, labels must be integer codes"):
        adjusted_mutual_info_score([0.0, 1.0], [0, 1], n_labels=(2, 2))
    with pytest.raises(ValueError, match="n_labels is"):
        amiable.entropy([0, 1], n_labels=0)


def test_entropy_names_its_argument():
    with pytest.raises(ValueError, match="labels contains NaN"):
        amiable.entropy([0, np.nan])
    with pytest.raises(TypeError, match="labels is None"):
        amiable.entropy(None)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32"]
)
def test_every_dtype_on_every_library(counting_backend, rng, dtype):
    true, pred = rng.integers(0, 2, 50), rng.integers(0, 3, 50)
    limits = np.iinfo(dtype) if "int" in dtype else None
    low, high = (0, 1) if limits is None else (limits.min, limits.max)
    x = np.where(true == 0, np.asarray(low).astype(dtype), np.asarray(high).astype(dtype))
    table = ContingencyTable.from_labels(counting_backend.asarray(x), counting_backend.asarray(pred))
    np.testing.assert_array_equal(counting_backend.to_numpy(table.row_labels), np.unique(x))
    np.testing.assert_array_equal(counting_backend.to_numpy(table.to_dense()), contingency_matrix(true, pred))


@pytest.mark.parametrize(
    "labels",
    [
        [Fraction(1, 3), Fraction(1, 2), Fraction(1, 3)],
        [10**30, 1, 10**30],
        [2**63 + 1, 2**63 + 2, 2**63 + 1],
        [2**63 + 1, 7, 2**63 + 1],
        [2**53, 2**53 + 1, 2**53],
        [2**53 + 1, 0.5, 2**53 + 1],
        ["a", "a\0", "a"],
        [b"a", b"a\0", b"a"],
        [np.str_("a"), "b", "a"],
        [(1, 2), (2, 1), (1, 2)],
        [True, 0, 1],
    ],
    ids=repr,
)
def test_objects_stay_apart(labels):
    """As a list and as an array of objects; three labels of two kinds, the first as the third."""
    objects = np.empty(3, dtype=object)
    objects[:] = labels
    given_labels = [objects] if isinstance(labels[0], tuple) else [objects, labels]
    for given_as in given_labels:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # 0.5 is continuous
            table = ContingencyTable.from_labels(given_as, ["x", "y", "x"])
        np.testing.assert_array_equal(table.to_dense(), np.eye(2)[:, :: 1 if table.to_dense()[0, 0] else -1] * [2, 1])


class Unordered(str):
    """Neither of two is less."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __lt__(self, other):
        return False


def test_partial_orders_are_no_order():
    kinds = list(map(Unordered, "cab"))
    codes = np.random.default_rng(0).integers(0, 3, 60)
    labels = np.empty(60, dtype=object)
    labels[:] = [kinds[i] for i in codes]
    assert amiable.adjusted_rand_score(labels, codes) == 1.0


@pytest.mark.parametrize(
    "labels",
    [
        [np.datetime64("2020"), np.datetime64("NaT", "Y")],
        [Decimal(1), Decimal("nan")],
        [np.float32(1), np.float32("nan")],
    ],
    ids=repr,
)
def test_missing_objects(labels):
    with pytest.raises(ValueError, match=r"labels_true contains .*: 1 of 2 values, the first at position 1"):
        adjusted_mutual_info_score(np.array(labels, dtype=object), [0, 1])


@pytest.mark.parametrize("na", [np.nan, None], ids=repr)
def test_string_dtype(na):
    dtype = np.dtypes.StringDType(na_object=na)
    assert adjusted_mutual_info_score(np.array(["a", "b", "a"], dtype=dtype), [0, 1, 0]) == 1.0
    with pytest.raises(ValueError, match=r"labels_true contains .*: 1 of 2 values"):
        adjusted_mutual_info_score(np.array(["a", na], dtype=dtype), [0, 1])


def test_inputs_are_left_alone(rng):
    true, pred = rng.integers(0, 5, 100), rng.integers(0, 5, 100)
    before = true.copy(), pred.copy()
    true.flags.writeable = pred.flags.writeable = False
    for score in CASES:
        score.function(true, pred)
    np.testing.assert_array_equal((true, pred), before)


@pytest.mark.parametrize("dtype", ["U5", "S3", "M8[D]", ">M8[s]", "m8[ms]"])
def test_labels_keep_their_dtype(dtype):
    labels = np.array([3, 1, 3, 2]).astype(dtype)
    table = amiable.ContingencyTable.from_labels(labels, [0, 0, 1, 1])
    assert table.row_labels.dtype == labels.dtype
    np.testing.assert_array_equal(table.row_labels, np.unique(labels))
    np.testing.assert_array_equal(table.to_dense(), [[1, 0], [0, 1], [1, 1]])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_tensors_that_are_no_labels():
    torch = pytest.importorskip("torch")
    ints = torch.tensor([0, 1, 1])
    cases = {
        "is a nested tensor: expected a dense one": lambda: torch.nested.nested_tensor([ints, ints[:2]]),
        "is a sparse tensor: expected a dense one": ints.to_sparse,
        "is on the meta device, its values are not known": lambda: ints.to("meta"),
        **{
            f"has dtype {dtype}, of which PyTorch compares no values": lambda dtype=dtype: ints.float().to(dtype)
            for dtype in (torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e8m0fnu)
        },
    }
    for message, make in cases.items():
        for score in (amiable.adjusted_mutual_info_score, amiable.entropy):
            with pytest.raises((TypeError, ValueError), match=message):
                score(*([make()] * (1 if score is not amiable.adjusted_mutual_info_score else 2)))
        with pytest.raises((TypeError, ValueError), match=f"contingency {message}"):
            amiable.adjusted_rand_score(contingency=ints[None].to("meta") if "meta" in message else make())
