"""A partner's side of the hub for the screen, which is drawn in threads."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.api.partner.asking import Listing
from cityhub.api.partner.records import Finder, Ledger
from cityhub.api.partner.shown import Listed, listed
from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.kept import Kept
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.ledger.trace import Trace

LETTERS = 20
"""Newest dead letters that are shown."""
KEPT_S = 5.0
"""A document is drawn twice, and whoever is impatient asks again: the log is read once for all of them."""
ANSWER_S = 10.0
AWAY_S = 10.0
"""Once Kafka has not answered, nobody waits for it for so long."""

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
        self._kept = Kept[tuple[str, ...], Any](KEPT_S, busy=_busy, clock=clock)
        self._away_until = -math.inf

    def balance(self, partner: str) -> Balance:
        """All that the ledger says of a partner.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        return self._ledger.balance(partner)

    def differences(self) -> Mapping[str, int]:
        """Missing events by partner; without those whose ledger balances.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        return self._ledger.differences()

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
        with self._kept.turn(key, lambda: self._found(look)) as found:
            answer: Answer = found
            return answer

    def _found(self, look: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        if self._clock() < self._away_until:
            raise BusUnavailable("Kafka did not answer a moment ago")
        try:
            return asyncio.run(_in_time(look()))
        except BusUnavailable:
            self._away_until = self._clock() + AWAY_S
            raise


def _busy() -> BusUnavailable:
    return BusUnavailable("others are looking into the log: try again in some seconds")


async def _in_time(looking: Coroutine[Any, Any, Answer]) -> Answer:
    try:
        return await asyncio.wait_for(looking, ANSWER_S)
    except TimeoutError:
        raise BusUnavailable(f"no answer from Kafka within {ANSWER_S:.0f} s") from None
