"""What a tenant makes go wrong: pure changes of events on their way into its log.

Each inject decides by a lot of its own per event, so that one more changes nothing but what it touches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.sandbox.city.streams.story import wall_clock
from cityhub.sandbox.city.traffic import lot
from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.bridge import closure, held_up
from cityhub.sandbox.room.story import Timed, epoch_ms, saying
from cityhub.sdk.contract import Contracts
from cityhub.sdk.duration import seconds
from cityhub.sdk.errors import ContractError
from cityhub.sdk.event import Event
from cityhub.sdk.text import Text

Kind = Literal["late", "duplicate", "disorder", "bad-schema", "outage", "silent", "storm", "bridge-closed"]
_LONGEST_S = 86_400
_STORM = {
    "de.duisburg.wbd.sewer.level-observed.v1": ("level_ratio", 3.0, 0.0),
    "de.duisburg.dvv.transit.stop-departed.v1": ("delay_s", 1.0, 240.0),
    "de.duisburg.dvv.lamp.traffic-observed.v1": ("mean_speed", 0.6, 0.0),
}
"""What a storm does, where no `where` says otherwise: field → times, plus."""


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events; what is empty is not asked for. Attributes: types = with `*`, `de.duisburg.` may be left out."""

    types: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    boroughs: tuple[str, ...] = ()

    def holds(self, event: Event) -> bool:
        """Whether an event is meant."""
        short = event.type.removeprefix("de.duisburg.")
        return (
            (not self.types or any(fnmatchcase(short, one.removeprefix("de.duisburg.")) for one in self.types))
            and (not self.subjects or any(fnmatchcase(event.subject, one) for one in self.subjects))
            and (not self.boroughs or event.borough in self.boroughs)
        )


class Inject(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}, omit_defaults=True):
    """One thing that goes wrong.

    Attributes:
        since, until: of the events' arrival, half-open, with offset; `until` None = for ever.
        share: of the events that are meant, 0 to 1.
        by: how late, or how far apart: `30min`.
        catch_up: what an outage holds back arrives at its end; else it is lost.
        title: for people.
    """

    kind: Kind
    since: datetime | None = None
    until: datetime | None = None
    where: Where = Where()
    share: float = 1.0
    by: str = "30min"
    catch_up: bool = False
    title: str = ""

    @property
    def by_ms(self) -> int:
        """`by` in milliseconds."""
        return seconds(self.by) * 1000


def read_inject(tree: object, contracts: Contracts) -> Inject:
    """Read and check one.

    Raises:
        SpecRefused: every fault, with place, value and remedy.
    """
    try:
        inject = msgspec.convert(tree, Inject, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise SpecRefused(f"inject: {error}") from error
    if faults := list(_faults(inject, contracts)):
        raise SpecRefused(*faults)
    return replace(inject, since=_utc(inject.since), until=_utc(inject.until))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _faults(inject: Inject, contracts: Contracts) -> Iterator[Text | str]:
    for name, moment in (("from", inject.since), ("until", inject.until)):
        if moment is not None and moment.tzinfo is None:
            yield f"{name}: {moment.isoformat()} has no offset; write it as 2026-11-24T07:00:00+01:00"
            return
    if inject.since and inject.until and inject.until <= inject.since:
        until = wall_clock(inject.until)
        yield Text(
            f"Das Ende {until} liegt nicht nach dem Beginn; bitte einen späteren Zeitpunkt schreiben.",
            f"until: {inject.until.isoformat()} is not after from; write a later instant",
        )
    if not 0 < inject.share <= 1:
        yield Text(
            f"Der Anteil liegt zwischen 0 und 100 Prozent, nicht bei {inject.share * 100:g}; 20 ist jedes fünfte.",
            f"share: {inject.share} is not above 0 and at most 1; 0.2 is every fifth event",
        )
    try:
        if seconds(inject.by) > _LONGEST_S:
            yield f"by: {inject.by!r} is more than a day; write at most 24h"
    except ContractError as error:
        yield f"by: {error}"
    if inject.kind in {"outage", "bridge-closed"} and inject.until is None:
        yield Text(
            "Es fehlt das Ende; diese Störung hört auf. Bitte einen Zeitpunkt unter „Bis“ schreiben.",
            f"until: is missing; {inject.kind} has an end",
        )
    if inject.kind == "silent" and not inject.where.subjects:
        yield Text(
            "Es fehlen die Dinge, die stumm sind; bitte nennen, etwa lamp-0017.",
            "where.subjects: is empty; name the things that are silent, such as [lamp-0017]",
        )
    yield from _faults_of_where(inject.where, contracts)


def _faults_of_where(where: Where, contracts: Contracts) -> Iterator[Text]:
    known = [type_.removeprefix("de.duisburg.") for type_ in contracts]
    for number, pattern in enumerate(where.types):
        if not any(fnmatchcase(type_, pattern.removeprefix("de.duisburg.")) for type_ in known):
            yield Text(
                f"Die Ereignisart „{pattern[:80]}“ gibt es nicht; /v1/sandbox/catalogue nennt alle.",
                f"where.types[{number}]: {pattern[:80]!r} matches no event type; GET /v1/sandbox/catalogue lists them",
            )
    for number, borough in enumerate(where.boroughs):
        if borough not in {f"STB0{one}" for one in range(1, 8)}:
            yield Text(
                f"„{borough[:20]}“ ist kein Stadtbezirk; es gibt STB01 bis STB07.",
                f"where.boroughs[{number}]: {borough[:20]!r} is no borough; there are STB01 to STB07",
            )


class Acted(NamedTuple):
    """What an inject made of an event: nothing, itself, or several. Attributes: stage = of whoever acts next."""

    stage: int
    found: list[Timed]


class _Span(NamedTuple):
    """Arrivals that an inject acts on, epoch ms: [since, until), and not after the last before it was taken away."""

    since_ms: float
    until_ms: float
    last_ms: float

    def holds(self, at_ms: int) -> bool:
        return self.since_ms <= at_ms < self.until_ms and at_ms <= self.last_ms


class Injects:
    """All injects of a day, in the order in which they were made. Each acts on an event at the instant of its arrival.

    Args:
        seed: of the day; with another one other events are hit.
        taken_away: when the first so many ended, virtual time.
    """

    def __init__(self, seed: int, injects: Sequence[Inject], taken_away: Sequence[datetime] = ()) -> None:
        self._seed = seed
        self._injects: list[Inject] = []
        self._spans: list[_Span] = []
        for inject in injects:
            self.add(inject)
        self._taken_away(taken_away)

    def add(self, inject: Inject) -> int:
        """One more, after all others; its number."""
        self._injects.append(inject)
        since_ms = -math.inf if inject.since is None else epoch_ms(inject.since)
        queues = inject.kind == "bridge-closed"  # for longer than the closure lasts
        until_ms = math.inf if queues or inject.until is None else epoch_ms(inject.until)
        self._spans.append(_Span(since_ms, until_ms, math.inf))
        return len(self._spans) - 1

    def take_away(self, at: datetime) -> None:
        """All end: what had arrived by an instant stays as they made it."""
        ended = sum(span.last_ms < math.inf for span in self._spans)
        self._taken_away([at] * (len(self._spans) - ended), ended)

    def _taken_away(self, instants: Sequence[datetime], first: int = 0) -> None:
        for number, at in enumerate(instants, first):
            self._spans[number] = self._spans[number]._replace(last_ms=epoch_ms(at))

    def told(self, first: int = 0) -> Iterator[Timed]:
        """Events that exist only because of an inject, from one on, told before it was taken away."""
        for number, inject in enumerate(self._injects[first:], first):
            if inject.kind == "bridge-closed" and inject.since and inject.until:
                site = closure(number, inject.since, inject.until)
                if site.arrives_ms <= self._spans[number].last_ms:
                    yield site

    def acted(self, coming: Timed, stage: int) -> Acted | None:
        """What the first inject from a stage on makes of an event as it arrives; None = none of them means it."""
        for number in range(stage, len(self._injects)):
            if self._spans[number].holds(coming.arrives_ms) and self._injects[number].where.holds(coming.event):
                inject = self._injects[number]
                chance = lot(self._seed, "inject", number, coming.event.source, coming.event.id)
                if chance.random() < inject.share:
                    return Acted(number + 1, _KINDS[inject.kind](inject, coming, chance.random()))
        return None


def _late(inject: Inject, coming: Timed, _: float) -> list[Timed]:
    return [coming._replace(arrives_ms=coming.arrives_ms + inject.by_ms)]


def _duplicate(inject: Inject, coming: Timed, _: float) -> list[Timed]:
    name, number = coming.place
    return [coming, coming._replace(arrives_ms=coming.arrives_ms + inject.by_ms, place=(f"{name}'", number))]


def _disorder(inject: Inject, coming: Timed, chance: float) -> list[Timed]:
    return [coming._replace(arrives_ms=coming.arrives_ms + int(inject.by_ms * chance))]


def _bad_schema(_: Inject, coming: Timed, __: float) -> list[Timed]:
    """The first field of its data holds a list, as after a careless change of the partner's export."""
    tree: dict[str, Any] = msgspec.to_builtins(coming.event)
    name = min(tree["data"])
    tree["data"] = tree["data"] | {name: [tree["data"][name]]}
    return [coming._replace(raw=msgspec.json.encode(tree))]


def _outage(inject: Inject, coming: Timed, _: float) -> list[Timed]:
    if not inject.catch_up or inject.until is None:
        return []
    return [coming._replace(arrives_ms=epoch_ms(inject.until))]


def _silent(*_: object) -> list[Timed]:
    return []


def _storm(_: Inject, coming: Timed, chance: float) -> list[Timed]:
    """Sewers rise, buses are late, cars are slow; other events are left as they are."""
    event = coming.event
    field, times, plus = _STORM.get(event.type, ("", 1.0, 0.0))
    value = event.data.get(field)
    if not isinstance(value, int | float):
        return [coming]
    changed = value * times + plus * (0.5 + chance)
    said = round(changed) if isinstance(value, int) else round(changed, 1)
    return [coming._replace(event=saying(event, {field: said}, event.time))]


def _bridge(inject: Inject, coming: Timed, _: float) -> list[Timed]:
    if inject.since is None or inject.until is None:
        return [coming]
    return held_up(coming, inject.since, inject.until)


_KINDS: dict[str, Callable[[Inject, Timed, float], list[Timed]]] = {
    "late": _late,
    "duplicate": _duplicate,
    "disorder": _disorder,
    "bad-schema": _bad_schema,
    "outage": _outage,
    "silent": _silent,
    "storm": _storm,
    "bridge-closed": _bridge,
}
