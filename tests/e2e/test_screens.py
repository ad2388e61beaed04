"""One walk over the screens that show many figures: overview, search, field, KPI, data quality, kiosk."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.e2e.hub import Hub
from tests.e2e.test_first_light import SLOW_MS, now_departure, send, serious

NODES = "document.getElementsByTagName('*').length"


def test_from_the_search_to_the_wall(hub: Hub, browser: Browser) -> None:
    send(hub, [now_departure("screens", 0)])
    context = browser.new_context(locale="de-DE", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.goto(hub.url)
    _leads(page)
    _search(page)
    page.evaluate("window.notReloaded = true")
    page.locator(".breadcrumb a", has_text="Mobilität").click()
    page.locator("#tile-M01").click()
    expect(page.locator("#kpi-value")).to_be_visible(timeout=SLOW_MS)
    page.locator(".frame-foot a", has_text="Datenqualität").click()
    page.locator("#sources-sort-partner").click()
    expect(page.locator("#sources-head-partner")).to_have_attribute("aria-sort", "ascending", timeout=SLOW_MS)
    first = page.locator("#sources-rows tr").first.locator("th, td").all_inner_texts()[:3]
    assert page.evaluate("window.notReloaded"), "the frame was loaded again"
    with page.expect_download() as download:
        page.locator("#sources-csv").click()
    assert download.value.path().read_text("utf-8-sig").splitlines()[1].startswith(";".join(first))
    _kiosk(hub, page)
    context.close()


def _leads(page: Page) -> None:
    """By keyboard: another KPI first on a card; it is there at the next visit, and the hub's choice comes back."""
    card = page.locator("#field-mobilitaet")
    names = card.locator(".lead-name")
    expect(names).to_have_count(2, timeout=SLOW_MS)
    before = names.all_inner_texts()
    card.locator("summary").press("Enter")
    assert serious(page) == []
    other = card.locator(".lead-choice nav a[aria-current=false]").last
    wanted = other.inner_text()
    other.press("Enter")
    expect(names).to_have_text([wanted, before[0]], timeout=SLOW_MS)
    page.goto(urlsplit(page.url)._replace(query="").geturl())
    expect(names).to_have_text([wanted, before[0]], timeout=SLOW_MS)
    card.locator("summary").press("Enter")
    card.get_by_text("Vorgabe wiederherstellen").press("Enter")
    expect(names).to_have_text(before, timeout=SLOW_MS)


def _search(page: Page) -> None:
    """By keyboard alone: to the KPI that the word leads to."""
    page.locator("#search").fill("PUNKTLICH dvv")
    expect(page.locator("#search-said")).to_contain_text("Treffer", timeout=SLOW_MS)
    page.keyboard.press("Escape")
    expect(page.locator("#search-results a")).to_have_count(0)
    expect(page.locator("#search")).to_have_value("")
    page.keyboard.type("M01")
    expect(page.locator("#search-results a").first).to_contain_text("Pünktlichkeit der DVG")
    assert serious(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pünktlichkeit der DVG").first).to_be_visible(timeout=SLOW_MS)
    assert urlsplit(page.url).path == "/kpi/M01"


def _kiosk(hub: Hub, page: Page) -> None:
    """It turns, it stops, it does not grow, and it keeps what it has while the hub is away."""
    page.goto(f"{hub.url}/kiosk/overview?dwell=5")
    title = page.locator("#kiosk-title")
    expect(page.locator("#kiosk-place")).to_contain_text("1 / ", timeout=SLOW_MS)
    first, nodes = title.inner_text(), page.evaluate(NODES)
    expect(title).not_to_have_text(first, timeout=SLOW_MS)
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text(first)
    page.keyboard.press(" ")
    expect(page.locator("#kiosk-pause")).to_have_attribute("aria-pressed", "true", timeout=SLOW_MS)
    for _ in range(50):
        page.locator("#kiosk-next").click()
    assert page.evaluate(NODES) == nodes
    assert serious(page) == []
    kept = page.locator("#kiosk-tiles").inner_text()
    page.route("**/views?*", lambda route: route.abort())
    expect(page.locator("#kiosk-lost")).to_contain_text("Verbindung unterbrochen seit", timeout=SLOW_MS)
    assert page.locator("#kiosk-tiles").inner_text() == kept
    page.unroute("**/views?*")
    expect(page.locator("#kiosk-lost")).to_be_empty(timeout=SLOW_MS)
    assert page.locator("input, form").count() == 0
