"""The report in a browser: offline, silent, with the keyboard, on a screen of any width."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("polars")
pytest.importorskip("plotly")
pytest.importorskip("jinja2")
testing = pytest.importorskip("typer.testing")

from tests.browser.texts import overlaps  # noqa: E402

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"
HOSTILE = '<script>alert("1")</script>'
DRAWN = "#figure-classes .main-svg >> nth=0"  # the last; a script that waits would need eval


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    from amiable.cli import app

    path = tmp_path_factory.mktemp("report") / "report.html"
    result = testing.CliRunner().invoke(app, ["report", str(DIGITS), "--true", "digit", "-o", str(path)])
    assert result.exit_code == 0, result.output
    return path


def boxes(page, selector):
    return page.locator(selector).evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")


def title_of(page, figure):
    return page.evaluate(f"document.getElementById('figure-{figure}').layout.title.text")


def test_all_is_drawn_and_fits(visit, report, screen):
    page = visit(report)
    page.wait_for_selector(DRAWN)
    assert page.title() == "Agreement with digit"
    assert page.locator("h3:visible").all_inner_texts() == ["dbscan"]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == page.viewport_size["width"]
    for figure in page.locator(".figure").all():
        assert figure.locator("svg.main-svg").first.bounding_box()["width"] <= width
        assert figure.get_attribute("aria-label")
    assert len(boxes(page, ".gtitle")) == len(boxes(page, ".figure")) == 7
    assert overlaps(page) == []


def test_the_verdict_comes_first(visit, report):
    page = visit(report)
    first, chance, sizes = page.locator("#verdict li").all_inner_texts()
    assert first.startswith("Best: dbscan, AMI 0.8880. It is ahead of ward_10")
    assert chance.startswith("All 15 are better than chance")
    assert sizes.startswith("10 classes, 5 to 16 clusters")
    last = boxes(page, "#verdict")[0]["bottom"]
    assert last < page.viewport_size["height"]


def test_all_scores_are_a_click_away_and_sort(visit, report, screen):
    page = visit(report)
    page.wait_for_selector(DRAWN)
    names = page.locator("#all tbody th")
    scores = page.locator("#all [data-score]")
    if screen == "desktop":
        assert scores.evaluate_all("all => all.filter((one) => one.checkVisibility()).length") == 12
        right = max(box["right"] for box in boxes(page, "#all"))
        assert right <= page.viewport_size["width"]
    for i, option in enumerate(page.locator("#shown option").all()[1:]):
        page.select_option("#shown", value=option.get_attribute("value"))
        (heading,) = [one for one in scores.all() if one.is_visible()]
        assert heading.get_attribute("data-score") == option.get_attribute("value")
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == ("ascending" if i >= 10 else "descending")
        cells = page.locator(f"#all tbody tr td:visible:has(small), #all tbody tr td:nth-child({i + 3}):visible")
        values = [float(text.split()[0]) for text in cells.all_inner_texts()]
        assert values == sorted(values, reverse=i < 10)
        right = max(box["right"] for box in boxes(page, "#all"))
        assert right <= page.viewport_size["width"]
    page.locator("#all thead button").first.click()
    assert names.all_inner_texts() == sorted(names.all_inner_texts())
    sticky = boxes(page, "#all tbody th")[0]["left"]
    page.select_option("#shown", value="")
    page.locator(".scroll").first.evaluate("one => one.scrollBy(200, 0)")
    assert boxes(page, "#all tbody th")[0]["left"] == sticky


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
def test_the_table_is_a_download(visit, report):
    page = visit(report)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    assert waiting.value.suggested_filename == "scores.csv"
    lines = waiting.value.path().read_text().splitlines()
    assert len(lines) == 16
    assert lines[0].startswith("clustering,n_samples,n_clusters,ami,ami_low,ami_high,")


def test_paper_has_all_of_it(visit, report):
    page = visit(report)
    page.wait_for_selector(DRAWN)
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less its margins
    page.wait_for_timeout(1000)  # figures follow a window with a delay
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.getElementById('figure-null')._fullLayout.width") == 680
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    hidden = "all => all.filter((one) => !one.checkVisibility() || one.getBoundingClientRect().right > 704).length"
    assert page.locator("#all :is(th, td, small)").evaluate_all(hidden) == 0
    assert page.locator("#all small").count() == 15 * 11 + 2
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 26, 26)"


def test_choosing_a_clustering(visit, report):
    page = visit(report)
    page.wait_for_selector(DRAWN)
    assert title_of(page, "clusters") == "AMI 0.8880, cluster by cluster"
    page.select_option("#choice", label="ward_10")
    assert title_of(page, "clusters") == "AMI 0.8668, cluster by cluster"
    assert page.locator("h3:visible").all_inner_texts() == ["ward_10"]
    assert "--pred ward_10" in page.locator("[data-one]:visible pre").inner_text()
    page.get_by_role("link", name="kmeans_5", exact=True).click()
    assert page.locator("#choice").evaluate("choice => choice.selectedOptions[0].text") == "kmeans_5"
    assert title_of(page, "clusters") == "AMI 0.5814, cluster by cluster"


def test_by_keyboard_alone(visit, report):
    page = visit(report)
    page.wait_for_selector(DRAWN)
    reached = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "choice":
            break
    assert {"scroll", "shown"} <= set(reached)  # the wide table scrolls by arrow keys
    assert reached[-1] == "choice"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert page.locator("h3:visible").all_inner_texts() == ["ward_10"]


def test_names_do_nothing(visit, tmp_path):
    from amiable.cli import app

    source, path = tmp_path / "labels.csv", tmp_path / "report.html"
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    source.write_text(f'true,{quoted},"{{{{ 1 }}}}"\n{quoted},{quoted},a\n猫,<b>x</b>,a\n&amp;,"a,b",b\n')
    result = testing.CliRunner().invoke(app, ["report", str(source), "--true", "true", "-o", str(path)])
    assert result.exit_code == 0, result.output
    page = visit(path)
    page.on("dialog", lambda dialog: pytest.fail(f"a name was run: {dialog.message}"))
    page.wait_for_selector(DRAWN)
    page.select_option("#choice", label=HOSTILE)
    assert page.locator("h3:visible").inner_text() == HOSTILE
    ticks = page.locator("#figure-table .ytick text").all_text_contents()
    assert {tick.strip() for tick in ticks} == {"<script>…/script>", "猫", "&amp;"}  # long names are cut
