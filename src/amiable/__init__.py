"""Agreement of cluster labelings, corrected for chance, on any array library.

Labels are only ever used to count: every score is a function of a contingency table. All information is in nats.
"""

from importlib.metadata import version as _version

from amiable.contingency import ContingencyTable
from amiable.nulls.permutation import permutation_test
from amiable.nulls.resampling import bootstrap
from amiable.nulls.tables import iter_random_tables, random_tables
from amiable.pairwise import pairwise_scores
from amiable.scores.adjusted_mutual_information import adjusted_mutual_info_score, expected_mutual_information
from amiable.scores.homogeneity import (
    completeness_score,
    homogeneity_completeness_v_measure,
    homogeneity_score,
    v_measure_score,
)
from amiable.scores.matrix import contingency_matrix
from amiable.scores.mutual_information import (
    entropy,
    mutual_info_score,
    normalized_mutual_info_score,
    variation_of_information,
)
from amiable.scores.pairs import (
    adjusted_rand_score,
    fowlkes_mallows_score,
    pair_confusion_matrix,
    rand_score,
)
from amiable.scores.significance import (
    mutual_info_pvalue,
    mutual_information_moments,
    standardized_mutual_info_score,
)

__version__ = _version("amiable")

__all__ = [
    "ContingencyTable",
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "bootstrap",
    "completeness_score",
    "contingency_matrix",
    "entropy",
    "expected_mutual_information",
    "fowlkes_mallows_score",
    "homogeneity_completeness_v_measure",
    "homogeneity_score",
    "iter_random_tables",
    "mutual_info_pvalue",
    "mutual_info_score",
    "mutual_information_moments",
    "normalized_mutual_info_score",
    "pair_confusion_matrix",
    "pairwise_scores",
    "permutation_test",
    "rand_score",
    "random_tables",
    "standardized_mutual_info_score",
    "v_measure_score",
    "variation_of_information",
]
