"""Tenants' Kafka doors on the real servers: a founder's own client, kills, and nothing left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaConsumer
from kafka.errors import MessageSizeTooLargeError

from cityhub.bus import topics
from cityhub.hub.commands import sandbox_kafka
from cityhub.sandbox.errors import UnknownTenant
from cityhub.sandbox.room.log import TenantLog
from cityhub.sandbox.rooms import commands
from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event
from tests.integration import foreign
from tests.integration.hub_processes import LIMIT_S
from tests.integration.servers import Kafka, Keycloak
from tests.integration.tenants import Sandbox, Tenant, cursors, events, everything, known
from tests.unit.sandbox.room.test_room import parking_events

REPLAY = commands.Replay(day=datetime(2026, 11, 24, tzinfo=UTC).date(), seed=9, streams=("parking-slots",), speed=0)
THREE = commands.SetClock(advance=datetime(2026, 11, 24, 3, tzinfo=UTC))
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "listen.py"
MARK, NAME = "merkmal-4711-xyz", "merkwort-0815"


@pytest.fixture(scope="module")
async def sandbox(kafka: Kafka, keycloak: Keycloak) -> AsyncIterator[Sandbox]:
    """The process `rooms`, as it runs beside the others."""
    made = Sandbox(kafka, keycloak)
    made.process.start()
    await answering(made)
    yield made
    made.process.kill()


async def answering(sandbox: Sandbox) -> None:
    end = time.monotonic() + LIMIT_S
    while True:
        with contextlib.suppress(Exception):
            await sandbox.wish("list", "")
            return
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def test_a_day_is_read_whole_and_own_events_are_judged(sandbox: Sandbox) -> None:
    tenant = await sandbox.made("leser")
    await sandbox.ask("leser", REPLAY)
    await sandbox.ask("leser", THREE)
    good = codec.encode(next(iter(parking_events())))
    await arrived(sandbox, "leser")
    known = (await sandbox.ask("leser", commands.Stand()))["events"]
    told = await asyncio.to_thread(tenant.read, "events", lambda found: len(found) >= known)
    assert cursors(told) == sorted(set(cursors(told)))
    assert {one["type"] for one in events(told)} >= {"de.duisburg.dvv.lamp.parking-observed.v1"}
    assert {one.key for one in told} == {one["type"].encode() for one in events(told)}
    values = await asyncio.to_thread(tenant.read, "values", lambda found: any(one.key == b"M07" for one in found))
    assert events(values)[0]["synthetic_n"] == events(values)[0]["n"]

    await asyncio.to_thread(tenant.write, b"no event", None, good, good, b"[" * 70_000)
    with pytest.raises(MessageSizeTooLargeError):
        await asyncio.to_thread(tenant.write, b"[" * 500_000)
    refused = await asyncio.to_thread(tenant.read, "refused", lambda found: len(found) >= 3)
    mine = [one for one in events(refused) if one["topic"] == "sbx.leser.in"]
    assert [one["offset"] for one in mine] == [0, 1, 4]
    assert [one.key for one in refused].count(b"size") == 1
    assert (await sandbox.ask("leser", commands.Stand()))["events"] == known + 2, "doubles are the engine's to refuse"
    await asyncio.to_thread(the_example_runs, sandbox, tenant)


async def test_the_command_opens_and_closes(
    sandbox: Sandbox, kafka: Kafka, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_kafka, "WAIT_S", LIMIT_S)
    await sandbox.wish("create", "befehl", organisation="startup-demo")
    settings = kafka.installation.settings
    for wanted in (True, False):
        code = await asyncio.to_thread(sandbox_kafka.door, settings, "befehl", wanted=wanted, as_json=False)
        said = capsys.readouterr().out
        assert (code, ("befehl: open" in said, "closed; topics" in said)) == (0, (wanted, not wanted))
        assert ("sbx.befehl.values" in said) is wanted
    end = time.monotonic() + LIMIT_S
    while any(where == "topics" and b"befehl" in what for where, what in list(known(kafka))):
        assert time.monotonic() < end
    with pytest.raises(UnknownTenant):
        await asyncio.to_thread(sandbox_kafka.door, settings, "keiner", wanted=True, as_json=True)


def the_example_runs(sandbox: Sandbox, tenant: Tenant) -> None:
    """As the page says, twice: the second time it goes on where it stopped."""
    client, secret = tenant.key
    environment = os.environ | {
        "HUB_BOOTSTRAP": sandbox.kafka.partner_bootstrap,
        "HUB_TOKEN_URL": sandbox.keycloak.endpoints.token,
        "HUB_CLIENT": client,
        "HUB_SECRET": secret,
        "HUB_TENANT": tenant.name,
        "HUB_COUNT": "3",
    }
    lines: list[str] = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, EXAMPLE], env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        assert done.returncode == 0, done.stderr
        lines += done.stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines]
    assert len(numbers) == 6
    assert numbers == sorted(set(numbers))


async def arrived(sandbox: Sandbox, name: str) -> None:
    end = time.monotonic() + LIMIT_S
    while (await sandbox.ask(name, commands.Stand()))["rushing_to"] is not None:
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def test_killed_again_and_again_nothing_is_missing_or_double(sandbox: Sandbox, kafka: Kafka) -> None:
    await sandbox.wish("create", "zaehler", organisation="startup-demo")
    await sandbox.ask("zaehler", commands.Replay(day=REPLAY.day, streams=("parking-slots", "transit"), speed=0))
    await sandbox.ask("zaehler", commands.SetClock(advance=datetime(2026, 11, 24, 6, tzinfo=UTC)))
    await arrived(sandbox, "zaehler")
    newest = (await sandbox.ask("zaehler", commands.Stand()))["cursor"]
    folder = kafka.installation.settings.data / "sandbox" / "rooms" / "zaehler"
    await sandbox.wish("kafka", "zaehler", open=True)
    stood = []
    for turn in range(3):
        await reached(sandbox, folder, newest * turn // 4 + 1)
        stood.append(passed(folder))
        sandbox.process.kill()
        if turn == 1:
            kafka.kill9()
            await asyncio.to_thread(kafka.restart)
        sandbox.process.start()
    assert stood[0] < newest, "it was killed while it passed on"
    await answering(sandbox)
    await reached(sandbox, folder, newest)
    tenant = await sandbox.made("zaehler")
    log = TenantLog(folder / "log.db", read_only=True)
    for kind, topic in (("event", "events"), ("value", "values"), ("refused", "refused")):
        wanted = [one.number for one in log.after(0, kinds=[kind], limit=1_000_000)]
        last = wanted[-1] if wanted else 0
        found = await asyncio.to_thread(tenant.read, topic, lambda told, at=last: not at or at in cursors(told[-500:]))
        assert cursors(found) == wanted
    log.close()
    assert await sandbox.wish("delete", "zaehler") is None


def passed(folder: Path) -> int:
    file = folder / "kafka.json"
    return int(msgspec.json.decode(file.read_bytes())["passed"]) if file.exists() else 0


async def reached(sandbox: Sandbox, folder: Path, number: int) -> None:
    end = time.monotonic() + LIMIT_S
    while passed(folder) < number:
        assert sandbox.process.lives()
        assert time.monotonic() < end, passed(folder)
        await asyncio.sleep(0.02)


async def test_after_reset_and_delete_no_byte_is_left(sandbox: Sandbox, kafka: Kafka, keycloak: Keycloak) -> None:
    tenant = await sandbox.made(NAME)
    await sandbox.ask(NAME, REPLAY)
    mine = [codec.encode(level(number)) for number in range(3)]
    await asyncio.to_thread(tenant.write, *mine, b'{"id":"%s"}' % MARK.encode())
    await asyncio.to_thread(tenant.read, "refused", lambda found: len(found) >= 1)
    read = await asyncio.to_thread(
        tenant.read, "events", lambda found: any(MARK.encode() in one.value for one in found)
    )
    assert read
    with contextlib.closing(
        KafkaConsumer(f"sbx.{NAME}.events", group_id=f"sbx.{NAME}.app", **tenant.login())
    ) as joined:
        end = time.monotonic() + LIMIT_S
        while not joined.assignment():
            assert time.monotonic() < end
            await asyncio.to_thread(joined.poll, 500)
        joined.commit()
        assert found_in(kafka, MARK)
        await sandbox.ask(NAME, commands.Reset())
        await sandbox.ready(NAME)
        await asyncio.to_thread(tenant.write, *[b"after the reset"] * 3)
        told = await asyncio.to_thread(tenant.read, "refused", lambda found: len(found) >= 3)
        assert [one["offset"] for one in events(told)] == [0, 1, 2], "of the new topic nothing is passed over"
        assert [one for one in everything(kafka) if MARK.encode() in one[1]] == []
        await emptied(kafka, MARK)
        assert {where for where, what in everything(kafka) if NAME.encode() in what} >= {
            "topics",
            "groups",
            "rules",
            "quotas",
        }
        assert await sandbox.wish("delete", NAME) is None, "also while a member of its group is there"
    for word in (NAME, MARK):
        assert [one for one in everything(kafka) if word.encode() in one[1]] == []
    await emptied(kafka, NAME)
    assert [one["clientId"] for one in keycloak.admin.get_clients() if NAME in one["clientId"]] == []


def level(number: int) -> Event:
    """Of the replayed day's first minute."""
    at = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)
    return make_event(
        type_="de.duisburg.wbd.bin.level-observed.v1",
        source=f"//wbd/{MARK}",
        natural_key=(str(number),),
        version="1",
        subject=f"bin-{number}",
        time=at,
        recorded_at=at,
        data={"fill": 0.5},
    )


async def emptied(kafka: Kafka, word: str) -> None:
    """Until no file has it: what Kafka has deleted goes a second later."""
    end = time.monotonic() + LIMIT_S
    while found := found_in(kafka, word):
        assert time.monotonic() < end, found
        await asyncio.sleep(0.5)


def found_in(kafka: Kafka, word: str) -> list[str]:
    """Files of the data directory. A *name* stays for a while where docs/sandbox.md says it does."""
    kept = (
        ("__cluster_metadata-0", "__consumer_offsets-", "kafka.log", "keycloak.log", "keycloak/")
        if word == NAME
        else ()
    )
    found, data = [], kafka.installation.settings.data
    for folder, folders, files in os.walk(data):
        for path in (Path(folder, one) for one in (*folders, *files)):
            name = str(path.relative_to(data))
            if not any(one in name for one in kept) and (word in name or holds(path, word)):
                found.append(name)
    return found


def holds(path: Path, word: str) -> bool:
    """A file that goes while it is read has nothing."""
    try:
        return path.is_file() and word.encode() in path.read_bytes()
    except FileNotFoundError:
        return False


async def test_a_neighbour_reaches_nothing(sandbox: Sandbox, kafka: Kafka) -> None:
    """The names differ by what follows the dot: `demo` and `demo-2`."""
    key = (await sandbox.wish("rotate", "demo"))["key"]
    await sandbox.wish("kafka", "demo", open=True)
    await sandbox.ready("demo")
    both = [Tenant(sandbox, "demo", key["client"], key["secret"]), await sandbox.made("demo-2")]
    topics.ensure(kafka.access, [topics.events("dvv", "probe"), topics.quarantine("dvv", "probe"), topics.values()])
    hubs = [
        "du.evt.dvv.probe.v1",
        "du.in.dvv.probe",
        "du.kpi.value.v1",
        "__consumer_offsets",
        "du.none.v1",
        "sbx.demo-3.in",
    ]
    cells = 0
    for mine, other in (both, both[::-1]):
        names = [*hubs, *(f"sbx.{other.name}.{one}" for one in ("in", "events", "values", "refused", "more"))]
        groups = [
            f"sbx.{other.name}.app",
            f"sbx.{other.name}",
            f"sbx.{mine.name}",
            "cityhub-sandbox",
            "cityhub-gate",
            "app",
        ]
        cells += await asyncio.to_thread(foreign.refused_everywhere, mine, names, groups)
        own = [f"sbx.{mine.name}.{one}" for one in ("in", "events", "values", "refused")]
        cells += await asyncio.to_thread(foreign.only_reads_and_writes, mine, own)
    assert cells > 250
