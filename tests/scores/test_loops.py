"""Scores of the same tables share their sums while they are told to."""

from __future__ import annotations

import numpy as np
import pytest

import amiable
from amiable._array.loops import is_compiled
from amiable.scores import loops

pytestmark = pytest.mark.skipif(not is_compiled(), reason="numba is not installed")


def test_sums_are_made_once(monkeypatch):
    table = amiable.ContingencyTable.from_counts([[8, 2], [1, 9]])
    made, make = [], loops._sums
    monkeypatch.setattr(loops, "_sums", lambda *args: made.append(args[0]) or make(*args))
    alone = amiable.mutual_info_score(contingency=table), amiable.v_measure_score(contingency=table)
    assert len(made) == 2
    with loops.shared_sums():
        shared = amiable.mutual_info_score(contingency=table), amiable.v_measure_score(contingency=table)
    assert len(made) == 3
    assert shared == alone


def test_sums_of_other_tables_are_their_own():
    tables = [np.asarray([[k, 2], [1, 9]]) for k in range(3, 40)]
    with loops.shared_sums():
        shared = [amiable.mutual_info_score(contingency=table.copy()) for table in tables]
    assert shared == [amiable.mutual_info_score(contingency=table) for table in tables]
