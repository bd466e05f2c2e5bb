"""The command line: `amiable score FILE --true COLUMN`."""

from __future__ import annotations

import enum
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from amiable import (
    ContingencyTable,
    __version__,
    adjusted_mutual_info_score,
    adjusted_rand_score,
    completeness_score,
    fowlkes_mallows_score,
    homogeneity_score,
    mutual_info_score,
    normalized_mutual_info_score,
    rand_score,
    v_measure_score,
    variation_of_information,
)
from amiable.files import FileError, Pairs, count_pairs_in_file

app = typer.Typer(
    name="amiable",
    help="Agreement of cluster labelings, corrected for chance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# heading in the table, name in JSON, score of a table; in the order of printing
_SCORES: list[tuple[str, str, Callable[[ContingencyTable, Any], float]]] = [
    (
        "AMI",
        "adjusted_mutual_info_score",
        lambda t, mean: adjusted_mutual_info_score(contingency=t, average_method=mean),
    ),
    (
        "NMI",
        "normalized_mutual_info_score",
        lambda t, mean: normalized_mutual_info_score(contingency=t, average_method=mean),
    ),
    ("ARI", "adjusted_rand_score", lambda t, _: adjusted_rand_score(contingency=t)),
    ("RI", "rand_score", lambda t, _: rand_score(contingency=t)),
    ("homog.", "homogeneity_score", lambda t, _: homogeneity_score(contingency=t)),
    ("compl.", "completeness_score", lambda t, _: completeness_score(contingency=t)),
    ("V", "v_measure_score", lambda t, _: v_measure_score(contingency=t)),
    ("FMI", "fowlkes_mallows_score", lambda t, _: fowlkes_mallows_score(contingency=t)),
    ("MI", "mutual_info_score", lambda t, _: mutual_info_score(contingency=t)),
    ("VI", "variation_of_information", lambda t, _: variation_of_information(contingency=t)),
    (
        "NVI",
        "normalized_variation_of_information",
        lambda t, _: variation_of_information(contingency=t, normalized=True),
    ),
]


class AverageMethod(enum.StrEnum):
    """The means of two entropies that AMI and NMI are normalised by."""

    arithmetic = "arithmetic"
    geometric = "geometric"
    min = "min"
    max = "max"


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"amiable {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Agreement of cluster labelings, corrected for chance."""


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet, NPY or NPZ file, one labeling a column.")],
    true: Annotated[str, typer.Option("--true", help="The column of true labels.")],
    pred: Annotated[
        list[str] | None, typer.Option("--pred", help="A column to score; may be given again. Default: all others.")
    ] = None,
    average_method: Annotated[
        AverageMethod, typer.Option("--average-method", help="The mean of entropies in AMI and NMI.")
    ] = AverageMethod.arithmetic,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score every labeling of a file against the true labels, the best AMI first."""
    try:
        counted = count_pairs_in_file(file, true, pred)
        scores = [_score_labeling(true, name, pairs, average_method.value) for name, pairs in counted.items()]
    except FileError as error:
        typer.echo(f"amiable: {error}", err=True)
        raise typer.Exit(2) from error
    scores.sort(key=lambda row: (-row["adjusted_mutual_info_score"], row["labeling"]))
    result = {
        "file": str(file),
        "true": true,
        "n_samples": int(next(iter(counted.values())).counts.sum()),
        "average_method": average_method.value,
        "scores": scores,
    }
    if as_json:
        typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        _print_table(result)


def _score_labeling(true: str, name: str, pairs: Pairs, average_method: str) -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            table = ContingencyTable.from_cells(*pairs)
        except (ValueError, TypeError) as error:
            raise FileError(_in_columns(str(error), true, name)) from error
    for warning in caught:
        typer.echo(f"amiable: warning: {_in_columns(str(warning.message), true, name)}", err=True)
    scores = {score_name: function(table, average_method) for _, score_name, function in _SCORES}
    return {"labeling": name, "n_clusters": table.shape[-1], **scores}


def _in_columns(message: str, true: str, pred: str) -> str:
    """Say columns where the library, which knows none, says arguments."""
    return message.replace("labels_true", f"column {true!r}").replace("labels_pred", f"column {pred!r}")


def _print_table(result: dict[str, Any]) -> None:
    title = f"{result['file']}: {result['n_samples']} samples, true labels {result['true']!r}"
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    table.add_column("labeling", no_wrap=True)
    for heading in ("clusters", *(heading for heading, _, _ in _SCORES)):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in result["scores"]:
        values = (f"{row[name]:.4f}" for _, name, _ in _SCORES)
        table.add_row(escape(row["labeling"]), str(row["n_clusters"]), *values)
    console = Console(highlight=False)
    # never cut a number off: a line too long for the terminal is the terminal's to wrap
    console.width = max(console.width, Measurement.get(console, console.options.update(width=1000), table).maximum)
    console.print(escape(title), soft_wrap=True)
    console.print(table)
    console.print(
        f"Best AMI first; AMI and NMI by the {result['average_method']} mean; MI and VI in nats.", soft_wrap=True
    )
