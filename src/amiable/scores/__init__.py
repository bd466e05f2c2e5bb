"""Every score: a few lines each, on a contingency table; labels are only ever counted.

A module is a family of scores; its public names are those of `amiable`.
"""

from amiable.scores import (
    adjusted_mutual_information,
    homogeneity,
    matrix,
    mutual_information,
    pairs,
    significance,
)
from amiable.scores.adjusted_mutual_information import *
from amiable.scores.homogeneity import *
from amiable.scores.matrix import *
from amiable.scores.mutual_information import *
from amiable.scores.pairs import *
from amiable.scores.significance import *

__all__: list[str] = []
__all__ += adjusted_mutual_information.__all__
__all__ += homogeneity.__all__
__all__ += matrix.__all__
__all__ += mutual_information.__all__
__all__ += pairs.__all__
__all__ += significance.__all__
