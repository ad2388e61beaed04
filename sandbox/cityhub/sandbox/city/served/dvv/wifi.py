"""The controller of the free WLAN, which knows every device: docs/adapters/dvv-wifi.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import journal, local
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.traffic import lot

_STATUS = {"up": "in-betrieb", "down": "gestoert", "removed": "abgebaut"}


def _line(told: Told) -> dict[str, object]:
    said: dict[str, object] = {"zugangspunkt": told.subject, "zeit": local(told.time)}
    if told.type.endswith("session-closed.v1"):
        device = _device(told)
        session = f"{device}-{'-'.join(told.key)}"
        return said | {"art": "sitzung-beendet", "sitzung": session, "geraet": device}
    status = {"zustand": _STATUS[told.data["status"]], "flaeche_m2": told.data["covered_m2"]}
    return said | {"art": "zugangspunkt"} | status


def _device(told: Told) -> str:
    """An address that no maker gives away."""
    chance = lot("wifi-device", *told.key)
    return ":".join(f"{part:02x}" for part in (0x02, *(chance.randrange(256) for _ in range(5))))


SERVED = journal("dvv.wifi", ("access-points", "sessions"), _line)
