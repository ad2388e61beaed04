"""What the adapter remembers of each trip between two answers.

Instants are whole seconds since the epoch (UTC): the feed has whole seconds, fractions are cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

KEEP_S = 6 * 3600
"""A trip is forgotten this long after its last departure and its last message."""
MAX_TRIPS = 100_000

TripKey: TypeAlias = tuple[str, str]
"""(Betriebstag, FahrtBezeichner)."""
Seen: TypeAlias = tuple[int, int]
"""Age of a message in milliseconds: (its own Zst, Zst of the answer that brought it). The greater one is newer."""
NEVER: Seen = (-1, -1)


class Report(Struct, frozen=True, array_like=True):
    """The newest that was said about a departure; `departs_s` is None where the partner gives no prognosis."""

    seen: Seen
    departs_s: int | None
    passes: bool = False


class Call(Struct, frozen=True, array_like=True):
    """One planned departure of a trip.

    Attributes:
        scheduled: REF-AUS knows it; else `planned_s` is what the IstHalt called planned.
        told_s: the departure that was emitted, None before.
    """

    stop: str
    planned_s: int
    name: str | None = None
    scheduled: bool = False
    report: Report | None = None
    told_s: int | None = None


class Trip(Struct, frozen=True, array_like=True):
    """A trip of one operating day.

    Attributes:
        void: reports older than this are void, unless their departure had passed by then: a full message or one without
            prognosis replaced them.
        cancelled, cancelled_seen: the newest statement. `cancel_told`: the cancellation was emitted, departures end.
        starts_s: planned start named by the messages, None where they do not.
        touched_s: the feed's clock at the last message.
        due_s: the next departure or cancellation that is waiting to become known, None when nothing is.
        ends_s: the last instant anything of the trip is expected.
    """

    key: TripKey
    line: str
    direction: str
    synthetic: bool
    touched_s: int
    calls: tuple[Call, ...] = ()
    void: Seen = NEVER
    cancelled: bool = False
    cancelled_seen: Seen = NEVER
    cancel_told: bool = False
    starts_s: int | None = None
    due_s: int | None = None
    ends_s: int = 0

    def in_effect(self, report: Report | None) -> bool:
        """The report is the last word on its departure."""
        if report is None or report.departs_s is None or report.passes:
            return False
        return report.seen >= self.void or report.departs_s * 1000 <= self.void[0]

    def start(self) -> int | None:
        """Planned start: the first scheduled departure, else what messages say, else the first departure known."""
        scheduled = [call.planned_s for call in self.calls if call.scheduled]
        if scheduled:
            return min(scheduled)
        if self.starts_s is not None:
            return self.starts_s
        return min((call.planned_s for call in self.calls), default=None)

    def timed(self) -> Trip:
        """The same trip with `due_s` and `ends_s` worked out from what it holds."""
        planned = [call.planned_s for call in self.calls]
        reported = [call.report.departs_s or 0 for call in self.calls if call.report]
        return replace(self, due_s=self._due(), ends_s=max([self.touched_s, *planned, *reported]))

    def _due(self) -> int | None:
        if self.cancel_told:
            return None
        if self.cancelled:
            return self.start()
        reports = (call.report for call in self.calls if call.told_s is None)
        waiting = [report.departs_s for report in reports if report and report.departs_s and self.in_effect(report)]
        return min(waiting, default=None)


class FeedState(Struct, frozen=True):
    """Everything the mapping remembers.

    Attributes:
        clock_s: the feed's clock: everything before it has been reported. 0 before the first answer.
        since_s: `clock_s` after the first answer; earlier trips were never ours to hear of.
        predicted: by stop the hour in which a prognosis was told last, see `predictions`.
    """

    trips: Mapping[TripKey, Trip] = {}
    clock_s: int = 0
    since_s: int = 0
    predicted: Mapping[str, int] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Trip).decode


def pack(trip: Trip) -> bytes:
    """For adapters.db."""
    return _encode(trip)


def unpack(body: bytes) -> Trip:
    """Inverse of `pack`."""
    return _decode(body)


def seconds(moment: datetime) -> int:
    """Whole seconds since the epoch; fractions are cut off."""
    delta = moment - _EPOCH
    return delta.days * 86_400 + delta.seconds


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch, exact."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def instant(moment_s: int) -> datetime:
    """Inverse of `seconds`, in UTC."""
    return datetime.fromtimestamp(moment_s, UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
