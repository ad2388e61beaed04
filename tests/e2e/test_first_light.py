"""From a partner's recorded messages to the API, and from an event to the screen."""

from __future__ import annotations

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cityhub.bus.publisher import EventPublisher
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.values import WindowKind
from cityhub.sdk.event import Event
from tests.e2e.hub import LIMIT_S, Hub, LocalHub
from tests.e2e.partner import ControlCentre
from tests.unit.kpi.samples import departure

RECORDINGS = Path(os.environ.get("CITYHUB_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings")) / "transit"
SLOW_MS = LIMIT_S * 1000
TODAY = datetime.now(UTC).date()


def test_the_public_page_is_there_before_the_log_in(starting_hub: Hub) -> None:
    """While Keycloak still starts, the page answers and the log-in says so."""
    if not isinstance(starting_hub, LocalHub):
        pytest.skip("a web pod gets no requests before Keycloak has given its keys")

    def page_without_log_in() -> bool:
        try:
            page = httpx.get(starting_hub.url, timeout=30)
            log_in = httpx.get(f"{starting_hub.url}/login", timeout=30)
        except httpx.TransportError:
            return False
        assert log_in.status_code == 503, f"Keycloak was ready before the page: {log_in.status_code}"
        assert "startet noch" in log_in.text
        assert int(log_in.headers["retry-after"]) > 0
        return page.status_code == 200

    starting_hub.wait(page_without_log_in, "no page")


def test_status_tells_the_truth(local_hub: LocalHub) -> None:
    hub = local_hub
    report = hub.status()
    assert report["ready"] is True
    names = {one["name"] for one in report["processes"]}
    assert {"kafka", "keycloak", "topics", "worker", "publisher", "adapters", "web"} <= names
    assert hub.run("status").returncode == 0
    second = hub.run("up")
    assert second.returncode == 0, second.stderr
    assert hub.url in second.stdout + second.stderr


def test_recorded_messages_become_the_hand_worked_value(hub: Hub, partner: ControlCentre) -> None:
    """U8 left 12 stops with 0 0 126 192 192 192 291 291 291 380 380 380 s: 9 of 12 are at most 300 s late.

    687 left 20 stops (one is reported twice), none more than 38 s late; 17 of them before 14:00 local time.
    M5 left 26 stops on time, once the full message has replaced the partial one.
    The recorded days become yesterday and the day before: the contract refuses what is older than 72 hours.
    """
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings in {RECORDINGS}: set CITYHUB_RECORDINGS")
    partner.planned = [_recorded("vdv454-sollfahrt-m5")]
    partner.actual = [_recorded(f"vdv454-istfahrt-{name}") for name in ("bvg", "hvg", "m5-partial", "m5-full")] + [
        {"LinienID": "broken"},
        {"FahrtID": 7},
    ]
    eleven = f"{_days_ago(1)}T11:00:00Z"
    hour = f'{{ breakdown(window: hour, start: "{eleven}", dimension: "line") {{ dimensions {{ value }} value n }} }}'
    query = f'{{ kpi(id: "M01") {{ ... on Kpi {hour} }} }}'

    def lines() -> dict[str, tuple[float, int]]:
        rows = hub.graphql(query)["kpi"]["breakdown"]
        return {row["dimensions"][0]["value"]: (row["value"], row["n"]) for row in rows}

    hub.wait(lambda: len(lines()) == 2, f"the recorded lines do not arrive: {lines()}")
    assert lines() == {"U8": (75.0, 12), "687": (100.0, 17)}
    city = _value(hub, "hour", eleven)
    assert (city["value"], city["numerator"], city["denominator"]) == (89.6552, 26, 29)
    assert city["synthetic"] is False
    local = window_at(WindowKind.DAY, int(datetime.fromisoformat(f"{_days_ago(2)}T12:00:00Z").timestamp()))
    day = _value(hub, "day", datetime.fromtimestamp(local.start, UTC).isoformat().replace("+00:00", "Z"))
    assert (day["value"], day["n"]) == (100.0, 26)


def _days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def _recorded(name: str) -> dict[str, Any]:
    text = (RECORDINGS / f"{name}.json").read_text("utf-8")
    for recorded, days in (("2024-06-27", 1), ("2026-06-04", 2)):
        text = text.replace(recorded, _days_ago(days))
    found: dict[str, Any] = json.loads(text)
    return found


def _value(hub: Hub, window: str, start: str) -> dict[str, Any]:
    """The one window that starts then."""
    columns = "start value numerator denominator n synthetic"
    end = (datetime.fromisoformat(start) + timedelta(days=1)).isoformat()
    series = f'series(window: {window}, from: "{start}", to: "{end}") {{ {columns} }}'
    found = hub.graphql(f'{{ kpi(id: "M01") {{ ... on Kpi {{ {series} }} }} }}')["kpi"]["series"]
    assert found["start"][0] == start
    return {name: column[0] for name, column in found.items()}


def test_an_outage_of_the_feed_keeps_the_last_good_data(hub: Hub, partner: ControlCentre) -> None:
    asked = partner.asked
    partner.status = 500
    hub.wait(lambda: partner.asked > asked, "the adapter stopped asking")
    state = "{ dataState { feeds { feed problem } } }"
    hub.wait(lambda: "500" in json.dumps(hub.graphql(state, client="ingest-dvv")), "the outage is not shown")
    partner.status = 200
    hub.wait(lambda: "500" not in json.dumps(hub.graphql(state, client="ingest-dvv")), "the outage does not end")


def test_journey(hub: Hub, browser: Browser) -> None:
    """Open, see M01 change after an event was sent, log in, log out; nothing leaves the origin."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SLOW_MS)
    asked: set[str] = set()
    context.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page = context.new_page()
    page.goto(hub.url)
    expect(page.get_by_role("heading", name="Mobilität")).to_be_visible()
    page.goto(f"{hub.url}/kpi/M01")
    _watch_m01(hub, page)
    _log_in(hub, page)
    _log_out(page)
    assert asked == {urlsplit(hub.url).netloc}
    context.close()


def _watch_m01(hub: Hub, page: Page) -> None:
    expect(page.get_by_role("heading", name="Pünktlichkeit der DVG").first).to_be_visible()
    today = page.locator("#kpi-running, #kpi-value").last
    send(hub, [now_departure(f"j{i}", 0) for i in range(3)])
    expect(today).to_contain_text("100", timeout=SLOW_MS)
    page.evaluate("window.notReloaded = true")
    send(hub, [now_departure("late", 600)])
    expect(today).to_contain_text("75", timeout=SLOW_MS)
    assert page.evaluate("window.notReloaded"), "the page was loaded again"
    expect(page.get_by_text("Simulation").first).to_be_visible()


def test_a_number_opens_and_its_receipt_holds_without_the_hub(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    """From the number to its events, and from its receipt to the archive's files."""
    send(hub, [now_departure(f"p{time.monotonic_ns()}", 0)])
    hub.wait(lambda: _today(hub) > 0, "nothing was counted")
    context = browser.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SLOW_MS)
    page = _open(context, f"{hub.url}/kpi/M01")
    _log_in(hub, page)
    expect(page.locator("#proof-audit")).to_be_visible()
    page.locator("#proof-events").click()
    rows = page.locator("#events-rows tr")
    rows.first.wait_for()
    counted = int(page.locator("#events-range").inner_text().split()[-1].replace(".", ""))
    assert rows.count() == min(counted, 25)
    rows.first.locator("summary").click()
    expect(rows.first.get_by_text("du.evt.dvv.transit.v1 / ")).to_be_visible()
    assert serious(page) == []
    with page.expect_download() as download:
        page.locator("#proof-receipt").click()
    file, key = tmp_path / download.value.suggested_filename, tmp_path / "key.pem"
    download.value.save_as(file)
    key.write_text(httpx.get(f"{hub.url}/receipts/key").text)
    context.close()

    checked = ("receipt", "verify", str(file), "--archive", hub.settings.archive, "--key", str(key))
    hub.wait(lambda: hub.run(*checked).returncode == 0, f"the receipt does not hold: {hub.run(*checked)}")
    said = hub.run(*checked).stdout
    assert f"is proved by {json.loads(file.read_bytes())['events']} events of the archive, signed by" in said
    file.write_bytes(file.read_bytes().replace(b'"n": ', b'"n": 1'))
    assert hub.run(*checked).returncode == 1


def _log_in(hub: Hub, page: Page) -> None:
    page.locator("#login").click()
    page.locator("input[name=username]").fill("leitung")
    page.locator("input[name=password]").fill(hub.secrets.user_passwords["leitung"])
    page.locator("input[type=submit], button[type=submit]").first.click()
    expect(page.locator("#user-name")).to_be_visible()
    assert urlsplit(page.url).path == "/kpi/M01"
    cookies = [cookie for cookie in page.context.cookies() if "cityhub" in cookie["name"]]
    assert cookies
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)


def _log_out(page: Page) -> None:
    page.locator("#logout").click()
    expect(page.locator("#login")).to_be_visible()


def now_departure(key: str, delay_s: int) -> Event:
    return departure(key, delay_s, at=datetime.now(UTC), line="901")


def send(hub: Hub, events: list[Event]) -> None:
    async def publish() -> None:
        async with EventPublisher(hub.kafka, client_id="journey") as publisher:
            await publisher.publish("du.evt.dvv.transit.v1", events)

    with ThreadPoolExecutor(1) as pool:  # the browser's driver keeps a loop of its own in this thread
        pool.submit(asyncio.run, publish()).result()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_axe_finds_nothingserious(hub: Hub, browser: Browser, language: str, theme: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(SLOW_MS)
    for path in ("/", "/field/mobilitaet", "/kpi/M01", "/kpi/M01/events", "/data", "/accessibility", "/kiosk/overview"):
        page = _open(context, f"{hub.url}{path}?lang={language}&theme={theme}")
        assert serious(page) == [], path
        page.close()
    context.close()


@pytest.mark.parametrize("width", [320, 360, 1440, 2560])
def test_no_page_scrolls_sideways(hub: Hub, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(SLOW_MS)
    for path in ("/", "/field/infrastruktur", "/kpi/M01", "/kpi/I11", "/kpi/M01/events", "/data", "/kiosk/overview"):
        page = _open(context, f"{hub.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.close()
    context.close()


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in {"serious", "critical"}]


def _open(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.locator("#headline, h1").first.wait_for()
    return page


def test_a_killed_machine_recovers(hub: Hub) -> None:
    """Everything dies at once; what is started again continues with the same numbers."""
    before = _today(hub)
    hub.crash()
    hub.wait_until_ready()
    send(hub, [now_departure(f"r{time.monotonic_ns()}", 0)])
    hub.wait(lambda: _today(hub) == before + 1, f"{_today(hub)} events counted, {before + 1} expected")


def test_a_killed_worker_comes_back(hub: Hub) -> None:
    """It is restarted, and events sent meanwhile are counted once."""
    before = _today(hub)
    hub.kill("worker")
    send(hub, [now_departure(f"k{time.monotonic_ns()}", 0) for _ in range(5)])
    hub.wait(lambda: _today(hub) == before + 5, "events sent during the outage are not counted")
    hub.wait_until_ready()


def _today(hub: Hub) -> int:
    query = '{ kpi(id: "M01") { ... on Kpi { latest(window: day) { n } } } }'
    latest = hub.graphql(query)["kpi"]["latest"]
    return int(latest["n"]) if latest else 0
