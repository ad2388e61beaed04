"""What stands at the end of topics: for writers that read there how far they have come."""

from __future__ import annotations

from collections.abc import Iterable

from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_reader import LogReader


async def newest_headers(access: KafkaAccess, topics: Iterable[str], *, client_id: str) -> dict[str, dict[str, bytes]]:
    """Headers of the newest record of each topic, which has one partition; an empty topic is left out.

    Raises:
        BusUnavailable: the broker does not answer, or a topic does not exist.
    """
    found = {}
    async with LogReader(access, client_id=client_id) as log:
        for topic, bounds in (await log.all_bounds({topic: [0] for topic in topics})).items():
            first, end = bounds[0]
            if first < end:
                log.begin(topic, {0: (end - 1, end - 1)})
                found[topic] = dict((await log.some())[0][-1].headers)
    return found
