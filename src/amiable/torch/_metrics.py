"""Every score as a metric, made from its record: the function, its options and its bounds."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

from amiable.contingency import ContingencyTable
from amiable.scores.registry import SCORES, Score
from amiable.torch._contingency_metric import ContingencyMetric

_DOCSTRING = """{title} ({heading}) of all that was counted, {bounds}; see `amiable.{name}`.

Parameters
----------
{options}**kwargs
    Of `ContingencyMetric`: `num_classes`, `num_clusters`, `argmax`, `ignore_true`, `ignore_pred`, `missing`, `axis`,
    `weighted`, and those of `torchmetrics.Metric`.

Examples
--------
>>> import torch
>>> from amiable.torch import {metric}
>>> metric = {metric}()
>>> for preds, target in [([0, 0, 1], [4, 4, 5]), ([1, 2, 2], [5, 6, 6])]:
...     metric.update(torch.tensor(preds), torch.tensor(target))
>>> metric.compute().shape
torch.Size([])
"""


def _metric_of(record: Score) -> type[ContingencyMetric]:
    """Return the class of a score's metric, whose constructor takes the options of the score's function."""
    known = [p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in record.options.values()]
    signature = inspect.Signature([*known, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])

    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        options = dict(bound.arguments)
        ContingencyMetric.__init__(self, **options.pop("kwargs"))
        table = (ContingencyTable.from_weights if self.weighted else ContingencyTable.from_counts)([[1]])
        record.function(contingency=table, **options)  # complains of bad options
        self.options = options
        lower, upper = _finite(record.range_with(options))
        self.__dict__.update(plot_lower_bound=lower, plot_upper_bound=upper)  # which torchmetrics lets nobody set

    lowest, highest = _finite(record.range_with({}))
    body = {
        "__init__": initialise,
        "__signature__": signature,
        "__doc__": _docstring(record),
        "__module__": "amiable.torch",  # pickle looks the class up there
        "score": staticmethod(record.function),
        "takes_weights": record.takes_weights,
        "higher_is_better": not record.is_distance,
        "plot_lower_bound": lowest,
        "plot_upper_bound": highest,
    }
    return type(record.metric, (ContingencyMetric,), body)


def _finite(ends: tuple[float, float]) -> list[float | None]:
    return [float(end) if math.isfinite(end) else None for end in ends]


def _docstring(record: Score) -> str:
    described = dict(
        re.findall(r"^(\w+)( : .*\n(?: {4}.*\n|\n)*)", inspect.cleandoc(record.function.__doc__ or ""), re.M)
    )
    return _DOCSTRING.format(
        title=record.title[0].upper() + record.title[1:],
        heading=record.heading,
        bounds=record.range_in_words,
        name=record.name,
        metric=record.metric,
        options="".join(name + described[name] for name in record.options),
    )


METRICS = {record.metric: _metric_of(record) for record in SCORES.values() if record.metric}
