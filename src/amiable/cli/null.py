"""`amiable null FILE --true COLUMN --pred COLUMN`: a score against random labelings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from amiable import permutation_test, score_moments, score_pvalue, standardized_score
from amiable.cli.common import (
    AMI,
    RAISE,
    Alternative,
    AsJson,
    EncodingOption,
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
    TableOption,
    check_writable,
    complain,
    labelings_of,
    number_of,
    print_json,
    print_table,
    progress,
    reading_of,
    shown,
    shown_pvalue,
    write_figure,
)
from amiable.cli.policies import (
    left_out,
    lines_of_left_out,
    lines_of_noise,
    policies_of,
    table_of_columns,
    with_samples,
)
from amiable.cli.tables import scored_table
from amiable.files import count_pairs
from amiable.scores.registry import SCORES, Score


def null(
    file: File,
    true: Annotated[
        str | None, typer.Option("--true", metavar="COLUMN", help="The column of true labels. Needed but for --table.")
    ] = None,
    pred: Annotated[
        str | None,
        typer.Option("--pred", metavar="COLUMN", help="The column of predicted labels. Needed but for --table."),
    ] = None,
    table: TableOption = False,
    score: ScoreOption = AMI,
    resamples: Annotated[int, typer.Option("--resamples", min=1, help="How many random tables are drawn.")] = 9999,
    alternative: Annotated[
        Alternative | None,
        typer.Option("--alternative", case_sensitive=False, help="Default: less for distances, else greater."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="For the same random tables again.")] = None,
    histogram: Annotated[
        Path | None, typer.Option("--histogram", help="Write an HTML page with the null distribution.")
    ] = None,
    missing: MissingOption = RAISE,
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
    """Test whether two labelings agree more than random ones of the same cluster sizes.

    Examples
    --------
    - `amiable null digits.csv --true digit --pred kmeans_10`
    - `amiable null digits.csv --true digit --pred dbscan --score mi --resamples 100000 --seed 0 --histogram null.html`
    """
    side = alternative.value if alternative else "less" if score.is_distance else "greater"
    if table and (pred is not None or (missing, ignore_true, ignore_pred, noise) != (RAISE, None, None, None)):
        complain("--table is a file of counts: expected no --pred, --missing, --ignore-true, --ignore-pred or --noise")
    if not table and (true is None or pred is None):
        complain("--true and --pred are needed: expected both, or --table for a file of counts")
    if histogram is not None:
        check_writable(histogram, file)
    policies = policies_of(missing, ignore_true, ignore_pred, noise)
    reading = reading_of(of_format, separator, no_header, encoding, keep_na)
    with labelings_of(file, reading) as labelings:
        if true is None or pred is None or table:
            counts, title = scored_table(labelings, true)
            notes: list[str] = []
        else:
            with progress("counting"):
                pairs = count_pairs(labelings, true, [pred], drops=policies.drops)[pred]
            (counts,) = with_samples({pred: table_of_columns(pairs, true, pred, policies)}, true).values()
            title = f"{number_of(int(counts.n_samples), 'sample')}, {true!r} against {pred!r}"
            notes = [*lines_of_left_out({pred: counts}), *lines_of_noise(policies, {pred: pairs.labels_pred})]
    with progress("drawing tables") as advance:
        test = permutation_test(
            contingency=counts,
            score=score.function,
            n_resamples=resamples,
            alternative=side,  # type: ignore[arg-type]
            rng=seed,
            progress=advance,
        )
    # of mutual information for all scores that follow it, in whose place it stands; of others their own
    of = SCORES["mi"] if score.order == "information" else score
    exact = None
    if of.cells is not None:
        with progress("computing exact moments"):  # seconds for tens of thousands of clusters
            moments = score_moments(of.function, counts.row_sums, counts.col_sums)
            exact = {
                "score": of.short_name,
                "mean": moments.mean,
                "variance": moments.variance,
                "standardized": standardized_score(contingency=counts, score=of.function),
                "pvalue": score_pvalue(contingency=counts, score=of.function),
            }
    if histogram is not None:
        write_figure(
            lambda: _histogram(test, score, moments if of is score and exact else None),
            histogram,
            f"{score.title} of random labelings, {file}",
            as_json=as_json,
        )
    found = {
        "statistic": test.statistic,
        "pvalue": test.pvalue,
        "mean": test.mean,
        "standard_deviation": test.standard_deviation,
        "n_resamples": resamples,
        "alternative": side,
        "seed": seed,
        "exact": exact,
    }
    if as_json:
        known = {
            "file": str(file),
            "true": true,
            "pred": pred,
            "score": score.short_name,
            "n_samples": int(counts.n_samples),
            **left_out(counts, policies),
        }
        print_json({**known, **found})
        return
    unit = f" ({score.unit})" if score.unit else ""
    print_table(
        f"{file}: {title}",
        ["", "value"],
        [
            [f"{score.heading}{unit}", shown(test.statistic, ".6g")],
            [f"mean of {resamples:,} random tables", shown(test.mean, ".6g")],
            ["standard deviation", f"{test.standard_deviation:.6g}"],
            [f"p-value, {side}", f"{test.pvalue:.4g}"],
            *([] if exact is None else _rows_of_exact(of, exact)),
        ],
        *notes,
    )


def _rows_of_exact(of: Score, exact: dict[str, Any]) -> list[list[str]]:
    unit = f", exact ({of.unit})" if of.unit else ", exact"
    return [
        [f"expected {of.title}{unit}", shown(exact["mean"], ".6g")],
        [f"its standard deviation{unit}", f"{exact['variance'] ** 0.5:.6g}"],
        [f"standardized {of.title}", shown(exact["standardized"], ".6g")],
        [f"p-value of {of.title}, by a gamma distribution", shown_pvalue(exact["pvalue"])],
    ]


def _histogram(test: Any, score: Score, moments: Any) -> object:
    from amiable.plot import null_distribution

    return null_distribution(test, score=score.axis_title, moments=moments)
