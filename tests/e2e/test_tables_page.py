"""Somebody of a partner hands in a table with a browser, and a row; the dashboard is real, the log-in is not asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from cityhub.api.partner.uploads import UploadRoutes
from cityhub.dashboard.app import create_dashboard, csp_script_hashes
from cityhub.hub.web.headers import SecurityHeaders, content_security_policy
from cityhub.sdk.principal import Principal
from tests.e2e.hub import LIMIT_S
from tests.unit.dashboard.test_tables_page import BAD, GOOD, HEAD, Desk

ADDRESS = "/partner/tables?feed=gebag.development&table=investitionen"


@contextmanager
def serving(desk: Desk) -> Iterator[str]:
    """The dashboard and the door of tables on a free port."""

    async def principal_of(_: object) -> Principal | None:
        return desk.viewer

    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inner.router.routes += UploadRoutes(desk.uploads, principal_of).routes()
    policy = content_security_policy(csp_script_hashes(create_dashboard(inner, desk.services())))
    server = uvicorn.Server(uvicorn.Config(SecurityHeaders(inner, policy=policy, https=False), log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:  # who comes before it serves, waits
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(LIMIT_S)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_and_a_row_are_checked_and_handed_over(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    table = tmp_path / "Investitionen (2).csv"
    table.write_bytes((HEAD + GOOD + BAD).encode())
    with serving(desk) as url, browser.new_context(locale="de-DE", viewport={"width": 400, "height": 900}) as context:
        context.set_default_timeout(LIMIT_S * 1000)
        page = context.new_page()
        page.goto(url + ADDRESS)
        page.locator("#row-form").wait_for()
        _is_accessible(page)
        with page.expect_file_chooser() as chooser:
            page.locator("#upload-choose").click()
        chooser.value.set_files(table)
        expect(page.locator("#report-summary")).to_have_text("1 neu, 0 geändert, 1 abgelehnt, 0 schon bekannt")
        _is_accessible(page)
        page.locator("#upload-commit").press("Enter")
        expect(page.locator("#upload-committed")).to_contain_text("Übergeben.")
        (file,) = (desk.root / "gebag.development").glob("investitionen_*_gebag_*.csv")
        assert file.read_bytes() == table.read_bytes()

        page.locator("#upload-another").click()
        for name, said in {"Buchung": "b-9", "Version": "1", "Gebucht am": "01.10.2026", "Betrag (€)": "12,5"}.items():
            page.locator(f"#row-form input[name='{name}']").fill(said)
        page.locator("#row-form .mantine-Select-input").last.click()
        page.get_by_role("option", name="Neubau").click()
        page.locator("#row-check").click()
        expect(page.locator("#report-summary")).to_have_text("1 neu, 0 geändert, 0 abgelehnt, 0 schon bekannt")

        desk.viewer = None  # the session ends while the page is open
        page.locator("#upload-commit").click()
        expect(page.locator("#tables-said")).to_have_text(
            "Ihre Anmeldung gilt nicht mehr. Bitte melden Sie sich neu an."
        )


def _is_accessible(page: Page) -> None:
    assert [one["id"] for one in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
