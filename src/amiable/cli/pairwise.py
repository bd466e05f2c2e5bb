"""`amiable pairwise FILE`: every labeling against every other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from amiable import ContingencyTable
from amiable.cli.common import (
    SCORES,
    UNITS,
    AsJson,
    File,
    Format,
    ScoreName,
    StandardInput,
    axis_title,
    opened,
    print_table,
    progress,
    table_of,
    write_figure,
)
from amiable.files import FileError, columns_of_file, count_pairs_in_file


def pairwise(
    file: File,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="A column to compare; may be given again. Default: all.")
    ] = None,
    score: Annotated[
        ScoreName, typer.Option("--score", help="Rows are true labels in those that tell sides.")
    ] = ScoreName.ami,
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
    with opened(file, of_input) as path:
        names = list(dict.fromkeys(column)) if column else columns_of_file(path)
        if len(names) < 2:
            raise FileError(f"{path} has the columns {', '.join(map(repr, names))}: expected at least two to compare")
        scores = _scores_of_all(path, names, score.value)
    if heatmap is not None:
        write_figure(lambda: _heatmap(scores, names, score.value), heatmap)
    if as_json:
        result = {"file": str(file), "score": score.value, "labelings": names, "scores": scores.tolist()}
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
        return
    rows = [[name, *(f"{value:.4f}" for value in line)] for name, line in zip(names, scores, strict=True)]
    unit = f" in {UNITS[score.value]}" if score.value in UNITS else ""
    print_table(f"{file}: {score.value}{unit} of {len(names)} labelings", ["true", *names], rows)


def _scores_of_all(path: Path, names: list[str], score: str) -> np.ndarray:
    """Return the scores (M, M); one pass over the file a labeling."""
    scores = np.empty((len(names), len(names)))
    of_table = SCORES[score]
    with progress("scoring pairs") as advance:
        for i, true in enumerate(names[:-1]):
            counted = count_pairs_in_file(path, true, names[i + 1 :])
            for j, (pred, pairs) in enumerate(counted.items(), start=i + 1):
                scores[i, j] = of_table(contingency=table_of(pairs, true, pred))
                labels_true, labels_pred, counts = pairs
                cells = {(j, i): (labels_pred, labels_true, counts)}
                if j == i + 1:  # each labeling with itself: neighbours bring every one
                    cells[i, i] = (labels_true, labels_true, counts)
                    cells[j, j] = (labels_pred, labels_pred, counts)
                for at, given in cells.items():
                    scores[at] = of_table(contingency=ContingencyTable.from_cells(*given))
            advance(i + 1, len(names) - 1)
    return scores


def _heatmap(scores: np.ndarray, names: list[str], score: str) -> object:
    from amiable.plot import pairwise_heatmap

    return pairwise_heatmap(scores, names, score=axis_title(score))
