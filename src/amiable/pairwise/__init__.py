"""Every pair of many labelings of the same samples, scored at once."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from amiable._array import loops
from amiable._array.arithmetic import matmul
from amiable._array.blocks import blocks
from amiable._array.compact import SAMPLES_OF_A_STEP, count_pairs
from amiable._array.devices import common_namespace, device_of, on_cpu, on_own_device
from amiable._array.dtypes import count_dtype, one_hot_dtype, to_count, working_dtype
from amiable._array.libraries import is_dask, is_numpy_namespace
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import host_views, to_numpy
from amiable._scalars.counting import count_pairs_of_labelings
from amiable.contingency import BATCH, cells_of_labels, check_promise, grid, grid_or_occupied, marks_of, most_cells
from amiable.inputs.codes import Coded, coded, encode, encode_labelings
from amiable.inputs.labels import (
    check_codes,
    check_labels,
    check_matrix,
    check_n_labels,
    check_values_known,
    level_of_caller,
)
from amiable.inputs.missing import MissingPolicy, Policies, check_policies, either, labels_and_missing
from amiable.pairwise.selection import BestPairs, ScoredPairs, Selection, check_selection, keeper
from amiable.scores.evaluate import call_score
from amiable.scores.registry import function_of, is_symmetric

__all__ = ["BestPairs", "ScoredPairs", "pairwise_scores"]

# Up to this many cells a pair, a product of one-hot matrices counts faster than one pass over the samples of each
# pair: by measurement on two CPU cores; accelerators have far more arithmetic than memory.
_ONE_HOT_CELLS_ON_CPU = 1 << 7
_ONE_HOT_CELLS_BESIDE_LOOPS = 1 << 4
_ONE_HOT_CELLS = 1 << 12
# Samples of one product of one-hot matrices. Every partial sum, in whatever order, is a whole number of at most so
# many, which the half-precision floats of tensor cores still hold exactly.
_ONE_HOT_SAMPLES = 1 << 11


@on_own_device
def pairwise_scores(
    labelings: Any,
    others: Any = None,
    *,
    score: str | Callable[..., Any] = "ami",
    n_labels: tuple[int, int] | None = None,
    top: int | None = None,
    above: float | None = None,
    below: float | None = None,
    missing: MissingPolicy = "raise",
    ignore_true: Any | None = None,
    ignore_pred: Any | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Any:
    """Score every pair of labelings of the same samples.

    Parameters
    ----------
    labelings : array-like of shape (M, n_samples)
        M labelings of any kind of labels, each with a label set of its own. In a list, labelings may be of different
        kinds, and so may the columns of a dataframe (pandas, polars, PyArrow) and the values of a dict, which are in
        this order the rows and columns of the result. A Dask array is scored later, block by block of the matrix, on
        the workers.
    others : array-like of shape (L, n_samples), optional
        The labelings to compare with; by default `labelings` themselves.
    score : str or callable, default="ami"
        A score of amiable, by its short name ("ari") or its function's ("adjusted_rand_score"), or the function, maybe
        with options bound by `functools.partial`; or a function of your own that takes ``contingency=``, a
        `ContingencyTable` of shape (P, R, C), and returns an array of shape (P,). Symmetric scores of amiable are
        computed once a pair.
    n_labels : tuple of two int, optional
        (R, C): `labelings` are codes below R and `others` below C; see `ContingencyTable.from_labels`.
    top : int, optional
        Keep the best `top` partners of each labeling alone: the largest scores, of distances of amiable (variation of
        information) the smallest. No matrix is made. Without `others`, no labeling is a partner of itself.
    above, below : float, optional
        Keep the pairs alone whose score is greater, or less, than this: ``above=0.9`` for agreement, ``below=0.1`` for
        a distance. No matrix is made. Without `others`, no labeling is paired with itself, and of symmetric scores of
        amiable each pair is listed once, with the lower index as its row. At most one of `top`, `above` and `below`.
    missing : {"raise", "drop"}, default="raise"
        What is done with samples that lack a label in one of the two labelings (None, NaN, NaT, NA, masked): raise a
        ValueError, or leave them out of this pair alone, as of consensus runs that did not draw a sample. Warns of
        pairs of which no sample is left.
    ignore_true, ignore_pred : label or several, optional
        Samples with one of these labels in the labeling of the row, or of the column, are left out of the pair.
    progress : callable, optional
        Called after each block of pairs with the number of pairs that are done and the number of all. Not for Dask
        arrays, which are computed later.

    Returns
    -------
    scores : array of shape (M, M) or (M, L)
        ``scores[i, j]`` is the score of ``labelings[i]`` as true and ``others[j]`` as predicted labels. Of the inputs'
        library, on their device; of Dask arrays, a Dask array.
    best : BestPairs
        With `top`: ``indices`` and ``scores`` of shape (M, K), the best first, of equal scores the lower index first
        (scores that are equal but for rounding, in any order); what is not a number comes last. K is `top`, or the
        number of possible partners if there are fewer.
    pairs : ScoredPairs
        With `above` or `below`: ``rows``, ``cols`` and ``scores`` of shape (P,), ordered by row, then by column. Of
        Dask arrays, their lengths are unknown until they are computed.

    Raises
    ------
    ValueError, TypeError
        Labelings that are not two-dimensional or have different numbers of samples, bad labels, a `score` that cannot
        be called, is no name of one or does not return one number a table, a `top` below 1, more than one of `top`,
        `above` and `below`, one side alone in Dask; the message names the argument. What can be known from values alone
        is raised for Dask arrays when they are computed.

    Notes
    -----
    Tables are counted in blocks of bounded memory: labelings of few clusters by products of one-hot matrices, whose
    sums are exact whole numbers, others by one pass over the samples of each pair.

    A task of Dask takes a block of labelings of each side, with all of their samples. Chunks along the labelings stay
    as they are, unless one of labelings, or of scores, were larger than Dask's ``array.chunk-size``. If a single
    labeling is, its samples stay in chunks, too, and tables are added.

    Examples
    --------
    >>> import numpy as np
    >>> from functools import partial
    >>> from amiable import normalized_mutual_info_score, pairwise_scores
    >>> labelings = np.array([[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1], [5, 5, 7, 7, 6, 6]])
    >>> pairwise_scores(labelings).round(4)
    array([[1.    , 0.2988, 1.    ],
           [0.2988, 1.    , 0.2988],
           [1.    , 0.2988, 1.    ]])
    >>> nmi = partial(normalized_mutual_info_score, average_method="max")
    >>> pairwise_scores(labelings, labelings[:1], score=nmi).shape
    (3, 1)
    >>> best = pairwise_scores(labelings, top=1)
    >>> best.indices[:, 0], best.scores[:, 0].round(4)
    (array([2, 0, 0]), array([1.    , 0.2988, 1.    ]))
    >>> pairwise_scores(labelings, above=0.9)
    ScoredPairs(rows=array([0]), cols=array([2]), scores=array([1.]))
    """
    function = function_of(score)
    selection = check_selection(top, above, below, function)
    policies = check_policies(missing, ignore_true, ignore_pred)
    mirrored = others is None and is_symmetric(function) and policies.same
    if is_dask(labelings) or is_dask(others):
        from amiable.pairwise.dask_blocks import delayed_scores

        if progress is not None:
            raise ValueError(
                "progress is given for Dask arrays, which are scored later: expected none, Dask shows its own"
            )
        return delayed_scores(
            pairwise_scores, labelings, others, function, n_labels, selection, policies, mirrored=mirrored
        )
    xp, sides, back, static = _encoded(labelings, others, n_labels, policies)
    scored = _scored(xp, sides, function, progress, mirrored=mirrored, static=static)
    if selection is not None:
        found = _selected(sides, scored, selection, same=others is None, mirrored=mirrored)
        return _placed(xp, sides[0].codes, back, found)
    tiles, scores = zip(*scored, strict=True)
    in_order = all(tile.is_whole and _run_of(tile.rows) and _run_of(tile.cols) for tile in tiles)
    if in_order:
        return back(_put_together(xp, tiles, scores, mirrored))
    return back(_picked(xp, tiles, scores, mirrored, [len(side.lengths) for side in sides]))


def _scored(
    xp: Namespace,
    sides: list[_Labelings],
    function: Callable[..., Any],
    progress: Callable[[int, int], Any] | None,
    *,
    mirrored: bool,
    static: bool,
) -> Iterator[tuple[_Tile, Array]]:
    """Score one tile of pairs after another."""
    tiles = functools.partial(_tiles, sides, mirrored, whole=static)  # made again, as all of them are as many as pairs
    done, total = 0, 0 if progress is None else sum(len(tile.pairs[0]) for tile in tiles())
    for tile in tiles():
        yield tile, _scores_of_tile(xp, sides, tile, function, static)
        done += len(tile.pairs[0])
        if progress is not None:
            progress(done, total)


def _selected(
    sides: list[_Labelings],
    scored: Iterator[tuple[_Tile, Array]],
    selection: Selection,
    *,
    same: bool,
    mirrored: bool,
) -> BestPairs | ScoredPairs:
    """Return the pairs that are wanted, as NumPy arrays; `same` labelings are not paired with themselves."""
    kept = keeper(selection, len(sides[0].lengths), len(sides[1].lengths) - same, mirrored=mirrored)
    for tile, values in scored:
        scores = np.full((tile.rows.size, tile.cols.size), np.nan)
        wanted = np.zeros(scores.shape, dtype=bool)
        scores[tile.pairs] = to_numpy(values)
        wanted[tile.pairs] = True
        if mirrored and tile.rows is tile.cols:  # each pair once
            wanted = np.triu(wanted, 1)
        elif same:
            wanted &= tile.rows[:, None] != tile.cols[None, :]
        kept.add(tile.rows, tile.cols, scores, wanted)
    return kept.result()


def _placed(
    xp: Namespace, codes: Array, back: Callable[[Array], Array], found: BestPairs | ScoredPairs
) -> BestPairs | ScoredPairs:
    """Return NumPy arrays as such of the inputs' library, on their device."""
    if is_numpy_namespace(xp):
        return type(found)(*map(back, found))
    dtypes = [count_dtype(xp, codes)] * (len(found) - 1) + [working_dtype(xp, codes)]
    there = device_of(codes)
    return type(found)(*(xp.asarray(x, dtype=dtype, device=there) for x, dtype in zip(found, dtypes, strict=True)))


class _Labelings(NamedTuple):
    """Labelings as codes."""

    codes: Array  # (M, n)
    lengths: list[int]  # how many labels each labeling may have
    skips: int = 0  # whether the first code is that of samples that are left out


class _LeftOut(NamedTuple):
    """Which samples of the labelings of one side are left out."""

    drops: bool  # those without a label
    ignore: str  # the argument that names labels
    ignored: Any


class _Tile(NamedTuple):
    """Some labelings of both sides, and which pairs of them are wanted."""

    rows: np.ndarray
    cols: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray]  # positions among `rows` and `cols`
    shape: tuple[int, int]  # of each table

    @property
    def is_whole(self) -> bool:
        """Whether all pairs are wanted, which are in row-major order then."""
        return len(self.pairs[0]) == self.rows.size * self.cols.size


def _encoded(
    labelings: Any, others: Any, n_labels: tuple[int, int] | None, policies: Policies
) -> tuple[Namespace, list[_Labelings], Callable[[Array], Array], bool]:
    """Return where to compute, the codes of both sides, the way back, and whether no value may be looked at."""
    promised = None if n_labels is None else check_n_labels(n_labels)
    ignore_true, ignore_pred = policies.ignored
    left_out = _LeftOut(policies.drops, "ignore_true", ignore_true)
    given = {"labelings": _checked("labelings", labelings, promised and promised[0], left_out)}
    if others is not None or not policies.same:  # maybe the same labelings, of which other samples are left out
        name, second = ("labelings", labelings) if others is None else ("others", others)
        left_out = _LeftOut(policies.drops, "ignore_pred", ignore_pred)
        given["others"] = _checked(name, second, promised and promised[1], left_out)
    xp = common_namespace(**{name: x for name, (x, _) in given.items()})
    n_samples = {name: x.shape[-1] for name, (x, _) in given.items()}
    if len(set(n_samples.values())) > 1:
        raise ValueError(f"labelings and others have {list(n_samples.values())} samples: expected the same samples")
    if promised is not None and others is None and promised[0] != promised[1]:
        raise ValueError(f"n_labels is {n_labels!r}: without others, expected the same number twice")
    sides = [_side(xp, name, *found, promised and promised[i]) for i, (name, found) in enumerate(given.items())]
    static = promised is not None and not all(on_cpu(x) for x, _ in given.values())
    xp, codes, back = host_views(xp, *(side.codes for side in sides))
    sides = [_Labelings(x, side.lengths, side.skips) for x, side in zip(codes, sides, strict=True)]
    return xp, [sides[0], sides[-1]], back, static


def _checked(name: str, labelings: Any, n_labels: int | None, left_out: _LeftOut) -> tuple[Array, Array | None]:
    """Return labelings (M, n) and which samples of each are left out, if any are.

    They are as they were given, or codes where those of a list or frame are of different dtypes.
    """
    columns = _columns(name, labelings)
    if columns is not None:
        return _stacked(columns, n_labels, left_out)
    if _is_list_of_labelings(labelings):
        x, marked = _stacked({f"{name}[{i}]": one for i, one in enumerate(labelings)}, n_labels, left_out)
    else:
        x, marked = _checked_one(name, labelings, n_labels, left_out)
    check_matrix(name, x.shape)
    return x, marked


def _checked_one(name: str, labels: Any, n_labels: int | None, left_out: _LeftOut) -> tuple[Array, Array | None]:
    """Return labels of any shape, codes of categories among them, and which samples are left out, if any are."""
    drops, ignore, ignored = left_out
    by_code = n_labels is None and ignored is None  # labels that are ignored are told by their values
    given = coded(name, labels, drops=drops) if by_code else Coded(labels)
    if drops:
        x, lacking = labels_and_missing(name, given.labels, axis=None)
    else:
        x, lacking = check_labels(name, given.labels, axis=None), None
    return x, either(either(lacking, given.missing), marks_of(ignore, ignored, x))


def _columns(name: str, frame: Any) -> dict[str, Any] | None:
    """Return the columns of a frame, or the values of a mapping, by what messages call them; None for all else."""
    if isinstance(frame, Mapping) or (hasattr(frame, "items") and hasattr(frame, "columns")):
        pairs = list(frame.items())
    elif hasattr(frame, "get_columns"):
        pairs = [(column.name, column) for column in frame.get_columns()]
    elif hasattr(frame, "column_names"):
        pairs = list(zip(frame.column_names, frame.columns, strict=True))
    elif hasattr(frame, "collect_schema"):
        raise TypeError(f"{name} is a {type(frame).__name__}: expected labels in memory, such as {name}.collect()")
    else:
        return None
    columns = {f"{name}[{title!r}]": column for title, column in pairs}
    if not columns or len(columns) < len(pairs):
        problem = "several columns of one name" if columns else "no columns"
        raise ValueError(f"{name} has {problem}: expected one labeling in each")
    return columns


def _is_list_of_labelings(x: Any) -> bool:
    if not isinstance(x, (list, tuple)) or not x:
        return False
    return all(hasattr(one, "shape") or (hasattr(one, "__len__") and not isinstance(one, (str, bytes))) for one in x)


def _stacked(labelings: dict[str, Any], n_labels: int | None, left_out: _LeftOut) -> tuple[Array, Array | None]:
    found = {name: _checked_one(name, one, n_labels, left_out) for name, one in labelings.items()}
    each = {name: x for name, (x, _) in found.items()}
    xp = common_namespace(**each)
    (first, one), *_ = each.items()
    for name, x in each.items():
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (n_samples,)")
        if x.shape != one.shape:
            raise ValueError(f"{first} has {one.shape[0]} samples and {name} {x.shape[0]}: expected the same samples")
        if n_labels is not None:
            _check_promise_of(xp, name, x, found[name][1], n_labels)
    nowhere = xp.zeros(one.shape, dtype=xp.bool, device=device_of(one))
    marks = [nowhere if marked is None else marked for _, marked in found.values()]
    marked = None if all(x is nowhere for x in marks) else xp.stack(marks)
    if all(x.dtype == one.dtype for x in each.values()):
        return xp.stack(list(each.values())), marked
    if n_labels is not None:
        return xp.stack([to_count(xp, x) for x in each.values()]), marked
    for name, x in each.items():
        check_values_known(name, x)
    return xp.stack([encode(xp, x)[0] for x in each.values()]), marked


def _side(xp: Namespace, name: str, x: Array, marked: Array | None, n_labels: int | None) -> _Labelings:
    if n_labels is not None:
        _check_promise_of(xp, name, x, marked, n_labels)
        found = _Labelings(x, [n_labels] * x.shape[0])
    else:
        check_values_known(name, x)
        found = _Labelings(*encode_labelings(xp, x))
    if marked is None:
        return found
    codes = to_count(xp, found.codes) + 1
    return _Labelings(xp.where(marked, xp.zeros_like(codes), codes), [k + 1 for k in found.lengths], skips=1)


def _check_promise_of(xp: Namespace, name: str, x: Array, marked: Array | None, n_labels: int) -> None:
    """Check codes but for those of samples that are left out."""
    check_codes(xp, name, x if marked is None else xp.where(marked, xp.zeros_like(x), x), n_labels)


def _tiles(sides: list[_Labelings], mirrored: bool, *, whole: bool) -> Iterator[_Tile]:
    """Cut all pairs into tiles whose counts fit the budget; of a mirrored matrix its upper half, or `whole` tiles."""
    groups = [_groups(sides[0].lengths)]
    groups.append(groups[0] if sides[0] is sides[1] else _groups(sides[1].lengths))
    for i, rows in enumerate(groups[0]):
        for j, cols in enumerate(groups[1]):
            if mirrored and j < i:
                continue
            pairs = np.nonzero(np.ones((rows.size, cols.size)))
            if mirrored and i == j and not whole:
                pairs = np.triu_indices(rows.size)
            shape = (max(sides[0].lengths[k] for k in rows), max(sides[1].lengths[k] for k in cols))
            yield _Tile(rows, cols, (pairs[0], pairs[1]), shape)


def _put_together(xp: Namespace, tiles: Sequence[_Tile], found: Sequence[Array], mirrored: bool) -> Array:
    """Return the matrix of scores from those of whole tiles of labelings in order, without an index on the device."""
    parts = {}
    for tile, scores in zip(tiles, found, strict=True):
        part = xp.reshape(scores, (tile.rows.size, tile.cols.size))
        at = int(tile.rows[0]), int(tile.cols[0])
        parts[at] = part
        if mirrored:
            parts.setdefault(at[::-1], xp.matrix_transpose(part))
    starts = [sorted({at[axis] for at in parts}) for axis in (0, 1)]
    return xp.concat([xp.concat([parts[i, j] for j in starts[1]], axis=1) for i in starts[0]], axis=0)


def _picked(xp: Namespace, tiles: Sequence[_Tile], found: Sequence[Array], mirrored: bool, shape: list[int]) -> Array:
    """Return the matrix of scores from those of any tiles."""
    index, done = np.zeros(shape, dtype=np.int64), 0  # where the score of each pair is found
    for tile in tiles:
        rows, cols = tile.pairs
        index[tile.rows[rows], tile.cols[cols]] = np.arange(done, done + len(rows))
        done += len(rows)
    if mirrored:
        index = np.maximum(index, index.T)
    at = xp.asarray(index.ravel(), device=device_of(found[0]))
    return xp.reshape(xp.take(xp.concat(list(found)), at), index.shape)


def _run_of(at: np.ndarray) -> slice | None:
    """Return consecutive positions as a slice; None for others."""
    return slice(int(at[0]), int(at[-1]) + 1) if (np.diff(at) == 1).all() else None


def _groups(lengths: list[int]) -> list[np.ndarray]:
    """Put labelings with similar numbers of labels together, few enough for a tile of two such groups."""
    most = math.isqrt(BATCH)
    groups: list[np.ndarray] = []
    group: list[int] = []
    for k in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and (len(group) + 1) * lengths[k] > most:
            groups.append(np.asarray(group))
            group = []
        group.append(k)
    return [*groups, np.asarray(group)]


def _scores_of_tile(
    xp: Namespace, sides: list[_Labelings], tile: _Tile, score: Callable[..., Any], static: bool
) -> Array:
    """Return the scores (P,) of the pairs of a tile."""
    true = _some(xp, sides[0], tile.rows)
    pred = true if sides[0] is sides[1] and tile.rows is tile.cols else _some(xp, sides[1], tile.cols)
    skips = sides[0].skips, sides[1].skips
    if not static and math.prod(tile.shape) > most_cells(true.shape[-1]):  # tables with more cells than samples
        pairs = (_kept(true[i, :], pred[j, :], skips) for i, j in zip(*tile.pairs, strict=True))
        return xp.concat([call_score(score, cells_of_labels(xp, *pair)) for pair in pairs])
    if static:
        check_promise(tile.shape, len(tile.pairs[0]))
    counts, shape = _counts_of_tile(xp, true, pred, tile), tile.shape
    if any(skips):
        full = xp.reshape(counts, (counts.shape[0], *shape))[:, skips[0] :, skips[1] :]
        shape = (full.shape[1], full.shape[2])
        counts = xp.reshape(full, (full.shape[0], math.prod(shape)))
        if not static:
            _warn_of_empty(int(xp.sum(to_count(xp, xp.sum(counts, axis=-1) == 0))), counts.shape[0])
    make = functools.partial(grid, static=True) if static else grid_or_occupied
    return call_score(score, make(xp, counts, shape))


def _kept(true: Array, pred: Array, skips: tuple[int, int]) -> tuple[Array, Array]:
    """Return the labels (1, n) of two labelings (n,), without samples that are left out."""
    if any(skips):
        keep = (true >= skips[0]) & (pred >= skips[1])
        true, pred = true[keep], pred[keep]
        _warn_of_empty(int(true.shape[0] == 0), 1)
    return true[None, :], pred[None, :]


def _warn_of_empty(n_empty: int, n_pairs: int) -> None:
    if n_empty:
        warnings.warn(
            f"no sample is left in {n_empty} of {n_pairs} pairs of a block: all lack a label, or have one that is "
            "ignored. Scores are those of empty labels",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def _some(xp: Namespace, side: _Labelings, at: np.ndarray) -> Array:
    run = _run_of(at)
    if run is not None:
        return side.codes[run, :]
    return xp.take(side.codes, xp.asarray(at, device=device_of(side.codes)), axis=0)


def _counts_of_tile(xp: Namespace, true: Array, pred: Array, tile: _Tile) -> Array:
    """Count the pairs of a tile of labelings (I, n) and (J, n): (P, R*C)."""
    n_cells = math.prod(tile.shape)
    if n_cells > _ONE_HOT_CELLS_BESIDE_LOOPS and isinstance(true, np.ndarray) and loops.is_compiled():
        return _counts_by_loop(np.ascontiguousarray(true), np.ascontiguousarray(pred), tile)
    if n_cells <= (_ONE_HOT_CELLS_ON_CPU if on_cpu(true) else _ONE_HOT_CELLS):
        every = xp.reshape(_counts_by_products(xp, true, pred, tile.shape), (-1, n_cells))
        if tile.is_whole:
            return every
        at = tile.pairs[0] * pred.shape[0] + tile.pairs[1]
        return xp.take(every, xp.asarray(at, device=device_of(every)), axis=0)
    wanted = [tile.pairs[1][tile.pairs[0] == i] for i in range(true.shape[0])]  # a run of columns for each row
    runs = [pred[int(cols[0]) : int(cols[-1]) + 1, :] for cols in wanted]
    return xp.concat([count_pairs(xp, true[i, :], run, tile.shape) for i, run in enumerate(runs)])


def _counts_by_loop(true: np.ndarray, pred: np.ndarray, tile: _Tile) -> Array:
    counts = np.zeros((len(tile.pairs[0]), math.prod(tile.shape)), dtype=np.int64)
    pairs, weight = map(loops.integers, tile.pairs), true.shape[-1] / SAMPLES_OF_A_STEP
    return loops.run(
        count_pairs_of_labelings, len(counts), true, pred, *pairs, tile.shape[1], out=counts, weight=weight
    )


def _counts_by_products(xp: Namespace, true: Array, pred: Array, shape: tuple[int, int]) -> Array:
    """Count every pair of labelings (I, n) and (J, n) by products of one-hot matrices: (I, J, R, C), exactly."""
    total = None
    for run in blocks(true.shape[-1], _ONE_HOT_SAMPLES):
        rows = _one_hot(xp, true[:, run], shape[0])
        cols = rows if true is pred else _one_hot(xp, pred[:, run], shape[1])
        part = to_count(xp, matmul(xp, rows, xp.matrix_transpose(cols)))
        total = part if total is None else total + part
    full = xp.reshape(total, (true.shape[0], shape[0], pred.shape[0], shape[1]))
    return xp.permute_dims(full, (0, 2, 1, 3))


def _one_hot(xp: Namespace, codes: Array, n_labels: int) -> Array:
    """Return codes (M, n) as zeros and ones (M * n_labels, n); a code outside has zeros alone."""
    codes = to_count(xp, codes)
    labels = xp.arange(n_labels, dtype=codes.dtype, device=device_of(codes))
    hot = codes[:, None, :] == labels[None, :, None]
    return xp.reshape(xp.astype(hot, one_hot_dtype(xp, codes)), (codes.shape[0] * n_labels, codes.shape[1]))
