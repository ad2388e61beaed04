"""A startup's first minutes: log in, make a tenant, replay a day, count an own KPI and hold it against the city's."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.hub import Hub
from tests.e2e.test_first_light import SLOW_MS, serious

NARROW = 320


def test_a_startup_replays_a_day_and_compares(hub: Hub, browser: Browser) -> None:
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.goto(f"{hub.url}/sandbox")
    expect(page.locator("#headline")).to_have_text("Diese Seite gibt es nicht", timeout=SLOW_MS)
    _log_in(hub, page)
    page.locator("#sandbox-link").click()
    _make(page)
    _replay(page)
    _compare(page)
    _look_everywhere(hub, page)
    page.goto(f"{hub.url}/sandbox/somebody-else")
    expect(page.locator("#headline")).to_have_text("There is no such page", timeout=SLOW_MS)
    context.close()


def _log_in(hub: Hub, page: Page) -> None:
    page.locator("#login").click()
    page.locator("input[name=username]").fill("startup")
    page.locator("input[name=password]").fill(hub.secrets.user_passwords["startup"])
    page.locator("input[type=submit], button[type=submit]").first.click()
    expect(page.locator("#user-name")).to_be_visible(timeout=SLOW_MS)


def _make(page: Page) -> None:
    """The key is there once."""
    page.locator("#sandbox-name").fill("laden")
    page.locator("#sandbox-make").press("Enter")
    expect(page.locator("#sandbox-client")).to_have_text("startup-sbx-laden", timeout=SLOW_MS)
    assert len(page.locator("#sandbox-secret").inner_text()) >= 32
    page.locator("#sandbox-open").click()
    expect(page.locator("#headline")).to_have_text("Mandant laden", timeout=SLOW_MS)
    expect(page.locator("#sandbox-clock")).to_contain_text("Noch läuft nichts.", timeout=SLOW_MS)


def _replay(page: Page) -> None:
    """With one stream at 600 times the pace, until values are there."""
    page.locator("#sandbox-streams").fill("parking-slots")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.locator("#sandbox-speed").fill("600")
    page.locator("#sandbox-replay").click()
    expect(page.locator("#sandbox-clock")).to_contain_text("Läuft 600-fach.", timeout=SLOW_MS)
    _choose(page, "#sandbox-shown", "Wert")
    expect(page.locator("#entries-rows tr").first).to_contain_text("M07", timeout=SLOW_MS)


def _compare(page: Page) -> None:
    """The example beside M07, and the events behind a difference."""
    page.locator("#sandbox-put").click()
    expect(page.locator("#sandbox-put-said")).to_contain_text("parking-15 wird gezählt", timeout=SLOW_MS)
    expect(page.locator("#sandbox-own")).to_have_value("parking-15", timeout=SLOW_MS)
    _side_by_side(page)
    assert serious(page) == []
    page.locator("#differing-rows a").first.click()
    expect(page.locator("#headline")).to_contain_text("Ereignisse hinter", timeout=SLOW_MS)
    expect(page.locator("#events-rows tr").first).to_contain_text("stellplatz-", timeout=SLOW_MS)
    assert serious(page) == []
    page.locator("#sandbox-back").click()


def _side_by_side(page: Page) -> None:
    """At noon, when some readings have been missing long enough to make a difference; in the first hour none has."""
    page.locator("#sandbox-to").fill("12:00")
    page.locator("#sandbox-go").click()
    expect(page.locator("#sandbox-clock")).to_contain_text(re.compile(r" (1[2-9]|2\d):\d\d:\d\d"), timeout=SLOW_MS)
    _choose(page, "#sandbox-city", "M07")
    page.locator("#sandbox-compare").click()
    expect(page.locator("#sandbox-compare-said")).to_contain_text("unterscheiden sich", timeout=SLOW_MS)
    expect(page.locator("#compare-chart")).to_be_visible(timeout=SLOW_MS)


def _look_everywhere(hub: Hub, page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 900})
    for look in ("lang=de&theme=contrast", "lang=en&theme=dark"):
        for path in ("/sandbox", "/sandbox/laden"):
            page.goto(f"{hub.url}{path}?{look}")
            page.locator("#tenants-rows tr, #sandbox-clock strong").first.wait_for()
            assert serious(page) == [], (path, look)
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, (path, look)


def _choose(page: Page, field: str, words: str) -> None:
    page.locator(field).click()
    page.get_by_role("option", name=words).first.click()
