"""Declarations of the sources: one form, three owners."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source


def _source(owner: str, system: str, licence: str) -> Source:
    return Source(
        feed=f"{owner}.roadworks",
        system=system,
        format="DATEX II 2.3 (German roadworks profile) or 3, SituationPublication; WZDx 4.2; Autobahn API",
        transport="http",
        event_types=tuple(roadwork(owner, verb) for verb in ("published", "changed", "started", "closed")),
        interval_s=300,
        lateness_s=6 * 3600,
        licence=f"{licence}; simulated data: EUPL-1.2",
        several=True,
    )


def roadwork(owner: str, verb: str) -> str:
    """An event type of the family."""
    return f"de.duisburg.{owner}.roadwork.{verb}.v1"


CITY_ROADWORKS = _source("city", "//city/verkehrsportal", "DL-DE-Zero-2.0 where the city publishes them")
WBD_ROADWORKS = _source("wbd", "//wbd/baustellen", "internal to Wirtschaftsbetriebe Duisburg")
DVV_ROADWORKS = _source("dvv", "//dvv/baustellen", "internal to DVV")
