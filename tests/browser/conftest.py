"""A real browser that has no network, and remembers what a page says and asks for."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
if importlib.util.find_spec("playwright") is None:  # `nox -s docs` has it
    collect_ignore_glob = ["test_*.py"]
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def chromium():
    """Chromium or Chrome of this machine, without a window."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("neither Chromium nor Chrome is on the PATH or at BROWSER_PATH")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(params=SCREENS)
def screen(request):
    """The name of a screen."""
    return request.param


@pytest.fixture
def visit(chromium, screen):
    """Return a function that opens a file; what the page complains of or asks for from elsewhere fails the test."""
    is_phone = screen == "phone"
    context = chromium.new_context(viewport=SCREENS[screen], is_mobile=is_phone, has_touch=is_phone, offline=True)
    complaints = []

    def open_page(path: Path):
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", note_request)
        page.goto(path.resolve().as_uri(), wait_until="load")
        return page

    def note_request(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"request: {request.url}")

    yield open_page
    context.close()
    assert complaints == []
