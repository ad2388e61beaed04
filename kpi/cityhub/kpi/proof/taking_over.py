"""The audit without which no version takes over: what it has counted against the archive, before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.tail import missing
from cityhub.bus.errors import ArchiveError, ArchiveMissing
from cityhub.kpi.batch import Buckets
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.auditing import lines
from cityhub.kpi.proof.stored import Snapshot, stored_buckets
from cityhub.kpi.store.backfill import NotYet, Refused
from cityhub.kpi.store.database import reading
from cityhub.sdk.contract import Contracts

_LOOK_S = 1.0


def audit_version(
    store: str | Path, archive: str, contracts: Contracts, plan: Plan, vector: Mapping[tuple[str, int], int]
) -> list[str]:
    """Mismatches of a version that has counted up to the given offsets and is changed by nobody now.

    Raises:
        NotYet: the archive has not come so far, or must be restored first.
        Refused: the archive has let go of what the version counts, or it cannot be computed a second time.
    """
    upto: dict[str, dict[int, int]] = {}
    for (topic, part), offset in vector.items():
        upto.setdefault(topic, {})[part] = offset
    source = Archive(storage_of(archive), contracts)
    try:
        if behind := missing(source, upto):
            raise _later(f"{', '.join(sorted(behind))}: not archived as far as it has counted; `cityhub status` tells")
        found = audit(plan, Snapshot(upto, {}, {plan.definition.id: _stored(store, plan)}), source)
    except (ArchiveError, BatchError) as error:
        if isinstance(error, BatchError) or (isinstance(error, ArchiveMissing) and not error.path):
            raise Refused(f"it cannot be computed a second time: {error}") from error
        raise _later(str(error)) from error
    return [] if found.clean else list(lines(found))


def _later(waits_for: str) -> NotYet:
    time.sleep(_LOOK_S)  # whoever asks asks again at once
    return NotYet(f"waits for the archive: {waits_for}")


def _stored(store: str | Path, plan: Plan) -> Buckets:
    with reading(store) as connection:
        return stored_buckets(connection, plan)
