"""The scores that `amiable score` shows, one a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from amiable import ContingencyTable
from amiable.cli.common import score_called, shown, shown_pvalue
from amiable.scores.registry import SCORES, Score

SHOWN = ("ami", "nmi", "ari", "v")  # which fit a terminal of 80 columns
# in the order of printing
_COMMON = [score for score in SCORES.values() if score.is_common and score.measures == "agreement"]


@dataclass(frozen=True)
class Columns:
    """Scores in the order of printing, with the mean of entropies in those that take one."""

    scores: list[Score]
    average_method: str

    @property
    def headings(self) -> list[str]:
        """What stands above the columns."""
        return [one.heading for one in self.scores]

    def function(self, one: Score) -> Callable[..., Any]:
        """Return the function of a score, with the mean of entropies that is asked for, where it takes one."""
        takes_mean = "average_method" in one.options
        return partial(one.function, average_method=self.average_method) if takes_mean else one.function

    def measured(self, table: ContingencyTable) -> dict[str, Any]:
        """Return the scores of a table, or of a batch, by their names."""
        return {one.name: self.function(one)(contingency=table) for one in self.scores}

    def shown(self, row: dict[str, Any]) -> list[str]:
        """Return scores, by their names, as text; None is what there is none of."""
        return [_text(one, row[one.name]) for one in self.scores]

    def legend(self, first: str = "") -> str:
        """Say in one sentence what the columns are."""
        averaged = " and ".join(one.heading for one in self.scores if "average_method" in one.options)
        mean = f"{averaged} by the {self.average_method} mean" if averaged else ""
        units = ", ".join(f"{one.heading} in {one.unit}" for one in self.scores if one.unit)
        parts = list(filter(None, [first, mean, units]))
        return f"{'; '.join(parts)}." if parts else ""


def scores_called(names: str | None, *, is_shown: bool) -> list[Score]:
    """Return the records of scores called by names that commas separate; by default the common ones, or few to show."""
    if names is None:
        return [SCORES[name] for name in SHOWN] if is_shown else _COMMON
    called: list[Score] = []
    for name in names.split(","):
        called += SCORES.values() if name.strip().lower() == "all" else [score_called(name, "--scores")]
    return list({record.name: record for record in called}.values())


def _text(one: Score, value: float | None) -> str:
    if value is None:
        return "–"
    return shown_pvalue(value) if one.short_name == "pvalue" else shown(value)
