"""How to tell from outside whether each process does its work: asked by the supervisor and, for itself, by `status`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Executable, func, select

from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from cityhub.hub import archive_report, signs
from cityhub.hub.access import kafka_access, realm
from cityhub.hub.embedded import kafka, keycloak
from cityhub.hub.embedded.partner_keys import EMPTY
from cityhub.hub.identity.endpoints import REALM_PATH
from cityhub.hub.process import Probe
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.database import reading
from cityhub.kpi.store.lease import LEASE_MS

_BEHIND_S = 30.0
_BACK_OFF_S = 400.0
"""A feed that fails is asked again after at most five minutes."""
_TIMEOUT_S = 1.5


def probes(settings: Settings, secrets: Secrets, started: datetime) -> Mapping[str, Probe]:
    """The probe of every process that stays, by its name.

    Args:
        started: of this run of the hub; signs of life that an earlier run has left in a database do not count.
    """
    store = settings.store
    web = "127.0.0.1" if settings.public_url.startswith("http://127.") else settings.host
    return {
        "kafka": lambda: kafka.unready(kafka_access(settings, secrets)),
        "keycloak": lambda: keycloak.unready(realm(settings).keycloak_url),
        "realm": lambda: _http(f"{realm(settings).keycloak_url}{REALM_PATH}") or _keys(kafka.keys_file(settings)),
        "worker": lambda: _worker(store, started),
        "publisher": lambda: _publisher(store),
        "archive": lambda: archive_report.unready(settings.data, started, settings.archive_every, time.time()),
        "gate": lambda: signs.unready(settings.data, "gate", started, time.time()),
        "bookkeeper": lambda: signs.unready(settings.data, "bookkeeper", started, time.time()),
        "city": lambda: _http(f"http://127.0.0.1:{settings.city_port}/healthz"),
        "adapters": lambda: _adapters(settings.data / "adapters.db", started, max(_BACK_OFF_S, 3 * settings.poll_s)),
        "rooms": lambda: _http(f"{settings.rooms_url}/healthz"),
        "web": lambda: _http(f"http://{web}:{settings.port}/livez"),
    }


def _http(url: str) -> str | None:
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as error:
        return f"nothing answers at {url} yet: {error}"
    return None if answer.is_success else f"{url} answers {answer.status_code}"


def _keys(path: Path) -> str | None:
    """Partners can log in at Kafka once it can read the realm's keys."""
    return "Kafka does not have the realm's keys yet" if path.exists() and path.read_text() == EMPTY else None


def _worker(store: str | Path, started: datetime) -> str | None:
    """Ready when all that stood in every partition lately is counted: it lives, reaches Kafka and keeps up."""
    row = schema.cursor.c
    try:
        partitions, complete_ms, records = _ask(
            store, select(func.count(), func.min(row.complete_ms), func.sum(row.records)).where(cursors.live())
        )
    except StoreUnavailable as error:
        return str(error)
    if not partitions:
        return "it has not joined its consumer group yet"
    if complete_ms / 1000 < started.timestamp():
        return f"it reads the log, {records} records so far"
    behind_s = time.time() - complete_ms / 1000
    return f"it stands {behind_s:.0f} s behind the log" if behind_s > _BEHIND_S else None


def _publisher(store: str | Path) -> str | None:
    """Ready while a holder of the lease shows signs of life."""
    row = schema.lease.c
    try:
        (seen_ms,) = _ask(store, select(func.max(row.seen_ms)).where(row.name == "publisher", row.holder != ""))
    except StoreUnavailable as error:
        return str(error)
    alive = seen_ms is not None and abs(time.time() * 1000 - seen_ms) < LEASE_MS
    return None if alive else "nobody holds the publisher's lease"


def _ask(store: str | Path, question: Executable) -> tuple[Any, ...]:
    if isinstance(store, Path) and not store.exists():
        raise StoreUnavailable(f"{store} does not exist yet")
    with reading(store) as connection:
        return tuple(connection.execute(question).one())


def _adapters(path: Path, started: datetime, patience_s: float) -> str | None:
    """Ready while it asks every feed and Kafka takes the events. That a partner does not answer is shown elsewhere."""
    try:
        feeds = AdapterStatusReader(path).all()
    except StateUnavailable as error:
        return str(error)
    problems = [f"{feed.feed}: {feed.delivery_error}" for feed in feeds if feed.delivery_error]
    since = max(started, datetime.now(UTC) - timedelta(seconds=patience_s))
    problems += [f"{feed.feed}: was not asked lately" for feed in feeds if _asked_at(feed) < since]
    return "; ".join(problems) or (None if feeds else "no feed was asked yet")


def _asked_at(feed: FeedStatus) -> datetime:
    return max(filter(None, (feed.succeeded_at, feed.failed_at)), default=datetime.fromtimestamp(0, UTC))
