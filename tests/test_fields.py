"""Labels in the form that each field has them: every job is one call, and its answer that of clean labels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable

pd = pytest.importorskip("pandas")


def test_single_cell(rng):
    """Columns of categories, with NaN and categories that no cell has, as anndata's obs; scores per donor."""
    n = 400
    types = pd.Categorical.from_codes(rng.integers(-1, 3, n), categories=["B", "NK", "T", "unused"])
    leiden = pd.Categorical(rng.integers(0, 5, n).astype(str), categories=[str(i) for i in range(8)])
    obs = pd.DataFrame({"cell_type": types, "leiden": leiden, "donor": pd.Categorical(rng.choice(["p1", "p2"], n))})
    table = ContingencyTable.from_labels(obs["cell_type"], obs["leiden"], missing="drop")
    known = obs.dropna()
    clean = known["cell_type"].astype(str).to_numpy(), known["leiden"].astype(str).to_numpy()
    assert table.row_labels.tolist() == ["B", "NK", "T"]
    assert table.n_missing == n - len(known)
    assert amiable.adjusted_mutual_info_score(contingency=table) == amiable.adjusted_mutual_info_score(*clean)
    per_donor = ContingencyTable.from_frame(obs, "cell_type", "leiden", by="donor", missing="drop")
    assert per_donor.group_labels.tolist() == ["p1", "p2"]
    for score, (_, part) in zip(
        amiable.adjusted_rand_score(contingency=per_donor), known.groupby("donor", observed=True), strict=True
    ):
        assert score == pytest.approx(amiable.adjusted_rand_score(part["cell_type"], part["leiden"]), rel=1e-12)


def test_communities():
    """Sets of nodes of networkx, memberships of igraph."""
    nx = pytest.importorskip("networkx")
    graph = nx.karate_club_graph()
    clubs = nx.get_node_attributes(graph, "club")
    found = nx.community.greedy_modularity_communities(graph)
    labels = amiable.labels_of_clusters(found, samples=list(graph.nodes))
    by_hand = [next(i for i, nodes in enumerate(found) if node in nodes) for node in graph.nodes]
    truth = [clubs[node] for node in graph.nodes]
    assert amiable.adjusted_mutual_info_score(truth, labels) == amiable.adjusted_mutual_info_score(truth, by_hand)
    table = ContingencyTable.from_mappings(clubs, dict(zip(graph.nodes, by_hand, strict=True)))
    assert amiable.adjusted_rand_score(contingency=table) == amiable.adjusted_rand_score(truth, by_hand)
    igraph = pytest.importorskip("igraph")
    partition = igraph.Graph.from_networkx(graph).community_fastgreedy().as_clustering()
    same = amiable.labels_of_clusters(partition, samples=range(len(truth)))
    expected = amiable.adjusted_rand_score(truth, partition.membership)
    assert amiable.adjusted_rand_score(truth, same) == expected


def test_volumes_of_segments(rng):
    """A label volume with background, as microscopes and scanners give it."""
    truth = rng.integers(0, 4, (6, 7, 8))
    found = np.where(rng.random(truth.shape) < 0.3, rng.integers(0, 5, truth.shape), truth)
    table = ContingencyTable.from_labels(truth, found, axis=None, ignore_true=0)
    inside = truth != 0
    expected = ContingencyTable.from_labels(truth[inside], found[inside])
    for score in (amiable.variation_of_information, amiable.adjusted_rand_score):
        assert score(contingency=table) == score(contingency=expected)
    assert table.n_ignored == (~inside).sum()


def test_records_of_entities():
    """Record identifiers mapped to entities; pairs of records that match, as ER evaluation defines them."""
    truth = {"rec-0-org": "e0", "rec-0-dup-0": "e0", "rec-1-org": "e1", "rec-1-dup-0": "e1", "rec-2-org": "e2"}
    found = {"rec-2-org": 7, "rec-1-dup-0": 7, "rec-1-org": 5, "rec-0-dup-0": 4, "rec-0-org": 4, "rec-9": 9}
    table = ContingencyTable.from_mappings(truth, found, missing="drop")
    assert table.n_missing == 1

    def linked(labels):
        return {frozenset(pair) for pair in itertools.combinations(truth, 2) if len({labels[r] for r in pair}) == 1}

    both = linked(truth) & linked(found)
    assert amiable.pair_precision_score(contingency=table) == len(both) / len(linked(found))
    assert amiable.pair_recall_score(contingency=table) == len(both) / len(linked(truth))


def test_diarization():
    """Segments of speech with their durations: a score of time, not of segments."""
    segments = [("alice", "A", 12.5), ("bob", "B", 3.25), ("alice", "A", 7.75), ("bob", "A", 1.0), ("carol", "B", 0.5)]
    speakers, found, seconds = zip(*segments, strict=True)
    table = ContingencyTable.from_labels(speakers, found, sample_weight=seconds)
    # purity and coverage of speaker diarization: the time of the largest speaker of each cluster, and the other way
    assert amiable.purity_score(contingency=table) == pytest.approx((20.25 + 3.25) / 25)
    assert amiable.inverse_purity_score(contingency=table) == pytest.approx((20.25 + 3.25 + 0.5) / 25)
    quarters = np.repeat(np.arange(5), [round(4 * s) for s in seconds])
    whole = amiable.v_measure_score(np.asarray(speakers)[quarters], np.asarray(found)[quarters])
    assert amiable.v_measure_score(contingency=table) == pytest.approx(whole, rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_consensus_runs(rng):
    """A thousand runs that each drew eight of ten samples."""
    runs = rng.integers(0, 4, (1000, 60)).astype(float)
    runs[rng.random(runs.shape) < 0.2] = np.nan
    best = amiable.pairwise_scores(runs, score="ari", missing="drop", top=1)
    for i in rng.integers(0, 1000, 5):
        j = int(best.indices[i, 0])
        keep = ~np.isnan(runs[i]) & ~np.isnan(runs[j])
        assert best.scores[i, 0] == pytest.approx(amiable.adjusted_rand_score(runs[i][keep], runs[j][keep]))


def test_thousands_of_donors(rng):
    donors, truth, found = rng.integers(0, 5000, 40_000), rng.integers(0, 6, 40_000), rng.integers(0, 8, 40_000)
    table = ContingencyTable.from_labels(truth, found, groups=donors)
    scores = amiable.adjusted_mutual_info_score(contingency=table)
    assert scores.shape == np.unique(donors).shape
    for i in (0, 17, 4990):
        at = donors == table.group_labels[i]
        assert scores[i] == pytest.approx(amiable.adjusted_mutual_info_score(truth[at], found[at]), rel=1e-9, abs=1e-12)


def test_tables_of_queries():
    """A GROUP BY with NULL in its keys, and counts as Decimal."""
    from decimal import Decimal

    rows = [("a", 0, Decimal(5)), ("b", 1, Decimal(4)), (None, 1, Decimal(2)), ("b", 0, Decimal(1))]
    table = ContingencyTable.from_cells(*zip(*rows, strict=True), missing="drop")
    assert table.to_dense().tolist() == [[5, 0], [1, 4]]
    assert table.n_missing == 2
