"""Target records in the store: appended, read, never changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.definition_target import flaw_of_words, flaws_of
from cityhub.kpi.errors import TargetRefused
from cityhub.kpi.store.appending import append
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.plan_tables import target as table
from cityhub.kpi.targets import TargetRecord, records_of, standing, target_at
from cityhub.sdk.text import Text

_decode = msgspec.json.Decoder(TargetRecord).decode
_Make = Callable[[tuple[TargetRecord, ...]], TargetRecord]


class TargetBook:
    """Where targets are written.

    Args:
        where: the store's file, or the URL of a PostgreSQL database.
        clock: seconds since the epoch.
    """

    def __init__(self, where: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._store = where
        self._clock = clock

    def record(self, definition: KpiDefinition, target: Target, *, who: str, why: str) -> TargetRecord:
        """Append a target.

        Raises:
            TargetRefused: every flaw of it, or it holds from that day already.
            StoreUnavailable: there is no store, or it cannot be written now.
        """
        words = {"who": flaw_of_words(who), "why": flaw_of_words(why)}
        flaws = [*flaws_of(target, definition.direction), *((name, flaw) for name, flaw in words.items() if flaw)]
        if flaws:
            raise TargetRefused(flaws)

        def made(known: tuple[TargetRecord, ...]) -> TargetRecord:
            held = target_at(known, target.since)
            if held and held.target == target:
                raise TargetRefused([("since", _again(held))])
            return TargetRecord(kpi_id=definition.id, number=0, target=target, who=who.strip(), why=why.strip())

        return self._append(definition, made)

    def retract(self, definition: KpiDefinition, number: int, *, who: str, why: str) -> TargetRecord:
        """Append that a record does not hold any more; what it had said stays readable.

        Raises:
            TargetRefused: there is no such record that holds, or nobody, or no reason, is named.
            StoreUnavailable: as `record`.
        """
        words = {"who": flaw_of_words(who), "why": flaw_of_words(why)}
        if flaws := [(name, flaw) for name, flaw in words.items() if flaw]:
            raise TargetRefused(flaws)

        def made(known: tuple[TargetRecord, ...]) -> TargetRecord:
            holding = [one.number for one in standing(known)]
            if number not in holding:
                raise TargetRefused([("number", _no_such(definition.id, number, holding))])
            return TargetRecord(kpi_id=definition.id, number=0, retracts=number, who=who.strip(), why=why.strip())

        return self._append(definition, made)

    def _append(self, definition: KpiDefinition, make: _Make) -> TargetRecord:
        return append(
            self._store, lambda connection: _appended(connection, definition, make, int(self._clock() * 1000))
        )


def stored_targets(connection: Connection) -> dict[str, list[TargetRecord]]:
    """All records of the store, by KPI, oldest first."""
    row, found = table.c, dict[str, list[TargetRecord]]()
    for kpi, payload in connection.execute(select(row.kpi, row.payload).order_by(row.kpi, row.number)):
        found.setdefault(kpi, []).append(_decode(payload))
    return found


def _appended(connection: Connection, definition: KpiDefinition, make: _Make, now_ms: int) -> TargetRecord | None:
    """None where the number was taken meanwhile."""
    stored = stored_targets(connection).get(definition.id, [])
    new = make(records_of(definition, stored))
    number = len(stored) + 1
    new = replace(new, number=number, recorded=datetime.fromtimestamp(now_ms / 1000, UTC))
    row = {"kpi": definition.id, "number": number, "recorded_ms": now_ms, "payload": msgspec.json.encode(new)}
    insert = upsert(connection, table).values(row).on_conflict_do_nothing().returning(table.c.number)
    return new if connection.scalar(insert) is not None else None


def _again(held: TargetRecord) -> Text:
    return Text(
        f"dieses Ziel gilt an diesem Tag schon (Eintrag {held.number})",
        f"this target holds on that day already (record {held.number})",
    )


def _no_such(kpi: str, number: int, holding: list[int]) -> Text:
    known = ", ".join(map(str, holding))
    return Text(
        f"{number} ist kein geltender Eintrag von {kpi}; es gelten: {known or 'keine'}",
        f"{number} is no record of {kpi} that holds; those that do: {known or 'none'}",
    )
