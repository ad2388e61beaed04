"""One running hub and one browser for all end-to-end tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.hub import Hub
from tests.e2e.partner import ControlCentre

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def partner() -> Iterator[ControlCentre]:
    """The partner whose feed the hub reads; silent until a test gives it messages."""
    centre = ControlCentre()
    with centre.serving():
        yield centre


@pytest.fixture(scope="package")
def starting_hub(tmp_path_factory: pytest.TempPathFactory, partner: ControlCentre) -> Iterator[Hub]:
    """The hub from its first second on."""
    hub = Hub(tmp_path_factory.mktemp("hub") / "var", city=False, transit_url=partner.url, archive_every=2.0)
    hub.start()
    yield hub
    hub.stop()
    assert hub.left_over() == []


@pytest.fixture(scope="package")
def hub(starting_hub: Hub) -> Hub:
    """The hub, ready."""
    starting_hub.wait_until_ready()
    return starting_hub


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; skips where there is none."""
    paths = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    path = next(paths, None)
    if path is None:
        pytest.skip("no Chromium: install the package chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for the session."""
    with chromium() as found:
        yield found
