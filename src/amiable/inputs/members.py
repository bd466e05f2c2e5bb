"""Labels of samples from clusters that are listed by their members."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from amiable._array.libraries import NUMPY
from amiable.inputs.codes import encode
from amiable.inputs.labels import check_labels

__all__ = ["labels_of_clusters"]


def labels_of_clusters(clusters: Any, samples: Any | None = None) -> np.ndarray:
    """Labels, one a sample, of clusters that are listed by their members.

    Parameters
    ----------
    clusters : iterable of collections, or mapping from names to collections
        The members of each cluster, in lists, sets or arrays: a partition of networkx, a ``VertexClustering`` of
        igraph, an object with ``communities`` (cdlib), a dict, the ``groups`` of a pandas groupby. Members are
        hashable, and each is in one cluster.
    samples : iterable of hashables, optional
        The samples in the order that the labels are to have. By default all members, sorted: of members 0..n-1, the
        order of the numbers. Two partitions are in one order then, if their members are the same.

    Returns
    -------
    labels : array of shape (n_samples,)
        The position of each sample's cluster, 0..K-1; of a mapping, its name.

    Raises
    ------
    TypeError
        Clusters that are no collections of hashables; members that have no order, without `samples`.
    ValueError
        A member in two clusters, or twice in one; a sample in no cluster; a member that is no sample.

    See Also
    --------
    ContingencyTable.from_mappings : For labels by sample, in two dicts or series.

    Examples
    --------
    >>> from amiable import adjusted_rand_score, labels_of_clusters
    >>> labels_of_clusters([{0, 1, 4}, {2, 3}])
    array([0, 0, 1, 1, 0])
    >>> people = ["ann", "bob", "cat", "dan"]
    >>> teams = labels_of_clusters({"red": ["bob", "ann"], "blue": ["dan", "cat"]}, people)
    >>> teams
    array(['red', 'red', 'blue', 'blue'], dtype='<U4')
    >>> adjusted_rand_score(teams, labels_of_clusters([{"cat", "dan"}, {"ann", "bob"}], people))
    1.0
    """
    names, members = _listed(clusters)
    home = _clusters_of_members(names or range(len(members)), members)
    order = _sorted(home) if samples is None else _checked_samples(samples, home)
    codes = np.fromiter((home[sample] for sample in order), dtype=np.int64, count=len(order))
    if names is None:
        return codes
    which: Any
    which, distinct = encode(NUMPY, check_labels("the keys of clusters", objects(names)))
    named: np.ndarray = np.asarray(distinct)[which][codes]
    return named


def objects(values: list[Any]) -> np.ndarray:
    """Return a list as an array of objects (n,), whatever its items are."""
    x = np.empty(len(values), dtype=object)
    x[:] = values
    return x


def is_mapping(x: Any) -> bool:
    """Whether `x` leads from keys to values, as a dict does, or a series by its index."""
    return isinstance(x, Mapping) or (hasattr(x, "items") and hasattr(x, "index"))


def _listed(clusters: Any) -> tuple[list[Any] | None, list[Any]]:
    """Return the names of clusters, if they have some, and the members of each."""
    clusters = getattr(clusters, "communities", clusters)
    if is_mapping(clusters):
        pairs = list(clusters.items())
        return [name for name, _ in pairs], [members for _, members in pairs]
    if isinstance(clusters, (str, bytes)) or not isinstance(clusters, Iterable):
        raise TypeError(
            f"clusters is a {type(clusters).__name__}: expected clusters, each a list or set of its members"
        )
    return None, list(clusters)


def _clusters_of_members(names: Sequence[Any], clusters: list[Any]) -> dict[Hashable, int]:
    """Return the position of each member's cluster."""
    home: dict[Hashable, int] = {}
    for i, members in enumerate(clusters):
        if isinstance(members, (str, bytes, Mapping)) or not isinstance(members, Iterable):
            raise TypeError(
                f"clusters[{names[i]!r}] is a {type(members).__name__}: expected a list or set of members; two dicts "
                "of labels, one a sample, make a table by ContingencyTable.from_mappings"
            )
        for member in _values(members):
            if not isinstance(member, Hashable):
                kind = type(member).__name__
                raise TypeError(f"clusters[{names[i]!r}] holds a {kind}: expected members that are hashable")
            if member in home:
                first = home[member]
                where = f"in clusters[{names[first]!r}] and clusters[{names[i]!r}]" if first != i else "twice in one"
                raise ValueError(f"member {member!r} is {where}: expected each in one cluster, without overlap")
            home[member] = i
    return home


def _values(x: Any) -> Iterable[Any]:
    """Return the items of an array as Python's own, which hash quickly, or at all."""
    values: Iterable[Any] = x.tolist() if hasattr(x, "tolist") else x
    return values


def _sorted(members: Iterable[Any]) -> list[Any]:
    try:
        order = sorted(members)
        is_sorted = all(a < b for a, b in itertools.pairwise(order))  # not so for sets, of which most have no order
    except TypeError:
        is_sorted = False
    if not is_sorted:
        raise TypeError("the members of clusters have no order: expected samples as well, in the order of the labels")
    return order


def _checked_samples(samples: Any, home: dict[Hashable, int]) -> list[Any]:
    """Return the samples as a list; each is in a cluster, and no member is missing among them."""
    if isinstance(samples, (str, bytes, set, frozenset)) or not isinstance(samples, Iterable):
        raise TypeError(f"samples is a {type(samples).__name__}: expected the samples in an order, such as a list")
    order = list(_values(samples))
    without = [sample for sample in order if sample not in home]
    if without:
        raise ValueError(
            f"{len(without)} of {len(order)} samples are in no cluster, such as {without[0]!r}: "
            "expected every sample in one cluster"
        )
    known = set(order)
    strays = [member for member in home if member not in known]
    if strays:
        raise ValueError(
            f"{len(strays)} of {len(home)} members are no samples, such as {strays[0]!r}: expected samples alone"
        )
    return order
