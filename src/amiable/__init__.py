"""Agreement of cluster labelings, corrected for chance, on any array library.

Labels are only ever used to count: every score is a function of a contingency table. All information is in nats.
"""

from importlib.metadata import version as _version

from amiable import scores
from amiable.contingency import ContingencyTable
from amiable.pairwise import pairwise_scores
from amiable.resampling.bootstrap import BootstrapResult, ConfidenceInterval, bootstrap
from amiable.resampling.permutation import PermutationTestResult, permutation_test
from amiable.resampling.tables import iter_random_tables, random_tables
from amiable.scores import *

__version__ = _version("amiable")

__all__ = [
    "BootstrapResult",
    "ConfidenceInterval",
    "ContingencyTable",
    "PermutationTestResult",
    "bootstrap",
    "iter_random_tables",
    "pairwise_scores",
    "permutation_test",
    "random_tables",
]
__all__ += scores.__all__
