"""Labels from clusters that are listed by their members: partitions of networks, records, groups of frames."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import amiable
from amiable import labels_of_clusters

PARTITION = [[0, 3], [1], [4, 2]]
LABELS = [0, 1, 2, 0, 2]


@pytest.mark.parametrize(
    "clusters",
    [
        PARTITION,
        tuple(map(frozenset, PARTITION)),
        map(set, PARTITION),
        [np.array(members) for members in PARTITION],
        SimpleNamespace(communities=PARTITION),
        dict(enumerate(map(set, PARTITION))).values(),
    ],
    ids=lambda x: type(x).__name__,
)
def test_every_form_of_clusters(clusters):
    labels = labels_of_clusters(clusters)
    assert labels.tolist() == LABELS
    assert labels.dtype == np.int64


def test_order_of_samples():
    assert labels_of_clusters(PARTITION, [4, 0, 1, 2, 3]).tolist() == [2, 0, 1, 2, 0]
    assert labels_of_clusters(PARTITION, np.arange(5)).tolist() == LABELS
    assert labels_of_clusters(PARTITION, dict.fromkeys([4, 0, 1, 2, 3]).keys()).tolist() == [2, 0, 1, 2, 0]
    assert labels_of_clusters([["b", "c"], ["a"]]).tolist() == [1, 0, 0]
    mixed = [["r1", 7], [("a", 1)]]  # which have no order of their own
    assert labels_of_clusters(mixed, [7, ("a", 1), "r1"]).tolist() == [0, 1, 0]


def test_names_of_a_dict():
    named = {"red": {0, 3}, "blue": {1}, "green": {2, 4}}
    assert labels_of_clusters(named).tolist() == ["red", "blue", "green", "red", "green"]
    numbered = labels_of_clusters({7: [0, 3], 5: [1], -1: [2, 4]})
    assert (numbered.tolist(), numbered.dtype) == ([7, 5, -1, 7, -1], np.int64)
    tupled = labels_of_clusters({("a", 1): [0], ("b", 2): [1]})
    assert tupled.tolist() == [("a", 1), ("b", 2)]
    assert amiable.adjusted_rand_score(tupled, [0, 1]) == 1.0


def test_no_clusters():
    assert labels_of_clusters([], samples=[]).tolist() == []
    assert labels_of_clusters([]).dtype == np.int64
    assert labels_of_clusters({}).tolist() == []
    assert labels_of_clusters([[], [0], []]).tolist() == [1]


@pytest.mark.parametrize(
    ("clusters", "samples", "error", "message"),
    [
        ([[0, 1], [2], [1]], None, ValueError, r"member 1 is in clusters\[0\] and clusters\[2\]: expected each in one"),
        ({"a": "x", "b": [1]}, None, TypeError, r"clusters\['a'\] is a str: expected a list or set of members"),
        ({"a": [0], "b": {0}}, None, ValueError, r"member 0 is in clusters\['a'\] and clusters\['b'\]"),
        ([[0, 0]], None, ValueError, "member 0 is twice in one: expected each in one cluster"),
        ([[0], [1]], [0, 1, 2, "x"], ValueError, "2 of 4 samples are in no cluster, such as 2: expected every sample"),
        ([["a"], ["b", "c"]], ["a"], ValueError, "2 of 3 members are no samples, such as 'b'"),
        ([[0]], [], ValueError, "1 of 1 members are no samples, such as 0"),
        ([[0, "a"]], None, TypeError, "the members of clusters have no order: expected samples as well"),
        ([[frozenset("ab")], [frozenset("bc")]], None, TypeError, "the members of clusters have no order"),
        ([[[0], [1]]], None, TypeError, r"clusters\[0\] holds a list: expected members that are hashable"),
        ([0, 0, 1], None, TypeError, r"clusters\[0\] is a int: .* ContingencyTable\.from_mappings"),
        ({"ann": 0, "bob": 1}, None, TypeError, r"clusters\['ann'\] is a int: .* ContingencyTable\.from_mappings"),
        ("abc", None, TypeError, "clusters is a str: expected clusters, each a list or set of its members"),
        (3, None, TypeError, "clusters is a int"),
        ([[0, 1]], {0, 1}, TypeError, "samples is a set: expected the samples in an order"),
        ([["a"]], "a", TypeError, "samples is a str"),
        ({"a": [0], None: [1]}, None, ValueError, "the keys of clusters contains None"),
        ({"a": [0], 1: [1]}, None, TypeError, "the keys of clusters mixes kinds of labels"),
    ],
)
def test_bad_clusters(clusters, samples, error, message):
    with pytest.raises(error, match=message):
        labels_of_clusters(clusters, samples)


def test_partitions_of_networkx():
    nx = pytest.importorskip("networkx")
    graph = nx.karate_club_graph()
    found = [
        nx.community.louvain_communities(graph, seed=0),
        nx.community.label_propagation_communities(graph),
        nx.community.greedy_modularity_communities(graph),
        nx.community.asyn_lpa_communities(graph, seed=0),
        next(nx.community.girvan_newman(graph)),
    ]
    clubs = [graph.nodes[v]["club"] for v in graph]
    for partition in map(list, found):
        label = {v: i for i, members in enumerate(partition) for v in members}
        labels = labels_of_clusters(partition, graph.nodes)
        assert labels.tolist() == [label[v] for v in graph] == labels_of_clusters(partition).tolist()
        assert amiable.adjusted_rand_score(clubs, labels) == pytest.approx(adjusted_rand_score(clubs, labels))
    with pytest.raises(TypeError, match=r"clusters\[0\] holds a set: expected members that are hashable"):
        labels_of_clusters(nx.community.girvan_newman(graph))  # levels, each a partition
    with pytest.raises(ValueError, match=r"is in clusters\[0\] and clusters\[1\]: .* without overlap"):
        labels_of_clusters(nx.community.k_clique_communities(graph, 3))


def test_partitions_of_igraph():
    ig = pytest.importorskip("igraph")
    graph = ig.Graph.Famous("Zachary")
    for clustering in (graph.community_multilevel(), graph.community_label_propagation()):
        labels = labels_of_clusters(clustering)
        assert labels.tolist() == clustering.membership
        np.testing.assert_array_equal(labels_of_clusters(clustering, range(graph.vcount())), labels)
    named = ig.Graph.Full(3)
    clustering = ig.VertexClustering(named, [0, 2, 2])  # with an empty cluster
    assert labels_of_clusters(clustering).tolist() == [0, 2, 2]


def test_groups_of_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"record": list("dabc"), "entity": ["x", "y", "x", "z"]})
    indexed = frame.set_index("record")["entity"]
    lists = frame.groupby("entity")["record"].agg(list)
    for clusters in (lists, dict(lists), indexed.groupby(indexed).groups):
        assert labels_of_clusters(clusters, frame["record"]).tolist() == frame["entity"].tolist()
    assert labels_of_clusters(frame.groupby("entity").indices).tolist() == frame["entity"].tolist()


def test_records_that_pairs_link():
    """Entities as connected components, against those that are known by name."""
    nx = pytest.importorskip("networkx")
    entity = {f"r{i}": f"e{i // 3}" for i in range(12)}
    links = [(a, b) for a, b in itertools.combinations(entity, 2) if entity[a] == entity[b]]
    graph = nx.Graph(links[1:])
    graph.add_nodes_from(entity)
    found = labels_of_clusters(nx.connected_components(graph), entity)
    assert amiable.adjusted_rand_score(list(entity.values()), found) == 1.0
