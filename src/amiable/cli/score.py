"""`amiable score FILE --true COLUMN`: every labeling against the true one."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from amiable import ContingencyTable
from amiable.cli.columns import SHOWN, Columns, scores_called
from amiable.cli.common import (
    RAISE,
    AsJson,
    EncodingOption,
    ExcludeOption,
    File,
    FormatOption,
    IgnorePred,
    IgnoreTrue,
    KeepNA,
    MissingOption,
    NoHeader,
    NoiseOption,
    PredOption,
    SeparatorOption,
    TableOption,
    complain,
    labelings_of,
    number_of,
    of_identifier,
    print_json,
    print_table,
    progress,
    reading_of,
    shown,
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
from amiable.cli.tables import line_of_counts, lines_of_chance, scored_table
from amiable.files import Labelings, Triples, choose, count_pairs, count_triples
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
    true: Annotated[
        str | None, typer.Option("--true", metavar="COLUMN", help="The column of true labels. Needed but for --table.")
    ] = None,
    pred: PredOption = None,
    exclude: ExcludeOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="Score each group of rows that this column names."),
    ] = None,
    table: TableOption = False,
    average_method: Annotated[
        AverageMethod,
        typer.Option(
            "--average-method", case_sensitive=False, help=f"The mean of entropies in {' and '.join(_AVERAGED)}."
        ),
    ] = _ARITHMETIC,
    scores: Annotated[
        str | None,
        typer.Option(
            "--scores",
            metavar="NAMES",
            help=f"What is shown, separated by commas: {', '.join(SCORES)}; or all. Default: {', '.join(SHOWN)}.",
        ),
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Tell whether the others differ from the best.")] = False,
    resamples: Annotated[int, typer.Option("--resamples", min=19, help="How often --compare resamples.")] = 999,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the resamples of --compare.")] = 0,
    missing: MissingOption = RAISE,
    ignore_true: IgnoreTrue = None,
    ignore_pred: IgnorePred = None,
    noise: NoiseOption = None,
    of_format: FormatOption = None,
    separator: SeparatorOption = None,
    no_header: NoHeader = False,
    encoding: EncodingOption = None,
    keep_na: KeepNA = False,
    as_json: AsJson = False,
) -> None:
    """Score every labeling of a file against the true labels, the best by AMI, or by the first of --scores, at the top.

    Examples
    --------
    - `amiable score digits.csv --true digit`
    - `amiable score digits.csv --true digit --pred 'kmeans_*' --scores ari --compare`
    - `amiable score cells.h5ad --true type --pred leiden --by donor --missing drop --noise drop --json`
    - `amiable score counts.csv --table`
    - `sqlite3 -header -csv labels.db "SELECT * FROM labels" | amiable score - --true truth`
    """
    columns = Columns(scores_called(scores, is_shown=not as_json), average_method.value)
    policies = policies_of(missing, ignore_true, ignore_pred, noise)
    reading = reading_of(of_format, separator, no_header, encoding, keep_na)
    best = columns.scores[0]  # AMI, unless others are asked for
    _check_options(best, true, pred, exclude, by, policies, table=table, compare=compare)
    known: dict[str, Any] = {"file": str(file), "true": true, "average_method": average_method.value}
    with labelings_of(file, reading) as labelings:
        if table or true is None:
            counts, title = scored_table(labelings, true)
            row = _score_labeling("table", counts, columns, policies)
            found = {**known, "n_samples": int(counts.n_samples), "scores": [row]}
            notes = [columns.legend(), *lines_of_chance("The table", counts)]
        elif by is not None:
            with progress("counting"):
                chosen = choose(labelings, [true, by], pred, exclude, "--pred")
                grouped, notes = score_groups(labelings, by, true, chosen.names, columns, policies)
            found, notes = {**known, **grouped}, [*notes, *chosen.left_out]
        else:
            with progress("looking at columns"):
                chosen = choose(labelings, [true], pred, exclude, "--pred")
            scored, notes = _score_all(labelings, true, chosen.names, columns, policies)
            found, notes = {**known, **scored}, [*notes, *chosen.left_out, *line_of_counts(labelings, true)]
            if compare:
                found |= _compared(labelings, true, found, columns, policies, resamples, seed)
    if as_json:
        print_json(found)
    elif by is not None:
        print_groups(file, str(true), found, notes, columns)
    else:
        of = title if table else f"{number_of(found['n_samples'], 'sample')}, true labels {true!r}"
        rows = [[row["labeling"], str(row["n_clusters"]), *columns.shown(row)] for row in found["scores"]]
        print_table(f"{file}: {of}", ["labeling", "clusters", *columns.headings], rows, *filter(None, notes))
        if found.get("differences"):
            _print_compared(best, found["best"], found["differences"], resamples)


def _check_options(
    best: Score,
    true: str | None,
    pred: list[str] | None,
    exclude: list[str] | None,
    by: str | None,
    policies: Policies,
    *,
    table: bool,
    compare: bool,
) -> None:
    """Complain of options that do not go together."""
    of_labelings = {"--pred": pred, "--exclude": exclude, "--by": by, "--compare": compare}
    given = [*(name for name, value in of_labelings.items() if value), *policies.options[:1]]
    if table and given:
        complain(f"{given[0]} was given together with --table, a file of counts: expected one or the other")
    if true is None and not table:
        complain("--true is missing: expected the column of true labels, or --table for a file of counts")
    if compare and best.measures == "evidence":
        complain(f"--compare of {best.heading}, which tells how sure agreement is: expected how much, as ami or ari")
    if by is not None and compare:
        complain("--compare was given together with --by: expected one or the other")
    if by is not None and by in (true, *(pred or ())):
        complain(f"--by is {by!r}, a column that is scored: expected one that tells groups of rows apart")


def _score_all(
    labelings: Labelings, true: str, names: list[str], columns: Columns, policies: Policies
) -> tuple[dict[str, Any], list[str]]:
    """Score labelings, the best first; return what is known for JSON, and what is to be said of it."""
    with progress("counting and scoring") as advance:
        counted = count_pairs(labelings, true, names, drops=policies.drops)
        tables = {name: table_of_columns(pairs, true, name, policies) for name, pairs in counted.items()}
        tables = with_samples(tables, true)
        found = []
        for done, (name, table) in enumerate(tables.items(), start=1):
            found.append(_score_labeling(name, table, columns, policies))
            advance(done, len(tables))
    identifiers = [name for name, table in tables.items() if is_identifier(table.shape[-1], int(table.n_samples))]
    best = columns.scores[0]
    sign = 1 if best.is_distance else -1
    found.sort(key=lambda row: (row["labeling"] in identifiers, sign * row[best.name], row["labeling"]))
    first = found[0]["labeling"]
    notes = [
        " ".join([columns.legend(f"Best {best.heading} first"), *map(of_identifier, identifiers)]),
        *([] if first in identifiers else lines_of_chance(repr(first), tables[first])),
        *lines_of_left_out(tables),
        *lines_of_noise(policies, {name: counted[name].labels_pred for name in tables}),
    ]
    n_samples = int(next(iter(counted.values())).counts.sum())
    return {"n_samples": n_samples, "scores": found, "identifiers": identifiers}, notes


def _compared(
    labelings: Labelings,
    true: str,
    found: dict[str, Any],
    columns: Columns,
    policies: Policies,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Compare the best labeling with the others."""
    first, best = found["scores"][0]["labeling"], columns.scores[0]
    others = [row["labeling"] for row in found["scores"][1:] if row["labeling"] not in found["identifiers"]]
    compared = []
    if not others:
        warnings.warn("there is one labeling to score, and none to compare it with", stacklevel=2)
    with progress("resampling") as advance:
        for done, (name, triples) in enumerate(
            (count_triples(labelings, true, first, others) if others else {}).items(), start=1
        ):
            left = triples_left(triples, policies)
            if left.counts.size:
                compared.append(_compare(name, left, columns.function(best), resamples, seed))
            else:
                warnings.warn(f"no row is left of {name!r} and the best, which are not compared", stacklevel=2)
            advance(done, len(others))
    return {"best": first, "score": best.name, "differences": compared}


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
                shown(row["difference"]),
                " to ".join(map(shown, row["interval"])),
                shown_pvalue(row["pvalue"]),
            ]
            for row in compared
        ],
        f"From {resamples} resamples of the same samples for both; each p-value is of one pair alone.",
    )
