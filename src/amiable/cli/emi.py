"""`amiable emi SIZES SIZES`: what two labelings share by chance."""

from __future__ import annotations

from typing import Annotated

import typer

from amiable import mutual_information_moments
from amiable.cli.common import AsJson, complain, print_json, print_table, progress


def emi(
    row_sums: Annotated[str, typer.Argument(help="Cluster sizes of one labeling, separated by commas: 30,20,50.")],
    col_sums: Annotated[str, typer.Argument(help="Cluster sizes of the other, with the same total.")],
    as_json: AsJson = False,
) -> None:
    """Expected mutual information of random labelings with these cluster sizes, and its standard deviation.

    Example: `amiable emi 60,40 30,30,40`
    """
    sizes = _sizes("ROW_SUMS", row_sums), _sizes("COL_SUMS", col_sums)
    try:
        with progress("computing"):
            mean, variance = mutual_information_moments(*sizes)
    except ValueError as error:
        complain(str(error))
    if as_json:
        print_json({"n_samples": sum(sizes[0]), "mean": mean, "variance": variance})
        return
    print_table(
        f"{sum(sizes[0]):,} samples, {len(sizes[0])} and {len(sizes[1])} clusters",
        ["", "nats"],
        [["expected mutual information", f"{mean:.15g}"], ["its standard deviation", f"{variance**0.5:.15g}"]],
    )


def _sizes(name: str, given: str) -> list[int]:
    parts = [part.strip() for part in given.split(",")]
    if not all(part.isdecimal() for part in parts):
        complain(f"{name} is {given!r}: expected whole numbers separated by commas, such as 30,20,50")
    return [int(part) for part in parts]
