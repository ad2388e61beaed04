"""What a room is asked to do: one struct per command, and what each does."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import msgspec
import yaml
from msgspec import UNSET, Struct

from cityhub.kpi.proof.service import Number
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sandbox.errors import SpecRefused
from cityhub.sandbox.room.own_events import Came
from cityhub.sandbox.room.querying import query
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.room.state import Play
from cityhub.sdk import plain_yaml


class Command(Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Root of all."""


class Stand(Command, frozen=True, tag="stand"):
    """How the room is."""

    def run(self, room: Room, real_s: float) -> Any:
        return room.standing(real_s)


class Replay(Command, frozen=True, tag="replay"):
    """Begin a day; see `Play`. Attributes: speed = of the clock."""

    day: date
    source: Literal["simulated", "archived"] = "simulated"
    seed: int = 2026
    streams: tuple[str, ...] = ()
    loop: bool = False
    speed: float = 60.0

    @property
    def play(self) -> Play:
        """What is replayed."""
        return Play(day=self.day, source=self.source, seed=self.seed, streams=self.streams, loop=self.loop)

    def run(self, room: Room, real_s: float) -> Any:
        room.replay(self.play, real_s, speed=self.speed)
        return room.standing(real_s)


class SetClock(Command, frozen=True, tag="clock"):
    """Attributes: speed = 0 freezes; advance = to this instant, also back."""

    speed: float | None = None
    advance: datetime | None = None

    def run(self, room: Room, real_s: float) -> Any:
        room.set_clock(real_s, speed=self.speed, to=self.advance)
        return room.standing(real_s)


class AddInject(Command, frozen=True, tag="inject"):
    """Attributes: inject = as written, see `Inject`."""

    inject: Any

    def run(self, room: Room, real_s: float) -> Any:
        return room.inject(self.inject)


class ClearInjects(Command, frozen=True, tag="clear-injects"):
    """From now on nothing goes wrong."""

    def run(self, room: Room, real_s: float) -> Any:
        room.clear_injects()
        return room.standing(real_s)


class PutKpi(Command, frozen=True, tag="put-kpi"):
    """Attributes: text = YAML of a definition."""

    text: str

    def run(self, room: Room, real_s: float) -> Any:
        one = room.put_spec(self.text).definition
        return {"id": one.id, "version": one.version, "hash": one.hash, "windows": one.windows}


class DropKpi(Command, frozen=True, tag="drop-kpi"):
    """Forget an own KPI."""

    kpi: str

    def run(self, room: Room, real_s: float) -> Any:
        room.drop_spec(self.kpi)
        return room.standing(real_s)


class ShowKpi(Command, frozen=True, tag="show-kpi"):
    """The text of an own KPI."""

    kpi: str

    def run(self, room: Room, real_s: float) -> Any:
        return {"text": room.counts.spec(self.kpi).text}


class Values(Command, frozen=True, tag="values"):
    """Values of a KPI, oldest first. Attributes: window = None: the KPI's own; limit = the newest of them."""

    kpi: str
    window: WindowKind | None = None
    scope: str = "city"
    dimensions: dict[str, str] = {}
    limit: int = 100

    def run(self, room: Room, real_s: float) -> list[KpiValue]:
        reader = room.counts.reader(self.kpi)
        kind = self.window or reader.catalogue[self.kpi].default_window
        start, end = room.span()
        found = reader.series(self.kpi, kind, start, end, scope=self.scope, dimensions=self.dimensions or None)
        return list(found[-self.limit :])


class Compare(Command, frozen=True, tag="compare"):
    """An own KPI beside the city's."""

    own: str
    city: str

    def run(self, room: Room, real_s: float) -> Any:
        return room.compare(self.own, self.city)


class Explain(Command, frozen=True, tag="explain"):
    """Events behind a number. Attributes: at = an instant of the window's last step."""

    kpi: str
    window: WindowKind
    at: datetime
    scope: str = "city"
    first: int = 0
    size: int = 50
    excluded: bool = False

    def run(self, room: Room, real_s: float) -> Any:
        wanted = Number(self.kpi, self.window, self.at, self.scope)
        return room.counts.proofs(self.kpi).page(wanted, first=self.first, size=self.size, excluded=self.excluded)


class GetReceipt(Command, frozen=True, tag="receipt"):
    """The receipt of a number, as of `Explain`."""

    kpi: str
    window: WindowKind
    at: datetime
    scope: str = "city"

    def run(self, room: Room, real_s: float) -> Any:
        return room.counts.proofs(self.kpi).receipt(Number(self.kpi, self.window, self.at, self.scope))


class Query(Command, frozen=True, tag="query"):
    """A GraphQL query of the city's schema over the room. Attributes: operation = of several in the document."""

    query: str
    variables: dict[str, Any] = {}
    operation: str | None = None

    def run(self, room: Room, real_s: float) -> Any:
        return query(room.counts, room.standing(real_s).now, self.query, self.variables, self.operation)


class Publish(Command, frozen=True, tag="publish"):
    """Attributes: events = in structured mode, as they came: perhaps no JSON at all."""

    events: tuple[bytes, ...]

    def run(self, room: Room, real_s: float) -> Any:
        return {"results": room.publish(self.events)}


class Arrive(Command, frozen=True, tag="arrive"):
    """Records of the tenant's own topic. Attributes: came = in their order."""

    topic: str
    came: tuple[Came, ...]

    def run(self, room: Room, real_s: float) -> Any:
        outcomes = room.arrive(self.topic, self.came)
        return Arrived(len(outcomes), Counter(one.reason for one in outcomes if one.reason is not UNSET))


class Arrived(Struct, frozen=True):
    """What became of records. Attributes: refused = by reason."""

    records: int
    refused: dict[str, int]


class Scenario(Command, frozen=True, tag="scenario"):
    """A whole scenario. Attributes: text = YAML: day, seed, streams, loop, speed, injects."""

    text: str

    def run(self, room: Room, real_s: float) -> Any:
        try:
            tree = plain_yaml.load(self.text)
        except (yaml.YAMLError, RecursionError) as error:
            raise SpecRefused(f"scenario: not readable as YAML: {error}") from error
        if not isinstance(tree, dict):
            raise SpecRefused("scenario: is no mapping; write day: 2026-11-24 and injects: […]")
        injects = tree.pop("injects", [])
        if not isinstance(injects, list):
            raise SpecRefused("injects: is no list; write injects: [{kind: …}]")
        try:
            begin = msgspec.convert(tree, Replay, strict=False)
        except (msgspec.ValidationError, RecursionError) as error:
            raise SpecRefused(f"scenario: {error}") from error
        room.play_scenario(begin.play, injects, real_s, begin.speed)
        return room.standing(real_s)


class Digests(Command, frozen=True, tag="digests"):
    """Of log and numbers."""

    def run(self, room: Room, real_s: float) -> Any:
        return room.digests()


class Reset(Command, frozen=True, tag="reset"):
    """As on the first day."""

    def run(self, room: Room, real_s: float) -> Any:
        room.reset(real_s)
        return room.standing(real_s)


AnyCommand: TypeAlias = (
    Stand
    | Replay
    | SetClock
    | AddInject
    | ClearInjects
    | PutKpi
    | DropKpi
    | ShowKpi
    | Values
    | Compare
    | Explain
    | GetReceipt
    | Query
    | Publish
    | Arrive
    | Scenario
    | Digests
    | Reset
)
