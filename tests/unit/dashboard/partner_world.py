"""A dashboard with a partner's side: a ledger and traces by hand, letters of the real door and the real redrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime

from cityhub.dashboard.partner_desk import PartnerDesk
from cityhub.dashboard.services import Services
from cityhub.kpi.ledger.balance import Balance, Day, Sent
from cityhub.kpi.ledger.trace import Sighting, Trace
from cityhub.sdk import codec
from tests.unit.adapters.doors.desk import Desk
from tests.unit.adapters.doors.world import LEVEL, event
from tests.unit.dashboard.world import World

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


def day(number: int = 25, **numbers: object) -> Day:
    last = datetime(2026, 11, number, 11, 5, 9, tzinfo=UTC)
    return Day(**{"stream": LEVEL, "day": date(2026, 11, number), "door": "http", "last": last, **numbers})  # type: ignore[arg-type]


def sent(name: str, *gaps: tuple[int, int], under_way: int = 0, since: datetime | None = None) -> Sent:
    missing = sum(last - first + 1 for first, last in gaps)
    return Sent(
        door="kafka",
        name=name,
        sent=100,
        accounted=100 - missing - under_way,
        under_way=under_way,
        missing=missing,
        since=since,
        gaps=gaps,
    )


def sighting(status: str = "counted", **more: object) -> Sighting:
    place = {"topic": "du.evt.wbd.bin.v1", "partition": 3, "offset": 41, "received": NOW}
    return Sighting(**{"status": status, **place, **more})  # type: ignore[arg-type]


class PartnerWorld(World):
    """Attributes: asked = what was looked up, of whom. trouble = raised by whatever it names."""

    def __init__(self) -> None:
        super().__init__(now=NOW, hours=1)
        self.letters = Desk()
        self.days: list[Day] = [day(sent=10, accepted=8, rejected=2, counted=8, rejected_by={"contract": 2})]
        self.senders: list[Sent] = []
        self.sightings: list[Sighting] = []
        self.asked: list[tuple[str, ...]] = []
        self.trouble: dict[str, Exception] = {}
        self.seconds = 0.0
        self.waits: Callable[[], object] = lambda: None
        self.desk = PartnerDesk(self, self.letters.box, self.letters.redrive, self, lambda: self.seconds)

    def balance(self, partner: str, since: date | None = None, until: date | None = None) -> Balance:
        self._ask("balance", partner)
        difference = sum(sender.missing for sender in self.senders)
        return Balance(partner=partner, difference=difference, days=self.days, senders=self.senders)

    async def trace(self, partner: str, id_: str) -> Trace:
        self._ask("trace", partner, id_)
        self.waits()
        return Trace(id_, partner, self.sightings)

    def refuse(self, *numbers: int, **data: object) -> None:
        """Events that the door refuses, a second after another."""
        for number in numbers:
            asyncio.run(self.letters.post(codec.encode(event(number, **{"fill": 1.5, **data}))))

    def services(self) -> Services:
        services = super().services()
        services.desk = self.desk
        return services

    def _ask(self, what: str, *of: str) -> None:
        self.asked.append((what, *of))
        if what in self.trouble:
            raise self.trouble[what]
