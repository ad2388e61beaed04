"""One holder at a time, each with a higher epoch, and a lost lease writes nothing: on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import insert, select, text

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.lease import LEASE_MS, Lease


def holds(database: Database, lease: Lease, holder: str, epoch: int) -> bool:
    with database.begin() as connection:
        return lease.holds(connection, holder, epoch)


def test_at_most_one_holder(database: Database) -> None:
    lease = Lease(database, "publisher")
    other = Lease(database, "publisher")
    assert lease.acquire("a", 1_000) == 1
    assert other.acquire("b", 5) == 0
    assert other.acquire("b", 4 + LEASE_MS) == 0
    assert lease.acquire("a", 2_000) == 1
    assert other.acquire("b", 5 + LEASE_MS) == 0
    assert other.acquire("b", 4 + 2 * LEASE_MS) == 0
    assert other.acquire("b", 5 + 2 * LEASE_MS) == 2
    assert lease.acquire("a", 3_000) == 0


def test_a_clock_far_ahead_keeps_nobody_out(database: Database) -> None:
    """Each process measures with its own clock how long the holder has been silent."""
    ahead, other = Lease(database, "publisher"), Lease(database, "publisher")
    assert ahead.acquire("a", 10**9) == 1
    assert other.acquire("b", 7) == 0
    assert other.acquire("b", 7 + LEASE_MS) == 2


def test_a_lease_that_was_given_back_is_free_and_its_epoch_does_not_fall(database: Database) -> None:
    lease = Lease(database, "publisher")
    lease.acquire("a", 1_000)
    lease.release("b")
    assert lease.acquire("b", 1_001) == 0
    lease.release("a")
    assert not holds(database, lease, "a", 1)
    assert lease.acquire("a", 1_002) == 2
    assert not holds(database, lease, "a", 1)
    assert holds(database, lease, "a", 2)


def test_names_do_not_know_each_other(database: Database) -> None:
    assert Lease(database, "publisher").acquire("a", 1_000) == 1
    assert Lease(database, "archiver").acquire("b", 1_000) == 1


def test_of_many_who_ask_at_once_one_gets_it(database: Database) -> None:
    for now in (0, LEASE_MS, 2 * LEASE_MS):
        asking = [Lease(database, "publisher") for _ in range(6)]
        if now:
            assert not any(one.acquire(f"{now}-{place}", now) for place, one in enumerate(asking))
        with ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(one.acquire, f"{now}-{place}", now + LEASE_MS) for place, one in enumerate(asking)]
            taken = [future.result() for future in asked]
        assert sum(epoch > 0 for epoch in taken) == 1, taken
    assert max(taken) == 3


def test_nobody_takes_it_while_its_holder_writes(database: Database) -> None:
    """Who asks meanwhile gets the lease only after the transaction, and then sees what it wrote."""
    lease, other_lease = Lease(database, "publisher"), Lease(database, "publisher")
    epoch = lease.acquire("a", 0)
    assert other_lease.acquire("b", 0) == 0
    written = select(schema.meta.c.value).where(schema.meta.c.key == "pass")

    def take() -> tuple[int, str | None]:
        taken = other_lease.acquire("b", LEASE_MS)
        with database.snapshot() as connection:
            return taken, connection.scalar(written)

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            assert lease.holds(connection, "a", epoch)
            other = pool.submit(take)
            while database.dialect == "postgresql" and not other.done() and not blocked(database):
                pass
            connection.execute(insert(schema.meta).values(key="pass", value="done"))
        assert other.result(120) == (epoch + 1, "done")
    assert not holds(database, lease, "a", epoch)


def blocked(database: Database) -> bool:
    """Whether a session of PostgreSQL waits for another's lock."""
    with database.snapshot() as connection:
        waiting = text(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool(connection.scalar(waiting))
