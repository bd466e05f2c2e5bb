"""A torchmetrics metric whose state is a contingency table."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.distributed import gather_all_tensors

from amiable._array.compact import count_pairs
from amiable._array.devices import on_cpu
from amiable._array.libraries import namespace_of
from amiable.contingency import ContingencyTable, grid_or_occupied, moments_of, sums_of_codes, table_of, unstacked
from amiable.inputs.labels import check_codes, is_positive
from amiable.inputs.missing import MissingPolicy, check_policies
from amiable.inputs.weights import check_weights
from amiable.torch._cells import COUNTED, WEIGHED, compacted, list_of_labels, merged, table_of_lists

_NAMES = ("target", "preds")
_PROMISES = {"target": "num_classes", "preds": "num_clusters"}
_LOGITS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_SAME = "expected the same num_classes and num_clusters"


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
        `preds` are logits or probabilities (N, C) or, for label images and volumes, (N, C, d1, ...), of which the index
        of the largest along dimension 1 is the label; `target` is then (N,) or (N, d1, ...), every position a sample.
    ignore_true : int or sequence of int, optional
        Samples with one of these targets are left out, such as padding. `ignore_index`, as torchmetrics calls it, is
        the same.
    ignore_pred : int or sequence of int, optional
        Samples with one of these predictions are left out, such as noise, the -1 of DBSCAN. `ignore_cluster` is the
        same.
    missing : {"raise", "drop"}, default="raise"
        With "drop", samples with NaN among their logits are left out; by default they are an error.
    axis : -1 or None, default=-1
        With None, integer `preds` and `target` are of any one shape, such as label images (N, H, W), and every position
        is a sample. By default they are (N,), and any other shape is an error. Logits need no `axis`.
    weighted : bool, default=False
        Keep a table of weights in place of counts, so that `update` takes `sample_weight`. Not for scores that depend
        on numbers of samples.
    **kwargs
        Of `torchmetrics.Metric`: `dist_sync_on_step`, `process_group`, `sync_on_compute` and others.

    Raises
    ------
    ValueError, TypeError
        In the constructor: options that are not positive whole numbers or not whole; two names of one option. In
        `update`: labels that are not integer tensors of shape (N,), or of one shape with ``axis=None``; unequal shapes,
        another device than the metric's, NaN among logits, labels outside `num_classes`. The last two, on an
        accelerator with `num_classes`, are raised by `compute`, since `update` looks at no value there; such samples
        are not counted.

    Notes
    -----
    Counts are int64 whatever the precision of a model: `half()`, `set_dtype` and autocast leave them alone. Tables of
    ranks are added, over the union of their labels; ranks may have seen different labels, different numbers of them,
    or none. Scores are float64 where the device has it. `n_missing` and `n_ignored` of `table` tell how many samples
    were left out, on all ranks where it is synced.
    """

    is_differentiable: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    full_state_update: ClassVar[bool] = False
    plot_lower_bound: ClassVar[float | None] = 0.0
    plot_upper_bound: ClassVar[float | None] = 1.0
    score: ClassVar[Callable[..., Tensor]]
    takes_weights: ClassVar[bool] = True
    extremes: Tensor  # a state
    left_out: Tensor  # a state of metrics that leave samples out: how many lacked a label, and how many were ignored
    _update_count: int

    def __init__(
        self,
        *,
        num_classes: int | None = None,
        num_clusters: int | None = None,
        argmax: bool = False,
        ignore_true: int | Sequence[int] | None = None,
        ignore_pred: int | Sequence[int] | None = None,
        missing: MissingPolicy = "raise",
        ignore_index: int | Sequence[int] | None = None,
        ignore_cluster: int | Sequence[int] | None = None,
        axis: int | None = -1,
        weighted: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not hasattr(self, "score"):
            raise TypeError(f"{type(self).__name__} is what metrics share: expected one of its subclasses")
        if not isinstance(argmax, bool):
            raise TypeError(f"argmax is {argmax!r}: expected True or False")
        if axis is not None and (axis != -1 or isinstance(axis, bool)):
            raise ValueError(f"axis is {axis!r}: expected None, for labels of any shape, or -1")
        self.weighted = self._check_weighted(weighted)
        self.options: dict[str, Any] = {}
        self._is_batch = False
        self.argmax, self.axis = argmax, axis
        self.n_labels = _check_sizes(num_classes, num_clusters)
        self.drops = check_policies(missing).drops
        self.ignored = (
            _check_ignored(ignore_true=ignore_true, ignore_index=ignore_index),
            _check_ignored(ignore_pred=ignore_pred, ignore_cluster=ignore_cluster),
        )
        # a MetricCollection takes states of the same name and value for the same: the name says what is counted
        counted = "_weighted" if weighted else ""
        counted += "_missing_dropped" if self.drops else ""
        for name, values in zip(_NAMES, self.ignored, strict=True):
            counted += "".join(f"_{name}_not_{value}" for value in values)
        if self._leaves_out:
            self.add_state("left_out", torch.zeros(2, dtype=torch.int64), dist_reduce_fx="sum")
        if self.n_labels is None:
            self._state = f"cells{counted}"
            self.add_state(self._state, [], dist_reduce_fx="cat")
        else:
            self._state = f"contingency{counted}"
            # of weights, beside their squares and the numbers of samples
            shape, dtype = ((3, *self.n_labels), torch.float64) if weighted else (self.n_labels, torch.int64)
            self.add_state(self._state, torch.zeros(shape, dtype=dtype), dist_reduce_fx="sum")
            # a row for target, a row for preds: the complement ~x of the lowest label x seen on an accelerator, and
            # the highest label, so that both are largest values; -1 where no label was seen
            self.add_state("extremes", torch.full((2, 2), -1, dtype=torch.int64), dist_reduce_fx="max")

    def update(self, preds: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch.

        Parameters
        ----------
        preds : Tensor of integers, shape (N,); with `argmax`, of floats, shape (N, C) or (N, C, d1, ...)
            Predicted labels, or logits or probabilities. With ``axis=None`` labels are of any shape.
        target : Tensor of integers, shape (N,); with `argmax`, (N,) or (N, d1, ...)
            True labels; with ``axis=None``, of the shape of `preds`.
        sample_weight : Tensor of real numbers >= 0, of the shape of `target`, optional
            What each sample weighs, by default 1; for a metric that is `weighted`.
        """
        shape = getattr(target, "shape", ())
        target, preds, lacking = self._check(preds, target)
        weights = self._check_weights(sample_weight, target, tuple(shape))
        keep = n_left_out = None
        if self._leaves_out:
            keep, n_left_out = self._kept(target, preds, lacking)
        if self.n_labels is not None and not on_cpu(target):
            self._count_unseen(target, preds, weights, keep, self.n_labels)
        else:
            if keep is not None:
                target, preds = target[keep], preds[keep]
                weights = None if weights is None else weights[keep]
            self._count(target, preds, weights)
        if n_left_out is not None:
            self.left_out = self.left_out + n_left_out

    def compute(self) -> Tensor:
        """Return the score of all that was counted, on every rank: a tensor of shape () on the metric's device."""
        try:
            table = self.table
            if self.update_called and not self._is_batch and not bool(table.n_samples):
                warnings.warn(
                    f"{type(self).__name__} has counted no sample: {table.n_missing} lack a label, {table.n_ignored} "
                    "have one that is ignored. The score is that of empty labels",
                    stacklevel=3,
                )
            return self.score(contingency=table, **self.options)
        except Exception:
            if self._is_synced and self._should_unsync:  # torchmetrics would do so after a success only
                self.unsync()
            raise

    @property
    def table(self) -> ContingencyTable:
        """The table of all that this process has counted, rows of targets and columns of predictions."""
        state = getattr(self, self._state)
        n_missing, n_ignored = self.left_out.tolist() if self._leaves_out else (0, 0)
        left_out: dict[str, Any] = {"n_missing": n_missing, "n_ignored": n_ignored}
        if self.n_labels is None:
            return table_of(replace(table_of_lists(state, self.device, self._width), **left_out))
        for name, k, (complement, highest) in zip(_NAMES, self.n_labels, self.extremes.tolist(), strict=True):
            if complement >= 0 or highest >= k:  # a complement is at least 0 where the lowest label is negative
                outside = ~complement if complement >= 0 else highest
                is_nan = self.argmax and name == "preds" and outside == self._nan
                raise ValueError(
                    f"{name} had {'NaN among logits' if is_nan else f'the label {outside}'}, outside "
                    f"{_PROMISES[name]}: expected 0..{k - 1}; such samples were not counted"
                )
        table = grid_or_occupied(namespace_of(state), state.flatten(-2), self.n_labels)
        if self.weighted and bool(state.isnan().any()):
            raise ValueError("sample_weight had negative or not finite values: expected finite numbers >= 0")
        return table_of(replace(unstacked(table) if self.weighted else table, **left_out))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return the score of one batch, and add it to what was counted before, which an error leaves as it was."""
        before = dict(self.__dict__)
        self._is_batch = True  # of which all samples may be ignored without a warning
        try:
            return super().forward(*args, **kwargs)
        except Exception:
            self.__dict__.update(before)
            raise
        finally:
            self._is_batch = False

    def merge_state(self, incoming_state: dict[str, Any] | Metric) -> None:
        """Add what another metric of this class and these options has counted.

        Parameters
        ----------
        incoming_state : Metric, or dict
            The other metric, or its `metric_state`.

        Raises
        ------
        ValueError
            A metric of another class; a table of other sizes; a state of another kind.
        """
        super().merge_state(incoming_state)
        self._computed = None
        self._update_count += incoming_state.update_count if isinstance(incoming_state, Metric) else 1

    def reset(self) -> None:
        """Forget what was counted."""
        if self.n_labels is None:
            setattr(self, self._state, [])  # torchmetrics would empty the list, which others may hold
        super().reset()

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

    def _wrap_compute(self, compute: Callable[..., Any]) -> Callable[..., Any]:
        """Keep no result that ranks share: one that answered from memory would leave the others waiting for it."""
        remembered = super()._wrap_compute(compute)

        @functools.wraps(compute)
        def computed(*args: Any, **kwargs: Any) -> Any:
            if self._to_sync and self.distributed_available_fn():
                self._computed = None
            return remembered(*args, **kwargs)

        return computed

    def _apply(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Move states; a function that would change the precision of weights is shown whole numbers in their place."""

        def moved(x: Tensor) -> Tensor:
            return fn(x.view(torch.int64)).view(torch.float64) if x.dtype == torch.float64 else fn(x)

        return super()._apply(moved if self.weighted else fn, *args, **kwargs)

    @property
    def _width(self) -> int:
        """How many columns a list of cells has."""
        return WEIGHED if self.weighted else COUNTED

    def _check_weighted(self, weighted: bool) -> bool:
        if not isinstance(weighted, bool):
            raise TypeError(f"weighted is {weighted!r}: expected True or False")
        if weighted and not self.takes_weights:
            raise ValueError(
                f"weighted is True, and {type(self).__name__} depends on numbers of samples: expected False, or the "
                "metric of a score that takes weights"
            )
        return weighted

    def _check_weights(self, sample_weight: Tensor | None, target: Tensor, shape: tuple[int, ...]) -> Tensor | None:
        """Return float64 weights (N,), 1 by default, of those given in a shape; None where samples are counted."""
        if not self.weighted:
            if sample_weight is not None:
                raise ValueError(
                    "sample_weight is given to a metric of counts: expected weighted=True in its constructor"
                )
            return None
        if sample_weight is None:
            return torch.ones(target.shape, dtype=torch.float64, device=target.device)
        if not isinstance(sample_weight, Tensor):
            raise TypeError(f"sample_weight is a {type(sample_weight).__name__}: expected a torch.Tensor")
        if sample_weight.device != self.device or sample_weight.shape != shape:
            raise ValueError(
                f"sample_weight has shape {tuple(sample_weight.shape)} on {sample_weight.device}: expected {shape} on "
                f"{self.device}, a weight for each sample"
            )
        if sample_weight.is_complex():
            raise TypeError(f"sample_weight has dtype {sample_weight.dtype}: expected real numbers")
        weights = sample_weight.detach().to(torch.float64).reshape(target.shape)
        if self.n_labels is not None and not on_cpu(weights):  # `table` raises of what is NaN
            return torch.where(weights.isfinite() & (weights >= 0), weights, torch.nan)
        check_weights("sample_weight", weights)
        return weights

    def _check(self, preds: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return int64 labels (N,) of target and preds, on the metric's device, and which samples lack one (N,)."""
        lacking = None
        for name, x in (("preds", preds), ("target", target)):
            _check_tensor(name, x, self.device)
        if self.argmax:
            preds, lacking = self._largest(preds, target)
        for name, x in (("preds", preds), ("target", target)):
            if x.is_floating_point() or x.is_complex():
                hint = "; for logits or probabilities (N, C, ...): argmax=True" if name == "preds" else ""
                raise TypeError(f"{name} has dtype {x.dtype}: expected integer labels{hint}")
            if x.ndim != 1 and not self.argmax and self.axis is not None:
                raise ValueError(
                    f"{name} has shape {tuple(x.shape)}: expected (N,), one label a sample, or axis=None, which takes "
                    "label images and volumes"
                )
        if preds.shape != target.shape:
            if preds.ndim == target.ndim == 1:
                raise ValueError(f"preds has {preds.shape[0]} labels and target {target.shape[0]}: expected as many")
            of_preds = f"labels of shape {tuple(preds.shape)}" if self.argmax else f"shape {tuple(preds.shape)}"
            raise ValueError(f"preds has {of_preds} and target {tuple(target.shape)}: expected one shape")
        unseen = self.n_labels is not None and not on_cpu(target)
        labels = _signed("target", target.flatten(), unseen), _signed("preds", preds.flatten(), unseen)
        return *labels, None if lacking is None else lacking.flatten()

    @property
    def _nan(self) -> int:
        """The label that stands for NaN among logits on an accelerator, and for no cluster."""
        return next(value for value in itertools.count(-1, -1) if value not in self.ignored[1])

    def _largest(self, preds: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the index (N, ...) of the largest of logits (N, C, ...), and where these are NaN and may be dropped.

        NaN may be where the target is ignored.
        """
        if preds.ndim < 2 or preds.shape[1] == 0 or preds.dtype not in _LOGITS:
            raise ValueError(
                f"preds has shape {tuple(preds.shape)} and dtype {preds.dtype}: expected floats (N, C) or (N, C, d1, "
                "...) with argmax"
            )
        if self.n_labels is not None and preds.shape[1] > self.n_labels[1]:
            raise ValueError(
                f"preds has {preds.shape[1]} clusters along dimension 1: expected at most num_clusters, "
                f"{self.n_labels[1]}"
            )
        labels, unknown = preds.argmax(1), preds.isnan().any(1)
        if self.drops:
            return labels, unknown
        if target.shape == unknown.shape:
            unknown = unknown & ~_is_one_of(target.to(torch.int64), self.ignored[0])
        if self.n_labels is not None and not on_cpu(preds):
            return torch.where(unknown, self._nan, labels), None
        if unknown.any():
            n, first = int(unknown.sum()), int(unknown.int().argmax())
            raise ValueError(
                f"preds contains NaN for {n} of {labels.numel()} samples, the first at position {first}: expected "
                "numbers, or missing='drop'"
            )
        return labels, None

    @property
    def _leaves_out(self) -> bool:
        """Whether samples may be left out."""
        return self.drops or any(self.ignored)

    def _kept(self, target: Tensor, preds: Tensor, lacking: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return which samples are counted (N,), and how many others lack a label, and have an ignored one (2,)."""
        ignored = _is_one_of(target, self.ignored[0]) | _is_one_of(preds, self.ignored[1])
        if lacking is None:
            lacking = torch.zeros_like(ignored)
        return ~(lacking | ignored), torch.stack([lacking.sum(), (ignored & ~lacking).sum()])

    def _count(self, target: Tensor, preds: Tensor, weights: Tensor | None) -> None:
        """Count labels after a look at them."""
        if self.n_labels is None:
            setattr(self, self._state, compacted([*getattr(self, self._state), list_of_labels(target, preds, weights)]))
            return
        for name, x, k in zip(_NAMES, (target, preds), self.n_labels, strict=True):
            check_codes(namespace_of(x), name, x, k, _PROMISES[name])
        self._add(target, preds, weights, self.n_labels)

    def _count_unseen(
        self,
        target: Tensor,
        preds: Tensor,
        weights: Tensor | None,
        keep: Tensor | None,
        n_labels: tuple[int, int],
    ) -> None:
        """Count codes below `n_labels` without a look at any; remember the lowest and the highest."""
        if target.shape[0] == 0:
            return
        if keep is not None:
            target, preds = (torch.where(keep, x, 0) for x in (target, preds))
        seen = torch.stack([torch.stack([~x.min(), x.max()]) for x in (target, preds)])
        self.extremes = torch.maximum(self.extremes, seen)
        # -1 is not counted
        self._add(target if keep is None else torch.where(keep, target, -1), preds, weights, n_labels)

    def _add(self, target: Tensor, preds: Tensor, weights: Tensor | None, n_labels: tuple[int, int]) -> None:
        """Count into a new table, as metrics of a collection may hold the same one."""
        state = getattr(self, self._state)
        if weights is not None:
            xp = namespace_of(state)
            found: Any = sums_of_codes(xp, target, preds, moments_of(xp, weights), n_labels)
            setattr(self, self._state, state + found.reshape(state.shape))
            return
        counts: Any = count_pairs(namespace_of(state), target, preds, n_labels, onto=state.flatten())
        setattr(self, self._state, counts.reshape(state.shape))

    def _reduce_states(self, incoming_state: dict[str, Any]) -> None:
        for name, default in self._defaults.items():
            given = incoming_state.get(name)
            if isinstance(default, Tensor) and isinstance(given, Tensor) and given.shape != default.shape:
                sizes = f"{name} of shape {tuple(given.shape)} and this metric one of {tuple(default.shape)}"
                raise ValueError(f"incoming_state has {sizes}: {_SAME}")
            wrong = self._what_is_wrong(name, default, given)
            if wrong:
                raise ValueError(f"incoming_state has {name} {wrong}")
        super()._reduce_states(incoming_state)
        if self.n_labels is None:
            setattr(self, self._state, compacted(getattr(self, self._state)))

    def _what_is_wrong(self, name: str, default: Any, given: Any) -> str | None:
        """Say what keeps a state from being one of counts or weights, or of ends of ranges; None if nothing does."""
        is_cells = isinstance(default, list)
        dtype = torch.int64 if is_cells else default.dtype
        for x in given if isinstance(given, (list, tuple)) else [] if given is None else [given]:
            if not isinstance(x, Tensor) or x.dtype != dtype:
                kind = f"dtype {x.dtype}" if isinstance(x, Tensor) else f"type {type(x).__name__}"
                return f"is of {kind}: expected {str(dtype).removeprefix('torch.')} tensors"
            if is_cells and (x.ndim != 2 or x.shape[1] != self._width):
                return f"has shape {tuple(x.shape)}: expected (M, {self._width}), pairs of labels and counts"
            counts = x[:, 2] if is_cells else x
            if name != "extremes" and bool((counts < 0).any()):
                return f"holds the count {counts.min().item()}: expected counts >= 0"
        return None

    def _sync_dist(
        self, dist_sync_fn: Callable[..., Any] = gather_all_tensors, process_group: Any | None = None
    ) -> None:
        """Gather one list of cells of each rank, an empty one of the right dtype where nothing was seen."""
        kind = torch.tensor([*(self.n_labels or (0, 0)), self.weighted, self._leaves_out], device=self.device)
        group = process_group or self.process_group
        of_ranks = [tuple(x.tolist()) for x in dist_sync_fn(kind, group=group)]
        for at, name in ((2, "weighted is True"), (3, "samples are ignored or dropped")):
            if len({kinds[at] for kinds in of_ranks}) > 1:
                raise ValueError(f"{name} on some ranks and not on others: expected the same on all")
        of_ranks = [sizes[:2] for sizes in of_ranks]
        if len(set(of_ranks)) > 1:  # each rank sees all, and none waits for another
            found = ", ".join(str(pair) if any(pair) else "None" for pair in of_ranks)
            raise ValueError(f"num_classes and num_clusters are {found} on the ranks: {_SAME} on all")
        if self.n_labels is not None:
            super()._sync_dist(dist_sync_fn, process_group)
            return
        mine = merged(getattr(self, self._state), self.device, self._width)
        gathered = dist_sync_fn(mine, group=group)
        setattr(self, self._state, [merged(gathered, self.device, self._width)])
        if self._leaves_out:
            self.left_out = torch.stack(list(dist_sync_fn(self.left_out, group=group))).sum(0)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load copies of the states, onto the metric's device; refuse a table of other sizes."""
        for name, default in self._defaults.items():
            given = state_dict.get(prefix + name)
            if isinstance(default, Tensor) and isinstance(given, Tensor) and given.shape != default.shape:
                sizes = f"{tuple(given.shape)} in the checkpoint, {tuple(default.shape)} in this metric"
                error_msgs.append(f"size mismatch for {prefix}{name}: {sizes}; {_SAME}")
                del state_dict[prefix + name]
            elif (wrong := self._what_is_wrong(name, default, given)) is not None:
                error_msgs.append(f"{prefix}{name} in the checkpoint {wrong}")
                del state_dict[prefix + name]
            elif given is not None:
                here = [x.to(self.device, copy=True) for x in (given if isinstance(given, list) else [given])]
                state_dict[prefix + name] = here if isinstance(given, list) else here[0]
                self._computed, self._update_count = None, max(self._update_count, 1)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


def _check_tensor(name: str, x: Any, device: torch.device) -> None:
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} is a {type(x).__name__}: expected a torch.Tensor")
    if x.is_nested or x.layout is not torch.strided:
        raise TypeError(f"{name} is a {'nested' if x.is_nested else 'sparse'} tensor: expected a dense one")
    if x.device != device:
        raise ValueError(
            f"{name} is on {x.device} and the metric on {device}: expected one device, move the metric with .to(...)"
        )


def _check_sizes(num_classes: int | None, num_clusters: int | None) -> tuple[int, int] | None:
    for name, value in (("num_classes", num_classes), ("num_clusters", num_clusters)):
        if value is not None and not is_positive(value):
            raise ValueError(f"{name} is {value!r}: expected a positive integer, or None")
    if num_classes is None and num_clusters is not None:
        raise ValueError(f"num_clusters is {num_clusters} without num_classes: expected both, or num_classes alone")
    return None if num_classes is None else (int(num_classes), int(num_clusters or num_classes))


def _check_ignored(**names: Any) -> tuple[int, ...]:
    """Return the labels that an option names, in order; it has two names, of which one may be used."""
    given = {name: value for name, value in names.items() if value is not None}
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are both given, and are the same: expected one of them")
    labels = []
    for name, value in given.items():
        is_several = isinstance(value, (list, tuple, set, frozenset, range)) or getattr(value, "ndim", 0) > 0
        for label in value if is_several else [value]:
            known = label.item() if hasattr(label, "item") and getattr(label, "ndim", 1) == 0 else label
            if not isinstance(known, int) or isinstance(known, bool):
                raise TypeError(f"{name} is {value!r}: expected an integer label, several, or None")
            if not -(2**63) <= known < 2**63:
                raise ValueError(f"{name} is {value}: expected a label that int64 holds")
            labels.append(known)
    return tuple(sorted(set(labels)))


def _is_one_of(x: Tensor, labels: Iterable[int]) -> Tensor:
    """Return which entries of `x` are one of some labels, without a copy of these to the device."""
    found = torch.zeros(x.shape, dtype=torch.bool, device=x.device)
    for label in labels:
        found = found | (x == label)
    return found


def _signed(name: str, x: Tensor, unseen: bool) -> Tensor:
    """Return labels as int64."""
    if x.dtype != torch.uint64:
        return x.to(torch.int64)
    labels = x.view(torch.int64)  # those of 2**63 or more are negative here
    if unseen:  # outside of all classes, and equal to no label that is ignored
        return torch.where(labels < 0, 2**63 - 1, labels)
    if bool((labels < 0).any()):
        raise ValueError(f"{name} has labels of 2**63 or more: expected labels that int64 holds")
    return labels
