"""Pods of the chart and their servers die one after the other while events come in; in the end everything agrees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger.balance import balance
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader
from tests.chaos.journey import BATCH, TOPIC, Partner, Reader, events, identity, messages
from tests.chaos.sizes import seed
from tests.e2e.chart_hub import ChartHub
from tests.integration.faults import checks, oracle
from tests.integration.faults.ledger import Book
from tests.integration.faults.traffic import Traffic, range_of
from tests.integration.postgres import Postgres
from tests.integration.servers import LIMIT_S

RECORDS = 12_000


@pytest.fixture
def hub(tmp_path: Path, postgres: Postgres) -> Iterator[ChartHub]:
    """All pods, ready; nothing was sent yet."""
    made = ChartHub(tmp_path, postgres, "http://127.0.0.1:1")
    try:
        made.start()
        made.wait_until_ready()
        yield made
    finally:
        made.stop()


def faults(hub: ChartHub) -> dict[str, Callable[[], None]]:
    """By name, in the order in which they come."""
    pods = [("worker", 0), ("worker", 1), ("web", 0), ("publisher", 0), ("publisher", 1), ("archive", 0), ("gate", 0)]
    killed = {f"kill {name}-{number}": partial(hub.cluster.kill, name, number) for name, number in pods}
    return killed | {
        "restart PostgreSQL": hub.postgres.restart,
        "restart Kafka": hub.broker.restart,
        "kill adapters-0": partial(hub.cluster.kill, "adapters"),
    }


async def test_whoever_dies_nothing_is_lost(hub: ChartHub, tmp_path: Path) -> None:
    number = seed()
    traffic = Traffic(seed=number, total=RECORDS, end_s=int(time.time()) - 60, poison=())
    file = tmp_path / "ledger.jsonl"
    book = Book(file)
    sender = Partner(hub, traffic, book, partial(hub.keycloak.machine_token, "ingest-dvv"))
    token = partial(hub.keycloak.machine_token, "startup-demo")
    readers = {"sse": Reader(partial(events, hub, token)), "websocket": Reader(partial(messages, hub, token))}
    working = [asyncio.create_task(one.follow()) for one in readers.values()]
    sending = asyncio.create_task(sender.send())
    try:
        took_s = await strike(hub, sender, sending)
        await sending
        await until(lambda: judged(hub) >= RECORDS, "everything is counted", hub)
        told = await agree(hub, traffic, file, list(readers.values()))
    finally:
        book.close()
        for task in (*working, sending):
            task.cancel()
    print(f"\nseed {number}: {RECORDS} records, {told}; recovered after {took_s}")
    print(f"streams begun { ({name: one.begun for name, one in readers.items()}) }; {hub.cluster.restarts()}")


async def strike(hub: ChartHub, sender: Partner, sending: asyncio.Task[None]) -> dict[str, float]:
    """One fault after the other, each while records come in; seconds until all that was sent by then is counted."""
    took_s = {}
    planned = faults(hub)
    for place, (name, fault) in enumerate(planned.items(), 1):
        before, due = sender.done, RECORDS * place // (len(planned) + 1) // BATCH * BATCH
        sender.allow(due)
        await until(lambda before=before: sending.done() or sender.done > before, f"records before {name}", hub)
        assert not sending.done(), sending
        await asyncio.to_thread(fault)
        begun = time.monotonic()
        await until(lambda due=due: judged(hub) >= due, f"{due} records after {name}", hub)
        took_s[name] = round(time.monotonic() - begun, 1)
        print(f"{name}: all that was sent is counted after {took_s[name]} s", flush=True)
    sender.allow(RECORDS)
    await asyncio.to_thread(hub.wait_until_ready)
    return took_s


async def agree(hub: ChartHub, traffic: Traffic, book: Path, readers: Sequence[Reader]) -> str:
    """Log, ledger of the partner, numbers, balance, archive and what readers of streams saw."""
    truth = await oracle.truth(hub.kafka, TOPIC, book, of=identity)
    with closing(SqlReader(hub.store, load_catalogue())) as reader:
        await until(lambda: not checks.check_counts(truth, reader).findings, "numbers as the log has them", hub)
    days = {
        window.start: count.n for window, count in truth.windows.items() if window.kind == "day" and not window.line
    }
    assert sum(days.values()) == len({one.id for one in range_of(traffic, 0, RECORDS)}), (
        "something acknowledged is lost"
    )
    due = days[max(days)]
    await until(lambda: all(due in one.seen.values() for one in readers), f"streams tell {due}", hub)
    assert [one.went_back for one in readers] == [[], []]
    again, findings = await checks.check_dead_letters(hub.kafka, truth, TOPIC, of=identity)
    assert findings == []
    await until(lambda: balanced(hub), "the ledger balances", hub)
    await until(lambda: hub.run("kpi", "audit").returncode == 0, "the audit of the archive agrees", hub)
    held, repeated = sum(truth.ends.values()), sum(truth.duplicates.values())
    return f"{held} in the log, {repeated} of them repeated, {len(truth.poison)} refused ({again} twice)"


def judged(hub: ChartHub) -> int:
    """Records that workers have judged."""
    with psycopg.connect(hub.store) as connection:
        found = connection.execute("select coalesce(sum(records), 0) from cursor where topic = %s", (TOPIC,)).fetchone()
    return int(found[0]) if found else 0


def balanced(hub: ChartHub) -> bool:
    store = Database(hub.store, read_only=True)
    try:
        with store.snapshot() as connection:
            told = balance(connection, "dvv")
    finally:
        store.close()
    settled = not any(one.under_way or one.missing for one in told.senders)
    return settled and told.difference == 0 and sum(day.sent for day in told.days) > 0


async def until(holds: Callable[[], bool], what: str, hub: ChartHub) -> None:
    """Ask again and again; what the pods said is in the failure."""
    end = time.monotonic() + LIMIT_S
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < end, f"waited {LIMIT_S:.0f} s for: {what}\n{hub.tail()}"
        await asyncio.sleep(0.5)
