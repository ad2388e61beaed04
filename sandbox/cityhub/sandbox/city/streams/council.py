"""What is laid before the council: papers, some of them put right later, few taken back. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, iso, pick, tell
from cityhub.sandbox.city.traffic import lot

_KINDS = {"Beschlussvorlage": 0.5, "Mitteilungsvorlage": 0.25, "Anfrage": 0.12, "Antrag": 0.1, "": 0.03}
COMMITTEES = (
    "Rat",
    "Hauptausschuss",
    "Verkehrsausschuss",
    "Schulausschuss",
    "Bezirksvertretung 1",
    "Bezirksvertretung 2",
)
_CORRECTED_AFTER, _WITHDRAWN_AFTER = 5, 12
"""Days."""


def _papers(seed: int, day: date) -> Iterator[Told]:
    for back in (0, _CORRECTED_AFTER, _WITHDRAWN_AFTER):
        published_on = day - back * DAY
        for number in range(amount(lot(seed, "papers", published_on), 5, published_on)):
            yield from _paper(seed, published_on, number, back)


def _paper(seed: int, published_on: date, number: int, back: int) -> Iterator[Told]:
    chance = lot(seed, "paper", published_on, number)
    corrected, withdrawn = happens(chance, 0.12), happens(chance, 0.02)
    if (back == _CORRECTED_AFTER and not corrected) or (back == _WITHDRAWN_AFTER and not withdrawn):
        return
    name = f"vorlage-{published_on:%Y%m%d}-{number}"
    published_at = at(published_on, chance.triangular(8 * 3600, 18 * 3600, 11 * 3600))
    dated_at = None if happens(chance, 0.05) else at(published_on, 0)
    told_at = published_at + back * DAY
    reference = (
        None if happens(chance, 0.04) else f"{published_on:%y}-{published_on.timetuple().tm_yday * 10 + number:04d}"
    )
    kind, committee = pick(chance, _KINDS), chance.choice((*COMMITTEES, None))
    said = {"reference": reference, "kind": kind or None, "dated_at": iso(dated_at) if dated_at else None}
    taken_back = back == _WITHDRAWN_AFTER
    data = {"paper": name, "modified_at": iso(told_at), "deleted": taken_back or None}
    data |= {} if taken_back else said | {"committee": COMMITTEES[0] if back and committee else committee}
    version = 1 if back == 0 else 2 if back == _CORRECTED_AFTER else 3
    yield tell(
        "city.council-paper.published", dated_at or published_at, name, (name,), data, version=version, told_at=told_at
    )


STREAMS = (Stream("council", timedelta(days=380), _papers),)
