"""A storm of hostile inputs at the real doors, and what must hold when it is over.

The web process with real tokens, the gate on the real broker, worker, bookkeeper and archiver: everything that came is
in the ledger, nothing is 5xx or slow, memory is flat, and what nobody may keep is nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from cityhub.bus import topics
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.log_reader import LogReader
from cityhub.bus.publisher import RecordPublisher
from cityhub.hub.run.topics import wanted
from cityhub.kpi.ledger.balance import Balance
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.sdk.contract import load_contracts
from tests.integration.hub_processes import LIMIT_S, HubProcess, running, until, web_is_ready
from tests.integration.servers import Kafka, Keycloak
from tests.integration.storm import inputs
from tests.integration.storm.search import files_with, topics_with
from tests.integration.storm.senders import Storm, Tally

GROWTH_MB = 60.0
"""How much web and gate may grow between the first third of a storm and its end."""
ROUTES_AT_MOST = 20_000
_DOORS = ("http", "kafka")
_EVENTS = "du.evt.wbd.bin.v1"
_KEPT = ("du.evt.", "du.dlq.", "du.hub.", "du.kpi.")


class Weather:
    """One storm. Attribute: tally = what was sent so far."""

    def __init__(self, kafka: Kafka, keycloak: Keycloak, count: int, seed: int) -> None:
        self.kafka, self.keycloak, self.count, self.seed = kafka, keycloak, count, seed
        self.settings = kafka.installation.settings
        self.tally = Tally()
        self.at = datetime.now(UTC)
        self.incoming = topics.quarantine("wbd", f"s{uuid4().hex[:8]}")
        self.rss: list[dict[str, float]] = []

    async def perform(self) -> str:
        """All of it; returns what is to be told of it."""
        topics.ensure(self.kafka.access, [*wanted(), self.incoming, *map(topics.dead_letters, ("dvv", "gebag", "wbd"))])
        folder, began = self.settings.data / "said", time.monotonic()
        folder.mkdir(exist_ok=True)
        names = ("web", "gate", "worker", "bookkeeper", "archive")
        made = [
            HubProcess(self.kafka.installation, name, log=folder / f"{name}.log", CITYHUB_ARCHIVE_EVERY="1")
            for name in names
        ]
        with running(made) as processes:
            await web_is_ready(self.settings.public_url, processes["web"])
            await self._settled(processes, {})
            before = self._sent()
            took = await self._blow(processes)
            due = {"kafka": self.tally.by_kafka, "http": self.tally.numbered + len(self.tally.hashes)}
            await self._settled(processes, {door: before[door] + due[door] for door in _DOORS})
            await until(self._archived, processes.values(), self._limit_s())
        self._check_memory()
        await self._check_that_the_name_is_nowhere()
        return self._told(took, time.monotonic() - began, due)

    async def _blow(self, processes: Mapping[str, HubProcess]) -> float:
        """In two parts, so that memory can be looked at in between; returns seconds."""
        began = time.monotonic()
        storm = Storm(self.settings.public_url, self._token, self.tally)
        async with RecordPublisher(self.kafka.access, client_id="test") as writer:
            routes = min(self.count // 20, ROUTES_AT_MOST)
            await storm.at_routes(self.seed, routes)
            left = self.count - routes
            for part in (left // 3, left - left // 3):
                seed = self.seed + len(self.rss) + 1
                await storm.at_kafka(writer, self.incoming.name, seed, self.at, part // 2)
                await storm.at_http(seed, self.at, part - part // 2)
                await until(self._gate_is_through, processes.values(), self._limit_s())
                self.rss.append({name: processes[name].rss_mb() for name in ("web", "gate")})
        await storm.aclose()
        return time.monotonic() - began

    def _token(self, caller: str) -> str:
        if caller == "operator":
            return str(self.keycloak.user_tokens("betrieb")["access_token"])
        return self.keycloak.machine_token(f"ingest-{caller}")

    async def _gate_is_through(self) -> bool:
        """`du.in` is empty: the gate deletes what it has passed."""
        async with LogReader(self.kafka.access, client_id="test") as log:
            found = await log.bounds(self.incoming.name, range(self.incoming.partitions))
        return all(first == end for first, end in found.values())

    def _ledger(self) -> Balance:
        return LedgerReader(self.settings.store).balance("wbd")

    def _sent(self) -> dict[str, int]:
        days = self._ledger().days
        return {door: sum(day.sent for day in days if day.door == door) for door in _DOORS}

    async def _settled(self, processes: Mapping[str, HubProcess], due: Mapping[str, int]) -> None:
        """Until the ledger has all of it: exactly as much as was sent, and nothing under way or missing."""

        async def done() -> bool:
            told, sent = self._ledger(), self._sent()
            assert all(sent[door] <= most for door, most in due.items()), (sent, due)
            return not any(one.under_way for one in told.senders) and all(sent[door] == due[door] for door in due)

        await until(done, processes.values(), self._limit_s())
        assert self._ledger().difference == 0, self._ledger().senders

    async def _archived(self) -> bool:
        """The archive has what the log has."""
        async with LogReader(self.kafka.access, client_id="test") as log:
            ends = await log.bounds(_EVENTS, range(8))
        state = Archive(storage_of(self.settings.archive), load_contracts()).state(_EVENTS)
        return sum(end.last + 1 for end in state.ends.values()) == sum(end for _, end in ends.values())

    def _limit_s(self) -> float:
        return LIMIT_S + self.count / 100

    def _check_memory(self) -> None:
        first, last = self.rss[0], self.rss[-1]
        grown = {name: last[name] - first[name] for name in first}
        assert max(grown.values()) < GROWTH_MB, self.rss

    async def _check_that_the_name_is_nowhere(self) -> None:
        """The search finds what it may find, and not what it may not."""
        allowed, data = "//wbd/bins", self.settings.data
        assert {_EVENTS, "du.dlq.wbd"} <= (await topics_with(self.kafka.access, allowed, _KEPT)).keys()
        assert any(name.endswith(".parquet") for name in files_with(data, allowed))
        assert await topics_with(self.kafka.access, inputs.NAME, _KEPT) == {}
        assert files_with(data, inputs.NAME) == []

    def _told(self, took_s: float, all_s: float, due: Mapping[str, int]) -> str:
        tally = self.tally
        memory = "; ".join(
            f"{name} {self.rss[0][name]:.0f} to {self.rss[-1][name]:.0f} MB" for name in sorted(self.rss[0])
        )
        return (
            f"{tally.inputs()} inputs (HTTP {tally.by_http}, Kafka {tally.by_kafka}, other routes {tally.asked}) in "
            f"{took_s:.0f} s, {all_s:.0f} s with all checks; slowest answer {tally.slowest_s:.2f} s; answers "
            f"{dict(sorted(tally.statuses.items()))}; {memory}; ledger: sent {dict(due)}, difference 0"
        )
