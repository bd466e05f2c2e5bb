"""`amiable pairwise FILE`: every labeling against every other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from amiable.cli.common import (
    AMI,
    AsJson,
    File,
    Format,
    ScoreOption,
    StandardInput,
    check_writable,
    opened,
    print_json,
    print_table,
    progress,
    table_of_columns,
    write_figure,
)
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
        with progress("counting and scoring pairs") as advance:
            scores = scores_of_every_pair(names, count_every_pair_in_file(path, names), score, advance)
    if heatmap is not None:
        write_figure(lambda: _heatmap(scores, names, score), heatmap)
    if as_json:
        result = {"file": str(file), "score": score.short_name, "labelings": names, "scores": scores.tolist()}
        print_json(result)
        return
    rows = [[name, *(f"{value:.4f}" for value in line)] for name, line in zip(names, scores, strict=True)]
    unit = f" in {score.unit}" if score.unit else ""
    print_table(f"{file}: {score.short_name}{unit} of {len(names)} labelings", ["true", *names], rows)


def scores_of_every_pair(
    names: list[str],
    counted: dict[tuple[str, str], Pairs],
    score: Score,
    advance: Callable[[int, int], None],
) -> np.ndarray:
    """Return the scores (M, M); each labeling with itself is read off a pair that it is in."""
    scores = np.empty((len(names), len(names)))
    at = {name: i for i, name in enumerate(names)}
    for done, ((true, pred), pairs) in enumerate(counted.items(), start=1):
        i, j = at[true], at[pred]
        scores[i, j] = scores[j, i] = score.function(contingency=table_of_columns(pairs, true, pred))
        labels_true, labels_pred, counts = pairs
        others = {} if score.is_symmetric else {(j, i): Pairs(labels_pred, labels_true, counts)}
        if j == i + 1:  # pairs of neighbours cover every labeling
            others[i, i] = Pairs(labels_true, labels_true, counts)
            others[j, j] = Pairs(labels_pred, labels_pred, counts)
        for (row, col), given in others.items():
            scores[row, col] = score.function(contingency=table_of_columns(given, names[row], names[col]))
        advance(done, len(counted))
    return scores


def _heatmap(scores: np.ndarray, names: list[str], score: Score) -> object:
    from amiable.plot import pairwise_heatmap

    return pairwise_heatmap(scores, names, score=score.axis_title)
