"""Pure: which stops passengers are told departures of ahead of time, once per stop and hour.

VDV-454 renews its prognoses every few seconds; that a stop has one is news only now and then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cityhub.adapters.dvv.transit.trips import Seen
from cityhub.adapters.dvv.transit.wire import ActualTrip, is_set

_HOUR_MS = 3_600_000


def predicted(message: ActualTrip, seen: Seen, told: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Stops of a message with a departure that lies ahead of it.

    Args:
        told: by stop the hour (since the epoch) that was told last.

    Yields:
        Stop and hour of the message, where that hour was not told yet.
    """
    if is_set(message.cancelled) or message.predictable in (False, "false"):
        return
    hour = seen[0] // _HOUR_MS
    for halt in message.stops:
        ahead = halt.predicted is not None and halt.predicted.timestamp() * 1000 > seen[0]
        if ahead and not is_set(halt.passes) and told.get(halt.stop, -1) < hour:
            yield halt.stop, hour
