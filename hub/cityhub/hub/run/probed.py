"""What each process is asked by its probes, and which figures it shows. Other portions are loaded where needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from prometheus_client.core import Metric
from prometheus_client.registry import CollectorRegistry

from cityhub.bus import reach
from cityhub.bus.vitals import ARCHIVING, COUNTING, JOINED, KEEPING, KEYS, PASSING, PUBLISHING, Vitals
from cityhub.hub import collectors
from cityhub.hub.access import kafka_access
from cityhub.hub.probe_server import probes_served
from cityhub.hub.readiness import Check, Readiness
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings

_LOG = "its log says why"
_SPOKEN = {
    "worker": (
        (COUNTING, 90.0, f"Kafka or the store is away, or slow: {_LOG} (log_end_unknown, store_unavailable)"),
        (JOINED, 90.0, "wait for the rebalance of the consumer group; if it lasts, look for workers that come and go"),
    ),
    "publisher": ((PUBLISHING, 90.0, f"Kafka or the store is away: {_LOG} (publishing_deferred)"),),
    "gate": ((PASSING, 30.0, f"Kafka is away: {_LOG} (gate_waits)"),),
    "bookkeeper": ((KEEPING, 120.0, f"Kafka or the store is away, or slow: {_LOG} (ledger_waits)"),),
    "web": ((KEYS, 86_400.0, "Keycloak gives no signing keys: see that it runs and CITYHUB_KEYCLOAK_URL is right"),),
}
"""By process what it notes of itself: name, for how many seconds that is good, what to do."""
_OF_KAFKA = frozenset({"worker", "publisher", "archive", "gate", "bookkeeper", "adapters"})
_OF_THE_STORE = frozenset({"worker", "publisher", "archive", "bookkeeper", "web"})


@asynccontextmanager
async def probed(name: str, settings: Settings, secrets: Secrets, vitals: Vitals) -> AsyncIterator[None]:
    """Probes of the calling process while the block runs.

    Raises:
        PortTaken: somebody else listens there.
    """
    readiness = Readiness(checks(name, settings, secrets, vitals))
    registry = registry_of(name, settings)
    async with probes_served(settings.probe_host, settings.probe_port, vitals, readiness, registry):
        yield


def checks(name: str, settings: Settings, secrets: Secrets, vitals: Vitals) -> Sequence[Check]:
    """What must be well for a process to do its work. A partner that does not answer is no reason: feeds tell of it."""
    found = [
        Check(of, partial(vitals.unready, of, within_s), remedy) for of, within_s, remedy in _spoken(name, settings)
    ]
    if name in _OF_KAFKA:
        access = kafka_access(settings, secrets)
        remedy = "start Kafka, or correct CITYHUB_KAFKA_BOOTSTRAP, the user name or the password"
        found.append(Check("kafka", partial(reach.unready, access), remedy))
    if name in _OF_THE_STORE:
        remedy = "start the database, or correct CITYHUB_STORE_URL; a worker or the publisher makes the tables"
        found.append(Check("store", partial(_store, settings.store), remedy))
    if name == "adapters":
        remedy = f"make room on the disk, or give {settings.data} to the user of this process"
        found.append(Check("outbox", partial(_outbox, settings.data / "adapters.db"), remedy))
    return found


def registry_of(name: str, settings: Settings) -> CollectorRegistry:
    """The figures of a process. What is of the whole hub is shown by one process only."""
    states: list[Callable[[], Iterable[Metric]]] = []
    if name == "adapters":
        from cityhub.adapters.kit.status import AdapterStatusReader

        states.append(partial(collectors.feeds, AdapterStatusReader(settings.data / "adapters.db").all))
    if name == "bookkeeper":
        from cityhub.kpi.definition import load_catalogue
        from cityhub.kpi.store.sql_reader import SqlReader

        states.append(partial(collectors.streams, SqlReader(settings.store, load_catalogue()).streams))
    if name == "web":
        from cityhub.hub.identity.session_store import count_sessions

        states.append(partial(collectors.sessions, partial(count_sessions, settings.sessions)))
    return collectors.registry_of(name, *states)


def _spoken(name: str, settings: Settings) -> Sequence[tuple[str, float, str]]:
    if name == "archive":
        within_s = 2 * settings.archive_every + 120
        return [
            (
                ARCHIVING,
                within_s,
                f"a topic, the store or the archive's storage is away: {_LOG}; cityhub archive status",
            )
        ]
    return _SPOKEN.get(name, ())


def _store(where: str | Path) -> str | None:
    from cityhub.kpi.errors import StoreUnavailable
    from cityhub.kpi.store.database import Database

    if isinstance(where, Path) and not where.exists():
        return f"{where} does not exist yet"
    try:
        database = Database(where, read_only=True)
        try:
            return None if database.has_tables() else f"{database.address} has no tables yet"
        finally:
            database.close()
    except StoreUnavailable as error:
        return str(error)


def _outbox(path: Path) -> str | None:
    """Whether the state of the feeds can be read, and Kafka takes what they hold."""
    from cityhub.adapters.errors import StateUnavailable
    from cityhub.adapters.kit.status import AdapterStatusReader

    try:
        feeds = AdapterStatusReader(path).all()
    except StateUnavailable as error:
        return str(error)
    return "; ".join(f"{feed.feed}: {feed.delivery_error}" for feed in feeds if feed.delivery_error) or None
