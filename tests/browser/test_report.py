"""The report in a browser: offline, silent, with the keyboard, on a screen of any width."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("polars")
pytest.importorskip("plotly")
pytest.importorskip("jinja2")
testing = pytest.importorskip("typer.testing")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"
HOSTILE = '<script>alert("1")</script>'
DRAWN = "document.querySelectorAll('.figure .main-svg').length >= 7 * 3"


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
    page.wait_for_function(DRAWN)
    assert page.title() == "Agreement with digit"
    assert page.locator("h3:visible").all_inner_texts() == ["dbscan"]
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == page.viewport_size["width"]
    for figure in page.locator(".figure").all():
        assert figure.locator("svg.main-svg").first.bounding_box()["width"] <= width
        assert figure.get_attribute("aria-label")
    titles = boxes(page, ".gtitle")
    figures = boxes(page, ".figure")
    assert len(titles) == len(figures) == 7
    for title, figure in zip(titles, figures, strict=True):  # titles are inside their figures
        assert title["left"] >= figure["left"]
        assert title["right"] <= figure["right"]
        assert title["top"] >= figure["top"]


def test_choosing_a_clustering(visit, report):
    page = visit(report)
    page.wait_for_function(DRAWN)
    assert title_of(page, "clusters") == "AMI 0.8880"
    page.select_option("#choice", label="ward_10")
    assert title_of(page, "clusters") == "AMI 0.8668"
    assert page.locator("h3:visible").all_inner_texts() == ["ward_10"]
    assert "--pred ward_10" in page.locator("[data-one]:visible pre").inner_text()
    page.get_by_role("link", name="kmeans_5", exact=True).click()
    assert page.locator("#choice").evaluate("choice => choice.selectedOptions[0].text") == "kmeans_5"
    assert title_of(page, "clusters") == "AMI 0.5814"


def test_by_keyboard_alone(visit, report):
    page = visit(report)
    page.wait_for_function(DRAWN)
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "choice":
            break
    assert "scroll" in reached  # the wide table scrolls by arrow keys
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
    page.wait_for_function(DRAWN)
    page.select_option("#choice", label=HOSTILE)
    assert page.locator("h3:visible").inner_text() == HOSTILE
    ticks = page.locator("#figure-table .ytick text").all_text_contents()
    assert {tick.strip() for tick in ticks} == {f"{HOSTILE[:22]}…", "猫", "&amp;"}  # long names are cut
