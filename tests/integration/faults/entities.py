"""Cases and flats: events whose effect depends on other events of the same entity. All are synthetic.

Halves of cases come in any order and in different partitions, so that workers share their cells; versions of flats come
in any order and correct each other. What they come to is worked out here by hand, without the engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import WindowKind
from cityhub.sdk.event import Event, make_event

SUBMITTED = "de.duisburg.city.application.submitted.v1"
DECIDED = "de.duisburg.city.application.decided.v1"
CHANGED = "de.duisburg.gebag.flat.status-changed.v1"
REFERENCE = "de.duisburg.city.reference.set.v1"
KPIS = ("E07", "W01")
STOCK = 1_000
_FLATS = 997
_BLOCK = 50
_OF = {5: REFERENCE, 7: SUBMITTED, 11: CHANGED, 23: CHANGED, 31: DECIDED}
_VERSIONS = 999_999_937
"""A prime: numbers of versions come in no order."""


class Known(NamedTuple):
    """What a campaign's entities come to.

    Attributes:
        decided, waiting: cases with both halves, and with the first one only.
        modernised: flats whose last version says so.
        stock: the denominator, 0 = none was counted.
    """

    decided: int = 0
    waiting: int = 0
    modernised: int = 0
    stock: int = 0


def is_one(seq: int) -> bool:
    """Whether a campaign's record with this number is about an entity; the first one is the denominator."""
    return seq % _BLOCK in _OF and (seq % _BLOCK != 5 or seq == 5)


def event(seed: int, seq: int, end_s: int) -> Event:
    """The event of a campaign's record."""
    rng = Random(f"{seed}/entity/{seq}")  # noqa: S311 - reproducible, not secret
    type_, block = _OF[seq % _BLOCK], seq // _BLOCK
    if type_ == REFERENCE:
        start = datetime(2020, 1, 1, tzinfo=UTC)
        data: dict[str, Any] = {"name": "flats", "value": STOCK, "unit": "1", "valid_from": start.isoformat()}
    elif type_ == CHANGED:
        data = {"flat_id": f"{rng.randrange(_FLATS)}", "version": 1 + seq * 7919 % _VERSIONS, "area_m2": 70.25}
        data |= {"modernised": rng.random() < 0.5} | ({"withdrawn": True} if rng.random() < 0.1 else {})
    else:
        number = block if type_ == SUBMITTED else max(0, block + rng.randrange(-4, 5))
        data = {"case_id": f"{number}", "service": "permit", "channel": "online"}
    age_s = 3 * 3600 if type_ == SUBMITTED else 3600
    moment = datetime.fromtimestamp(end_s - age_s - seq % 600, UTC)
    return make_event(
        type_=type_,
        source="//test/entities",
        natural_key=(str(seed), str(seq)),
        version="1",
        subject=f"{seq}",
        time=moment,
        recorded_at=moment,
        data=data,
        partitionkey=str(data.get("flat_id") or (seq if type_ == DECIDED else block)),
        synthetic=True,
    )


def fact(event: Event) -> tuple[str, int]:
    """What the ledger writes down: (what was said, of which entity, a flat with its version)."""
    data = event.data
    if event.type != CHANGED:
        return f"@{event.type}", int(data.get("case_id", STOCK))
    said = "withdrawn" if data.get("withdrawn") else "modernised" if data["modernised"] else "plain"
    return f"@{said}", int(data["flat_id"]) * _VERSIONS + data["version"]


def known(facts: Iterable[tuple[str, int]]) -> Known:
    """What counted facts come to."""
    cases: dict[str, set[int]] = {SUBMITTED: set(), DECIDED: set()}
    flats: dict[int, tuple[int, str]] = {}
    stock = 0
    for said, number in facts:
        if said[1:] in cases:
            cases[said[1:]].add(number)
        elif said[1:] == REFERENCE:
            stock = number
        else:
            flat, version = divmod(number - 1, _VERSIONS)
            flats[flat] = max(flats.get(flat, (-1, "")), (version, said))
    return Known(
        decided=len(cases[SUBMITTED] & cases[DECIDED]),
        waiting=len(cases[SUBMITTED] - cases[DECIDED]),
        modernised=sum(said == "@modernised" for _, said in flats.values()),
        stock=stock,
    )


def shown(reader: KpiReader) -> Known:
    """The same as readers see it, in the newest month; it holds all of a campaign that did not run at its turn."""
    cases, flats = (reader.latest(kpi, WindowKind.MONTH) for kpi in KPIS)
    return Known(
        decided=0 if cases is None else cases.denominator,
        waiting=0 if cases is None else cases.beside["open"],
        modernised=0 if flats is None else flats.numerator,
        stock=0 if flats is None else flats.denominator,
    )
