"""The audit without which no version takes over: what it has counted against the archive, before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.tail import missing
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.auditing import lines
from cityhub.kpi.proof.stored import Snapshot, stored_buckets
from cityhub.kpi.store.database import Database
from cityhub.sdk.contract import Contracts

PATIENCE_S = 150.0
"""How long the archive may take to come as far as the version has; then it is tried again later."""
_LOOK_S = 1.0


def audit_version(
    store: str | Path, archive: str, contracts: Contracts, plan: Plan, vector: Mapping[tuple[str, int], int]
) -> list[str]:
    """Mismatches of a version that has counted up to the given offsets and is changed by nobody now.

    Raises:
        StoreUnavailable: the archive has not come so far yet.
        ArchiveMissing, ArchiveDamaged: it does not hold everything.
    """
    upto: dict[str, dict[int, int]] = {}
    for (topic, part), offset in vector.items():
        upto.setdefault(topic, {})[part] = offset
    source = Archive(storage_of(archive), contracts)
    until = time.monotonic() + PATIENCE_S
    while behind := missing(source, upto):
        if time.monotonic() > until:
            raise StoreUnavailable(
                f"{', '.join(sorted(behind))}: not archived up to where version {plan.definition.version} of "
                f"{plan.definition.id} has counted; it takes over once the archive process has caught up"
            )
        time.sleep(_LOOK_S)
    database = Database(store, read_only=True)
    try:
        with database.snapshot() as connection:
            stored = stored_buckets(connection, plan)
    finally:
        database.close()
    found = audit(plan, Snapshot(upto, {}, {plan.definition.id: stored}), source)
    return [] if found.clean else list(lines(found))
