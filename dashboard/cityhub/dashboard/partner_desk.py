"""A partner's side of the hub for the screen, which is drawn in threads."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.api.partner.asking import Listing
from cityhub.api.partner.records import Finder, Ledger
from cityhub.api.partner.shown import Listed, listed
from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.ledger.trace import Trace

LETTERS = 20
"""Newest dead letters that are shown."""
KEPT_S = 5.0
"""A document is drawn twice, and whoever is impatient asks again: the log is read once for all of them."""
ANSWER_S = 10.0
AWAY_S = 10.0
"""Once Kafka has not answered, nobody waits for it for so long."""
PLACES = 3
"""How many may look into the log at once, one after the other; waiting must not take all of a server's threads."""

Answer = TypeVar("Answer")


class PartnerDesk:
    """Asks ledger, letters and traces.

    Args:
        clock: seconds that only grow.
    """

    def __init__(
        self,
        ledger: Ledger,
        source: Source,
        redrive: Redrive,
        finder: Finder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._redrive = redrive
        self._finder = finder
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._places = threading.BoundedSemaphore(PLACES)
        self._kept: dict[tuple[str, ...], tuple[float, Any]] = {}
        self._away_until = -math.inf

    def balance(self, partner: str) -> Balance:
        """All that the ledger says of a partner.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        return self._ledger.balance(partner)

    def letters(self, partner: str) -> Listed:
        """Its newest dead letters.

        Raises:
            BusError: Kafka does not answer, or others are asking it.
        """
        asked = Listing(first=LETTERS)
        return self._looked(("letters", partner), lambda: listed(self._source, self._redrive, partner, asked))

    def trace(self, partner: str, id_: str) -> Trace:
        """What became of an event.

        Raises:
            BusError: as `letters`. StoreUnavailable: the store cannot be read.
        """
        return self._looked(("trace", partner, id_), lambda: self._finder.trace(partner, id_))

    def _looked(self, key: tuple[str, ...], look: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        if not self._places.acquire(blocking=False):
            raise BusUnavailable("others are looking into the log: try again in some seconds")
        try:
            with self._one_at_a_time:
                now = self._clock()
                self._kept = {known: kept for known, kept in self._kept.items() if now - kept[0] < KEPT_S}
                if key not in self._kept:
                    found = self._found(now, look)
                    self._kept[key] = self._clock(), found
                answer: Answer = self._kept[key][1]
                return answer
        finally:
            self._places.release()

    def _found(self, now: float, look: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        if now < self._away_until:
            raise BusUnavailable("Kafka did not answer a moment ago")
        try:
            return asyncio.run(_in_time(look()))
        except BusUnavailable:
            self._away_until = self._clock() + AWAY_S
            raise


async def _in_time(looking: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return await asyncio.wait_for(looking, ANSWER_S)
    except TimeoutError:
        raise BusUnavailable(f"no answer from Kafka within {ANSWER_S:.0f} s") from None
