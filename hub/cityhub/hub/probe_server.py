"""`/livez`, `/readyz`, `/startupz`, `/version` and `/metrics` of any process, on a port of their own.

They are answered by a thread, so that a question that finds the event loop busy gets an answer, too, and says so.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import msgspec
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST, ThreadingWSGIServer
from prometheus_client.registry import Collector

from cityhub.bus.vitals import Vitals
from cityhub.hub.errors import PortTaken
from cityhub.hub.readiness import Found, Readiness

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

BEAT_S = 1.0
STUCK_S = 90.0
"""Longer than any statement that the store allows: a pass of the publisher holds the event loop so long."""
_READ_S = 10.0


class Pulse:
    """Beats as long as the event loop turns.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at_s = clock()

    async def beat(self) -> None:
        """Until cancelled."""
        while True:
            self._at_s = self._clock()
            await asyncio.sleep(BEAT_S)

    def stuck(self) -> str | None:
        """None while the loop turns, else since when it has not."""
        silent_s = self.silent_s()
        return f"the event loop has not turned for {silent_s:.0f} s" if silent_s > STUCK_S else None

    def silent_s(self) -> float:
        """Seconds since the loop has turned."""
        return self._clock() - self._at_s


class ProbeApp:
    """The WSGI app.

    Args:
        working: whether the process's main task still runs.
    """

    def __init__(
        self, pulse: Pulse, vitals: Vitals, readiness: Readiness, registry: Collector, working: Callable[[], bool]
    ) -> None:
        self._pulse = pulse
        self._vitals = vitals
        self._readiness = readiness
        self._registry = registry
        self._working = working
        self._paths: Mapping[str, Callable[[], tuple[bool, Any]]] = {
            "/livez": self._live,
            "/readyz": self._ready,
            "/startupz": self._started,
            "/version": lambda: (True, {"version": version("cityhub")}),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one question."""
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return _answer(start_response, HTTPStatus.METHOD_NOT_ALLOWED, {"detail": "only GET is answered here"})
        if path == "/metrics":
            headers = [("Content-Type", CONTENT_TYPE_LATEST)]
            body = generate_latest(self._registry)
            start_response("200 OK", headers)
            return [body]
        if path not in self._paths:
            detail = f"there are {', '.join([*self._paths, '/metrics'])}"
            return _answer(start_response, HTTPStatus.NOT_FOUND, {"detail": detail})
        good, body = self._paths[path]()
        return _answer(start_response, HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE, body)

    def _live(self) -> tuple[bool, Any]:
        reason = self._pulse.stuck() or (None if self._working() else "its main task has ended")
        return reason is None, {"live": reason is None, "reason": reason or ""}

    def _started(self) -> tuple[bool, Any]:
        started = self._vitals.started
        reason = (
            "" if started else "it is still starting: store, topics and connections; its log says what it waits for"
        )
        return started, {"started": started, "reason": reason}

    def _ready(self) -> tuple[bool, Any]:
        return readiness_body(self._readiness.look(), started=self._vitals.started)


def readiness_body(found: Mapping[str, Found], *, started: bool) -> tuple[bool, dict[str, Any]]:
    """Whether everything is well, and the answer of `/readyz`."""
    ready = started and all(one.ready for one in found.values())
    return ready, {"ready": ready, "started": started, "checks": msgspec.to_builtins(found)}


@asynccontextmanager
async def probes_served(
    host: str, port: int, vitals: Vitals, readiness: Readiness, registry: Collector
) -> AsyncIterator[int]:
    """Answer for the calling task while the block runs; gives the port.

    Args:
        port: 0 = any free one.

    Raises:
        PortTaken: somebody else listens there.
    """
    pulse, main = Pulse(), asyncio.current_task()
    app = ProbeApp(pulse, vitals, readiness, registry, lambda: main is not None and not main.done())
    try:
        server = make_server(host, port, app, ThreadingWSGIServer, _Handler)
    except OSError as error:
        text = f"the probes cannot listen on {host}:{port} ({error.strerror or error})"
        raise PortTaken(f"{text}: choose another port with CITYHUB_PROBE_PORT") from error
    beating = asyncio.create_task(pulse.beat())
    serving = threading.Thread(target=server.serve_forever, name="probes", daemon=True)
    serving.start()
    try:
        yield server.server_port
    finally:
        beating.cancel()
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        readiness.close()


class _Handler(WSGIRequestHandler):
    timeout = _READ_S
    """Of a client that connects and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Probes come every few seconds and are no news."""


def _answer(start_response: StartResponse, status: HTTPStatus, body: Any) -> Iterable[bytes]:
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "application/json")])
    return [msgspec.json.encode(body)]
