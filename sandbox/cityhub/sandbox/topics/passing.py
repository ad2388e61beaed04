"""What rooms tell, passed on to tenants' topics: in order, without holes, and each entry once.

How far it has come is read where it was written: every record has its entry's cursor in a header, and after a start
the newest record of each topic says what need not be written again. A file beside the log remembers it, too, for
topics whose records retention has deleted; it may be behind, never ahead. A log that was emptied has other topics.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from cityhub.adapters.doors.outcomes import RecordWriter
from cityhub.bus import metrics
from cityhub.bus.errors import BusError
from cityhub.bus.pause import pause
from cityhub.bus.publisher import STRUCTURED_HEADERS, Outgoing
from cityhub.bus.topics import SandboxTopics
from cityhub.sandbox.errors import SandboxError
from cityhub.sandbox.room.log import Entry, TenantLog
from cityhub.sandbox.rooms.keys import Keys
from cityhub.sandbox.rooms.tenants import Tenant, Tenants
from cityhub.sandbox.topics.broker import Broker

LOOK_S, FOLLOW_S, RETRY_S = 1.0, 0.2, 2.0
_PAGE, _NEVER = 500, -1
_CHANGES = 4
"""Tenants whose topics are changed at once: while Kafka is away each waits in a thread, and rooms need threads, too."""
_JSON_HEADERS = [("content-type", b"application/json")]
_log = structlog.get_logger()


class Kept(Struct, frozen=True):
    """What is remembered of a tenant's topics. Attributes: made = `Tenant.emptied` then; passed = entries up to it."""

    made: int
    passed: int


class Passing:
    """Brings the topics of all tenants to what their registry says, and passes their logs on.

    Attributes:
        made_anew: told a tenant's name when its topics were made empty, at once.
        trouble: by tenant, why its topics are not what they shall be.
    """

    def __init__(self, tenants: Tenants, keys: Keys, broker: Broker) -> None:
        self._tenants = tenants
        self._keys = keys
        self._broker = broker
        self.made_anew: Callable[[str], None] = lambda _: None
        self.trouble: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._quiet: set[str] = set()
        self._changing = asyncio.Semaphore(_CHANGES)
        self._behind: dict[str, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set."""
        try:
            while not stop.is_set():
                self.look()
                metrics.SANDBOX_BEHIND.set(sum(self._behind.values()))
                await pause(stop, LOOK_S)
        finally:
            await asyncio.gather(*(self._ended(name) for name in list(self._tasks)))

    def look(self) -> None:
        """Begin with tenants that have topics, or had."""
        for name, task in list(self._tasks.items()):
            if task.done():
                task.result()
                del self._tasks[name]
        for tenant in self._tenants.of():
            due = tenant.kafka or self._file(tenant.name).exists()
            if due and tenant.name not in self._tasks and tenant.name not in self._quiet:
                end = self._ends[tenant.name] = asyncio.Event()
                self._tasks[tenant.name] = asyncio.create_task(self._serve(tenant.name, end))

    def settled(self, name: str) -> bool:
        """Whether a tenant's topics are those that it shall have."""
        tenant, kept = self._tenants.find(name), self._kept(name)
        if tenant is None or kept is None or name in self._quiet:
            return False
        return tenant.kafka and kept.made == tenant.emptied

    @contextmanager
    def emptied(self, name: str) -> Iterator[None]:
        """Around whatever empties a room: nothing is passed on meanwhile, afterwards the topics are made anew."""
        self._quiet.add(name)
        try:
            yield
        finally:
            self._quiet.discard(name)
            self._tenants.empty(name)

    async def remove(self, name: str) -> None:
        """Nothing of a tenant stays on Kafka, and nothing comes there any more while it is being deleted.

        Raises:
            BusError: Kafka does not answer or refuses; to be tried again.
        """
        self._quiet.add(name)
        try:
            await self._ended(name)
            if self._file(name).exists():
                await self._change(self._broker.remove, name)
                self._file(name).unlink()
        finally:
            self._quiet.discard(name)
            self._behind.pop(name, None)
            self.trouble.pop(name, None)

    async def _ended(self, name: str) -> None:
        """A task is never cut off: what a thread of it makes would come after what is removed here."""
        if (task := self._tasks.pop(name, None)) is not None:
            self._ends[name].set()
            await task

    async def _serve(self, name: str, end: asyncio.Event) -> None:
        while not end.is_set():
            try:
                tenant = self._tenants.find(name)
                if tenant is None or not tenant.kafka:
                    await self._close(name)
                    return
                await self._follow(tenant, end)
                self.trouble.pop(name, None)
            except (BusError, SandboxError, sqlite3.Error, OSError) as error:
                self.trouble[name] = str(error)
                _log.warning("sandbox_topics_wait", reason=str(error), retry_s=RETRY_S)
                await pause(end, RETRY_S)

    async def _close(self, name: str) -> None:
        """What is left of topics that are no longer wanted."""
        await self._change(self._broker.remove, name)
        if (tenant := self._tenants.find(name)) is not None:
            await asyncio.to_thread(self._keys.renew, name, tenant.organisation, kafka=False)
        self._file(name).unlink(missing_ok=True)
        self.trouble.pop(name, None)
        self._behind.pop(name, None)

    async def _follow(self, tenant: Tenant, end: asyncio.Event) -> None:
        """Until the tenant is another one."""
        kept, written = self._kept(tenant.name), dict[str, int]()
        if kept is None or kept.made != tenant.emptied:
            kept = await self._make(tenant)
        else:
            await self._change(self._broker.make, tenant.name)
            written = await self._written(tenant.name)
        self.trouble.pop(tenant.name, None)
        async with self._broker.writer() as writer:
            path = self._tenants.room(tenant.name) / "log.db"
            while self._still(tenant, end) and not path.exists():
                await pause(end, FOLLOW_S)
            if path.exists():
                await self._pass(tenant, kept, written, writer, end)

    async def _make(self, tenant: Tenant) -> Kept:
        """Empty topics, for the whole log; the file comes first, so that what was made is never forgotten."""
        known = self._kept(tenant.name)
        if known is None or known.made == _NEVER:
            self._keep(tenant.name, Kept(made=_NEVER, passed=0))
            await asyncio.to_thread(self._keys.renew, tenant.name, tenant.organisation, kafka=True)
        await self._change(self._broker.make_anew, tenant.name)
        kept = Kept(made=tenant.emptied, passed=0)
        self._keep(tenant.name, kept)
        self.made_anew(tenant.name)
        return kept

    async def _change(self, change: Callable[[str], None], name: str) -> None:
        async with self._changing:
            await asyncio.to_thread(change, name)

    async def _written(self, name: str) -> dict[str, int]:
        """By kind of entry, the cursor of the newest record."""
        kinds = {topic: kind for kind, topic in SandboxTopics(name).outgoing.items()}
        return {kinds[topic]: int(headers["cursor"]) for topic, headers in (await self._broker.ends(name)).items()}

    async def _pass(
        self, tenant: Tenant, kept: Kept, written: dict[str, int], writer: RecordWriter, end: asyncio.Event
    ) -> None:
        name, passed = tenant.name, kept.passed
        log = TenantLog(self._tenants.room(name) / "log.db", read_only=True)
        try:
            while self._still(tenant, end):
                found, newest = await asyncio.to_thread(_page, log, passed)
                if found and name not in self._quiet:
                    await _send(writer, name, [one for one in found if one.number > written.get(one.kind, 0)])
                    passed = found[-1].number
                    self._keep(name, Kept(made=kept.made, passed=passed))
                self._behind[name] = max(0, newest - passed)
                if len(found) < _PAGE or name in self._quiet:
                    await pause(end, FOLLOW_S)
        finally:
            log.close()

    def _still(self, tenant: Tenant, end: asyncio.Event) -> bool:
        found = self._tenants.find(tenant.name)
        return not end.is_set() and found is not None and (found.kafka, found.emptied) == (True, tenant.emptied)

    def _file(self, name: str) -> Path:
        return self._tenants.room(name) / "kafka.json"

    def _kept(self, name: str) -> Kept | None:
        """None where there is nothing, or it cannot be read: then topics are made anew."""
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            _log.warning("sandbox_topics_forgotten", reason=str(error))
            return None

    def _keep(self, name: str, kept: Kept) -> None:
        file = self._file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(kept))
        new.replace(file)


def _page(log: TenantLog, passed: int) -> tuple[list[Entry], int]:
    return log.after(passed, limit=_PAGE), log.newest()


async def _send(writer: RecordWriter, tenant: str, entries: Sequence[Entry]) -> None:
    """Raises what one of the topics said, when all have."""
    by_topic: dict[str, list[Outgoing]] = {}
    for one in entries:
        by_topic.setdefault(SandboxTopics(tenant).outgoing[one.kind], []).append(record(one))
    said = await asyncio.gather(*(writer.send(*both) for both in by_topic.items()), return_exceptions=True)
    for outcome in said:
        if isinstance(outcome, BaseException):
            raise outcome


def record(entry: Entry) -> Outgoing:
    """An entry as Kafka gets it: an event in structured mode, else JSON; headers say its cursor and virtual time."""
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
    form = STRUCTURED_HEADERS if entry.kind == "event" else _JSON_HEADERS
    return entry.name.encode(), entry.body, [*form, ("cursor", str(entry.number).encode()), ("at", at.encode())]
