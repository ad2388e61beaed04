"""A partner's control centre: serves VDV-454 messages over HTTP in the form that the transit adapter reads."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class ControlCentre:
    """What it answers can be changed while it runs.

    Attributes:
        actual, planned: messages of AUS IstFahrt and REF-AUS SollFahrt.
        status: HTTP status of every answer; other than 200 is an outage.
    """

    def __init__(self) -> None:
        self.actual: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] = []
        self.status = 200
        self.asked = 0
        self.url = ""

    def answer(self, path: str) -> bytes:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        confirmation = {"Zst": now, "Ergebnis": "ok", "Fehlernummer": "0"}
        if path == "/vdv454/ref-aus":
            return json.dumps({"Bestaetigung": confirmation, "SollFahrt": self.planned}).encode()
        self.asked += 1
        body = {"Bestaetigung": confirmation, "WeitereDaten": "false", "Naechster": "end", "IstFahrt": self.actual}
        return json.dumps(body).encode()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Listen on a free port until left; gives the base URL."""
        centre = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = centre.answer(urlsplit(self.path).path)
                self.send_response(centre.status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self.url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
