"""`amiable null FILE --true COLUMN --pred COLUMN`: a score against random labelings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from amiable import permutation_test, score_moments, score_pvalue, standardized_score
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
    complain,
    opened,
    print_json,
    print_table,
    progress,
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
from amiable.files import count_pairs_in_file
from amiable.resampling.permutation import Alternative
from amiable.scores.registry import SCORES, Score


def null(
    file: File,
    true: Annotated[str, typer.Option("--true", help="The column of true labels.")],
    pred: Annotated[str, typer.Option("--pred", help="The column of predicted labels.")],
    score: ScoreOption = AMI,
    resamples: Annotated[int, typer.Option("--resamples", min=1, help="How many random tables are drawn.")] = 9999,
    alternative: Annotated[
        str,
        typer.Option("--alternative", help="greater, less or two-sided. Default: less for distances, else greater."),
    ] = "",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="For the same random tables again.")] = None,
    histogram: Annotated[
        Path | None, typer.Option("--histogram", help="Write an HTML page with the null distribution.")
    ] = None,
    missing: MissingOption = RAISE,
    ignore_true: IgnoreTrue = None,
    ignore_pred: IgnorePred = None,
    noise: NoiseOption = None,
    of_input: StandardInput = Format.csv,
    as_json: AsJson = False,
) -> None:
    """Test whether two labelings agree more than random ones of the same cluster sizes.

    Examples
    --------
    - `amiable null digits.csv --true digit --pred kmeans_10`
    - `amiable null digits.csv --true digit --pred dbscan --score mi --resamples 100000 --seed 0 --histogram null.html`
    """
    side = alternative or ("less" if score.is_distance else "greater")
    if side not in get_args(Alternative):
        complain(f"--alternative is {side!r}: expected one of {', '.join(get_args(Alternative))}")
    if histogram is not None:
        check_writable(histogram, file)
    with opened(file, of_input) as path:
        policies = policies_of(missing, ignore_true, ignore_pred, noise)
        pairs = count_pairs_in_file(path, true, [pred], drops=policies.drops)[pred]
        (table,) = with_samples({pred: table_of_columns(pairs, true, pred, policies)}, true).values()
    with progress("drawing tables") as advance:
        test = permutation_test(
            contingency=table,
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
            moments = score_moments(of.function, table.row_sums, table.col_sums)
            exact = {
                "score": of.short_name,
                "mean": moments.mean,
                "variance": moments.variance,
                "standardized": standardized_score(contingency=table, score=of.function),
                "pvalue": score_pvalue(contingency=table, score=of.function),
            }
    if histogram is not None:
        write_figure(lambda: _histogram(test, score, moments if of is score and exact else None), histogram)
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
            "n_samples": int(table.n_samples),
            **left_out(table, policies),
        }
        print_json({**known, **found})
        return
    unit = f" ({score.unit})" if score.unit else ""
    print_table(
        f"{file}: {int(table.n_samples)} samples, {true!r} against {pred!r}",
        ["", "value"],
        [
            [f"{score.short_name}{unit}", f"{test.statistic:.6g}"],
            [f"mean of {resamples:,} random tables", f"{test.mean:.6g}"],
            ["standard deviation", f"{test.standard_deviation:.6g}"],
            [f"p-value, {side}", f"{test.pvalue:.4g}"],
            *([] if exact is None else _rows_of_exact(of, exact)),
        ],
        *lines_of_left_out({pred: table}),
        *lines_of_noise(policies, {pred: pairs.labels_pred}),
    )


def _rows_of_exact(of: Score, exact: dict[str, Any]) -> list[list[str]]:
    unit = f", exact ({of.unit})" if of.unit else ", exact"
    return [
        [f"expected {of.title}{unit}", f"{exact['mean']:.6g}"],
        [f"its standard deviation{unit}", f"{exact['variance'] ** 0.5:.6g}"],
        [f"standardized {of.title}", f"{exact['standardized']:.6g}"],
        [f"p-value of {of.title}, by a gamma distribution", shown_pvalue(exact["pvalue"])],
    ]


def _histogram(test: Any, score: Score, moments: Any) -> object:
    from amiable.plot import null_distribution

    return null_distribution(test, score=score.axis_title, moments=moments)
