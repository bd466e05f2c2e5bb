"""Every score, declared once.

From these records follow the names that ``score=`` accepts, the pairs that `pairwise_scores` computes once, the torch
metrics, the columns of the command line, what a report says of a score, the table of scores in the documentation and
the registry of the tests.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial, update_wrapper
from typing import Any, Literal

from amiable._array.protocols import Array, Namespace
from amiable.chance.random_models import TWO_SIDED
from amiable.scores.adjusted_mutual_information import (
    adjusted_completeness_score,
    adjusted_homogeneity_score,
    adjusted_mutual_info_score,
    expected_mutual_information,
)
from amiable.scores.cell_score import CellScore, Rescaled
from amiable.scores.chi_square import CHI_SQUARE, chi_square, cramers_v, tschuprows_t
from amiable.scores.elements import (
    BCUBED_PRECISION,
    BCUBED_RECALL,
    ELEMENT_CENTRIC,
    bcubed_fscore,
    bcubed_precision_score,
    bcubed_recall_score,
    element_centric_similarity,
)
from amiable.scores.homogeneity import completeness_score, homogeneity_score, v_measure_score
from amiable.scores.matching import (
    inverse_purity_score,
    matching_accuracy_score,
    normalized_clustering_accuracy,
    pair_sets_index,
    purity_score,
)
from amiable.scores.mutual_information import (
    mutual_info_score,
    normalized_information_distance,
    normalized_mutual_info_score,
    variation_of_information,
    variation_of_information_merge,
    variation_of_information_split,
)
from amiable.scores.pairs import (
    adapted_rand_error,
    adjusted_rand_score,
    fowlkes_mallows_score,
    pair_correlation_score,
    pair_f1_score,
    pair_jaccard_score,
    pair_precision_score,
    pair_recall_score,
    rand_score,
)
from amiable.scores.reduced_mutual_information import reduced_mutual_info_score
from amiable.scores.significance import mutual_info_pvalue, standardized_mutual_info_score
from amiable.scores.sums import (
    MUTUAL_INFORMATION,
    PAIRS_TOGETHER,
    rescaled_to_adapted_rand_error,
    rescaled_to_adjusted,
    rescaled_to_adjusted_pred,
    rescaled_to_adjusted_rand,
    rescaled_to_adjusted_true,
    rescaled_to_correlation,
    rescaled_to_f1,
    rescaled_to_fowlkes_mallows,
    rescaled_to_information_distance,
    rescaled_to_mean,
    rescaled_to_merge,
    rescaled_to_precision,
    rescaled_to_pred,
    rescaled_to_rand,
    rescaled_to_recall,
    rescaled_to_split,
    rescaled_to_true,
    rescaled_to_variation,
)

# Labelings with given cluster sizes have one order by all scores that rise or fall with mutual information, one by all
# that do with the number of pairs of samples that are together in both, and one by chi-square and what is made of it:
# one p-value for each of these. The other families have an order for each score.
Order = Literal["information", "pairs", "elements", "matching", "chi-square", "description"]


class First:
    """A score that is the first of the values that a public function returns."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the first value."""
        return self.function(*args, **kwargs)[0]


@dataclass(frozen=True, kw_only=True)
class Score:
    """What is known of a score before it is computed.

    Attributes
    ----------
    short_name : str
        What it is called where a whole name is too long: "ami".
    function : callable
        The public function, maybe with options bound by `functools.partial`.
    heading, title : str
        Its abbreviation, and its whole name in words.
    definition : str
        The formula, in the letters of the papers: clusters of a_i and b_j samples share n_ij of n.
    meaning : str
        What it says, in plain words.
    question : str
        What it is asked for, in a few words.
    also_called : str
        Other names that fields have for it, separated by commas.
    by_chance : {"zero", "constant", "rises", "falls", "peaks"}
        What random labelings score as they have more clusters: 0, which is a score corrected for chance; another
        constant; more; less; most near the number of classes.
    low, high : float
        Its range.
    order : {"information", "pairs", "elements", "matching", "chi-square", "description"}
        What labelings with given cluster sizes are ordered by. The scores of information, of pairs and of chi-square
        share a p-value each.
    unit : str
        Empty for a number without a unit.
    is_distance : bool
        Whether agreement makes it small.
    is_symmetric : bool
        Whether it stays the same when the labelings are swapped.
    symmetric_options : mapping of str to tuple
        The values of options with which it is symmetric, the default first.
    measures : {"agreement", "evidence"}
        How much the labelings agree, or how sure it is that they do.
    cells : CellScore or None
        The sum over cells that it is made of, of which the null distribution is known exactly.
    rescaled : callable or None
        `rescaled(xp, row_sums, col_sums)` returns shift and factor (...): the score is shift + factor * sum. None where
        it is the sum itself.
    is_common : bool
        Whether the command line and a report show it unasked.
    is_traceable : bool
        Whether it is computed under tracing; not so where SciPy computes it in host memory.
    takes_weights : bool
        Whether it takes tables of weights; not so where it depends on the number of samples.
    needs : {"labels", "sizes"}
        Whether it is computed from two labelings (or their table), or from their cluster sizes alone.
    name : str
        That of the function.
    metric : str
        The name of the class in `amiable.torch`; empty where options are bound, or labels are not what it needs.
    """

    short_name: str
    function: Callable[..., Any]
    heading: str
    title: str
    definition: str
    meaning: str
    question: str
    by_chance: Literal["zero", "constant", "rises", "falls", "peaks"]
    low: float
    high: float
    order: Order
    also_called: str = ""
    unit: str = ""
    is_distance: bool = False
    is_symmetric: bool = True
    symmetric_options: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    measures: Literal["agreement", "evidence"] = "agreement"
    cells: CellScore | None = None
    rescaled: Callable[[Namespace, Array, Array], Rescaled] | None = None
    is_common: bool = True
    is_traceable: bool = True
    takes_weights: bool = True
    needs: Literal["labels", "sizes"] = "labels"
    name: str = ""
    metric: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.function.__name__)
        if not self.metric and self.needs == "labels" and not isinstance(self.function, partial):
            object.__setattr__(self, "metric", "".join(map(str.capitalize, self.name.split("_"))))

    @property
    def public(self) -> Callable[..., Any]:
        """The public function, without the options that are bound."""
        return _unbound(self.function)[0]

    @property
    def axis_title(self) -> str:
        """The abbreviation with the unit."""
        return f"{self.heading} ({self.unit or 'no unit'})"

    @property
    def range_in_words(self) -> str:
        """The range, for tables and docstrings."""
        low, high = math.isfinite(self.low), math.isfinite(self.high)
        ends = f"in [{self.low:g}, {self.high:g}]" if low and high else "unbounded"
        ends = f"at least {self.low:g}" if low and not high else f"at most {self.high:g}" if high and not low else ends
        return f"{ends}, in {self.unit}" if self.unit else ends

    @property
    def options(self) -> dict[str, inspect.Parameter]:
        """The options of the function: its keywords but those that bring counts or say what labels are like."""
        keywords = inspect.signature(self.function).parameters.values()
        others = ("contingency", "n_labels", "axis")
        return {p.name: p for p in keywords if p.kind is p.KEYWORD_ONLY and p.name not in others}

    def range_with(self, options: Mapping[str, Any]) -> tuple[float, float]:
        """Return the lowest and the highest value with these options of its function."""
        for record in RECORDS:
            bound = record.function.keywords if isinstance(record.function, partial) else {}
            if bound and record.public is self.public and all(options.get(name) == x for name, x in bound.items()):
                return record.low, record.high
        is_other_null = options.get("null", "permutation") != "permutation"  # whose sizes vary
        return -math.inf if is_other_null else self.low, self.high

    def is_symmetric_with(self, options: Mapping[str, Any]) -> bool:
        """Whether the score is symmetric with these options of its function."""
        return self.is_symmetric and all(
            options.get(name, values[0]) in values for name, values in self.symmetric_options.items()
        )


RECORDS = (
    Score(
        short_name="ami",
        function=adjusted_mutual_info_score,
        heading="AMI",
        title="adjusted mutual information",
        definition="(MI - EMI) / (mean(H(U), H(V)) - EMI)",
        meaning="How much the two labelings tell of each other, beyond what labelings with these cluster sizes do by "
        "chance. 0 is chance, 1 the same partition whatever the clusters are called; below 0 is less than chance.",
        question="How well do two labelings agree, whatever their numbers of clusters?",
        by_chance="zero",
        low=-math.inf,
        high=1,
        order="information",
        takes_weights=False,
        symmetric_options={"null": TWO_SIDED},
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_adjusted,
    ),
    Score(
        short_name="nmi",
        function=normalized_mutual_info_score,
        heading="NMI",
        title="normalized mutual information",
        definition="MI / mean(H(U), H(V))",
        meaning="Mutual information as a share of the mean of the two entropies. Not corrected for chance: it rises "
        "with the number of clusters, even of random ones.",
        question="The number that a paper reports as NMI",
        also_called="symmetric uncertainty",
        by_chance="rises",
        low=0,
        high=1,
        order="information",
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_mean,
    ),
    Score(
        short_name="ari",
        function=adjusted_rand_score,
        heading="ARI",
        title="adjusted Rand index",
        definition="(RI - E[RI]) / (1 - E[RI])",
        meaning="On how many pairs of samples the labelings agree (together in both, or apart in both), beyond chance. "
        "0 is chance, 1 the same partition. Large clusters, which hold most pairs, weigh most.",
        question="How well do they agree on pairs of samples?",
        by_chance="zero",
        low=-0.5,
        high=1,
        order="pairs",
        symmetric_options={"null": TWO_SIDED},
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_adjusted_rand,
    ),
    Score(
        short_name="ri",
        function=rand_score,
        heading="RI",
        title="Rand index",
        definition="(TP + TN) / (TP + TN + FP + FN) over pairs of samples",
        meaning="The share of pairs of samples on which the labelings agree. Not corrected for chance: with many "
        "clusters nearly all pairs are apart in both.",
        question="On what share of pairs do they agree?",
        by_chance="rises",
        low=0,
        high=1,
        order="pairs",
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_rand,
    ),
    Score(
        short_name="homogeneity",
        function=homogeneity_score,
        heading="homog.",
        title="homogeneity",
        definition="h = MI / H(true)",
        meaning="1 if no cluster mixes classes. Splitting clusters raises it; not corrected for chance.",
        question="Does no cluster mix classes?",
        by_chance="rises",
        low=0,
        high=1,
        order="information",
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_true,
    ),
    Score(
        short_name="completeness",
        function=completeness_score,
        heading="compl.",
        title="completeness",
        definition="c = MI / H(pred)",
        meaning="1 if no class is spread over several clusters. Merging clusters raises it; not corrected for chance.",
        question="Is no class spread over clusters?",
        by_chance="rises",
        low=0,
        high=1,
        order="information",
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_pred,
    ),
    Score(
        short_name="v",
        function=v_measure_score,
        heading="V",
        title="V-measure",
        definition="(1 + β) h c / (β h + c)",
        meaning="The harmonic mean of homogeneity and completeness, which is NMI with the arithmetic mean.",
        question="Homogeneity and completeness in one number",
        by_chance="rises",
        low=0,
        high=1,
        order="information",
        symmetric_options={"beta": (1.0,)},
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_mean,
    ),
    Score(
        short_name="fmi",
        function=fowlkes_mallows_score,
        heading="FMI",
        title="Fowlkes-Mallows index",
        definition="TP / √((TP + FP) (TP + FN)) over pairs of samples",
        meaning="The geometric mean of precision and recall of pairs: of those together in a cluster, the share of one "
        "class; of those of one class, the share together in a cluster. Not corrected for chance.",
        question="Precision and recall of pairs in one number",
        also_called="cosine index of pairs, Ochiai index",
        by_chance="falls",
        low=0,
        high=1,
        order="pairs",
        metric="FowlkesMallowsIndex",
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_fowlkes_mallows,
    ),
    Score(
        short_name="mi",
        function=mutual_info_score,
        heading="MI",
        title="mutual information",
        definition="Σ n_ij/n log(n n_ij / (a_i b_j))",
        meaning="How much knowing one label of a sample tells of the other. Its largest value is the smaller entropy, "
        "so it compares clusterings badly.",
        question="How much information do they share?",
        by_chance="rises",
        low=0,
        high=math.inf,
        order="information",
        unit="nats",
        cells=MUTUAL_INFORMATION,
    ),
    Score(
        short_name="smi",
        function=standardized_mutual_info_score,
        heading="SMI",
        title="standardized mutual information",
        definition="(MI - EMI) / √Var(MI), the variance exact",
        meaning="Mutual information above chance, in standard deviations of chance: how sure it is that the labelings "
        "agree at all, not how much. It rises with the number of samples.",
        question="How sure is it that they agree at all?",
        also_called="z-score",
        by_chance="zero",
        low=-math.inf,
        high=math.inf,
        order="information",
        takes_weights=False,
        unit="standard deviations",
        measures="evidence",
    ),
    Score(
        short_name="vi",
        function=variation_of_information,
        heading="VI",
        title="variation of information",
        definition="H(U given V) + H(V given U)",
        meaning="What each labeling leaves unknown of the other, added up. A distance: 0 is the same partition.",
        question="How far apart are they, as a metric?",
        also_called="shared information distance",
        by_chance="peaks",
        low=0,
        high=math.inf,
        order="information",
        unit="nats",
        is_distance=True,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_variation,
    ),
    Score(
        short_name="nvi",
        name="normalized_variation_of_information",
        function=partial(variation_of_information, normalized=True),
        heading="NVI",
        title="normalized variation of information",
        definition="VI / H(U, V): `variation_of_information` with `normalized=True`",
        meaning="Variation of information as a share of the joint entropy. A distance: 0 is the same partition.",
        question="How far apart are they, as a share of all information?",
        by_chance="falls",
        low=0,
        high=1,
        order="information",
        is_distance=True,
    ),
    Score(
        short_name="pvalue",
        function=mutual_info_pvalue,
        heading="p",
        title="p-value of mutual information",
        definition="P(random MI ≥ MI), by the gamma distribution with exact mean and variance",
        meaning="The chance of random labelings with these cluster sizes to have at least this mutual information.",
        question="How sure is it, as a p-value?",
        by_chance="constant",
        low=0,
        high=1,
        order="information",
        takes_weights=False,
        is_distance=True,
        measures="evidence",
    ),
    Score(
        short_name="adj_homogeneity",
        function=adjusted_homogeneity_score,
        heading="adj. homog.",
        title="adjusted homogeneity",
        definition="(MI - EMI) / (H(true) - EMI)",
        meaning="Homogeneity corrected for chance: splitting clusters at random does not raise it. 1 if no "
        "cluster mixes classes, 0 is chance.",
        question="Does no cluster mix classes, beyond chance?",
        by_chance="zero",
        low=-math.inf,
        high=1,
        order="information",
        takes_weights=False,
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_adjusted_true,
        is_common=False,
    ),
    Score(
        short_name="adj_completeness",
        function=adjusted_completeness_score,
        heading="adj. compl.",
        title="adjusted completeness",
        definition="(MI - EMI) / (H(pred) - EMI)",
        meaning="Completeness corrected for chance: merging clusters at random does not raise it. 1 if no class "
        "is spread over several clusters, 0 is chance.",
        question="Is no class spread over clusters, beyond chance?",
        by_chance="zero",
        low=-math.inf,
        high=1,
        order="information",
        takes_weights=False,
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_adjusted_pred,
        is_common=False,
    ),
    Score(
        short_name="vi_split",
        function=variation_of_information_split,
        heading="VI split",
        title="split part of the variation of information",
        definition="H(pred given true)",
        meaning="What is left unknown of the cluster of a sample once its class is known: over-segmentation. A "
        "distance: 0 if no class is split.",
        question="How much over-segmentation?",
        also_called="false splits, VOI split",
        by_chance="rises",
        low=0,
        high=math.inf,
        order="information",
        unit="nats",
        is_distance=True,
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_split,
        is_common=False,
    ),
    Score(
        short_name="vi_merge",
        function=variation_of_information_merge,
        heading="VI merge",
        title="merge part of the variation of information",
        definition="H(true given pred)",
        meaning="What is left unknown of the class of a sample once its cluster is known: under-segmentation. A "
        "distance: 0 if no cluster mixes classes.",
        question="How much under-segmentation?",
        also_called="false merges, VOI merge",
        by_chance="falls",
        low=0,
        high=math.inf,
        order="information",
        unit="nats",
        is_distance=True,
        is_symmetric=False,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_merge,
        is_common=False,
    ),
    Score(
        short_name="nid",
        function=normalized_information_distance,
        heading="NID",
        title="normalized information distance",
        definition="1 - MI / max(H(U), H(V))",
        meaning="What the labelings do not tell of each other, as a share of the larger entropy. A distance: 0 is "
        "the same partition. Not corrected for chance.",
        question="A metric between 0 and 1",
        by_chance="falls",
        low=0,
        high=1,
        order="information",
        is_distance=True,
        cells=MUTUAL_INFORMATION,
        rescaled=rescaled_to_information_distance,
        is_common=False,
    ),
    Score(
        short_name="precision",
        function=pair_precision_score,
        heading="pair P",
        title="pair precision",
        definition="TP / (TP + FP) over pairs of samples",
        meaning="Of the pairs of samples together in a cluster, the share of one class. "
        "Merging clusters lowers it; not corrected for chance.",
        question="Which share of the links is right?",
        also_called="pairwise precision, Wallace index",
        by_chance="constant",
        low=0,
        high=1,
        order="pairs",
        is_symmetric=False,
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_precision,
        is_common=False,
    ),
    Score(
        short_name="recall",
        function=pair_recall_score,
        heading="pair R",
        title="pair recall",
        definition="TP / (TP + FN) over pairs of samples",
        meaning="Of the pairs of samples of one class, the share together in a cluster. "
        "Splitting clusters lowers it; not corrected for chance.",
        question="Which share of the links was found?",
        also_called="pairwise recall, Wallace index",
        by_chance="falls",
        low=0,
        high=1,
        order="pairs",
        is_symmetric=False,
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_recall,
        is_common=False,
    ),
    Score(
        short_name="f1",
        function=pair_f1_score,
        heading="pair F1",
        title="pair F1",
        definition="2 TP / (2 TP + FP + FN) over pairs of samples",
        meaning="The harmonic mean of pair precision and pair recall. Pairs that are apart in both labelings "
        "do not count. Not corrected for chance.",
        question="Right and found links in one number (entity resolution)",
        also_called="pairwise F, Dice or Czekanowski index",
        by_chance="falls",
        low=0,
        high=1,
        order="pairs",
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_f1,
        is_common=False,
    ),
    Score(
        short_name="jaccard",
        function=pair_jaccard_score,
        heading="Jaccard",
        title="Jaccard index of pairs",
        definition="TP / (TP + FP + FN) over pairs of samples",
        meaning="Of the pairs of samples together in either labeling, the share together in both. "
        "Not corrected for chance.",
        question="Of the links of either, which share is in both?",
        by_chance="falls",
        low=0,
        high=1,
        order="pairs",
        is_common=False,
    ),
    Score(
        short_name="correlation",
        function=pair_correlation_score,
        heading="pair corr.",
        title="pair correlation",
        definition="(TP TN - FP FN) / √((TP + FP) (TP + FN) (TN + FP) (TN + FN)) over pairs",
        meaning="The correlation, over pairs of samples, of being together in one labeling and in the other. "
        "0 is chance, 1 the same partition.",
        question="Right and found links in one number, corrected for chance",
        also_called="phi coefficient, Pearson index of pairs",
        by_chance="zero",
        low=-1,
        high=1,
        order="pairs",
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_correlation,
        is_common=False,
    ),
    Score(
        short_name="are",
        function=First(adapted_rand_error),
        heading="ARE",
        title="adapted Rand error",
        definition="1 - TP / (α (TP + FP) + (1 - α) (TP + FN)) over pairs of samples, α = 1/2",
        meaning="1 less pair F1, as connectomics reports segmentations. A distance: 0 is the same partition. Not "
        "corrected for chance.",
        question="The error that connectomics reports",
        also_called="Rand F-score error",
        by_chance="rises",
        low=0,
        high=1,
        order="pairs",
        is_distance=True,
        symmetric_options={"alpha": (0.5,)},
        cells=PAIRS_TOGETHER,
        rescaled=rescaled_to_adapted_rand_error,
        is_common=False,
    ),
    Score(
        short_name="ecs",
        function=element_centric_similarity,
        heading="ECS",
        title="element-centric similarity",
        definition="(1/n) Σ n_ij² / max(a_i, b_j)",
        meaning="The mean over samples of the overlap of their two clusters, as a share of the larger. "
        "Not corrected for chance.",
        question="Which samples keep their company?",
        by_chance="peaks",
        low=0,
        high=1,
        order="elements",
        cells=ELEMENT_CENTRIC,
        is_common=False,
    ),
    Score(
        short_name="b3_precision",
        function=bcubed_precision_score,
        heading="B³ P",
        title="B-cubed precision",
        definition="Σ n_ij² / (n b_j)",
        meaning="The mean share of a sample's cluster that is of its class. Merging clusters lowers it; not corrected "
        "for chance.",
        question="Precision that weighs every sample alike (coreference)",
        also_called="B³, BCubed",
        by_chance="rises",
        low=0,
        high=1,
        order="elements",
        is_symmetric=False,
        cells=BCUBED_PRECISION,
        is_common=False,
    ),
    Score(
        short_name="b3_recall",
        function=bcubed_recall_score,
        heading="B³ R",
        title="B-cubed recall",
        definition="Σ n_ij² / (n a_i)",
        meaning="The mean share of a sample's class that is in its cluster. Splitting clusters lowers it; not "
        "corrected for chance.",
        question="Recall that weighs every sample alike",
        also_called="B³, BCubed",
        by_chance="falls",
        low=0,
        high=1,
        order="elements",
        is_symmetric=False,
        cells=BCUBED_RECALL,
        is_common=False,
    ),
    Score(
        short_name="b3_f",
        function=bcubed_fscore,
        heading="B³ F",
        title="B-cubed F",
        definition="(1 + β²) P R / (β² P + R)",
        meaning="The harmonic mean of B-cubed precision and recall. Not corrected for chance.",
        question="B-cubed precision and recall in one number",
        also_called="B³, BCubed",
        by_chance="falls",
        low=0,
        high=1,
        order="elements",
        symmetric_options={"beta": (1.0,)},
        is_common=False,
    ),
    Score(
        short_name="purity",
        function=purity_score,
        heading="purity",
        title="purity",
        definition="Σ_j max_i n_ij / n",
        meaning="The share of samples that are of the most frequent class of their cluster. Splitting clusters "
        "raises it, up to 1 for singletons; not corrected for chance.",
        question="How right is the majority class of each cluster?",
        by_chance="rises",
        low=0,
        high=1,
        order="matching",
        is_symmetric=False,
        is_common=False,
    ),
    Score(
        short_name="inverse_purity",
        function=inverse_purity_score,
        heading="inv. purity",
        title="inverse purity",
        definition="Σ_i max_j n_ij / n",
        meaning="The share of samples that lie in the most frequent cluster of their class. Merging clusters "
        "raises it, up to 1 for a single one; not corrected for chance.",
        question="How right is the majority cluster of each class?",
        also_called="coverage, in diarization",
        by_chance="falls",
        low=0,
        high=1,
        order="matching",
        is_symmetric=False,
        is_common=False,
    ),
    Score(
        short_name="accuracy",
        function=matching_accuracy_score,
        heading="ACC",
        title="matching accuracy",
        definition="max over matchings of Σ n_ij / n",
        meaning="The accuracy of the best matching of clusters with classes, one with one. Clusters that are left "
        "over count as wrong. Not corrected for chance.",
        question="How accurate is the best renaming of clusters (deep clustering)?",
        also_called="ACC, clustering accuracy, Hungarian accuracy",
        by_chance="peaks",
        low=0,
        high=1,
        order="matching",
        is_common=False,
        is_traceable=False,
    ),
    Score(
        short_name="psi",
        function=pair_sets_index,
        heading="PSI",
        title="pair sets index",
        definition="(S - E) / (max(R, C) - E), S = max over matchings of Σ n_ij / max(a_i, b_j)",
        meaning="How well clusters match classes one with one, each cluster of the same weight, less an estimate "
        "of chance.",
        question="How well do clusters match classes, small ones too?",
        by_chance="peaks",
        low=0,
        high=1,
        order="matching",
        is_common=False,
        is_traceable=False,
    ),
    Score(
        short_name="nca",
        function=normalized_clustering_accuracy,
        heading="NCA",
        title="normalised clustering accuracy",
        definition="(max over matchings of Σ n_ij / a_i - 1) / (R - 1)",
        meaning="The mean accuracy over classes of the best matching, each class of the same weight. A single "
        "cluster has 0.",
        question="How accurate is the mean class?",
        by_chance="peaks",
        low=-1,
        high=1,
        order="matching",
        is_symmetric=False,
        is_common=False,
        is_traceable=False,
    ),
    Score(
        short_name="chi2",
        function=chi_square,
        heading="χ²",
        title="chi-square",
        definition="Σ (n_ij - m_ij)² / m_ij, m_ij = a_i b_j / n",
        meaning="How far the table is from that of independent labelings with these cluster sizes. It grows with "
        "the number of samples.",
        question="Is the table that of independent labelings?",
        also_called="Pearson's statistic",
        by_chance="rises",
        low=0,
        high=math.inf,
        order="chi-square",
        takes_weights=False,
        measures="evidence",
        cells=CHI_SQUARE,
        is_common=False,
    ),
    Score(
        short_name="cramers_v",
        function=cramers_v,
        heading="Cramér's V",
        title="Cramér's V",
        definition="√(χ² / (n (min(R, C) - 1)))",
        meaning="Association, as a share of the most for these numbers of clusters. 1 where the finer labeling "
        "refines the other; not corrected for chance.",
        question="Association of two columns of categories",
        by_chance="rises",
        low=0,
        high=1,
        order="chi-square",
        takes_weights=False,
        is_common=False,
    ),
    Score(
        short_name="tschuprows_t",
        function=tschuprows_t,
        heading="Tschuprow's T",
        title="Tschuprow's T",
        definition="√(χ² / (n √((R - 1) (C - 1))))",
        meaning="Association, 1 only for the same partition. Not corrected for chance.",
        question="Association, for unequal numbers of categories",
        by_chance="rises",
        low=0,
        high=1,
        order="chi-square",
        takes_weights=False,
        is_common=False,
    ),
    Score(
        short_name="rmi",
        function=reduced_mutual_info_score,
        heading="RMI",
        title="reduced mutual information",
        definition="(H(U) - H(U given V)) / (H(U) - H(U given U)), each H the length of a description, table included",
        meaning="How much of what there is to know of the classes the clusters tell, less the price of describing the "
        "contingency table. 1 is the same partition; at or below 0 the clusters tell less than their table costs.",
        question="Do the clusters tell more than their table costs?",
        by_chance="zero",
        low=-math.inf,
        high=1,
        order="description",
        takes_weights=False,
        is_symmetric=False,
        is_common=False,
    ),
    Score(
        short_name="emi",
        function=expected_mutual_information,
        heading="EMI",
        title="expected mutual information",
        definition="E[MI] over all labelings with these cluster sizes, equally likely",
        meaning="The mutual information that labelings with these cluster sizes have by chance, on average.",
        question="What is shared by chance?",
        by_chance="rises",
        low=0,
        high=math.inf,
        order="information",
        takes_weights=False,
        unit="nats",
        symmetric_options={"null": TWO_SIDED},
        needs="sizes",
    ),
)

SCORES: dict[str, Score] = {record.short_name: record for record in RECORDS if record.needs == "labels"}

_BY_NAME = {name: record for record in SCORES.values() for name in (record.name, record.short_name)}


def function_of(score: Any) -> Callable[..., Any]:
    """Return the function that `score` is, or that is called by this name or short name.

    Raises ValueError for anything else, and for a function of amiable that needs cluster sizes.
    """
    called = record_called(score) if isinstance(score, str) else None
    if called is not None:
        return called.function
    expected = f"a function of tables, or one of {', '.join(map(repr, SCORES))} or the names of their functions"
    if not callable(score):
        raise ValueError(f"score is {score!r}: expected {expected}")
    function: Callable[..., Any] = score
    record = record_of(function)
    if record is not None and record.needs == "sizes":
        raise ValueError(f"score is {record.name}, which needs cluster sizes: expected {expected}")
    return record.function if record is not None and function is record.public else function


def is_own(function: Callable[..., Any]) -> bool:
    """Whether a function is a score of two labelings of amiable, maybe with options bound."""
    record = record_of(function)
    return record is not None and record.needs == "labels"


def is_symmetric(function: Callable[..., Any]) -> bool:
    """Whether a function is a score of amiable that stays the same when the labelings are swapped."""
    record = record_of(function)
    return record is not None and record.is_symmetric_with(_unbound(function)[1])


def is_distance(function: Callable[..., Any]) -> bool:
    """Whether a function is a score of amiable that agreement makes small."""
    record = record_of(function)
    return record is not None and record.is_distance


def record_of(function: Callable[..., Any]) -> Score | None:
    """Return the record of a function of amiable, maybe with options bound; None for another."""
    plain = _unbound(function)[0]
    whole = (record for record in RECORDS if not isinstance(record.function, partial))
    return next((record for record in whole if record.public is plain), None)


def record_called(name: str) -> Score | None:
    """Return the record of a score of two labelings by its name or short name."""
    return _BY_NAME.get(name)


def _unbound(function: Callable[..., Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the function behind partial ones, and the options that they bind."""
    options: dict[str, Any] = {}
    while isinstance(function, partial):
        options, function = {**function.keywords, **options}, function.func
    return function.function if isinstance(function, First) else function, options
