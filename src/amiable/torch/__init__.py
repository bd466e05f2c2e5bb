"""Scores as torchmetrics metrics: they stream, checkpoint, and sync across ranks, and keep counts, never labels."""

from amiable._extras import hint

try:
    import torch as _
    import torchmetrics as _  # noqa: F401, F811
except ModuleNotFoundError as error:
    if error.name not in ("torch", "torchmetrics"):
        raise
    raise ModuleNotFoundError(hint("amiable.torch", error.name, "torch"), name=error.name) from error

from amiable.torch.contingency_metric import ContingencyMetric
from amiable.torch.metrics import (
    AdjustedMutualInfoScore,
    AdjustedRandScore,
    CompletenessScore,
    FowlkesMallowsIndex,
    HomogeneityScore,
    MutualInfoScore,
    NormalizedMutualInfoScore,
    RandScore,
    StandardizedMutualInfoScore,
    VariationOfInformation,
    VMeasureScore,
)

__all__ = [
    "AdjustedMutualInfoScore",
    "AdjustedRandScore",
    "CompletenessScore",
    "ContingencyMetric",
    "FowlkesMallowsIndex",
    "HomogeneityScore",
    "MutualInfoScore",
    "NormalizedMutualInfoScore",
    "RandScore",
    "StandardizedMutualInfoScore",
    "VMeasureScore",
    "VariationOfInformation",
]
