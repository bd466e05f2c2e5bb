"""Every score by its short name: what it is called, its unit and range, and what it says in plain words."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import amiable.scores.mutual_information as information
from amiable.scores import homogeneity, pairs
from amiable.scores.adjusted_mutual_information import adjusted_mutual_info_score
from amiable.scores.significance import standardized_mutual_info_score

# Labelings with given cluster sizes have one order by all scores that rise or fall with mutual information, and one by
# all that do with the number of pairs of samples that are together in both: one p-value for each of the two.
Order = Literal["information", "pairs"]


class Score(NamedTuple):
    """One score of two labelings; `function` takes ``contingency=``."""

    name: str
    heading: str
    title: str
    function: Callable[..., Any]
    order: Order
    low: float
    high: float
    meaning: str
    unit: str = ""
    is_distance: bool = False
    is_symmetric: bool = True

    @property
    def axis_title(self) -> str:
        """The short name with the unit."""
        return f"{self.heading} ({self.unit or 'no unit'})"


SCORES: dict[str, Score] = {
    "ami": Score(
        "adjusted_mutual_info_score",
        "AMI",
        "adjusted mutual information",
        adjusted_mutual_info_score,
        "information",
        -math.inf,
        1,
        "How much the two labelings tell of each other, beyond what labelings with these cluster sizes do by chance. "
        "0 is chance, 1 the same partition whatever the clusters are called; below 0 is less than chance.",
    ),
    "nmi": Score(
        "normalized_mutual_info_score",
        "NMI",
        "normalized mutual information",
        information.normalized_mutual_info_score,
        "information",
        0,
        1,
        "Mutual information as a share of the mean of the two entropies. Not corrected for chance: it rises with the "
        "number of clusters, even of random ones.",
    ),
    "ari": Score(
        "adjusted_rand_score",
        "ARI",
        "adjusted Rand index",
        pairs.adjusted_rand_score,
        "pairs",
        -0.5,
        1,
        "On how many pairs of samples the labelings agree (together in both, or apart in both), beyond chance. 0 is "
        "chance, 1 the same partition. Large clusters, which hold most pairs, weigh most.",
    ),
    "ri": Score(
        "rand_score",
        "RI",
        "Rand index",
        pairs.rand_score,
        "pairs",
        0,
        1,
        "The share of pairs of samples on which the labelings agree. Not corrected for chance: with many clusters "
        "nearly all pairs are apart in both.",
    ),
    "homogeneity": Score(
        "homogeneity_score",
        "homog.",
        "homogeneity",
        homogeneity.homogeneity_score,
        "information",
        0,
        1,
        "1 if no cluster mixes classes. Splitting clusters raises it; not corrected for chance.",
        is_symmetric=False,
    ),
    "completeness": Score(
        "completeness_score",
        "compl.",
        "completeness",
        homogeneity.completeness_score,
        "information",
        0,
        1,
        "1 if no class is spread over several clusters. Merging clusters raises it; not corrected for chance.",
        is_symmetric=False,
    ),
    "v": Score(
        "v_measure_score",
        "V",
        "V-measure",
        homogeneity.v_measure_score,
        "information",
        0,
        1,
        "The harmonic mean of homogeneity and completeness, which is NMI with the arithmetic mean.",
    ),
    "fmi": Score(
        "fowlkes_mallows_score",
        "FMI",
        "Fowlkes-Mallows index",
        pairs.fowlkes_mallows_score,
        "pairs",
        0,
        1,
        "The geometric mean of precision and recall of pairs: of those together in a cluster, the share of one class; "
        "of those of one class, the share together in a cluster. Not corrected for chance.",
    ),
    "mi": Score(
        "mutual_info_score",
        "MI",
        "mutual information",
        information.mutual_info_score,
        "information",
        0,
        math.inf,
        "How much knowing one label of a sample tells of the other. Its largest value is the smaller entropy, so it "
        "compares clusterings badly.",
        "nats",
    ),
    "smi": Score(
        "standardized_mutual_info_score",
        "SMI",
        "standardized mutual information",
        standardized_mutual_info_score,
        "information",
        -math.inf,
        math.inf,
        "Mutual information above chance, in standard deviations of chance: how sure it is that the labelings agree at "
        "all, not how much. It rises with the number of samples.",
        "standard deviations",
    ),
    "vi": Score(
        "variation_of_information",
        "VI",
        "variation of information",
        information.variation_of_information,
        "information",
        0,
        math.inf,
        "What each labeling leaves unknown of the other, added up. A distance: 0 is the same partition.",
        "nats",
        is_distance=True,
    ),
    "nvi": Score(
        "normalized_variation_of_information",
        "NVI",
        "normalized variation of information",
        partial(information.variation_of_information, normalized=True),
        "information",
        0,
        1,
        "Variation of information as a share of the joint entropy. A distance: 0 is the same partition.",
        is_distance=True,
    ),
}
