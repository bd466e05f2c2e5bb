"""The page as text: what it holds, that it needs nothing else, that names stay names."""

from __future__ import annotations

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
    assert "20 samples, 2 classes" in page
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
    assert "img" not in found.tags
    assert found.elsewhere == []
    assert "49" not in re.sub(r"<script.*?</script>|<style.*?</style>|\d*\.\d+", "", page, flags=re.DOTALL)
    for name in HOSTILE:
        assert html.escape(name).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in page
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    assert "<" not in data
    ticks = json.loads(data)["clusterings"][0]["table"]["data"][0]["x"]
    assert {html.unescape(tick).strip() for tick in ticks} == {name.strip() for name in HOSTILE}


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
