"""`amiable pairwise FILE`: every labeling against every other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from amiable import pairwise_scores
from amiable.cli.common import (
    AMI,
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
    ScoreOption,
    SeparatorOption,
    check_writable,
    labelings_of,
    number_of,
    print_json,
    print_table,
    progress,
    reading_of,
    shown,
    write_figure,
)
from amiable.cli.policies import Side, labels_typed, lines_of_noise, policies_of
from amiable.files import Column, FileError, choose, read_columns
from amiable.inputs.labels import check_labels
from amiable.scores.registry import Score

_AT_ONCE = 1 << 16  # samples of which it is known at once who is left out


def pairwise(
    file: File,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="COLUMN",
            help="A column to compare, or a pattern such as 'kmeans_*'; may be given again. Default: all but indexes "
            "and ids.",
        ),
    ] = None,
    exclude: ExcludeOption = None,
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
    of_format: FormatOption = None,
    separator: SeparatorOption = None,
    no_header: NoHeader = False,
    encoding: EncodingOption = None,
    keep_na: KeepNA = False,
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
    both = ignore or []
    policies = policies_of(missing, [*(ignore_true or []), *both], [*(ignore_pred or []), *both], noise)
    rows = policies.true._replace(noise=policies.pred.noise)  # noise of either is noise
    with labelings_of(file, reading_of(of_format, separator, no_header, encoding, keep_na)) as labelings:
        with progress("looking at columns"):
            chosen = choose(labelings, [], column, exclude, "--column")
        names = chosen.names
        if len(names) < 2:
            lines = " ".join(["", *chosen.left_out])
            raise FileError(f"{labelings.name} has {names[0]!r} to compare: expected at least two columns.{lines}")
        with progress("reading"):
            columns = read_columns(labelings, names, drops=policies.drops)
        with progress("scoring pairs") as advance:
            sides = [rows] * len(names), [policies.pred] * len(names)
            found = scores_of_every_pair(columns, *sides, score, advance)
    scores = found.scores
    if heatmap is not None:
        title = f"{score.title} of every two labelings, {file}"
        write_figure(lambda: _heatmap(scores, names, score), heatmap, title, as_json=as_json)
    if as_json:
        listed = [[None if np.isnan(value) else value for value in line] for line in scores.tolist()]
        result = {"file": str(file), "score": score.short_name, "labelings": names, "scores": listed}
        if policies.options:
            result |= {"n_missing": found.n_missing.tolist(), "n_ignored": found.n_ignored.tolist()}
        print_json(result)
        return
    unit = f" in {score.unit}" if score.unit else ""
    n_rows = len(columns[names[0]].codes)
    is_same = score.is_symmetric and rows == policies.pred
    print_table(
        f"{file}: {score.title}{unit} of {number_of(len(names), 'labeling')}, {number_of(n_rows, 'sample')}",
        ["", *names],
        [
            [name, *("–" if np.isnan(value) else shown(value) for value in line)]
            for name, line in zip(names, scores, strict=True)
        ],
        *([] if is_same else ["Rows are true labels, columns predicted ones."]),
        *_lines_of_left_out(found, n_rows),
        *chosen.left_out,
        *lines_of_noise(policies, {name: known.labels for name, known in columns.items()}),
    )


class EveryPair(NamedTuple):
    """The scores of every pair of labelings, and how many rows were left out of each: arrays of shape (M, M)."""

    scores: np.ndarray
    n_missing: np.ndarray
    n_ignored: np.ndarray


def scores_of_every_pair(
    columns: dict[str, Column],
    rows: Sequence[Side],
    cols: Sequence[Side],
    score: Score,
    advance: Callable[[int, int], None],
) -> EveryPair:
    """Return the scores of labelings as rows and as columns, and what is done with the labels of each there.

    A pair of which no sample is left has no score: NaN.
    """
    names = list(columns)
    for name, column in columns.items():
        _check(name, column.labels)
    true, pred = _codes(columns, rows), _codes(columns, cols)
    has_all = [column.codes >= 0 for column in columns.values()]
    n_missing, n_ignored = _left_out(has_all, true >= 0, pred >= 0)
    ignored = -1 if (n_missing + n_ignored).any() else None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "no sample is left", UserWarning)
        scores = pairwise_scores(
            dict(zip(names, true, strict=True)),
            None if list(rows) == list(cols) else dict(zip(names, pred, strict=True)),
            score=score.function,
            ignore_true=ignored,
            ignore_pred=ignored,
            progress=advance,
        )
    found = EveryPair(np.asarray(scores), n_missing, n_ignored)
    empty = n_missing + n_ignored == true.shape[1]
    if empty.any():
        found.scores[empty] = np.nan
        pairs = [f"{names[i]!r} and {names[j]!r}" for i, j in zip(*np.nonzero(empty), strict=True)]
        pairs = [pair for pair, i, j in zip(pairs, *np.nonzero(empty), strict=True) if i <= j or not empty[j, i]]
        listed = ", ".join(pairs[:5]) + (" and others" if len(pairs) > 5 else "")
        warnings.warn(f"no row is left of {listed}: these pairs have no score", stacklevel=2)
    return found


def _check(name: str, labels: np.ndarray) -> None:
    """Complain of labels, or warn of them, as the library does."""
    try:
        check_labels(f"column {name!r}", labels)
    except (ValueError, TypeError) as error:
        raise FileError(str(error)) from error


def _codes(columns: dict[str, Column], sides: Sequence[Side]) -> np.ndarray:
    """Return the codes of labelings (M, n): -1 for what is left out, and one of its own for each sample of noise."""
    found = []
    for (known, labels), side in zip(columns.values(), sides, strict=True):
        codes = known.copy()
        codes[np.isin(codes, _at(side.left_out, labels))] = -1
        alone = np.isin(codes, _at(side.apart, labels))
        codes[alone] = len(labels) + np.arange(alone.sum())
        found.append(codes)
    return np.stack(found)


def _at(typed: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """Return the codes of labels that were typed."""
    return np.flatnonzero(np.isin(labels, labels_typed(typed, labels) or []))


def _left_out(has_label: Sequence[np.ndarray], true: np.ndarray, pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return of how many samples each pair lacks a label, and of how many others one is ignored."""
    n_with, n_left = np.zeros((2, len(has_label), len(has_label)), dtype=np.int64)
    n_samples = true.shape[1]
    for start in range(0, n_samples, _AT_ONCE):
        at = slice(start, start + _AT_ONCE)
        known = np.stack([x[at] for x in has_label]).astype(np.float32)
        n_with += (known @ known.T).astype(np.int64)
        n_left += (true[:, at].astype(np.float32) @ pred[:, at].astype(np.float32).T).astype(np.int64)
    return n_samples - n_with, n_with - n_left


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
