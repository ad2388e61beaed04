"""How long an event takes from the send call to an open page. Run by `make bench`; asserts arrival, never a time."""

from __future__ import annotations

import math
import os
import random
import statistics
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.bench.lines import new_run
from tests.e2e.conftest import chromium
from tests.e2e.hub import Hub, LocalHub
from tests.e2e.partner import ControlCentre
from tests.e2e.test_first_light import now_departure, send

EVENTS = 200 if int(os.environ.get("BENCH_EVENTS", "1000000")) >= 1_000_000 else 40

_WATCH = """() => {
  const read = () => (document.querySelector('#kpi-running') || document.querySelector('#kpi-value'))?.textContent;
  window.shown = {text: read(), at: 0};
  new MutationObserver(() => {
    const text = read();
    if (text && text !== window.shown.text) window.shown = {text, at: Date.now()};
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_screen(tmp_path: Path) -> None:
    """One event at a time, 0.3 to 2 s apart; each changes the running day's value."""
    centre = ControlCentre()
    with centre.serving() as url, chromium() as browser:
        lines = new_run("screen")
        hub = LocalHub(tmp_path / "var", city=False, transit_url=url)
        hub.start()
        try:
            hub.wait_until_ready()
            send(hub, [now_departure("first", 0), now_departure("second", 900)])
            page = browser.new_page(bypass_csp=True)  # the driver evaluates text
            page.goto(f"{hub.url}/kpi/M01")
            page.wait_for_function("document.querySelector('#kpi-running, #kpi-value')?.textContent.includes('50')")
            page.evaluate(_WATCH)
            delays_ms = sorted(_one(hub, page, number) for number in range(EVENTS))
        finally:
            hub.stop()
    p50, p99 = statistics.median(delays_ms), delays_ms[math.ceil(len(delays_ms) * 0.99) - 1]
    lines.write("screen", probes=EVENTS, p50_ms=p50, p99_ms=p99, max_ms=delays_ms[-1])
    assert len(delays_ms) == EVENTS


def _one(hub: Hub, page: Page, number: int) -> int:
    """Milliseconds until the page shows another value."""
    time.sleep(random.Random(number).uniform(0.3, 2.0))  # noqa: S311 - spacing, so that pushes are not in step
    before = page.evaluate("window.shown.text")
    sent_ms = int(time.time() * 1000)
    send(hub, [now_departure(f"e{number}", 900 * (number % 2))])
    page.wait_for_function("text => window.shown.text !== text", arg=before, timeout=60_000)
    return int(page.evaluate("window.shown.at")) - sent_ms
