"""The web process's parts for partners: the screen, drawn in threads, shares no asyncio lock with the server's loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.audit_trail import AuditTrail
from cityhub.bus.letters import LetterBox
from cityhub.bus.starting import StartingPublisher
from cityhub.hub.feeds import StoredFeeds
from cityhub.hub.settings import parse
from cityhub.hub.web import serve
from cityhub.kpi.definition import load_catalogue


def test_screen_and_routes_look_into_the_log_each_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that a loop waits for belongs to it: in another loop it raises, and its release wakes nobody."""
    access = KafkaAccess(bootstrap="127.0.0.1:9", username="hub", password="p")
    made: list[object] = []

    def noting(kind: type) -> object:
        def make(*given: object) -> object:
            made.append(kind(*given))
            return made[-1]

        return make

    monkeypatch.setattr(serve, "LetterBox", noting(LetterBox))
    monkeypatch.setattr(serve, "AuditTrail", noting(AuditTrail))
    writer = StartingPublisher(access, client_id="test")
    settings = parse({}, {"data": str(tmp_path)})
    serve._partners(settings, load_catalogue(), access, writer, StoredFeeds(settings.store))
    assert sorted(type(one).__name__ for one in made) == ["AuditTrail", "AuditTrail", "LetterBox", "LetterBox"]
