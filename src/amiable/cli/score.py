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
    table_of_columns,
)
from amiable.files import Pairs, count_pairs_in_file
from amiable.inputs.labels import is_identifier
from amiable.scores.averages import METHODS
from amiable.scores.registry import SCORES

# in the order of printing
_SHOWN = [score for score in SCORES.values() if score.measures == "agreement"]


# what --average-method takes
AverageMethod = enum.StrEnum("AverageMethod", {name: name for name in METHODS})  # type: ignore[misc]
_ARITHMETIC = AverageMethod("arithmetic")
_AVERAGED = [shown.heading for shown in _SHOWN if "average_method" in shown.options]
_UNITS = [f"{shown.heading} in {shown.unit}" for shown in _SHOWN if shown.unit]


def score(
    file: File,
    true: Annotated[str, typer.Option("--true", help="The column of true labels.")],
    pred: Annotated[
        list[str] | None, typer.Option("--pred", help="A column to score; may be given again. Default: all others.")
    ] = None,
    average_method: Annotated[
        AverageMethod, typer.Option("--average-method", help=f"The mean of entropies in {' and '.join(_AVERAGED)}.")
    ] = _ARITHMETIC,
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
    with opened(file, of_input) as path:
        counted = count_pairs_in_file(path, true, pred)
        scores = [_score_labeling(true, name, pairs, average_method.value) for name, pairs in counted.items()]
    n_samples = int(next(iter(counted.values())).counts.sum())
    identifiers = [row["labeling"] for row in scores if is_identifier(row["n_clusters"], n_samples)]
    scores.sort(key=lambda row: (row["labeling"] in identifiers, -row[SCORES["ami"].name], row["labeling"]))
    result = {
        "file": str(file),
        "true": true,
        "n_samples": n_samples,
        "average_method": average_method.value,
        "scores": scores,
    }
    if as_json:
        print_json(result)
        return
    rows = [
        [row["labeling"], str(row["n_clusters"]), *(f"{row[shown.name]:.4f}" for shown in _SHOWN)] for row in scores
    ]
    print_table(
        f"{result['file']}: {result['n_samples']} samples, true labels {true!r}",
        ["labeling", "clusters", *(shown.heading for shown in _SHOWN)],
        rows,
        " ".join(
            [
                f"Best AMI first; {' and '.join(_AVERAGED)} by the {average_method.value} mean; {', '.join(_UNITS)}.",
                *(of_identifier(name) for name in identifiers),
            ]
        ),
    )


def _score_labeling(true: str, name: str, pairs: Pairs, average_method: str) -> dict[str, Any]:
    table = table_of_columns(pairs, true, name)
    found: dict[str, Any] = {"labeling": name, "n_clusters": table.shape[-1]}
    for shown in _SHOWN:
        function = shown.function
        if "average_method" in shown.options:
            function = partial(function, average_method=average_method)
        found[shown.name] = function(contingency=table)
    return found
