"""`amiable score FILE --true COLUMN`: every labeling against the true one."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from amiable import ContingencyTable
from amiable.cli.columns import Columns, scores_called
from amiable.cli.common import (
    RAISE,
    AsJson,
    File,
    Format,
    IgnorePred,
    IgnoreTrue,
    MissingOption,
    NoiseOption,
    StandardInput,
    complain,
    of_identifier,
    opened,
    print_json,
    print_table,
    shown_pvalue,
)
from amiable.cli.groups import print_groups, score_groups
from amiable.cli.policies import (
    Policies,
    left_out,
    lines_of_left_out,
    lines_of_noise,
    policies_of,
    table_of_columns,
    triples_left,
    with_samples,
)
from amiable.files import Triples, count_pairs_in_file, count_triples_in_file
from amiable.inputs.labels import is_identifier
from amiable.resampling.comparison import compare_triples
from amiable.scores.averages import METHODS
from amiable.scores.registry import SCORES, Score

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
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="Score each group of rows that this column names."),
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
    missing: MissingOption = RAISE,
    ignore_true: IgnoreTrue = None,
    ignore_pred: IgnorePred = None,
    noise: NoiseOption = None,
    of_input: StandardInput = Format.csv,
    as_json: AsJson = False,
) -> None:
    """Score every labeling of a file against the true labels, the best by AMI, or by the first of --scores, at the top.

    Examples
    --------
    - `amiable score digits.csv --true digit`
    - `amiable score labels.parquet --true truth --pred kmeans --json`
    - `amiable score digits.csv --true digit --scores ari --compare`
    - `amiable score cells.parquet --true type --pred leiden --by donor --missing drop --noise drop`
    - `sqlite3 -header -csv labels.db "SELECT * FROM labels" | amiable score - --true truth`
    """
    columns = Columns(scores_called(scores), average_method.value)
    policies = policies_of(missing, ignore_true, ignore_pred, noise)
    best = columns.scores[0]  # AMI, unless others are asked for
    if compare and best.measures == "evidence":
        complain(f"--compare of {best.heading}, which tells how sure agreement is: expected how much, as ami or ari")
    if by is not None:
        _check_by(by, true, pred, compare=compare)
        with opened(file, of_input) as path:
            known, notes = score_groups(path, by, true, pred, columns, policies)
        if as_json:
            print_json({"file": str(file), "true": true, "average_method": average_method.value, **known})
        else:
            print_groups(file, true, known, notes, columns)
        return
    with opened(file, of_input) as path:
        counted = count_pairs_in_file(path, true, pred, drops=policies.drops)
        tables = {name: table_of_columns(pairs, true, name, policies) for name, pairs in counted.items()}
        tables = with_samples(tables, true)
        found = [_score_labeling(name, table, columns, policies) for name, table in tables.items()]
        identifiers = [name for name, table in tables.items() if is_identifier(table.shape[-1], int(table.n_samples))]
        sign = 1 if best.is_distance else -1
        found.sort(key=lambda row: (row["labeling"] in identifiers, sign * row[best.name], row["labeling"]))
        others = [row["labeling"] for row in found[1:] if row["labeling"] not in identifiers]
        if compare and not others:
            typer.echo("amiable: warning: there is one labeling to score, and none to compare it with", err=True)
        compared = []
        if compare and others:
            for name, triples in count_triples_in_file(path, true, found[0]["labeling"], others).items():
                left = triples_left(triples, policies)
                if left.counts.size:
                    compared.append(_compare(name, left, columns.function(best), resamples, seed))
                else:
                    warnings.warn(f"no row is left of {name!r} and the best, which are not compared", stacklevel=2)
    result = {
        "file": str(file),
        "true": true,
        "n_samples": int(next(iter(counted.values())).counts.sum()),
        "average_method": average_method.value,
        "scores": found,
        **({"best": found[0]["labeling"], "score": best.name, "differences": compared} if compare else {}),
    }
    if as_json:
        print_json(result)
        return
    print_table(
        f"{result['file']}: {result['n_samples']} samples, true labels {true!r}",
        ["labeling", "clusters", *columns.headings],
        [[row["labeling"], str(row["n_clusters"]), *columns.shown(row)] for row in found],
        " ".join([columns.legend(f"Best {best.heading} first"), *map(of_identifier, identifiers)]),
        *lines_of_left_out(tables),
        *lines_of_noise(policies, {name: counted[name].labels_pred for name in tables}),
    )
    if compared:
        _print_compared(best, found[0]["labeling"], compared, resamples)


def _check_by(by: str, true: str, pred: list[str] | None, *, compare: bool) -> None:
    if compare:
        complain("--compare was given together with --by: expected one or the other")
    if by in (true, *(pred or ())):
        complain(f"--by is {by!r}, a column that is scored: expected one that tells groups of rows apart")


def _score_labeling(name: str, table: ContingencyTable, columns: Columns, policies: Policies) -> dict[str, Any]:
    known = {"labeling": name, **left_out(table, policies), "n_clusters": table.shape[-1]}
    return {**known, **columns.measured(table)}


def _compare(name: str, triples: Triples, score: Callable[..., Any], resamples: int, seed: int) -> dict[str, Any]:
    found = compare_triples(triples[:3], triples.counts, score, n_resamples=resamples, confidence_level=0.95, rng=seed)
    return {
        "labeling": name,
        "difference": found.difference,
        "interval": list(found.confidence_interval),
        "pvalue": found.pvalue,
    }


def _print_compared(best: Score, first: str, compared: list[dict[str, Any]], resamples: int) -> None:
    print_table(
        f"{best.heading} of {first!r} less that of the others",
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
