"""How a seed ended, and what is compared with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from cityhub.kpi.kernel.plan import Plan
from tests.unit.kpi import oracle
from tests.unit.kpi.simulator.actors import Topics
from tests.unit.kpi.simulator.city import MINUTE_MS
from tests.unit.kpi.simulator.faults import FaultyDatabase
from tests.unit.kpi.simulator.log import Log
from tests.unit.kpi.simulator.meanings import Meaning

Row: TypeAlias = dict[str, Any]


class Outcome(NamedTuple):
    """Attributes:
    topics: None = nothing was published in this seed. settled_ms: up to when every partition is complete.
    """

    database: FaultyDatabase
    plans: Sequence[Plan]
    log: Log
    topics: Topics | None
    settled_ms: int

    @property
    def until_s(self) -> int:
        """What begins at or after it is not there yet."""
        return (self.settled_ms // MINUTE_MS + 1) * 60

    def rows(self, statement: str) -> list[Row]:
        with self.database.raw() as connection:
            found = connection.execute(statement)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found]


class Facts(NamedTuple):
    """What a definition makes of the counted events."""

    id: str
    meaning: Meaning
    events: list[oracle.Event]
    buckets: oracle.Buckets


def differences(what: str, found: dict[Any, Any], wanted: dict[Any, Any]) -> Iterator[str]:
    """A line for every key that is missing, too many, or stands for something else."""
    for key in found.keys() | wanted.keys():
        if found.get(key) != wanted.get(key):
            yield f"{what} {key} is {found.get(key)}, must be {wanted.get(key)}"
