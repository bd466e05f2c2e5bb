"""Scores as torchmetrics metrics: they stream, checkpoint, and sync across ranks, and keep counts, never labels."""

from amiable._extras import hint

try:
    import torch as _
    import torchmetrics as _  # noqa: F401, F811
except ModuleNotFoundError as error:
    if error.name not in ("torch", "torchmetrics"):
        raise
    raise ModuleNotFoundError(hint("amiable.torch", error.name, "torch"), name=error.name) from error

from typing import TYPE_CHECKING

from amiable.torch._contingency_metric import ContingencyMetric
from amiable.torch._metrics import METRICS

globals().update(METRICS)

__all__ = ["ContingencyMetric"]
__all__ += list(METRICS)

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[ContingencyMetric]: ...
