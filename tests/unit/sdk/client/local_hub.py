"""The hub's HTTP door behind a real server on this machine, with faults on demand, and a clock that is the test's."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cityhub.adapters.doors.limits import Limits
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.http import HttpPublisher, Options
from cityhub.sdk.client.session import Patience
from tests.unit.adapters.doors.world import CONTRACTS, NOW, World

CLIENT, SECRET = "ingest-wbd", "s3cr:t%41+"
TOKEN_PATH = "/auth/realms/cityhub/protocol/openid-connect/token"
RETRY_S = 7
UNWRITTEN = ("drop", "503", "429", "500", "401", "judged", "413", "moved")
"""Faults of requests that the door never sees."""
WRITTEN = ("lost", "cut", "html", "short")
"""Faults of answers: the events are written, the sender does not hear it."""


class Time:
    """Seconds that pass only in pauses."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    async def apause(self, seconds: float) -> None:
        self.pause(seconds)

    def wall(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)


class _Server(ThreadingHTTPServer):
    """Attributes: hub: whose events it takes."""

    hub: LocalHub


class LocalHub:
    """Attributes:
    faults: the next requests to the door go wrong so; "" = well. token_faults: the next requests for tokens.
    life_s: of tokens. asked: (headers, body) of the requests to the door. tokens: how many were given.
    pages: what GET answers, by path. away: every request is dropped.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.world = World(Limits(burst=1_000_000))
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.faults: deque[str] = deque()
        self.token_faults: deque[str] = deque()
        self.life_s = 300
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.tokens = 0
        self.pages: dict[str, Any] = {"/livez": {"status": "ok"}}
        self.away = False
        self.date = NOW
        self.claims: dict[str, Any] = {"organisation": "wbd", "realm_access": {"roles": ["partner-publisher"]}}

    def account(self, secret: str = SECRET) -> Account:
        return Account(url=self.url, client=CLIENT, secret=secret)

    def token(self) -> str:
        body = base64.urlsafe_b64encode(json.dumps({**self.claims, "n": self.tokens}).encode()).decode().rstrip("=")
        return f"e30.{body}.c2ln"

    def written(self) -> list[str]:
        """Ids of the events that the broker has, in order, repeats too."""
        topics = [topic for topic in self.world.broker.topics if topic.startswith("du.evt.")]
        return [event.id for topic in topics for event in self.world.broker.events(topic)]


@contextmanager
def running() -> Iterator[LocalHub]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = hub = LocalHub(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def publisher(hub: LocalHub, time: Time, **options: Any) -> HttpPublisher:
    given: Options = {
        "contracts": CONTRACTS,
        "patience": Patience(),
        "clock": time.clock,
        "chance": lambda: 0.5,
        "wall": time.wall,
        **options,
    }
    return HttpPublisher(hub.account(), pause=time.pause, **given)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> LocalHub:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.hub.away:
            self._hang_up()
            return
        path = urlsplit(self.path).path
        found = self.hub.pages.get(path)
        if path.startswith("/v1/") and self.headers["authorization"] != f"Bearer {self.hub.token()}":
            self._answer(401, {"detail": "no valid token"})
        elif found is None:
            self._answer(404, {"detail": f"nothing at {path}"})
        else:
            self._answer(200, found)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.hub.away:
            self._hang_up()
        elif urlsplit(self.path).path == TOKEN_PATH:
            self._token(body)
        else:
            self.hub.asked.append((dict(self.headers.items()), body))
            self._door(self.hub.faults.popleft() if self.hub.faults else "", body)

    def _token(self, body: bytes) -> None:
        logins = {f"{CLIENT}:{quote(SECRET)}", f"{CLIENT}:{SECRET}" if "curl" in self.headers["user-agent"] else ""}
        fault = self.hub.token_faults.popleft() if self.hub.token_faults else ""
        login = base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()
        if fault:
            self._fault(fault)
        elif login not in logins or parse_qs(body.decode()) != {"grant_type": ["client_credentials"]}:
            self._answer(401, {"error": "unauthorized_client", "error_description": "Invalid client credentials"})
        else:
            self.hub.tokens += 1
            self._answer(200, {"access_token": self.hub.token(), "expires_in": self.hub.life_s})

    def _door(self, fault: str, body: bytes) -> None:
        if self.headers["authorization"] != f"Bearer {self.hub.token()}":
            self._answer(401, {"detail": "the token has ended"})
            return
        if (page := self.hub.pages.get(urlsplit(self.path).path)) is not None and not fault:
            self._answer(200 if "changes" in page else 422, page)
            return
        if fault == "endless":
            self._endless()
            return
        if (fault in UNWRITTEN and fault != "judged") or fault.isdigit():
            self._fault(fault)
            return
        query = "validateOnly=true" if fault == "judged" else urlsplit(self.path).query
        kind = self.headers["content-type"]
        answer = asyncio.run(self.hub.world.post(body, kind, f"?{query}" if query else ""))
        if fault in {"", "judged"}:
            self._answer(answer.status_code, answer.json(), dict(answer.headers))
        elif fault == "lost":
            self._hang_up()
        elif fault == "html":
            self._answer(200, "<html>welcome to the hotel's network</html>")
        elif fault == "short":
            told = answer.json()
            self._answer(answer.status_code, {**told, "results": told["results"][1:]})
        else:
            self._answer(answer.status_code, answer.json(), cut=True)

    def _fault(self, fault: str) -> None:
        if fault == "drop":
            self._hang_up()
        elif fault == "moved":
            self._answer(301, {}, {"location": "https://hub.example/v1/events"})
        else:
            headers = {"retry-after": str(RETRY_S)} if fault in {"429", "503"} else {}
            self._answer(int(fault), {"detail": f"a fault of the test: {fault}"}, headers)

    def _answer(self, status: int, said: Any, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response_only(status)
        self.send_header("date", format_datetime(self.hub.date, usegmt=True))
        self.send_header("content-length", str(len(body)))
        for name in {"location", "retry-after"} & (headers or {}).keys():
            self.send_header(name, (headers or {})[name])
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._hang_up()

    def _endless(self) -> None:
        """Until the client hangs up."""
        self.close_connection = True
        self.send_response_only(200)
        self.end_headers()
        with suppress(ConnectionError):
            while True:
                self.wfile.write(b" " * 65_536)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
