"""`amiable score FILE --true COLUMN`: every labeling against the true one."""

from __future__ import annotations

import enum
from functools import partial
from typing import Annotated, Any

import typer

from amiable.cli.common import (
    AsJson,
    File,
    Format,
    StandardInput,
    of_identifier,
    opened,
    print_json,
    print_table,
    score_called,
    table_of_columns,
)
from amiable.files import Pairs, count_pairs_in_file
from amiable.inputs.labels import is_identifier
from amiable.scores.averages import METHODS
from amiable.scores.registry import SCORES, Score

# in the order of printing
_COMMON = [score for score in SCORES.values() if score.is_common and score.measures == "agreement"]


# what --average-method takes
AverageMethod = enum.StrEnum("AverageMethod", {name: name for name in METHODS})  # type: ignore[misc]
_ARITHMETIC = AverageMethod("arithmetic")
_AVERAGED = [shown.heading for shown in SCORES.values() if "average_method" in shown.options]


def score(
    file: File,
    true: Annotated[str, typer.Option("--true", help="The column of true labels.")],
    pred: Annotated[
        list[str] | None, typer.Option("--pred", help="A column to score; may be given again. Default: all others.")
    ] = None,
    average_method: Annotated[
        AverageMethod, typer.Option("--average-method", help=f"The mean of entropies in {' and '.join(_AVERAGED)}.")
    ] = _ARITHMETIC,
    scores: Annotated[
        str | None,
        typer.Option(
            "--scores", metavar="NAMES", help=f"What is shown, separated by commas: {', '.join(SCORES)}; or all."
        ),
    ] = None,
    of_input: StandardInput = Format.csv,
    as_json: AsJson = False,
) -> None:
    """Score every labeling of a file against the true labels, the best AMI first.

    Examples
    --------
    - `amiable score digits.csv --true digit`
    - `amiable score labels.parquet --true truth --pred kmeans --json`
    - `sqlite3 -header -csv labels.db "SELECT * FROM labels" | amiable score - --true truth`
    """
    shown = _scores_called(scores)
    with opened(file, of_input) as path:
        counted = count_pairs_in_file(path, true, pred)
        found = [_score_labeling(true, name, pairs, shown, average_method.value) for name, pairs in counted.items()]
    n_samples = int(next(iter(counted.values())).counts.sum())
    identifiers = [row["labeling"] for row in found if is_identifier(row["n_clusters"], n_samples)]
    best = shown[0]  # AMI, unless others are asked for
    sign = 1 if best.is_distance else -1
    found.sort(key=lambda row: (row["labeling"] in identifiers, sign * row[best.name], row["labeling"]))
    result = {
        "file": str(file),
        "true": true,
        "n_samples": n_samples,
        "average_method": average_method.value,
        "scores": found,
    }
    if as_json:
        print_json(result)
        return
    rows = [[row["labeling"], str(row["n_clusters"]), *(f"{row[one.name]:.4f}" for one in shown)] for row in found]
    print_table(
        f"{result['file']}: {result['n_samples']} samples, true labels {true!r}",
        ["labeling", "clusters", *(one.heading for one in shown)],
        rows,
        " ".join(
            [
                _legend(shown, average_method.value),
                *(of_identifier(name) for name in identifiers),
            ]
        ),
    )


def _scores_called(names: str | None) -> list[Score]:
    """Return the records of scores called by names that commas separate; the common ones by default."""
    if names is None:
        return _COMMON
    if names.strip() == "all":
        return list(SCORES.values())
    called = [score_called(name.strip()) for name in names.split(",")]
    return list({record.name: record for record in called}.values())


def _legend(shown: list[Score], average_method: str) -> str:
    averaged = " and ".join(one.heading for one in shown if "average_method" in one.options)
    units = ", ".join(f"{one.heading} in {one.unit}" for one in shown if one.unit)
    parts = [f"Best {shown[0].heading} first", f"{averaged} by the {average_method} mean" if averaged else "", units]
    return f"{'; '.join(filter(None, parts))}."


def _score_labeling(true: str, name: str, pairs: Pairs, shown: list[Score], average_method: str) -> dict[str, Any]:
    table = table_of_columns(pairs, true, name)
    found: dict[str, Any] = {"labeling": name, "n_clusters": table.shape[-1]}
    for one in shown:
        function = one.function
        if "average_method" in one.options:
            function = partial(function, average_method=average_method)
        found[one.name] = function(contingency=table)
    return found
