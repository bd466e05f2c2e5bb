"""The other side of each comparison, imported when it is needed."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from types import ModuleType

from benchmarks.places import Place


@dataclass(frozen=True)
class Peer:
    """The module with a peer's functions, and whether they take arrays of the library that amiable is given."""

    module: str
    same_arrays: bool = False


PEERS = {
    "scikit-learn": Peer("sklearn.metrics.cluster"),
    "torchmetrics": Peer("torchmetrics.functional.clustering", same_arrays=True),
    "fastami": Peer("fastami"),
    "clustering-mi": Peer("clustering_mi"),
    "scipy": Peer("scipy.stats"),
    "clusim": Peer("clusim.sim"),
    "genieclust": Peer("genieclust.compare_partitions"),
    "scikit-image": Peer("skimage.metrics"),
    "pandas": Peer("pandas"),
    "amiable": Peer("amiable", same_arrays=True),
    "amiable on NumPy": Peer("amiable"),
    "numpy": Peer("numpy", same_arrays=True),
    "torch": Peer("torch", same_arrays=True),
    "cupy": Peer("cupy", same_arrays=True),
    "jax": Peer("jax.numpy", same_arrays=True),
}


def load(name: str) -> ModuleType:
    """Import a peer; ImportError says why that fails."""
    try:
        return importlib.import_module(PEERS[name].module)
    except ImportError:
        raise
    except Exception as error:  # a peer may break in any way on the versions installed here
        raise ImportError(f"{type(error).__name__}: {error}") from error


def reference(place: Place) -> str:
    """Name the peer that has every score: scikit-learn, or off NumPy amiable itself on NumPy."""
    return "scikit-learn" if place.library == "numpy" else "amiable on NumPy"


def versions() -> dict[str, str]:
    """Return the versions of amiable, the peers and the array libraries that are installed."""
    found = {}
    for name in ("amiable", *PEERS):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
