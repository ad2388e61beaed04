"""The whole app with its log on standard error at `debug`: people log in, tokens are refused, pages crash."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
from tests.unit.hub.identity.realm import Clock, Realm
from tests.unit.hub.web.standins import a_browser, log_in, parts, running, until_ready

from cityhub.hub import logging
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.web.app import create_app

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def main(folder: Path) -> None:
    realm, store = Realm(Clock()), SessionStore(folder / "web.db")
    app = create_app(parts(realm, store))
    async with running(app), a_browser(app) as browser:
        await until_ready(browser)
        token = realm.token()
        said = {"authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        await log_in(browser, realm)
        print(browser.cookies["__Host-cityhub"], token, sep="\n")
        await browser.get("/login/callback", params={"code": "code-2", "state": "state-2"})
        await browser.post("/graphql", json={"query": "{ kpis { id } }"}, headers=said)
        await browser.get("/", headers={"authorization": f"Bearer {realm.token(exp=1)}"})
        crash = await browser.get("/crash", headers={"traceparent": said["traceparent"]})
        print(crash.headers["x-request-id"])
        realm.down = True
        realm.clock.now += 400
        await browser.get("/whoami")
        await browser.post("/logout", headers={"origin": "https://127.0.0.1:8000"})
        log = structlog.get_logger("cityhub.careless")
        with structlog.contextvars.bound_contextvars(request_id="r"):
            log.warning("careless", subject="person-1", token=token, error=f"401 for Bearer {token} of lea@duisburg.de")
        log.warning("careless", seen={"user": "leitung"}, url="https://hub/login/callback?code=code-2&state=state-2")
        log.warning("careless", target=ValueError(f"postgresql://hub:geheim@db/hub {token}"))
        try:
            int(f"token {token}")
        except ValueError:
            log.exception("careless")
    store.close()


if __name__ == "__main__":
    logging.configure("debug", process="web")
    asyncio.run(main(Path(sys.argv[1])))
