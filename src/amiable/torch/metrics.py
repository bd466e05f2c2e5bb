"""Every score as a metric: the function of its name, of all that was counted."""

from __future__ import annotations

from typing import Any

from amiable.random_models import RandomModel, check_random_model
from amiable.scores.adjusted_mutual_information import adjusted_mutual_info_score
from amiable.scores.averages import AverageMethod, check_average_method
from amiable.scores.homogeneity import check_beta, completeness_score, homogeneity_score, v_measure_score
from amiable.scores.mutual_information import (
    mutual_info_score,
    normalized_mutual_info_score,
    variation_of_information,
)
from amiable.scores.pairs import adjusted_rand_score, fowlkes_mallows_score, rand_score
from amiable.scores.significance import standardized_mutual_info_score
from amiable.torch.contingency_metric import ContingencyMetric


class AdjustedMutualInfoScore(ContingencyMetric):
    """Adjusted mutual information (AMI) of all batches, at most 1; see `amiable.adjusted_mutual_info_score`.

    Parameters
    ----------
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies are averaged.
    random_model : {"perm", "num", "all", "num1", "all1"}, default="perm"
        What is random; see `amiable.expected_mutual_information`.
    **kwargs
        Of `ContingencyMetric`: `num_classes`, `num_clusters`, `argmax`, `ignore_index`, `ignore_cluster`, and those of
        `torchmetrics.Metric`.

    Examples
    --------
    >>> import torch
    >>> from amiable.torch import AdjustedMutualInfoScore
    >>> metric = AdjustedMutualInfoScore()
    >>> for preds, target in [([0, 0, 1], [4, 4, 4]), ([1, 2, 2], [7, 7, 7])]:
    ...     metric.update(torch.tensor(preds), torch.tensor(target))
    >>> metric.compute()
    tensor(0.2988, dtype=torch.float64)
    """

    score = staticmethod(adjusted_mutual_info_score)
    plot_lower_bound = None

    def __init__(
        self, average_method: AverageMethod = "arithmetic", random_model: RandomModel = "perm", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.options = {
            "average_method": check_average_method(average_method),
            "random_model": check_random_model(random_model),
        }


class NormalizedMutualInfoScore(ContingencyMetric):
    """Normalized mutual information (NMI) of all batches, in [0, 1]; see `amiable.normalized_mutual_info_score`.

    Parameters
    ----------
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies are averaged.
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(normalized_mutual_info_score)

    def __init__(self, average_method: AverageMethod = "arithmetic", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = {"average_method": check_average_method(average_method)}


class MutualInfoScore(ContingencyMetric):
    """Mutual information (MI) of all batches, in nats, at least 0; see `amiable.mutual_info_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(mutual_info_score)
    plot_upper_bound = None


class StandardizedMutualInfoScore(ContingencyMetric):
    """Standardized mutual information (SMI) of all batches, unbounded; see `amiable.standardized_mutual_info_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(standardized_mutual_info_score)
    plot_lower_bound = None
    plot_upper_bound = None


class HomogeneityScore(ContingencyMetric):
    """Homogeneity of all batches, in [0, 1]; see `amiable.homogeneity_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(homogeneity_score)


class CompletenessScore(ContingencyMetric):
    """Completeness of all batches, in [0, 1]; see `amiable.completeness_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(completeness_score)


class VMeasureScore(ContingencyMetric):
    """V-measure of all batches, in [0, 1]; see `amiable.v_measure_score`.

    Parameters
    ----------
    beta : float, default=1.0
        How many times as much completeness counts as homogeneity.
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(v_measure_score)

    def __init__(self, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = {"beta": check_beta(beta)}


class RandScore(ContingencyMetric):
    """Rand index of all batches, in [0, 1]; see `amiable.rand_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(rand_score)


class AdjustedRandScore(ContingencyMetric):
    """Adjusted Rand index (ARI) of all batches, at most 1; see `amiable.adjusted_rand_score`.

    Parameters
    ----------
    random_model : {"perm", "num", "all", "num1", "all1"}, default="perm"
        What is random; see `amiable.expected_mutual_information`.
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(adjusted_rand_score)
    plot_lower_bound = -0.5

    def __init__(self, random_model: RandomModel = "perm", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = {"random_model": check_random_model(random_model)}


class FowlkesMallowsIndex(ContingencyMetric):
    """Fowlkes-Mallows index (FMI) of all batches, in [0, 1]; see `amiable.fowlkes_mallows_score`.

    Parameters
    ----------
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(fowlkes_mallows_score)


class VariationOfInformation(ContingencyMetric):
    """Variation of information (VI) of all batches, a distance in nats; see `amiable.variation_of_information`.

    Parameters
    ----------
    normalized : bool, default=False
        Divide by the joint entropy; then in [0, 1].
    **kwargs
        Of `ContingencyMetric`.
    """

    score = staticmethod(variation_of_information)
    higher_is_better = False
    plot_upper_bound = None

    def __init__(self, normalized: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(normalized, bool):
            raise TypeError(f"normalized is {normalized!r}: expected True or False")
        self.options = {"normalized": normalized}
