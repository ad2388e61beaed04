"""One running hub and one browser for all end-to-end tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.chart_hub import ChartHub
from tests.e2e.hub import Hub, LocalHub
from tests.e2e.partner import ControlCentre
from tests.integration.postgres import postgres

__all__ = ["postgres"]

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
def starting_hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, partner: ControlCentre
) -> Iterator[Hub]:
    """The hub from its first second on: `cityhub up`, or with HUB=chart the chart's pods."""
    folder = tmp_path_factory.mktemp("hub")
    hub: Hub
    match os.environ.get("HUB", "up"):
        case "up":
            hub = LocalHub(folder / "var", city=False, transit_url=partner.url, archive_every=2.0)
        case "chart":
            hub = ChartHub(folder, request.getfixturevalue("postgres"), partner.url)
        case other:
            raise pytest.UsageError(f"HUB={other!r} is neither up nor chart")
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


@pytest.fixture(scope="package")
def hub(starting_hub: Hub) -> Hub:
    """The hub, ready."""
    starting_hub.wait_until_ready()
    return starting_hub


@pytest.fixture
def local_hub(hub: Hub) -> LocalHub:
    """The hub, for what only one machine has."""
    if not isinstance(hub, LocalHub):
        pytest.skip("`cityhub up` and `status` are for one machine: in a cluster one asks kubectl")
    return hub


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
