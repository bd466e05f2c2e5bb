"""Random tables of weights: predicted labels are shuffled among the samples, whose weights stay with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from amiable._array.dtypes import to_count
from amiable._array.libraries import is_dask, is_numpy_namespace
from amiable._array.protocols import Array, Namespace
from amiable._array.random import Sampler, sampler_for
from amiable._array.transfers import to_numpy
from amiable.contingency import Cells, cells_of_weights, most_cells
from amiable.inputs.codes import encode
from amiable.inputs.labels import check_labelings, check_values_known
from amiable.inputs.weights import check_sample_weight
from amiable.resampling.draws import check_untraced, shuffled
from amiable.scores.registry import record_of


class WeightedSamples(NamedTuple):
    """Codes below R and C of samples, and what they weigh: (n,) each."""

    xp: Namespace
    rows: Array
    cols: Array
    weights: Array
    shape: tuple[int, int]

    def table(self) -> Cells:
        """Return the table of the labels as they are, in which no row or column is empty."""
        return cells_of_weights(self.xp, self.rows, self.cols, self.weights)

    def null(self, rng: Any) -> tuple[Sampler, Callable[[Sampler, int], Iterator[Cells]], int]:
        """Return random numbers, what draws tables by them, and how many elements one table takes."""
        sampler = sampler_for(self.xp, rng, self.rows, self.cols)
        weights = to_numpy(self.weights) if is_numpy_namespace(sampler.xp) else self.weights
        draw = functools.partial(_shuffled_tables, shape=self.shape)
        return sampler._replace(arrays=(*sampler.arrays, weights)), draw, self.rows.shape[0]


def weighted_samples(labels_true: Any, labels_pred: Any, sample_weight: Any) -> WeightedSamples:
    """Return the samples (n,) that weigh something; raise for what is no pair of labelings with weights."""
    if labels_true is None or is_dask(labels_true) or is_dask(labels_pred):
        raise TypeError("sample_weight takes labels in memory: expected labels_true and labels_pred beside it")
    xp, *labels = check_labelings(labels_true, labels_pred)
    weights = check_sample_weight(sample_weight, labels[0], labels[1])
    for name, x in (("labels_true", labels[0]), ("labels_pred", labels[1]), ("sample_weight", weights)):
        check_untraced(name, x)
        check_values_known(name, x)
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: expected one labeling, (n_samples,)")
    kept = xp.nonzero(weights > 0)[0]
    (rows, of_rows), (cols, of_cols) = (encode(xp, xp.take(x, kept, axis=0)) for x in labels)
    shape = of_rows.shape[0], of_cols.shape[0]
    return WeightedSamples(xp, to_count(xp, rows), to_count(xp, cols), xp.take(weights, kept, axis=0), shape)


def check_takes_weights(score: Callable[..., Any]) -> None:
    """Raise ValueError for a score of amiable that depends on numbers of samples."""
    record = record_of(score)
    if record is not None and not record.takes_weights:
        raise ValueError(
            f"score is {record.short_name!r}, which depends on numbers of samples: expected one that takes weights "
            "beside sample_weight, such as 'mi', which is measured against chance by this test"
        )


def _shuffled_tables(sampler: Sampler, size: int, shape: tuple[int, int]) -> Iterator[Cells]:
    xp, (rows, cols, weights) = sampler.xp, sampler.arrays
    is_grid = shape[0] * shape[1] <= most_cells(rows.shape[0])
    for block in shuffled(xp, sampler.source, cols, size):
        if is_grid:
            yield cells_of_weights(xp, rows, block, weights, shape)
            continue
        for k in range(block.shape[0]):  # a list of cells for each, as together they would occupy many more
            yield cells_of_weights(xp, rows, block[k : k + 1, :], weights)
