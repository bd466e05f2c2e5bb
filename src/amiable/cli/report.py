"""`amiable report FILE --true COLUMN`: a page that compares every labeling with the true one."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from amiable.cli.common import (
    RAISE,
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
    TrueOption,
    check_writable,
    complain,
    labelings_of,
    of_identifier,
    print_lines,
    progress,
    reading_of,
    shown_pvalue,
    write_page,
)
from amiable.cli.pairwise import scores_of_every_pair
from amiable.cli.policies import (
    Policies,
    lines_of_left_out,
    lines_of_noise,
    policies_of,
    table_of_columns,
    triples_left,
    with_samples,
)
from amiable.cli.tables import line_of_counts
from amiable.files import Labelings, choose, count_pairs, count_triples, read_columns
from amiable.resampling.comparison import ComparisonResult, compare_triples
from amiable.scores.registry import SCORES

_MOST_RESAMPLED = 20_000_000  # cells of all resamples together: some seconds
_MOST = 30  # labelings that are compared with each other; all are compared with the true one


def report(
    file: File,
    true: TrueOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("report.html"),
    pred: PredOption = None,
    exclude: ExcludeOption = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=1, help="Random tables for p-values, resamples for intervals.")
    ] = 999,
    confidence: Annotated[float, typer.Option("--confidence", help="Of the intervals, between 0 and 1.")] = 0.95,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of both simulations.")] = 0,
    missing: MissingOption = RAISE,
    ignore_true: IgnoreTrue = None,
    ignore_pred: IgnorePred = None,
    noise: NoiseOption = None,
    of_format: FormatOption = None,
    separator: SeparatorOption = None,
    no_header: NoHeader = False,
    encoding: EncodingOption = None,
    keep_na: KeepNA = False,
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
    policies = policies_of(missing, ignore_true, ignore_pred, noise)
    reading = reading_of(of_format, separator, no_header, encoding, keep_na)
    with labelings_of(file, reading) as labelings:
        with progress("counting"):
            chosen = choose(labelings, [true], pred, exclude, "--pred")
            counted = count_pairs(labelings, true, chosen.names, drops=policies.drops)
        tables = {name: table_of_columns(pairs, true, name, policies) for name, pairs in counted.items()}
        tables = with_samples(tables, true)
        clusterings = []
        with progress("scoring and resampling") as advance:
            for done, (name, table) in enumerate(tables.items(), start=1):
                options: dict[str, Any] = {"n_resamples": resamples, "confidence_level": confidence, "rng": seed}
                clusterings.append(measure_clustering(name, table, **options))
                advance(done, len(tables))
        best = ranked(clusterings)[:_MOST]
        names = list(dict.fromkeys([true, *(clustering.name for clustering in best)]))
        options = {"n_resamples": resamples, "confidence_level": confidence, "rng": seed}
        with progress("comparing with each other") as advance:
            comparison = _comparison(labelings, true, best, policies, options)
            scores = _scores_of_every_pair(labelings, names, policies, advance) if len(names) > 1 else None
        looks = line_of_counts(labelings, true)
    name_of_file = f"./{file}" if str(file).startswith("-") and str(file) != "-" else str(file)  # no option
    given = [name_of_file, *reading.options]
    against = [*given, "--true", true, *policies.options]
    only = [part for name in pred or () for part in ("--pred", name)]
    only += [part for name in exclude or () for part in ("--exclude", name)]
    simulated = ["--confidence", str(confidence), "--resamples", str(resamples), "--seed", str(seed)]
    commands = {
        "This page": _line("report", *against, *only, "-o", str(output), *simulated),
        "The scores": _line("score", *against, *only),
    }
    # where the true labels are not as others, no option says so
    if scores is not None and policies.true == policies.pred:
        compared = [part for name in names for part in ("--column", name)]
        commands["AMI of every pair"] = _line("pairwise", *given, *compared, *policies.options)
    known: dict[str, Any] = {
        "true": true,
        "pairwise": None if scores is None else (names, scores),
        "comparison": comparison,
        "commands": commands,
        "null_commands": {one.name: _null_command(one, against, seed) for one in clusterings},
    }
    with progress("drawing"):
        write_page(lambda: render_page(clusterings, **known), output)
    verdict = f"{output}: {_verdict(best[0], true, len(clusterings))}"
    labels = {name: pairs.labels_pred for name, pairs in counted.items()}
    identifiers = [of_identifier(one.name) for one in clusterings if one.is_identifier]
    about_rows = (*lines_of_left_out(tables), *lines_of_noise(policies, labels))
    print_lines(verdict, *identifiers, *chosen.left_out, *looks, *about_rows)


def _scores_of_every_pair(
    labelings: Labelings, names: list[str], policies: Policies, advance: Callable[[int, int], None]
) -> np.ndarray:
    """Return AMI of every pair; true labels, which come first, stay true ones, the others predicted, on either side."""
    sides = [policies.true, *[policies.pred] * (len(names) - 1)]
    columns = read_columns(labelings, names, drops=policies.drops)
    return scores_of_every_pair(columns, sides, sides, SCORES["ami"], advance).scores


def _comparison(
    labelings: Labelings, true: str, best: list[Any], policies: Policies, options: dict[str, Any]
) -> ComparisonResult | None:
    """Compare the best clustering with the second best; None where there are no two, or resampling takes too long."""
    if len(best) < 2 or not all(one.n_resamples and not one.is_identifier for one in best[:2]):
        return None
    first, second = (one.name for one in best[:2])
    triples = triples_left(count_triples(labelings, true, first, [second])[second], policies)
    if not triples.counts.size or options["n_resamples"] * triples.counts.size > _MOST_RESAMPLED:
        return None
    return compare_triples(triples[:3], triples.counts, "ami", **options)


def _verdict(first: Any, true: str, n_clusterings: int) -> str:
    if not first.is_by_chance:
        return f"{first.name!r} agrees best with {true!r}, of {n_clusterings}"
    if first.is_identifier:
        return f"none of {n_clusterings} groups samples"
    pvalue = shown_pvalue(first.pvalues["information"])
    return f"the best of {n_clusterings}, {first.name!r}, is no better than chance beside {true!r}, p = {pvalue}"


def _null_command(one: Any, against: list[str], seed: int) -> str:
    drawn = ["--resamples", str(one.n_tables), "--seed", str(seed)]
    return _line("null", *against, "--pred", one.name, *drawn)


def _line(*parts: str) -> str:
    return shlex.join(["amiable", *parts])
