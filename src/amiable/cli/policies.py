"""Labels that are missing, ignored or noise: what the options say of them, done to what was counted in a file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from amiable import ContingencyTable
from amiable.cli.common import Missing, Noise
from amiable.files import FileError, GroupedPairs, Pairs, Triples

_NOISE = "-1"  # as DBSCAN and HDBSCAN say
# that are told of the rows left out, and that a line has
_MOST_LINES = 5
_MOST_NAMES = 10


class Side(NamedTuple):
    """What is done with samples of some labels, as typed, of one side."""

    ignored: tuple[str, ...] = ()
    noise: Noise = Noise.cluster  # what -1 is

    @property
    def left_out(self) -> tuple[str, ...]:
        """The labels whose samples are left out."""
        return (*self.ignored, _NOISE) if self.noise is Noise.drop else self.ignored

    @property
    def apart(self) -> tuple[str, ...]:
        """The labels of which each sample is a cluster of its own."""
        return (_NOISE,) if self.noise is Noise.singletons else ()


@dataclass(frozen=True)
class Policies:
    """What the options say of labels that are missing, ignored or noise."""

    drops: bool  # rows that lack a label
    true: Side
    pred: Side
    options: tuple[str, ...]  # those that were given, as a command line has them

    @property
    def tells_of_noise(self) -> bool:
        """Whether -1 may be noise without anybody having said what it is."""
        return "--noise" not in self.options and _NOISE not in self.pred.ignored


def policies_of(
    missing: Missing,
    ignore_true: Iterable[str] | None,
    ignore_pred: Iterable[str] | None,
    noise: Noise | None,
) -> Policies:
    """Return what the options of these names say."""
    true, pred = Side(tuple(ignore_true or ())), Side(tuple(ignore_pred or ()), noise or Noise.cluster)
    options = ["--missing", missing.value] if missing.value == "drop" else []
    for name, side in (("--ignore-true", true), ("--ignore-pred", pred)):
        options += [part for label in side.ignored for part in (name, label)]
    if noise is not None:
        options += ["--noise", noise.value]
    return Policies(missing.value == "drop", true, pred, tuple(options))


def table_of_columns(pairs: Pairs | GroupedPairs, true: str, pred: str, policies: Policies) -> ContingencyTable:
    """Return the table of two columns; complaints and warnings say columns where the library says arguments.

    That no sample is left is for those to say who know what follows from it.
    """

    def in_columns(message: str) -> str:
        return message.replace("labels_true", f"column {true!r}").replace("labels_pred", f"column {pred!r}")

    labels_true, labels_pred = pairs.labels_true, pairs.labels_pred
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            table = ContingencyTable.from_cells(
                labels_true,
                labels_pred,
                pairs.counts,
                missing="drop" if policies.drops else "raise",
                ignore_true=labels_typed(policies.true.left_out, labels_true),
                ignore_pred=labels_typed(policies.pred.left_out, labels_pred),
                groups=getattr(pairs, "groups", None),
            ).singletons(
                true=labels_typed(policies.true.apart, labels_true),
                pred=labels_typed(policies.pred.apart, labels_pred),
            )
        except (ValueError, TypeError) as error:
            raise FileError(in_columns(str(error))) from error
    for warning in caught:
        if not str(warning.message).startswith("no sample is left"):
            warnings.warn(in_columns(str(warning.message)), stacklevel=2)
    return table


def labels_typed(typed: Sequence[str], labels: np.ndarray) -> list[Any] | None:
    """Return the labels of a column's type that are meant by some that were typed; None for none."""
    found: list[Any] = []
    kind = labels.dtype.kind
    for text in typed:
        if kind == "O":
            found += {label for label in _known(labels).tolist() if str(label) == text}
        elif kind == "b":
            found += [value for name, value in (("true", True), ("false", False)) if text.lower() == name]
        else:
            try:
                label = labels.dtype.type(text)
            except (ValueError, OverflowError):  # no such label can occur
                continue
            found += [label] if label == label else []  # noqa: PLR0124 - NaN is no label
    return found or None


def triples_left(triples: Triples, policies: Policies) -> Triples:
    """Return triples without samples whose labels are ignored, and with a cluster of its own for each that is noise."""
    sides = policies.true, policies.pred, policies.pred
    marked = [_are(x, side.left_out) for x, side in zip(triples[:3], sides, strict=True)]
    kept = ~np.logical_or.reduce(marked)
    labels, counts = [x[kept] for x in triples[:3]], triples.counts[kept]
    apart = [_are(x, side.apart) for x, side in zip(labels, sides, strict=True)]
    in_any = np.logical_or.reduce(apart)
    if in_any.any():
        at = np.repeat(np.arange(counts.size), np.where(in_any, counts, 1))
        labels = [_apart(x[at], alone[at]) for x, alone in zip(labels, apart, strict=True)]
        counts = np.where(in_any, 1, counts)[at]
    return Triples(labels[0], labels[1], labels[2], counts)


def _are(labels: np.ndarray, typed: Sequence[str]) -> np.ndarray:
    """Return which labels are some that were typed."""
    found = np.zeros(labels.shape, dtype=bool)
    for label in labels_typed(typed, labels) or ():
        found |= labels == label
    return found


def _apart(labels: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Return codes of labels, with one of its own for each sample that is `alone`."""
    known, codes = np.unique(labels, return_inverse=True)
    codes[alone] = known.size + np.arange(alone.sum())
    return codes


def with_samples(tables: Mapping[str, ContingencyTable], true: str) -> dict[str, ContingencyTable]:
    """Return the tables that have a sample left, and warn of others; FileError if there are no others."""
    left = {name: table for name, table in tables.items() if _total(table.n_samples)}
    for name, table in tables.items():
        if name not in left:
            message = (
                f"no row is left of {name!r} beside {true!r}: {table.n_missing:,} lack a label and "
                f"{_total(table.n_ignored):,} have one that is ignored"
            )
            if len(tables) == 1:
                raise FileError(f"{message}: expected at least one")
            warnings.warn(f"{message}; it is not scored", stacklevel=2)
    if not left:
        raise FileError(f"no row is left of any column beside {true!r}: expected at least one")
    return left


def left_out(table: ContingencyTable, policies: Policies) -> dict[str, int]:
    """Return for JSON how many samples are in one table, and how many were left out; nothing without options."""
    names = ("n_samples", "n_missing", "n_ignored") if policies.options else ()
    return {name: int(getattr(table, name)) for name in names}


def lines_of_left_out(tables: Mapping[str, ContingencyTable]) -> list[str]:
    """Say how many rows were left out of each labeling; in one line where that is the same for all."""
    lines: list[str] = []
    for attribute, one, many in (
        ("n_missing", "lacks a label and was", "lack a label and were"),
        ("n_ignored", "has a label that is ignored and was", "have a label that is ignored and were"),
    ):
        names: dict[int, list[str]] = {}
        for name, table in tables.items():
            names.setdefault(_total(getattr(table, attribute)), []).append(name)
        for n in sorted(names, reverse=True)[:_MOST_LINES]:
            of = "" if len(names) == 1 else f" of {_listed(names[n])}"
            if n:
                lines.append(f"{n:,} of {_n_rows(tables):,} rows {one if n == 1 else many} left out{of}.")
        if len(names) > _MOST_LINES:
            lines.append("Of the other labelings fewer were.")
    return lines


def _n_rows(tables: Mapping[str, ContingencyTable]) -> int:
    """Return how many rows there are, which is the same for all tables."""
    table = next(iter(tables.values()))
    return sum(map(_total, (table.n_samples, table.n_missing, table.n_ignored)))


def _total(amounts: Any) -> int:
    return int(np.sum(np.asarray(amounts)))


def lines_of_noise(policies: Policies, labels: Mapping[str, np.ndarray]) -> list[str]:
    """Tell of columns in which -1 looks like noise, if nobody has said what it is."""
    names = [name for name, x in labels.items() if _looks_like_noise(_known(x))] if policies.tells_of_noise else []
    if not names:
        return []
    return [
        f"-1 in {_listed(names)} looks like noise, and is scored as a cluster: --noise drop leaves such rows out, "
        "--noise singletons makes each a cluster of its own."
    ]


def _looks_like_noise(labels: np.ndarray) -> bool:
    """Whether labels are whole numbers from 0 on, and -1."""
    if labels.dtype.kind == "O":
        if _NOISE not in labels:
            return False
        others = set(labels.tolist()) - {_NOISE}
        return bool(others) and all(label.isdecimal() for label in others)
    if labels.dtype.kind not in "if":
        return False
    rest = labels[labels != -1]
    return 0 < rest.size < labels.size and bool(np.all((rest >= 0) & (rest == np.floor(rest))))


def _known(labels: np.ndarray) -> np.ndarray:
    """Return the labels that are not missing."""
    return labels.compressed() if isinstance(labels, np.ma.MaskedArray) else labels


def _listed(names: Sequence[str]) -> str:
    """Return names with commas, and `and` before the last; of very many, the first."""
    shown = [repr(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        return f"{', '.join(shown)} and {len(names) - _MOST_NAMES:,} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
