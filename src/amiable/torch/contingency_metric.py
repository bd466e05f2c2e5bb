"""A torchmetrics metric whose state is a contingency table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.distributed import gather_all_tensors

from amiable._array.namespace import Array, namespace_of, nearest, on_cpu, to_count
from amiable.contingency import (
    ContingencyTable,
    counts_of_codes,
    table_of_all_cells,
    table_of_labels,
    table_of_pairs,
)
from amiable.labels import check_codes, is_positive

_NAMES = ("target", "preds")
_PROMISES = {"target": "num_classes", "preds": "num_clusters"}
_SHORT = 1 << 12  # cells, up to which lists of them are joined as they are
_NAN = " (-1 stands for NaN among logits)"


class ContingencyMetric(Metric):
    """What all metrics here share: a contingency table that grows with every update, on the metric's device.

    A subclass names the `score` of `table` that it computes, and the `options` it passes on. Metrics that count the
    same share one state in a `torchmetrics.MetricCollection`, which is then updated once for all of them.

    Parameters
    ----------
    num_classes : int, optional
        Targets are codes 0..num_classes-1. The state is then one table of num_classes x num_clusters int64, and no
        update waits for an accelerator. By default labels are any integers, and the state lists the pairs of labels
        seen so far with their counts: no more than 8192, or twice as many as there are different pairs.
    num_clusters : int, optional
        Predictions are codes 0..num_clusters-1; by default num_classes.
    argmax : bool, default=False
        `preds` are logits or probabilities (N, C), of which the index of the largest is the label.
    ignore_index : int, optional
        Samples with this target are left out, such as padding.
    ignore_cluster : int, optional
        Samples with this prediction are left out, such as noise, the -1 of DBSCAN.
    **kwargs
        Of `torchmetrics.Metric`: `dist_sync_on_step`, `process_group`, `sync_on_compute` and others.

    Raises
    ------
    ValueError, TypeError
        In the constructor: options that are not positive whole numbers or not whole. In `update`: labels that are not
        integer tensors of shape (N,), unequal lengths, another device than the metric's, NaN among logits, labels
        outside `num_classes`. The last two, on an accelerator with `num_classes`, are raised by `compute`, since
        `update` looks at no value there; such samples are not counted.

    Notes
    -----
    Counts are int64 whatever the precision of a model: `half()`, `set_dtype` and autocast leave them alone. Tables of
    ranks are added, over the union of their labels; ranks may have seen different labels, different numbers of them,
    or none. Scores are float64 where the device has it.
    """

    is_differentiable: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    full_state_update: ClassVar[bool] = False
    score: ClassVar[Callable[..., Tensor]]
    extremes: Tensor  # a state

    plot_lower_bound: ClassVar[float | None] = 0.0
    plot_upper_bound: ClassVar[float | None] = 1.0

    def __init__(
        self,
        *,
        num_classes: int | None = None,
        num_clusters: int | None = None,
        argmax: bool = False,
        ignore_index: int | None = None,
        ignore_cluster: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("num_classes", num_classes), ("num_clusters", num_clusters)):
            if value is not None and not is_positive(value):
                raise ValueError(f"{name} is {value!r}: expected a positive integer, or None")
        for name, value in (("ignore_index", ignore_index), ("ignore_cluster", ignore_cluster)):
            if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
                raise TypeError(f"{name} is {value!r}: expected an integer label, or None")
        if num_classes is None and num_clusters is not None:
            raise ValueError(f"num_clusters is {num_clusters} without num_classes: expected both, or num_classes alone")
        self.n_labels = None if num_classes is None else (int(num_classes), int(num_clusters or num_classes))
        self.options: dict[str, Any] = {}
        self.argmax = argmax
        self.ignored = (ignore_index, ignore_cluster)
        # a MetricCollection takes states of the same name and value for the same: the name says what is counted
        counted = "_of_argmax" * argmax + "".join(
            f"_{name}_{value}"
            for name, value in (("ignore_index", ignore_index), ("ignore_cluster", ignore_cluster))
            if value is not None
        )
        if self.n_labels is None:
            self._state = f"cells{counted}"
            self.add_state(self._state, [], dist_reduce_fx="cat")
        else:
            self._state = f"contingency{counted}"
            self.add_state(self._state, torch.zeros(self.n_labels, dtype=torch.int64), dist_reduce_fx="sum")
            # of target and of preds: ~lowest and highest label seen on an accelerator; -1 for none
            self.add_state("extremes", torch.full((2, 2), -1, dtype=torch.int64), dist_reduce_fx="max")

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Count a batch.

        Parameters
        ----------
        preds : Tensor of integers, shape (N,); with `argmax`, of floats, shape (N, C)
            Predicted labels, or logits or probabilities.
        target : Tensor of integers, shape (N,)
            True labels.
        """
        target, preds = self._check(preds, target)
        keep = self._kept(target, preds)
        n_labels = self.n_labels
        if n_labels is not None and not on_cpu(target):
            self._count_unseen(target.to(torch.int64), preds.to(torch.int64), keep, n_labels)
            return
        if keep is not None:
            target, preds = target[keep], preds[keep]
        xp, (rows, cols), back = nearest(namespace_of(target), target, preds)
        if n_labels is None:
            self._add(back(_cells(table_of_labels(xp, rows, cols))))
            return
        for name, x, k in zip(_NAMES, (rows, cols), n_labels, strict=True):
            check_codes(xp, name, x, k, _PROMISES[name])
        self._add_counts(back(counts_of_codes(xp, rows, cols, n_labels)))

    def compute(self) -> Tensor:
        """Return the score of all that was counted, on every rank: a tensor of shape () on the metric's device."""
        return self.score(contingency=self.table, **self.options)

    @property
    def table(self) -> ContingencyTable:
        """The table of all that this process has counted, rows of targets and columns of predictions."""
        state = getattr(self, self._state)
        if self.n_labels is None:
            cells = _merged(state, self.device)
            return table_of_pairs(namespace_of(cells), *cells.unbind(1))
        for name, k, (lowest, highest) in zip(_NAMES, self.n_labels, self.extremes.tolist(), strict=True):
            if lowest >= 0 or highest >= k:
                raise ValueError(
                    f"{name} had the label {~lowest if lowest >= 0 else highest}, outside {_PROMISES[name]}: expected "
                    f"0..{k - 1}{_NAN if self.argmax and name == 'preds' else ''}; such samples were not counted"
                )
        return table_of_all_cells(namespace_of(state), state.reshape(-1), self.n_labels)

    def plot(self, val: Tensor | Sequence[Tensor] | None = None, ax: Any = None) -> Any:
        """Plot one value or several, by default that of `compute`, with Matplotlib.

        Parameters
        ----------
        val : Tensor or sequence of Tensor, optional
            What `forward` or `compute` returned.
        ax : matplotlib.axes.Axes, optional
            Where to plot.

        Returns
        -------
        figure, axes
        """
        return self._plot(val, ax)

    def set_dtype(self, dst_type: str | torch.dtype) -> ContingencyMetric:  # noqa: ARG002
        """Change nothing: counts stay int64."""
        return self

    def _check(self, preds: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return integer labels of target and preds, of one length, on the metric's device."""
        for name, x in (("preds", preds), ("target", target)):
            if not isinstance(x, Tensor):
                raise TypeError(f"{name} is a {type(x).__name__}: expected a torch.Tensor")
            if x.device != self.device:
                raise ValueError(
                    f"{name} is on {x.device} and the metric on {self.device}: expected one device, move the metric "
                    "with .to(...)"
                )
        if self.argmax:
            preds = self._largest(preds)
        for name, x in (("preds", preds), ("target", target)):
            if x.is_floating_point() or x.is_complex():
                hint = "; for logits or probabilities (N, C): argmax=True" if name == "preds" else ""
                raise TypeError(f"{name} has dtype {x.dtype}: expected integer labels{hint}")
            if x.ndim != 1:
                raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (N,), one label a sample")
        if preds.shape != target.shape:
            raise ValueError(f"preds has {preds.shape[0]} labels and target {target.shape[0]}: expected as many")
        return _signed("target", target, self.n_labels), _signed("preds", preds, self.n_labels)

    def _largest(self, preds: Tensor) -> Tensor:
        """Return the index of the largest of each row of logits (N, C); -1 for NaN where nobody may look."""
        if preds.ndim != 2 or preds.shape[1] == 0 or not preds.is_floating_point():
            raise ValueError(
                f"preds has shape {tuple(preds.shape)} and dtype {preds.dtype}: expected floats (N, C) with argmax"
            )
        if self.n_labels is not None and preds.shape[1] > self.n_labels[1]:
            raise ValueError(f"preds has {preds.shape[1]} columns: expected at most num_clusters, {self.n_labels[1]}")
        labels, unknown = preds.argmax(1), preds.isnan().any(1)
        if self.n_labels is not None and not on_cpu(preds):
            return torch.where(unknown, -1, labels)
        if unknown.any():
            n, first = int(unknown.sum()), int(unknown.int().argmax())
            raise ValueError(f"preds contains NaN for {n} of {len(labels)} samples, the first at position {first}")
        return labels

    def _kept(self, target: Tensor, preds: Tensor) -> Tensor | None:
        """Return which samples are not ignored; None if none can be."""
        keep = None
        for x, value in zip((target, preds), self.ignored, strict=True):
            if value is not None:
                keep = x != value if keep is None else keep & (x != value)
        return keep

    def _count_unseen(self, target: Tensor, preds: Tensor, keep: Tensor | None, n_labels: tuple[int, int]) -> None:
        """Count codes below `n_labels` without a look at any; remember the lowest and the highest."""
        if target.shape[0] == 0:
            return
        rows, cols = target, preds
        if keep is not None:
            rows, cols = (torch.where(keep, x, 0) for x in (target, preds))
            target = torch.where(keep, target, -1)
        seen = torch.stack([torch.stack([~x.min(), x.max()]) for x in (rows, cols)])
        self.extremes = torch.maximum(self.extremes, seen)
        self._add_counts(counts_of_codes(namespace_of(target), target, preds, n_labels))

    def _add_counts(self, counts: Tensor) -> None:
        setattr(self, self._state, getattr(self, self._state) + counts.reshape(self.n_labels))

    def _add(self, *runs: Tensor) -> None:
        """Add lists of cells; two of similar lengths become one, so that each is at most half of the one before."""
        kept: list[Tensor] = []
        for run in sorted(filter(len, (*getattr(self, self._state), *runs)), key=len, reverse=True):
            kept.append(run)
            while len(kept) > 1 and 2 * len(kept[-1]) > len(kept[-2]):
                one, two = kept[-2:]
                short = len(one) + len(two) <= _SHORT
                kept[-2:] = [torch.cat([one, two.to(one.device)]) if short else _merged([one, two], one.device)]
        setattr(self, self._state, kept)

    def _reduce_states(self, incoming_state: dict[str, Any]) -> None:
        super()._reduce_states(incoming_state)
        if self.n_labels is None:
            self._add()

    def _sync_dist(
        self, dist_sync_fn: Callable[..., Any] = gather_all_tensors, process_group: Any | None = None
    ) -> None:
        """Gather one list of cells of each rank, an empty one of the right dtype where nothing was seen."""
        if self.n_labels is not None:
            super()._sync_dist(dist_sync_fn, process_group)
            return
        mine = _merged(getattr(self, self._state), self.device)
        gathered = dist_sync_fn(mine, group=process_group or self.process_group)
        setattr(self, self._state, [_merged(gathered, self.device)])


def _signed(name: str, x: Tensor, n_labels: tuple[int, int] | None) -> Tensor:
    """Return labels as they are, but uint64, of which torch knows little, as int64."""
    if x.dtype != torch.uint64:
        return x
    x = x.view(torch.int64)
    if n_labels is None and bool((x < 0).any()):
        raise ValueError(f"{name} has labels of 2**63 or more: expected labels that int64 holds")
    return x


def _cells(table: ContingencyTable) -> Array:
    """Return the occupied cells of one table as (label of row, label of column, count), shape (M, 3)."""
    xp = table.xp
    labels = (xp.take(x, at) for x, at in ((table.row_labels, table.rows), (table.col_labels, table.cols)))
    cells = xp.stack([*(to_count(xp, x) for x in labels), table.counts], axis=1)
    return cells[table.counts > 0] if table.is_grid else cells


def _merged(runs: Sequence[Tensor], device: torch.device) -> Tensor:
    """Return lists of cells as one, each pair of labels once."""
    if not runs:
        return torch.zeros((0, 3), dtype=torch.int64, device=device)
    cells = torch.cat([run.to(device) for run in runs])
    return cells if len(runs) == 1 else _cells(table_of_pairs(namespace_of(cells), *cells.unbind(1)))
