"""The page as text: what it holds, that it needs nothing else, that names stay names."""

from __future__ import annotations

import base64
import csv
import dataclasses
import gzip
import html
import json
import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("plotly")
pytest.importorskip("jinja2")

import amiable
from amiable.report import measure_clustering, render_page
from amiable.report._results import MEASURED

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"quotes\" 'and' & more",
    "große 猫 \u202e",
    "{{ 7 * 7 }}",
]


class Elements(HTMLParser):
    """Which elements there are, and what of them needs something from elsewhere."""

    def __init__(self):
        super().__init__()
        self.tags, self.elsewhere = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.elsewhere += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith(("#", "data:"))
        ]


def elements(page):
    parser = Elements()
    parser.feed(page)
    return parser


def figures_of(page):
    packed = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def verdict_of(page):
    """The first lines of a page, as text without marks."""
    told = re.search(r'<ul id="verdict">(.*?)</ul>', page, re.DOTALL)[1]
    lines = re.findall(r"<li>(.*?)</li>", told, re.DOTALL)
    return [" ".join(html.unescape(re.sub("<.*?>", "", line)).split()) for line in lines]


@pytest.fixture(scope="module")
def clusterings():
    tables = {"worse": [[8, 2], [4, 6]], "better": [[9, 1], [1, 9]]}
    return [measure_clustering(name, table, n_resamples=199) for name, table in tables.items()]


def test_all_scores_are_told(clusterings):
    page = render_page(clusterings, true="kind")
    for clustering in clusterings:
        for short, score in MEASURED.items():
            assert f"{clustering.scores[short]:.4f}" in page
            assert html.escape(score.meaning, quote=False).replace("'", "&#39;") in page
    assert page.index('value="0">better') < page.index('value="1">worse')
    assert "Agreement with kind" in page
    assert "2 classes, 2 clusters in 20 samples and 2 clusterings; better has 2 clusters." in verdict_of(page)
    assert page == render_page(clusterings[::-1], true="kind")


def test_nothing_comes_from_elsewhere(clusterings):
    found = elements(render_page(clusterings))
    assert found.elsewhere == []
    assert "link" in found.tags
    assert found.tags.count("script") == 3


def test_names_are_shown_as_they_are():
    labels = [name for name in HOSTILE for _ in range(2)]
    table = amiable.ContingencyTable.from_labels(labels, labels[::-1])
    commands = {name: name for name in HOSTILE}
    clusterings = [measure_clustering(name, table, n_resamples=19) for name in HOSTILE]
    names = [*HOSTILE, "true"]
    page = render_page(
        clusterings,
        true=HOSTILE[0],
        pairwise=(names, [[1.0] * 6] * 6),
        commands=commands,
        null_commands=commands,
    )
    found = elements(page)
    assert found.tags.count("script") == 3
    assert "<" not in "".join(re.findall(r'<script type="text/plain".*?>(.*?)</script>', page, re.DOTALL))
    assert "img" not in found.tags
    assert found.elsewhere == []
    assert "49" not in re.sub(
        r"<script.*?</script>|<style.*?</style>|base64,[^\"]*|\d*\.\d+", "", page, flags=re.DOTALL
    )
    for name in HOSTILE:
        assert html.escape(name).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in page
    ticks = figures_of(page)["clusterings"][0]["table"]["data"][0]["x"]
    assert {html.unescape(tick).strip() for tick in ticks} == {name.strip() for name in HOSTILE}


def test_all_numbers_are_a_download(clusterings):
    page = render_page(clusterings)
    packed = re.search(r'href="data:text/csv;charset=utf-8;base64,(.*?)"', page)[1]
    rows = list(csv.DictReader(base64.b64decode(packed).decode().splitlines()))
    assert [row["clustering"] for row in rows] == ["better", "worse"]
    for row, one in zip(rows, clusterings[::-1], strict=True):
        for short, score in one.scores.items():
            assert float(row[short]) == score
            found = (row[f"{short}_low"], row[f"{short}_high"])
            assert found == tuple(map(str, one.intervals.get(short, ("", ""))))
        assert {order: float(row[f"pvalue_of_{order}"]) for order in one.pvalues} == one.pvalues


def test_the_verdict(clusterings):
    better = clusterings[1]
    nothing = measure_clustering("nothing", [[5, 5], [5, 5]], n_resamples=199)
    first, chance, sizes = verdict_of(render_page([nothing, better]))
    assert first.startswith("Best: better, AMI")
    assert first.endswith("Whether luck put it ahead of nothing, the second with -0.0406, was not tested.")
    assert chance == "1 of 2 is better than chance, with p-values of at most 0.05: better."
    assert sizes == "2 classes, 2 clusters in 20 samples and 2 clusterings; better has 2 clusters."
    first, sizes = verdict_of(render_page([nothing]))
    assert first.startswith("None is shown to agree more than chance would. Of nothing, whose AMI is largest, AMI is")
    named = [dataclasses.replace(better, name=f"b{i:02}") for i in range(30)]
    chance = verdict_of(render_page([*named, nothing]))[1]
    assert chance == (
        "30 of 31 are better than chance, with p-values of at most 0.05. Not shown to be: nothing. "
        "Of clusterings that know nothing, one in twenty gets as far."
    )
    assert verdict_of(render_page([better]))[1] == "Better than chance, with p-values of at most 0.05."
    true, found = [0] * 10 + [1] * 10, [0] * 9 + [1] * 10 + [0]
    for other, expected in ((true, "It is ahead of worse, the second with"), (found, "It is not shown to differ from")):
        comparison = amiable.compare_scores(true * 10, other * 10, found * 10, n_resamples=199, rng=0)
        told = verdict_of(render_page(clusterings, comparison=comparison))[0]
        assert expected in told
        assert "(95 % interval" in told


@pytest.mark.slow
def test_two_hundred_clusterings_are_a_page_of_less_than_3_megabytes():
    table = amiable.ContingencyTable.from_counts([[50 + (i == j) * 400 + i for j in range(16)] for i in range(10)])
    one = measure_clustering("one", table, n_resamples=199)
    names = [f"kmeans with {i} clusters and features that are scaled" for i in range(200)]
    many = [dataclasses.replace(one, name=name) for name in names]
    command = "amiable null /some/folder/labels.csv --true truth --pred"
    page = render_page(many, null_commands={name: f"{command} '{name}' --resamples 999 --seed 0" for name in names})
    assert len(page.encode()) < 3_000_000


def test_clusterings_without_intervals(rng):
    table = amiable.ContingencyTable.from_labels(rng.integers(0, 3, 30_000), range(30_000))
    page = render_page([measure_clustering("distinct", table)])
    assert "no intervals, as the table is too large to resample" in page
    assert "nan" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL).lower()


def test_bad_input(clusterings):
    with pytest.raises(ValueError, match="clusterings is empty"):
        render_page([])
    with pytest.raises(ValueError, match="'better' 2 times"):
        render_page([clusterings[1], clusterings[1]])
    other = measure_clustering("other", [[1, 2], [3, 4]], n_resamples=19)
    with pytest.raises(ValueError, match="numbers of samples 10, 20"):
        render_page([*clusterings, other])
    other = measure_clustering("other", [[9, 1], [1, 9]], n_resamples=19, confidence_level=0.5)
    with pytest.raises(ValueError, match=r"confidence levels 0\.5, 0\.95"):
        render_page([*clusterings, other])
