"""Against ER-Evaluation, of entity resolution, and bcubed, of coreference."""

from __future__ import annotations

import numpy as np
import pytest

import amiable

LABELINGS = [
    tuple(np.random.default_rng(seed).integers(0, k, 90) for k in np.random.default_rng(seed).integers(2, 60, 2))
    for seed in range(20)
]
every_pair = pytest.mark.parametrize(("true", "pred"), LABELINGS)


@every_pair
@pytest.mark.filterwarnings("ignore")
def test_er_evaluation(true, pred):
    """Its B-cubed scores weigh classes alike, not samples."""
    pd, peer = pytest.importorskip("pandas"), pytest.importorskip("er_evaluation")
    truth, prediction = pd.Series(true), pd.Series(pred)
    for score, expected in (
        (amiable.pair_precision_score, peer.pairwise_precision),
        (amiable.pair_recall_score, peer.pairwise_recall),
        (amiable.pair_f1_score, peer.pairwise_f),
    ):
        assert score(true, pred) == pytest.approx(expected(prediction, truth), abs=1e-12)


@every_pair
def test_bcubed(true, pred):
    peer = pytest.importorskip("bcubed")
    truth, prediction = ({i: {int(label)} for i, label in enumerate(labels)} for labels in (true, pred))
    precision, recall, f = amiable.bcubed_precision_recall_fscore(true, pred)
    assert precision == pytest.approx(peer.precision(prediction, truth), abs=1e-12)
    assert recall == pytest.approx(peer.recall(prediction, truth), abs=1e-12)
    assert f == pytest.approx(peer.fscore(precision, recall), abs=1e-12)
