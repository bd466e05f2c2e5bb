"""The documentation site as `nox -s docs` builds it: offline, silent, and short ways to what people look for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import SCREENS
from tests.browser.texts import clipped_formulas, overlaps

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
pytestmark = pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the site is not built: nox -s docs")
KINDS = (
    "adjusted_mutual_info_score",
    "ContingencyTable",
    "BootstrapResult",
    "report.render_page",
    "torch.VMeasureScore",
)


def _pages() -> list[str]:
    """Return all pages, but of the API's, which are made alike, those with figures or formulas and one of each kind."""
    written = [path for folder in (".", "examples", "figures") for path in (SITE / folder).glob("*.html")]
    of_api = {SITE / "generated" / f"amiable.{name}.html" for name in KINDS}
    for path in (SITE / "generated").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        if "data-figure=" in text or 'class="math' in text:
            of_api.add(path)
    return sorted(str(path.relative_to(SITE)) for path in (*written, *of_api))


PAGES = _pages() if SITE.is_dir() else []


@pytest.mark.parametrize("screen", ["phone"], indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_silent_and_fits(visit, name):
    """On a phone, and on a desktop's window, to which it is widened: a page is loaded once for both."""
    page = visit(SITE / name)
    n_figures = page.locator("[data-figure]").count()
    page.wait_for_function(f"document.querySelectorAll('.figure.js-plotly-plot').length >= {n_figures}")
    page.evaluate("window.MathJax?.startup?.promise.then(() => null)")
    are_wide = "(all) => all.every((one) => one._fullLayout.width === one.clientWidth)"
    for screen in ("phone", "desktop"):
        page.set_viewport_size(SCREENS[screen])
        page.wait_for_function(f"({are_wide})([...document.querySelectorAll('.js-plotly-plot')])")
        assert page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen]["width"]
        assert overlaps(page) == []
        assert clipped_formulas(page) == []
    missing = page.locator("img").evaluate_all("all => all.filter(one => !one.naturalWidth).map(one => one.src)")
    assert missing == []


def test_figures_follow_the_light(visit):
    page = visit(SITE / "index.html")
    page.wait_for_selector(".figure .gtitle")
    colour = "getComputedStyle(document.querySelector('.figure .gtitle')).fill"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{colour} !== '{light}'")


@pytest.mark.parametrize(
    ("link", "then", "words"),
    [
        ("With PyTorch", None, "from amiable.torch import"),
        ("With Dask, Spark, dataframes", None, "dask.array"),
        ("From a contingency table", None, "contingency="),
        ("On a GPU", None, "n_labels"),
        ("Gallery", "Adjusted mutual information from scratch", "0.1650"),
        ("How it works", None, "lattice"),
    ],
)
def test_what_people_look_for_is_two_clicks_away(visit, link, then, words):
    page = visit(SITE / "index.html")
    page.locator(".sd-card", has=page.get_by_role("link", name=link, exact=True)).click()
    page.wait_for_load_state()
    if then:
        page.locator(".sphx-glr-thumbcontainer", has_text=then).click()
        page.wait_for_load_state()
    assert words in page.locator("article").inner_text()
