"""Agreement of cluster labelings, corrected for chance, on any array library.

Labels are only ever used to count: every score is a function of a contingency table. All information is in nats.
"""

from importlib.metadata import version as _version
from types import ModuleType as _ModuleType

from amiable._array.loops import *
from amiable.contingency.table import *
from amiable.inputs.members import *
from amiable.pairwise import *
from amiable.resampling.bootstrap import *
from amiable.resampling.comparison import *
from amiable.resampling.permutation import *
from amiable.resampling.tables import *
from amiable.scores.adjusted_mutual_information import *
from amiable.scores.cell_score import *
from amiable.scores.chi_square import *
from amiable.scores.conditional import *
from amiable.scores.elements import *
from amiable.scores.exact_null import *
from amiable.scores.homogeneity import *
from amiable.scores.matching import *
from amiable.scores.matrix import *
from amiable.scores.mutual_information import *
from amiable.scores.pairs import *
from amiable.scores.reduced_mutual_information import *
from amiable.scores.significance import *

__version__ = _version("amiable")

# Each module above names what is public. Type checkers follow the stars, but reject a list that is computed.
globals()["__all__"] = sorted(
    name for name, x in globals().items() if not name.startswith("_") and not isinstance(x, _ModuleType)
)
