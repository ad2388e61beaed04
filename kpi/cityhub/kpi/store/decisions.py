"""Decisions: which version of a KPI counts, since when, and who wanted it so (decision 0017).

The files say what versions there are, the store says which of them is counted: a new file changes no number.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace
from sqlalchemy import Connection, RowMapping, and_, bindparam, func, select, update

from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.errors import NotActivated
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.dialect import insert_missing
from cityhub.kpi.store.tenure import LeaseLost
from cityhub.kpi.values import Decision, State

_row = schema.decision.c
_THIS = and_(_row.kpi == bindparam("at_kpi"), _row.number == bindparam("at_number"), _row.state == State.WANTED.value)
_COUNTED = (
    select(_row.kpi, _row.version)
    .where(_row.state.in_([State.INITIAL.value, State.ACTIVE.value]))
    .order_by(_row.kpi, _row.number)
)


def chosen(connection: Connection) -> dict[str, int]:
    """The version that counts, by KPI; a KPI that no worker has counted yet is left out."""
    return dict(connection.execute(_COUNTED).all())


def begin(connection: Connection, catalogue: Catalogue, now_ms: int) -> None:
    """Let KPIs of which nothing is decided begin with their highest version; the first worker decides.

    One whose events have been read before it came is wanted: it is filled from what there is, and then handed over.
    """
    known = _known(connection)
    cursor = schema.cursor.c
    read = set(connection.scalars(select(cursor.topic).where(cursors.live(), cursor.records > 0).distinct()))
    rows = []
    for one in (catalogue.versions(one.id)[-1] for one in catalogue if one.id not in known):
        late = not read.isdisjoint(one.topics.values())
        why = "new in a hub that has counted before: filled from what it has" if late else "first start with this KPI"
        state = State.WANTED if late else State.INITIAL
        rows.append(_new(one, 1, now_ms, who="cityhub", why=why, state=state))
    insert_missing(connection, schema.decision, rows)


def _known(connection: Connection) -> set[str]:
    """KPIs of which something was decided."""
    return set(connection.scalars(select(_row.kpi).distinct()))


def want(connection: Connection, definition: KpiDefinition, *, who: str, why: str, now_ms: int) -> Decision:
    """Decide that a version is to be counted from now on; a worker fills it and hands over.

    Args:
        now_ms: wall clock, epoch ms.

    Raises:
        NotActivated: it counts already, is older than the one that does, or another activation is under way.
    """
    cursors.hold_all(connection)  # of two that decide at the same time the second sees the first
    kpi, version = definition.id, definition.version
    known = decisions_of(connection, kpi)
    live = next((one for one in reversed(known) if one.counts), None)
    if live is None:
        raise NotActivated(
            f"no worker has counted {kpi} in this store yet; it begins with the highest version there is"
        )
    if live.version == version:
        raise NotActivated(f"{kpi} is counted by version {version} already")
    if live.version > version:
        raise NotActivated(
            f"version {version} of {kpi} is older than {live.version}, which counts now: what was left is not taken "
            "up again; give its meaning a new version in place of its old file"
        )
    if known[-1].state is State.WANTED:
        raise NotActivated(
            f"version {known[-1].version} of {kpi} is being activated ({known[-1].who}: {known[-1].why}); "
            f"`cityhub kpi versions {kpi}` shows how far it is"
        )
    insert_missing(connection, schema.decision, [_new(definition, known[-1].number + 1, now_ms, who=who, why=why)])
    return decisions_of(connection, kpi)[-1]


def decisions_of(connection: Connection, kpi: str) -> list[Decision]:
    """All decisions for a KPI, oldest first; of wanted ones how much is done."""
    query = select(schema.decision).where(_row.kpi == kpi).order_by(_row.number)
    found = [_decision(row) for row in connection.execute(query).mappings()]
    return [_with_progress(connection, one) if one.state is State.WANTED else one for one in found]


def wanted(connection: Connection) -> list[Decision]:
    """Decisions that wait for their version to be filled, in the order in which they were made."""
    query = select(schema.decision).where(_row.state == State.WANTED.value).order_by(_row.decided_ms, _row.kpi)
    return [_decision(row) for row in connection.execute(query).mappings()]


def activate(connection: Connection, decision: Decision, job: str, topics: set[str]) -> None:
    """From this transaction on the version counts, and no worker goes on without knowing it.

    Args:
        job: whose workers count it. topics: of the version; the clock of the fastest partition is noted.

    Raises:
        LeaseLost: somebody has made something of the decision already.
    """
    row = schema.cursor.c
    clocks = select(func.max(row.appended_ms), func.max(row.complete_ms)).where(row.job == job, row.topic.in_(topics))
    active_ms = max(clock or 0 for clock in connection.execute(clocks).one())
    change = update(schema.decision).where(_THIS).values(state=State.ACTIVE.value, active_ms=active_ms, detail="")
    if connection.execute(change, _at(decision)).rowcount != 1:
        raise LeaseLost(f"decision {decision.number} for {decision.kpi_id} is not wanted any more")
    cursors.next_generation(connection, job)


def refuse(connection: Connection, decision: Decision, detail: str) -> None:
    """Nothing comes of the decision; what counted goes on counting."""
    change = update(schema.decision).where(_THIS).values(state=State.REFUSED.value, detail=detail)
    connection.execute(change, _at(decision))


def note(connection: Connection, decision: Decision, detail: str) -> None:
    """Say what a wanted version waits for."""
    connection.execute(update(schema.decision).where(_THIS).values(detail=detail), _at(decision))


def fill_job(decision: Decision) -> str:
    """Under which name a decision's version is filled; it has cursors and ids of its own."""
    return f"{cursors.BACKFILLS}{decision.kpi_id}/{decision.version}/{decision.number}"


class Choice:
    """A process's definitions, of the versions that the store's decisions choose."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._plans: dict[tuple[str, int], Plan] = {}
        self._evaluator: Evaluator | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics of all versions: what one of them may need some day is read, judged and known by its ids already."""
        every = [plan_of(version) for one in self._catalogue for version in self._catalogue.versions(one.id)]
        return Evaluator(every, self._catalogue.contracts).topics

    def plans(self, connection: Connection) -> tuple[Plan, ...]:
        """The chosen versions, without KPIs whose first one is still being filled; each is laid out once.

        Raises:
            VersionMissing: see `Catalogue.choosing`.
        """
        found, counted = [], chosen(connection)
        coming = _known(connection) - counted.keys()
        for one in self._catalogue.choosing(counted):
            if one.id in coming:
                continue
            at = one.id, one.version
            if at not in self._plans:
                self._plans[at] = plan_of(one)
            found.append(self._plans[at])
        return tuple(found)

    def evaluator(self, connection: Connection) -> Evaluator:
        """The chosen versions compiled; the same object as long as the choice is the same. Errors as `plans`."""
        plans = self.plans(connection)
        if self._evaluator is None or list(map(id, self._evaluator.plans)) != list(map(id, plans)):
            self._evaluator = Evaluator(plans, self._catalogue.contracts)
        return self._evaluator


def _with_progress(connection: Connection, decision: Decision) -> Decision:
    """The decision with the share of the live cursors' way that its version has come."""
    row, mine = schema.cursor.c, schema.cursor.alias().c
    far = select(mine.topic, mine.part, mine.off).where(mine.job == fill_job(decision)).subquery()
    same = and_(row.topic == far.c.topic, row.part == far.c.part)
    query = select(func.sum(far.c.off + 1), func.sum(row.off + 1)).select_from(schema.cursor).join(far, same)
    came, way = connection.execute(query.where(cursors.live())).one()
    done = 0.0 if came is None else 1.0 if not way else min(float(came) / float(way), 1.0)
    return replace(decision, done=done)


def _new(
    definition: KpiDefinition, number: int, now_ms: int, *, who: str, why: str, state: State = State.WANTED
) -> dict[str, object]:
    return {
        "kpi": definition.id,
        "number": number,
        "version": definition.version,
        "hash": definition.hash,
        "decided_ms": now_ms,
        "who": who,
        "why": why,
        "state": state.value,
        "active_ms": 0,
        "detail": "",
    }


def _decision(row: RowMapping) -> Decision:
    return Decision(
        kpi_id=row["kpi"],
        number=row["number"],
        version=row["version"],
        definition_hash=row["hash"],
        decided=_instant(row["decided_ms"]),
        who=row["who"],
        why=row["why"],
        state=State(row["state"]),
        active=_instant(row["active_ms"]),
        detail=row["detail"],
    )


def _instant(epoch_ms: int) -> datetime | None:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC) if epoch_ms else None


def _at(decision: Decision) -> dict[str, object]:
    return {"at_kpi": decision.kpi_id, "at_number": decision.number}
