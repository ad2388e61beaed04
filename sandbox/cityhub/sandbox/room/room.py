"""A tenant's room: its clock drives a story through injects into a log and the city's engine. One thread, no network.

Whatever the pace, the same day, seed, injects and own events lead to the same log and the same numbers: an event enters
the log at its own virtual instant, never at the moment in which somebody looked at the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from cityhub.kpi.definition import Catalogue
from cityhub.sandbox.errors import TooMuch
from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.room.checks import (
    MOST_INJECTS,
    check_log,
    check_play,
    check_room_for,
    checked_inject,
    checked_instant,
    checked_speed,
)
from cityhub.sandbox.room.clock import Clock
from cityhub.sandbox.room.comparison import Comparison
from cityhub.sandbox.room.counts import Counts
from cityhub.sandbox.room.course import Course
from cityhub.sandbox.room.injects import Inject, read_inject
from cityhub.sandbox.room.log import TenantLog
from cityhub.sandbox.room.offered import is_open
from cityhub.sandbox.room.own_events import UNREAD, Came, judge, told
from cityhub.sandbox.room.spec import Spec, read_spec
from cityhub.sandbox.room.state import Play, RoomState, Standing
from cityhub.sandbox.room.story import Timed, epoch_ms, span
from cityhub.sdk import codec
from cityhub.sdk.door import Outcome
from cityhub.sdk.text import Text

CHUNK = timedelta(minutes=15)
"""Virtual time that is worked off at once, so that commands are heard in between."""
PUBLISHED_EVERY = timedelta(hours=1)
"""On the way to an instant, of virtual time; a room that keeps pace publishes at most once per real second."""
MOST_SPECS = 20
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_NEXT = timedelta(milliseconds=1)
"""What arrived at this very millisecond has happened."""


class Room:
    """One tenant's.

    Args:
        folder: everything that is kept of the tenant.
        city: the city's KPIs and contracts.
        real_s: real time, seconds since the epoch.
        past: where archived days are; None = nowhere.
    """

    def __init__(self, folder: Path, city: Catalogue, real_s: float, past: Past | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._past = past or Past()
        self._city = Catalogue({one.id: one for one in city if is_open(one)}, city.contracts)
        self._log = TenantLog(folder / "log.db")
        kept = self._log.state()
        first = RoomState(clock=Clock(_BEGINNING, real_s), position=_BEGINNING)
        self._state = first if kept is None else msgspec.json.decode(kept, type=RoomState)
        specs = [read_spec(text, self._city) for text in self._state.specs]
        self.counts = Counts(folder, self._city, self._log, specs)
        self._published_at, self._published_s = self._state.position, 0.0
        self._course = self._followed(self._state)

    def standing(self, real_s: float) -> Standing:
        """What there is."""
        state, clock = self._state, self._state.clock
        return Standing(
            now=state.position,
            speed=clock.speed,
            frozen_at=state.position if clock.stands else None,
            rushing_to=clock.rush_to,
            behind_s=max(0.0, (clock.now(real_s) - state.position).total_seconds()),
            lap=state.lap,
            play=state.play,
            ends=None if self._course is None else self._course.end,
            events=self._log.events(),
            injects=state.acting,
            kpis=self.counts.own(),
            cursor=self._log.newest(),
        )

    def replay(self, play: Play, real_s: float, *, speed: float) -> None:
        """Begin a day anew; injects stay, what was there before is gone.

        Raises:
            SpecRefused: unknown streams, or no such speed.
        """
        check_play(play)
        self._begin(replace(self._state, play=play), Clock(_BEGINNING, real_s, checked_speed(speed)))

    def set_clock(self, real_s: float, *, speed: float | None, to: datetime | None) -> None:
        """Set the speed (0 = freeze), or go to an instant as fast as possible: back to one by beginning anew.

        Raises:
            SpecRefused: no such speed or instant.
        """
        clock = self._state.clock
        if speed is not None:
            clock = Clock(self._state.position if clock.rush_to else clock.now(real_s), real_s, checked_speed(speed))
        if to is not None:
            first = self._state.position if self._course is None else self._course.start
            to = checked_instant(to, first)
            if to < self._state.position:
                self._begin(self._state, Clock(first, real_s, clock.speed, to))
                return
            clock = Clock(self._state.position, real_s, clock.speed, to)
        self._keep(clock=clock)

    def inject(self, tree: object) -> Inject:
        """Let something go wrong with what arrives from now on.

        Raises:
            SpecRefused: it is not valid. TooMuch: there are enough.
        """
        inject, now = read_inject(tree, self._city.contracts), self._state.position
        check_room_for(len(self._state.injects), inject, now)
        inject = replace(inject, since=max(inject.since or now, now + _NEXT))
        self._keep(injects=(*self._state.injects, inject))
        if self._course is not None:
            self._course.add(inject)
        return inject

    def play_scenario(self, play: Play, injects: Sequence[object], real_s: float, speed: float) -> None:
        """Begin a day with these injects and no others.

        Raises:
            SpecRefused: something is not valid; nothing was changed. TooMuch: too many injects.
        """
        if len(injects) > MOST_INJECTS:
            raise TooMuch(f"{MOST_INJECTS} injects are the most, the scenario has {len(injects)}")
        wanted = tuple(checked_inject(number, tree, self._city.contracts) for number, tree in enumerate(injects))
        check_play(play)
        self._begin(
            replace(self._state, play=play, injects=wanted, taken_away=()),
            Clock(_BEGINNING, real_s, checked_speed(speed)),
        )

    def clear_injects(self) -> None:
        """From now on nothing goes wrong; what did stays as it is, and what came late is still to come."""
        state = self._state
        self._keep(taken_away=(*state.taken_away, *[state.position] * len(state.acting)))
        if self._course is not None:
            self._course.take_away(state.position)

    def put_spec(self, text: str) -> Spec:
        """Take a KPI of the tenant's own, in place of one of the same id; it counts what the log holds.

        Raises:
            SpecRefused: it is not valid. TooMuch: there are enough.
        """
        spec = read_spec(text, self._city)
        others = [one for one in self.counts.specs if one.definition.id != spec.definition.id]
        if len(others) >= MOST_SPECS:
            german = f"Mehr als {MOST_SPECS} eigene Kennzahlen gehen nicht; bitte erst eine löschen."
            raise TooMuch(Text(german, f"{MOST_SPECS} own KPIs are the most; delete one first"))
        self._count_own([*others, spec])
        return spec

    def drop_spec(self, kpi_id: str) -> None:
        """Forget an own KPI.

        Raises:
            UnknownThing: there is none of that id.
        """
        gone = self.counts.spec(kpi_id)
        self._count_own([one for one in self.counts.specs if one is not gone])

    def publish(self, bodies: Sequence[bytes]) -> list[Outcome]:
        """Take events of the tenant's own, as they arrive now; what became of each, in their order.

        Raises:
            TooMuch: the log is full.
        """
        check_log(self._log.size_b())
        now = self._state.position
        judged = [judge(index, body, self._city.contracts, now) for index, body in enumerate(bodies)]
        at_ms = epoch_ms(now)
        records = [
            (one.topic, one.event.type, at_ms, codec.encode(one.event)) for one in judged if one.event is not None
        ]
        self._append(records)
        if self._state.clock.stands:  # else the next step does
            self.counts.publish(at_ms)
        return [one.outcome for one in judged]

    def arrive(self, topic: str, came: Sequence[Came]) -> list[Outcome]:
        """As `publish`, of records of the tenant's topic: their writer reads in the log what was refused, and why."""
        try:
            read = iter(self.publish([one.body for one in came if one.body is not None]))
            outcomes = [UNREAD if one.body is None else next(read) for one in came]
        except TooMuch as full:
            outcomes = [Outcome(index=0, status="rejected", reason="log_full", detail=str(full)) for _ in came]
        at_ms = epoch_ms(self._state.position)
        refused = [told(one, topic, origin.offset) for one, origin in zip(outcomes, came, strict=True)]
        self._log.tell("refused", [(reason, at_ms, body) for reason, body in filter(None, refused)])
        return outcomes

    def compare(self, own: str, city: str) -> Comparison:
        """An own KPI beside one of the city's; errors as `Counts.compare`."""
        return self.counts.compare(own, city, self.span())

    def span(self) -> tuple[datetime, datetime]:
        """Anchors of windows that the story can be in."""
        start = self._state.position if self._course is None else self._course.start
        return start - timedelta(days=367), self._state.position + timedelta(days=1)

    def digests(self) -> dict[str, str]:
        """SHA-256 of the log, and of all numbers without labels and revisions."""
        return {"events": self._log.digest(), "numbers": self.counts.digest()}

    def step(self, real_s: float) -> bool:
        """Let happen what is due, at most `CHUNK` of it.

        Returns:
            Whether more is due already.
        """
        state, clock, course = self._state, self._state.clock, self._course
        target = clock.now(real_s)
        upto = min(target, state.position + CHUNK)
        if upto <= state.position and clock.rush_to is None:
            return False
        over = course is not None and clock.rush_to is None and state.position < course.end <= upto
        if course is not None and over:
            upto, clock = course.end, clock.frozen_at(course.end, real_s)
        elif upto == clock.rush_to:
            clock = clock.arrived(real_s)
        self._state = replace(state, position=upto, clock=clock)
        self._take([] if course is None else list(course.due(upto)))
        self._publish_if_due(real_s, behind=target > upto and not over)
        if over and state.play is not None and state.play.loop:
            self._begin(self._state, Clock(upto, real_s, state.clock.speed))
        return target > upto and not over

    def reset(self, real_s: float) -> None:
        """As on the first day; only the cursor's numbers go on."""
        self._restart(RoomState(clock=Clock(_BEGINNING, real_s), position=_BEGINNING, lap=self._state.lap + 1))

    def close(self) -> None:
        self.counts.close()
        self._log.close()

    def _followed(self, state: RoomState) -> Course | None:
        """What is still to come, by a state."""
        if state.play is None:
            return None
        return Course(state.play, state, self._city.contracts, self._past)

    def _begin(self, state: RoomState, clock: Clock) -> None:
        """The day of a state from its start, with a clock that starts there whatever it shows."""
        state = replace(state, injects=state.acting, taken_away=())
        if state.play is not None:
            start, _ = span(state.play.day)
            clock, state = replace(clock, at=start), replace(state, position=start)
        self._restart(replace(state, clock=clock, lap=self._state.lap + 1))

    def _restart(self, state: RoomState) -> None:
        course = self._followed(state)  # first of all: an archived day may not be there
        self._state = state
        self._log.empty(msgspec.json.encode(state))
        self.counts.begin_again([one for one in self.counts.specs if one.text in state.specs])
        self._course = course
        self._published_at, self._published_s = state.position, 0.0
        if self._course is not None:
            self._take(self._course.before())
        self.counts.publish(epoch_ms(state.position))

    def _take(self, arriving: Sequence[Timed]) -> None:
        records = [(one.topic, one.event.type, one.arrives_ms, one.raw or codec.encode(one.event)) for one in arriving]
        self._append(records)

    def _append(self, records: Sequence[tuple[str, str, int, bytes]]) -> None:
        for topic, some in self._log.append(records, msgspec.json.encode(self._state)).items():
            self.counts.take(topic, some)

    def _publish_if_due(self, real_s: float, *, behind: bool) -> None:
        at, since_s = self._state.position, real_s - self._published_s
        if at - self._published_at >= PUBLISHED_EVERY if behind else since_s >= 1 or self._state.clock.speed == 0:
            self._published_at, self._published_s = at, real_s
            self.counts.publish(epoch_ms(at))

    def _count_own(self, specs: Sequence[Spec]) -> None:
        self.counts.count_own(specs, epoch_ms(self._state.position))
        self._keep(specs=tuple(one.text for one in specs))

    def _keep(self, **changed: object) -> None:
        self._state = replace(self._state, **changed)
        self._log.keep(msgspec.json.encode(self._state))
