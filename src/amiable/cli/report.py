"""`amiable report FILE --true COLUMN`: a page that compares every labeling with the true one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from amiable.cli.common import (
    File,
    Format,
    StandardInput,
    check_writable,
    complain,
    of_identifier,
    opened,
    progress,
    table_of_columns,
    visible,
    write_page,
)
from amiable.cli.pairwise import scores_of_every_pair
from amiable.files import count_every_pair_in_file, count_pairs_in_file, count_triples_in_file
from amiable.resampling.comparison import ComparisonResult, compare_triples
from amiable.scores.registry import SCORES

_MOST_RESAMPLED = 20_000_000  # cells of all resamples together: some seconds
_MOST = 30  # labelings that are compared with each other; all are compared with the true one


def report(
    file: File,
    true: Annotated[str, typer.Option("--true", help="The column of true labels.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    pred: Annotated[
        list[str] | None, typer.Option("--pred", help="A column to compare; may be given again. Default: all others.")
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, help="Random tables for p-values, resamples for intervals.")
    ] = 999,
    confidence: Annotated[float, typer.Option("--confidence", help="Of the intervals, between 0 and 1.")] = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of both simulations.")] = 0,
    of_input: StandardInput = Format.csv,
) -> None:
    """Write a page of HTML that compares every labeling of a file with the true labels; it needs nothing but itself.

    Examples
    --------
    - `amiable report digits.csv --true digit -o report.html`
    - `amiable report runs.parquet --true truth --pred kmeans --pred ward --resamples 9999 --confidence 0.99`
    """
    try:
        from amiable.report import measure_clustering, render_page
        from amiable.report._results import ranked
    except ModuleNotFoundError as error:
        complain(str(error))
    if not 0 < confidence < 1:
        complain(f"--confidence is {confidence}: expected a number between 0 and 1")
    check_writable(output, file)
    with opened(file, of_input) as path:
        with progress("counting"):
            counted = count_pairs_in_file(path, true, pred)
        tables = {name: table_of_columns(pairs, true, name) for name, pairs in counted.items()}
        clusterings = []
        with progress("scoring and resampling") as advance:
            for done, (name, table) in enumerate(tables.items(), start=1):
                options: dict[str, Any] = {"n_resamples": resamples, "confidence_level": confidence, "rng": seed}
                clusterings.append(measure_clustering(name, table, **options))
                advance(done, len(tables))
        best = ranked(clusterings)[:_MOST]
        names = list(dict.fromkeys([true, *(clustering.name for clustering in best)]))
        options = {"n_resamples": resamples, "confidence_level": confidence, "rng": seed}
        comparison = _comparison(path, true, best, options)
        with progress("comparing with each other") as advance:
            every_pair = count_every_pair_in_file(path, names) if len(names) > 1 else {}
            scores = scores_of_every_pair(names, every_pair, SCORES["ami"], advance)
    name_of_file = f"./{file}" if str(file).startswith("-") and str(file) != "-" else str(file)  # no option
    given = [name_of_file, *(["--format", of_input.value] if str(file) == "-" else [])]
    against = [*given, "--true", true]
    only = [part for name in pred or () for part in ("--pred", name)]
    simulated = ["--confidence", str(confidence), "--resamples", str(resamples), "--seed", str(seed)]
    commands = {
        "This page": _line("report", *against, *only, "-o", str(output), *simulated),
        "The scores": _line("score", *against, *only),
    }
    if every_pair:
        columns = [part for name in names for part in ("--column", name)]
        commands["AMI of every pair"] = _line("pairwise", *given, *columns)
    known: dict[str, Any] = {
        "true": true,
        "pairwise": (names, scores) if every_pair else None,
        "comparison": comparison,
        "commands": commands,
        "null_commands": {one.name: _null_command(one, against, seed) for one in clusterings},
    }
    write_page(lambda: render_page(clusterings, **known), output)
    typer.echo(visible(f"{output}: {_verdict(best[0], true, len(clusterings))}"))
    for one in clusterings:
        if one.is_identifier:
            typer.echo(visible(of_identifier(one.name)))


def _comparison(path: Path, true: str, best: list[Any], options: dict[str, Any]) -> ComparisonResult | None:
    """Compare the best clustering with the second best; None where there are no two, or resampling takes too long."""
    if len(best) < 2 or not all(one.n_resamples and not one.is_identifier for one in best[:2]):
        return None
    first, second = (one.name for one in best[:2])
    triples = count_triples_in_file(path, true, first, [second])[second]
    if options["n_resamples"] * triples.counts.size > _MOST_RESAMPLED:
        return None
    return compare_triples(triples[:3], triples.counts, "ami", **options)


def _verdict(first: Any, true: str, n_clusterings: int) -> str:
    if not first.is_by_chance:
        return f"{first.name!r} agrees best with {true!r}, of {n_clusterings}"
    return (
        f"none of {n_clusterings} is shown to agree with {true!r} more than chance would: of {first.name!r}, whose "
        f"AMI is largest, the p-value is {first.pvalues['information']:.2g}"
    )


def _null_command(one: Any, against: list[str], seed: int) -> str:
    drawn = ["--resamples", str(one.n_tables), "--seed", str(seed)]
    return _line("null", *against, "--pred", one.name, *drawn)


def _line(*parts: str) -> str:
    return shlex.join(["amiable", *parts])
