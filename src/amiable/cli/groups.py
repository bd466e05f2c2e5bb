"""`amiable score --by COLUMN`: scores of each group of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from amiable import ContingencyTable
from amiable.cli.columns import Columns
from amiable.cli.common import number_of, of_identifier, print_table
from amiable.cli.policies import Policies, lines_of_left_out, lines_of_noise, table_of_columns, with_samples
from amiable.files import Labelings, count_groups
from amiable.inputs.labels import is_identifier


def score_groups(
    labelings: Labelings, by: str, true: str, pred: list[str], columns: Columns, policies: Policies
) -> tuple[dict[str, Any], list[str]]:
    """Score labelings within groups; return what is known for JSON, and what is to be said of it."""
    names, counted = count_groups(labelings, by, true, pred, drops=policies.drops)
    groups = [_plain(name) for name in names]
    tables = with_samples(
        {name: table_of_columns(pairs, true, name, policies) for name, pairs in counted.items()}, true
    )
    rows = [row for name, table in tables.items() for row in _rows(name, table, groups, columns, policies)]
    n_samples = int(next(iter(counted.values())).counts.sum())
    n_missing = {name: int(table.n_missing) for name, table in tables.items()}
    labels = {name: counted[name].labels_pred for name in tables}
    identifiers = [name for name, x in labels.items() if is_identifier(len(set(x.tolist())), n_samples)]
    known = {
        "by": by,
        "groups": groups,
        "n_samples": n_samples,
        **({"n_missing": n_missing} if policies.options else {}),
        "scores": rows,
    }
    said = [" ".join(filter(None, [columns.legend(), *map(of_identifier, identifiers)]))]
    return known, [*filter(None, said), *lines_of_left_out(tables), *lines_of_noise(policies, labels)]


def print_groups(file: Path, true: str, known: dict[str, Any], notes: list[str], columns: Columns) -> None:
    """Print a line for each group, of each labeling if there are several."""
    title = f"{file}: {number_of(known['n_samples'], 'sample')}"
    labelings = {row["labeling"] for row in known["scores"]}
    one = len(labelings) == 1
    print_table(
        f"{title}, {true!r} against {known['scores'][0]['labeling']!r}" if one else f"{title}, true labels {true!r}",
        [*([] if one else ["labeling"]), known["by"], "samples", "clusters", *columns.headings],
        [
            [
                *([] if one else [row["labeling"]]),
                str(row["group"]),
                f"{row['n_samples']}",
                f"{row['n_clusters']}",
                *columns.shown(row),
            ]
            for row in known["scores"]
        ],
        *notes,
    )


def _rows(
    name: str, table: ContingencyTable, groups: list[Any], columns: Columns, policies: Policies
) -> list[dict[str, Any]]:
    """Return the scores of one labeling in each group that has rows; None for those of which no sample is left."""
    found = {one: np.asarray(values).tolist() for one, values in columns.measured(table).items()}
    n_samples = np.asarray(table.n_samples).tolist()
    n_clusters = np.sum(np.asarray(table.col_sums) > 0, axis=-1).tolist()
    n_ignored = np.broadcast_to(table.n_ignored, len(n_samples)).tolist()
    return [
        {
            "labeling": name,
            "group": groups[group],
            "n_samples": n_samples[i],
            **({"n_ignored": n_ignored[i]} if policies.options else {}),
            "n_clusters": n_clusters[i],
            **{one: values[i] if n_samples[i] else None for one, values in found.items()},
        }
        for i, group in enumerate(table.group_labels.tolist())
    ]


def _plain(name: Any) -> Any:
    """Return the name of a group as JSON has it: dates and the like as text."""
    return name if isinstance(name, (str, int, float)) else str(name)
