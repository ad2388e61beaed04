"""A version of a KPI reaches the live one and takes over (decision 0017).

It is filled from the log under a job of its own. Nobody sees it: its buckets, cells and marks carry its version, and
what is live asks for other versions. When it stands where the live cursors stand, one transaction makes it the one that
counts, and the live job's workers go on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from cityhub.kpi.errors import KpiError, StoreUnavailable
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.kernel.windows import Grain, grain_end
from cityhub.kpi.store import cursors, decisions, schema
from cityhub.kpi.store.clocks import Clocks
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.fill import FillWriter, Unbearable
from cityhub.kpi.store.remains import remove
from cityhub.kpi.store.rollups import day_totals, keeps_rollups, write_rollups
from cityhub.kpi.store.series import family_of
from cityhub.kpi.store.tenure import Fence, LeaseLost
from cityhub.kpi.store.windows import Place, PlanRows, day_start
from cityhub.kpi.store.writer import GapInLog
from cityhub.kpi.values import Decision
from cityhub.sdk.contract import Contracts

HAND_OVER_RECORDS = 20_000
"""Workers wait while the last records are applied: with more to come they go on, and it is tried again."""
_DAYS_AT_ONCE = 7

At = tuple[str, int]
"""Topic and partition."""
Read = Callable[[str, int, int], Sequence[LogRecord]]
"""(topic, partition, offset) → some records from that one on, in order; none at the log's end for now.

Raises `Refused` where the log does not hold that record any more.
"""
Audit = Callable[[Plan, Mapping[At, int]], list[str]]
"""Compares what the version counted up to the offsets (last ones) with a computation of its own; the mismatches.

Raises `NotYet` or `Refused`.
"""


class Refused(KpiError):  # noqa: N818 - an answer, not a failure
    """The version must not be activated; the message says why."""


class NotYet(KpiError):  # noqa: N818 - a state of the world
    """The audit cannot be made now; the message says what it waits for."""


class _NotReached(Exception):  # noqa: N818 - a finding
    """The live cursors went on too far."""


class Backfill:
    """One decision on its way from wanted to active. A restart goes on from the last commit.

    Args:
        job: the live one.
        plan: of the decision's version.
        fence: checked in every transaction that writes.
        audit: asked once the version has come as far as the live one.
    """

    def __init__(
        self,
        database: Database,
        job: str,
        plan: Plan,
        contracts: Contracts,
        decision: Decision,
        *,
        read: Read,
        fence: Fence,
        audit: Audit | None = None,
    ) -> None:
        self._database = database
        self._job = job
        self._plan = plan
        self._decision = decision
        self._read = read
        self._fence = fence
        self._audit = audit
        evaluator = Evaluator([plan], contracts)
        self._topics = set(evaluator.topics)
        self._writer = FillWriter(database, evaluator, decisions.fill_job(decision), fence)

    def steps(self) -> Iterator[None]:
        """Everything, a step being one transaction; ended early, another `Backfill` goes on.

        Raises:
            Refused: nothing comes of it; the decision says why, and what was counted is removed.
            StoreUnavailable, LeaseLost: try again.
        """
        try:
            self._check()
            yield from self._begin()
            yield from self._catch_up()
            self._writer.touched = set()
            yield from self._roll_up()
            yield from self._catch_up()
            yield from self._ask_the_audit()
            while not self._hand_over():
                yield
                yield from self._catch_up()
        except (Refused, Unbearable, GapInLog) as error:
            yield from self._give_up(str(error))
            raise Refused(str(error)) from error

    def _check(self) -> None:
        definition = self._plan.definition
        if definition.hash != self._decision.definition_hash:
            raise Refused(
                f"the file of {definition.id} version {definition.version} means something else now (hash "
                f"{definition.hash[:12]}) than when it was decided on ({self._decision.definition_hash[:12]}). "
                "Activate it again if that is what is wanted"
            )

    def _begin(self) -> Iterator[None]:
        """Cursors of its own; before, what an earlier attempt has left is removed."""
        job = decisions.fill_job(self._decision)
        with self._database.snapshot() as connection:
            begun = bool(cursors.offsets(connection, job))
        if not begun:
            yield from remove(self._database, self._plan.definition, self._may_remove)
            live = self._live()
            if missing := self._topics - {topic for topic, _ in live}:
                raise StoreUnavailable(
                    f"no worker has joined {', '.join(sorted(missing))} yet; start one that has this version's file"
                )
            with self._transaction() as connection:
                for topic, part in live:
                    cursors.position(connection, job, topic, part)
        yield

    def _live(self, connection: Connection | None = None) -> dict[At, int]:
        """Last offset that the live job has applied, of the version's partitions."""
        if connection is None:
            with self._database.snapshot() as reading:
                return self._live(reading)
        found = cursors.offsets(connection, self._job)
        return {at: offset for at, offset in sorted(found.items()) if at[0] in self._topics}

    def _catch_up(self) -> Iterator[None]:
        """Apply what the live job has applied, batch by batch."""
        behind = True
        while behind:
            behind = False
            for at, live in self._live().items():
                stands = self._writer.open(*at)
                if stands < live:
                    behind = True
                    if records := self._next(at, stands, live):
                        self._writer.apply(*at, records)
                    yield

    def _next(self, at: At, stands: int, until: int) -> Sequence[LogRecord]:
        """Some of the records after `stands`, up to `until`, which the live job has read: the log holds them."""
        records = self._read(*at, stands + 1)
        return records[: until - stands]

    def _roll_up(self) -> Iterator[None]:
        """Totals of all days: long windows are read from them, and the version's must be whole when it is taken."""
        if not keeps_rollups(self._plan):
            return
        bucket = schema.bucket.c
        ends = select(func.min(bucket.start), func.max(bucket.start))
        family = family_of(self._plan.definition, "")
        with self._database.snapshot() as connection:
            first, last = connection.execute(ends.where(bucket.family == family)).one()
        day = day_start(first) if first is not None else None
        while day is not None and day <= last:
            end = day
            for _ in range(_DAYS_AT_ONCE):
                end = grain_end(Grain.DAY, end)
            with self._transaction() as connection:
                self._total(connection, day, end)
            day = end
            yield

    def _total(self, connection: Connection, first: int, end: int) -> None:
        """Totals of the days in [first, end), as far as the clock has come."""
        until_s = Clocks(connection, self._job).of(self._plan.definition).until_s
        fresh = PlanRows(connection, self._plan).buckets("", first, min(end, until_s))
        places = [Place(*row) for row in fresh[:, :2].tolist()]
        write_rollups(connection, self._plan, day_totals(fresh, places))

    def _ask_the_audit(self) -> Iterator[None]:
        """Until it has an answer, what was counted stands still: an archive that is behind comes as far."""
        if self._audit is None:
            return
        vector = {at: self._writer.open(*at) for at in self._live()}
        while True:
            try:
                mismatches = self._audit(self._plan, vector)
                break
            except NotYet as error:
                with self._transaction() as connection:
                    decisions.note(connection, self._decision, str(error))
            yield
        if mismatches:
            raise Refused(f"the audit disagrees: {'; '.join(mismatches)}")

    def _hand_over(self) -> bool:
        """Take over in one transaction, at exactly where the live cursors stand; False = they went on too far.

        Live cursors whose compare-and-set comes later fail it: their workers learn of the decision, and none goes on
        with what it counted before.
        """
        for at in self._live():
            self._writer.open(*at)
        try:
            with self._transaction() as connection:
                cursors.hold_all(connection)
                self._reach(connection, self._live(connection))
                if keeps_rollups(self._plan):
                    for day in sorted({day_start(place.start) for place in self._writer.touched or ()}):
                        self._total(connection, day, grain_end(Grain.DAY, day))
                decisions.activate(connection, self._decision, self._job, self._topics)
        except BaseException as error:
            self._writer.start_over()
            if isinstance(error, _NotReached):
                return False
            raise
        return True

    def _reach(self, connection: Connection, live: Mapping[At, int]) -> None:
        """Apply the last records; the live cursors stand still meanwhile."""
        left = HAND_OVER_RECORDS
        for at, until in live.items():
            stands = self._writer.stands(*at)
            while stands is not None and stands < until:
                left -= until - stands
                records = self._next(at, stands, until) if left >= 0 else ()
                if not records:
                    raise _NotReached
                self._writer.apply_within(connection, *at, records)
                left += until - stands - len(records)
                stands += len(records)
            if stands is None:
                raise _NotReached

    def _give_up(self, detail: str) -> Iterator[None]:
        with self._transaction() as connection:
            decisions.refuse(connection, self._decision, detail)
        yield
        yield from remove(self._database, self._plan.definition, self._may_remove)

    def _may_remove(self, connection: Connection) -> None:
        self._fence(connection)
        definition = self._plan.definition
        if any(
            one.counts and one.version == definition.version
            for one in decisions.decisions_of(connection, definition.id)
        ):
            raise LeaseLost("the version counts: another process has handed over")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._database.begin() as connection:
            self._fence(connection)
            yield connection
