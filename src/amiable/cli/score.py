"""`amiable score FILE --true COLUMN`: every labeling against the true one."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from amiable.cli.common import (
    AsJson,
    File,
    Format,
    StandardInput,
    complain,
    of_identifier,
    opened,
    print_json,
    print_table,
    score_called,
    shown_pvalue,
    table_of_columns,
)
from amiable.files import Pairs, Triples, count_pairs_in_file, count_triples_in_file
from amiable.inputs.labels import is_identifier
from amiable.resampling.comparison import compare_triples
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
    compare: Annotated[bool, typer.Option("--compare", help="Tell whether the others differ from the best.")] = False,
    resamples: Annotated[int, typer.Option("--resamples", min=19, help="How often --compare resamples.")] = 999,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples of --compare.")] = 0,
    of_input: StandardInput = Format.csv,
    as_json: AsJson = False,
) -> None:
    """Score every labeling of a file against the true labels, the best by AMI, or by the first of --scores, at the top.

    Examples
    --------
    - `amiable score digits.csv --true digit`
    - `amiable score labels.parquet --true truth --pred kmeans --json`
    - `amiable score digits.csv --true digit --scores ari --compare`
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
        others = [row["labeling"] for row in found[1:] if row["labeling"] not in identifiers]
        compared = []
        if compare and best.measures == "evidence":
            complain(
                f"--compare of {best.heading}, which tells how sure agreement is: expected how much, as ami or ari"
            )
        if compare and not others:
            typer.echo("amiable: warning: there is one labeling to score, and none to compare it with", err=True)
        if compare and others:
            triples = count_triples_in_file(path, true, found[0]["labeling"], others)
            function = _with_mean(best, average_method.value)
            compared = [_compare(name, triples[name], function, resamples, seed) for name in others]
    result = {
        "file": str(file),
        "true": true,
        "n_samples": n_samples,
        "average_method": average_method.value,
        "scores": found,
        **({"best": found[0]["labeling"], "score": best.name, "differences": compared} if compare else {}),
    }
    if as_json:
        print_json(result)
        return
    rows = [[row["labeling"], str(row["n_clusters"]), *(_value(one, row) for one in shown)] for row in found]
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

    if compared:
        print_table(
            f"{best.heading} of {found[0]['labeling']!r} less that of the others",
            ["labeling", "difference", "95 % interval", "p-value"],
            [
                [
                    row["labeling"],
                    f"{row['difference']:.4f}",
                    "{:.4f} to {:.4f}".format(*row["interval"]),
                    shown_pvalue(row["pvalue"]),
                ]
                for row in compared
            ],
            f"From {resamples} resamples of the same samples for both; each p-value is of one pair alone.",
        )


def _value(one: Score, row: dict[str, Any]) -> str:
    return shown_pvalue(row[one.name]) if one.short_name == "pvalue" else f"{row[one.name]:.4f}"


def _compare(name: str, triples: Triples, score: Callable[..., Any], resamples: int, seed: int) -> dict[str, Any]:
    found = compare_triples(triples[:3], triples.counts, score, n_resamples=resamples, confidence_level=0.95, rng=seed)
    return {
        "labeling": name,
        "difference": found.difference,
        "interval": list(found.confidence_interval),
        "pvalue": found.pvalue,
    }


def _scores_called(names: str | None) -> list[Score]:
    """Return the records of scores called by names that commas separate; the common ones by default."""
    if names is None:
        return _COMMON
    given = [name.strip() for name in names.split(",")]
    called = [record for name in given for record in (SCORES.values() if name == "all" else [score_called(name)])]
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
        found[one.name] = _with_mean(one, average_method)(contingency=table)
    return found


def _with_mean(one: Score, average_method: str) -> Callable[..., Any]:
    """Return the function of a score, with the mean of entropies that is asked for, where it takes one."""
    return partial(one.function, average_method=average_method) if "average_method" in one.options else one.function
