"""Pure: access points and sessions in the contracts' words. Rules: docs/adapters/dvv-wifi.md."""

from __future__ import annotations

from cityhub.adapters.dvv.wifi.source import AP_STATUS_CHANGED, SESSION_CLOSED
from cityhub.adapters.dvv.wifi.wire import Closed, Status
from cityhub.adapters.kit.fact import Fact, utc
from cityhub.adapters.kit.pseudonym import Pseudonyms

_STATUS = {"in-betrieb": "up", "gestoert": "down", "abgebaut": "removed"}


def fact(path: str, entry: Status | Closed, pseudonyms: Pseudonyms) -> Fact:
    """What a line says; of a session no more than that there was one."""
    name = entry.access_point
    if isinstance(entry, Closed):
        key, data = (name, pseudonyms.of("wifi-session", entry.session)), {"access_point": name}
        return Fact(type=SESSION_CLOSED, time=entry.at, subject=name, key=key, data=data, path=path)
    status = {"access_point": name, "status": _STATUS[entry.status], "covered_m2": entry.covered}
    at = (name, str(utc(entry.at)), entry.status)
    return Fact(type=AP_STATUS_CHANGED, time=entry.at, subject=name, key=at, data=status, path=path)
