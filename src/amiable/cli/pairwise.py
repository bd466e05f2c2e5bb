"""`amiable pairwise FILE`: every labeling against every other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from amiable.cli.common import (
    AMI,
    RAISE,
    AsJson,
    File,
    Format,
    IgnorePred,
    IgnoreTrue,
    MissingOption,
    NoiseOption,
    ScoreOption,
    StandardInput,
    check_writable,
    opened,
    print_json,
    print_table,
    progress,
    write_figure,
)
from amiable.cli.policies import Policies, lines_of_noise, policies_of, table_of_columns
from amiable.files import FileError, Pairs, columns_of_file, count_every_pair_in_file
from amiable.scores.registry import Score


def pairwise(
    file: File,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="A column to compare; may be given again. Default: all.")
    ] = None,
    score: ScoreOption = AMI,
    heatmap: Annotated[
        Path | None,
        typer.Option("--heatmap", help="Write an HTML page with a heatmap, similar labelings side by side."),
    ] = None,
    missing: MissingOption = RAISE,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="LABEL", help="Leave out rows with this label; may be given again."),
    ] = None,
    ignore_true: IgnoreTrue = None,
    ignore_pred: IgnorePred = None,
    noise: NoiseOption = None,
    of_input: StandardInput = Format.csv,
    as_json: AsJson = False,
) -> None:
    """Score every labeling of a file against every other.

    Examples
    --------
    - `amiable pairwise digits.csv`
    - `amiable pairwise runs.parquet --score nmi --heatmap runs.html`
    """
    if heatmap is not None:
        check_writable(heatmap, file)
    with opened(file, of_input) as path:
        names = list(dict.fromkeys(column)) if column else columns_of_file(path)
        if len(names) < 2:
            raise FileError(f"{path} has the columns {', '.join(map(repr, names))}: expected at least two to compare")
        both = ignore or []
        policies = policies_of(missing, [*(ignore_true or []), *both], [*(ignore_pred or []), *both], noise)
        policies = replace(policies, true=policies.true._replace(noise=policies.pred.noise))  # noise of either is noise
        with progress("counting and scoring pairs") as advance:
            counted = count_every_pair_in_file(path, names, drops=policies.drops)
            found = scores_of_every_pair(names, counted, score, lambda true, pred: policies, advance)
    scores = found.scores
    if heatmap is not None:
        write_figure(lambda: _heatmap(scores, names, score), heatmap)
    if as_json:
        listed = [[None if np.isnan(value) else value for value in line] for line in scores.tolist()]
        result = {"file": str(file), "score": score.short_name, "labelings": names, "scores": listed}
        if policies.options:
            result |= {"n_missing": found.n_missing.tolist(), "n_ignored": found.n_ignored.tolist()}
        print_json(result)
        return
    rows = [
        [name, *("–" if np.isnan(value) else f"{value:.4f}" for value in line)]
        for name, line in zip(names, scores, strict=True)
    ]
    unit = f" in {score.unit}" if score.unit else ""
    labels = {name: x for pair, pairs in counted.items() for name, x in zip(pair, pairs[:2], strict=True)}
    print_table(
        f"{file}: {score.short_name}{unit} of {len(names)} labelings",
        ["true", *names],
        rows,
        *_lines_of_left_out(found, n_rows=int(next(iter(counted.values())).counts.sum())),
        *lines_of_noise(policies, {name: labels[name] for name in names}),
    )


class EveryPair(NamedTuple):
    """The scores of every pair of labelings, and how many rows were left out of each: arrays of shape (M, M)."""

    scores: np.ndarray
    n_missing: np.ndarray
    n_ignored: np.ndarray


def scores_of_every_pair(
    names: list[str],
    counted: dict[tuple[str, str], Pairs],
    score: Score,
    policies: Callable[[str, str], Policies],
    advance: Callable[[int, int], None],
) -> EveryPair:
    """Return the scores; each labeling with itself is read off a pair that it is in.

    What is done with labels may depend on the pair of labelings. A pair of which no sample is left has no score: NaN.
    """
    shape = len(names), len(names)
    found = EveryPair(np.full(shape, np.nan), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64))
    at = {name: i for i, name in enumerate(names)}
    empty: list[str] = []

    def fill(row: str, col: str, pairs: Pairs, *, both: bool) -> None:
        table = table_of_columns(pairs, row, col, policies(row, col))
        if not table.n_samples:
            empty.append(f"{row!r} and {col!r}")
        value = score.function(contingency=table) if table.n_samples else np.nan
        for i, j in {(at[row], at[col]), *([(at[col], at[row])] if both else [])}:
            for matrix, entry in zip(found, (value, table.n_missing, table.n_ignored), strict=True):
                matrix[i, j] = entry

    for done, ((true, pred), pairs) in enumerate(counted.items(), start=1):
        labels_true, labels_pred, counts = pairs
        both = score.is_symmetric and _are_mirrored(policies(true, pred), policies(pred, true))
        fill(true, pred, pairs, both=both)
        if not both:
            fill(pred, true, Pairs(labels_pred, labels_true, counts), both=False)
        if at[pred] == at[true] + 1:  # pairs of neighbours cover every labeling
            fill(true, true, Pairs(labels_true, labels_true, counts), both=False)
            fill(pred, pred, Pairs(labels_pred, labels_pred, counts), both=False)
        advance(done, len(counted))
    if empty:
        pairs_left = ", ".join(dict.fromkeys(empty[:5])) + (" and others" if len(empty) > 5 else "")
        warnings.warn(f"no row is left of {pairs_left}: these pairs have no score", stacklevel=2)
    return found


def _are_mirrored(one: Policies, other: Policies) -> bool:
    """Whether two policies are the same with the sides exchanged."""
    return (one.true, one.pred) == (other.pred, other.true)


def _lines_of_left_out(found: EveryPair, n_rows: int) -> list[str]:
    """Say how many rows were left out of the pairs."""
    lines = []
    for amounts, what in (
        (found.n_missing, "lack one of two labels"),
        (found.n_ignored, "have a label that is ignored"),
    ):
        low, high = int(amounts.min()), int(amounts.max())
        if high:
            n = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            lines.append(f"{n} of {n_rows:,} rows {what} and were left out, pair by pair.")
    return lines


def _heatmap(scores: np.ndarray, names: list[str], score: Score) -> object:
    from amiable.plot import pairwise_heatmap

    return pairwise_heatmap(scores, names, score=score.axis_title)
