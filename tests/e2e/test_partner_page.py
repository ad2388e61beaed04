"""Somebody of a partner logs in, sees the event counted and finds it."""

from __future__ import annotations

import json
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from cityhub.sdk import codec
from tests.e2e.hub import LIMIT_S, Hub


def test_a_person_of_a_partner_sees_what_became_of_an_event(hub: Hub, browser: Browser) -> None:
    start = json.loads(hub.run("partner", "onboard", "wbd", "--person", "anna.wbd", "--json").stdout)
    good = start["first_event"]
    accepted = _send(hub, start, [good, good | {"contenthash": "0" * 64}])

    context = browser.new_context(locale="de-DE", viewport={"width": 400, "height": 900})
    context.set_default_timeout(LIMIT_S * 1000)
    page = context.new_page()
    page.goto(f"{hub.url}/partner")
    expect(page.locator("#headline")).to_have_text("Diese Seite gibt es nicht")
    _log_in(page, start)
    expect(page.locator("#headline")).to_contain_text("WBD")
    hub.wait(lambda: _counted(page, good["type"]), "the event is not shown as counted")
    page.locator("#trace-id").fill(good["id"])
    page.locator("#trace-find").click()
    expect(page.locator("#trace-answer")).to_contain_text("Angenommen und gezählt.")
    place = f"{accepted['topic']}, Partition {accepted['partition']}, Offset {accepted['offset']}"
    expect(page.locator("#trace-answer")).to_contain_text(place)
    expect(page.locator("#letters-rows tr").first).to_contain_text("(envelope)")
    for look in ("lang=de&theme=light", "lang=en&theme=dark", "lang=en&theme=contrast"):
        page.goto(f"{hub.url}/partner?trace={good['id']}&{look}")
        page.locator("#days-table").wait_for()
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.goto(f"{hub.url}/partner?partner=gebag")
    expect(page.locator("#headline")).to_have_text("There is no such page")
    context.close()


def _send(hub: Hub, start: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    """What the door says of the first; it refuses the other."""
    secret = hub.run("partner", "secret", "wbd").stdout.strip()
    form = {"grant_type": "client_credentials"}
    token = httpx.post(start["token_url"], data=form, auth=(start["client"], secret), timeout=LIMIT_S).json()
    headers = {"authorization": f"Bearer {token['access_token']}", "content-type": codec.BATCH}
    told = httpx.post(start["events_url"], content=json.dumps(events), headers=headers, timeout=LIMIT_S).json()
    first, second = told["results"]
    assert (first["status"], second["status"]) == ("accepted", "rejected"), told
    found: dict[str, Any] = first
    return found


def _log_in(page: Page, start: dict[str, Any]) -> None:
    """With the password that was printed, and the change that Keycloak then asks for."""
    page.locator("#login").click()
    page.locator("input[name=username]").fill(start["person"])
    page.locator("input[name=password]").fill(start["password"])
    page.locator("input[type=submit], button[type=submit]").first.click()
    for name in ("password-new", "password-confirm"):
        page.locator(f"input[name={name}]").fill("a-password-of-her-own")
    page.locator("input[type=submit], button[type=submit]").first.click()
    expect(page.locator("#user-name")).to_have_text("anna.wbd")


def _counted(page: Page, type_: str) -> bool:
    """Whether everything of a type that came by HTTP and was accepted is counted."""
    page.reload()
    page.locator("#headline").wait_for()
    rows = page.locator("#days-rows tr", has_text=type_).filter(has_text="HTTP")
    if not rows.count():
        return False
    sent, accepted, _, counted, duplicate = (
        int(rows.first.locator("td").nth(at).inner_text().split()[0].replace(".", "")) for at in range(2, 7)
    )
    return sent > 0 and accepted == counted + duplicate > 0
