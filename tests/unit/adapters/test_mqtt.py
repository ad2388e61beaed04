"""MQTT as a transport: what is acknowledged when, and what a broker can do to us."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest
import structlog

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit import mqtt_adapter, mqtt_connection
from cityhub.adapters.kit.adapter import Known
from cityhub.adapters.kit.mqtt_adapter import MOST
from cityhub.adapters.kit.reject import Reject
from cityhub.sandbox.city.mqtt import packet
from cityhub.sandbox.city.mqtt.packet import Kind
from tests.unit.adapters.doubles import until
from tests.unit.adapters.mqtt_double import LOG_IN_REFUSED, NOTHING, Peer, broker, listening, said


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_adapter, "FIRST_S", 0.2)


async def test_a_message_is_acknowledged_when_it_is_kept_and_not_before() -> None:
    acknowledged: list[int] = []

    async def converse(peer: Peer) -> None:
        await peer.welcome()
        await peer.tell([b"one", b"two"])
        while True:
            kind, body = await peer.read()
            if kind == Kind.PUBACK:
                acknowledged.append(packet.number_of(body))

    async with broker(converse) as url, listening(url) as adapter:
        reading = await adapter.ask(NOTHING)
        assert (said(reading), reading.cursor, reading.more) == (["one", "two"], "2", True)
        silent = await adapter.ask(Known("2", {}))
        assert (said(silent), silent.cursor, silent.more) == ([], "2", False)
    assert acknowledged == []
    async with broker(converse) as url, listening(url) as adapter:
        await adapter.ask(NOTHING)
        await adapter.kept()
        await until(lambda: acknowledged == [1, 2])


async def test_the_session_is_ours_and_persistent_and_its_name_is_the_feeds() -> None:
    seen: list[object] = []

    async def converse(peer: Peer) -> None:
        seen.append(await peer.welcome())
        seen.append(packet.connection(peer.connect))
        seen.append(peer.connect)
        await peer.read()

    async with broker(converse) as url, listening(f"{url}/my-app", "me:geheim:2") as adapter:
        await adapter.ask(NOTHING)
    assert seen[0] == ["t/my-app", "u"]
    assert seen[1] == packet.Connect("cityhub-wbd.bins", clean=False, keepalive_s=120, spoken=True)
    assert bytes(str(seen[2]), "latin-1").endswith(b"me\\x00\\x08geheim:2'")
    async with broker(converse) as url, listening(url) as adapter:
        await adapter.ask(NOTHING)
    assert seen[3] == ["t/+", "u"]


async def test_a_flood_waits_outside() -> None:
    """No more than a reading is taken in at once; the rest stands in the sockets until it is asked for."""
    count, outside = 3 * MOST + 7, []

    async def converse(peer: Peer) -> None:
        await peer.welcome()
        outside.append(peer.writer.transport.get_write_buffer_size)
        await peer.tell(b"%20000d" % number for number in range(count))
        while (await peer.read())[0] == Kind.PUBACK:
            pass

    async with broker(converse) as url, listening(url) as adapter:
        sizes, all_said = [], []
        while len(all_said) < count:
            reading = await adapter.ask(NOTHING)
            await adapter.kept()
            sizes.append(len(reading.rejects))
            all_said += map(str.strip, said(reading))
            assert outside[0]() > (count - len(all_said) - MOST) * 20_000
        assert all_said == [str(number) for number in range(count)]
        assert max(sizes) == MOST


async def test_what_was_not_acknowledged_comes_again_after_the_connection_is_lost() -> None:
    """Whether the loss is seen while the message is read or when the next one is asked for."""
    lives = 0

    async def converse(peer: Peer) -> None:
        nonlocal lives
        lives += 1
        await peer.welcome()
        await peer.tell([b"again"])

    async with broker(converse) as url, listening(url) as adapter:
        came: list[str] = []
        while len(came) < 3:
            with suppress(FeedFault):
                came += said(await adapter.ask(NOTHING))
                await adapter.kept()
    assert came == ["again"] * lives


async def test_a_broker_that_hangs_up_is_unreachable() -> None:
    over = asyncio.Event()

    async def converse(peer: Peer) -> None:
        await peer.welcome()
        await over.wait()

    async with broker(converse) as url, listening(url) as adapter:
        await adapter.ask(NOTHING)
        over.set()
        with pytest.raises(FeedFault, match="closed the connection") as fault:
            await adapter.ask(NOTHING)
        assert fault.value.reason == "unreachable"


async def test_a_broker_that_is_away_is_unreachable_and_found_when_it_is_back() -> None:
    async def converse(peer: Peer) -> None:
        await peer.welcome()
        await peer.read()

    async with broker(converse) as url:
        pass
    async with listening(url) as adapter:
        for _ in range(2):
            with pytest.raises(FeedFault, match="cannot be reached") as fault:
                await adapter.ask(NOTHING)
            assert fault.value.reason == "unreachable"


@pytest.mark.parametrize("url", ["mqtt://", "mqtt://localhost:99999", "mqtt://no such host"])
async def test_an_address_that_is_none_is_unreachable(url: str) -> None:
    async with listening(url) as adapter:
        with pytest.raises(FeedFault, match="cannot be reached"):
            await adapter.ask(NOTHING)


async def test_a_refused_log_in_and_a_refused_subscription_are_told_without_the_password() -> None:
    async def no_entry(peer: Peer) -> None:
        await peer.welcome(LOG_IN_REFUSED)

    async def nothing_to_read(peer: Peer) -> None:
        await peer.welcome(granted=0x80)
        await peer.read()

    for converse, rule in (
        (no_entry, "refuses the connection: Not authorized"),
        (nothing_to_read, "refuses to let us subscribe to t/[+], u"),
    ):
        with structlog.testing.capture_logs() as logs:
            async with broker(converse) as url, listening(url, "me:geheim") as adapter:
                with pytest.raises(FeedFault, match=rule) as fault:
                    await adapter.ask(NOTHING)
        assert fault.value.reason == "refused"
        assert "geheim" not in f"{fault.value}{logs}"


async def test_a_broker_that_acknowledges_nothing_is_warned_of_once_a_connection() -> None:
    said_to_it: list[Kind] = []

    async def converse(peer: Peer) -> None:
        await peer.welcome(granted=0)
        peer.writer.write(packet.publication("t/x", b"at most once", 0))
        while True:
            said_to_it.append((await peer.read())[0])

    with structlog.testing.capture_logs() as logs:
        async with broker(converse) as url, listening(url) as adapter:
            assert said(await adapter.ask(NOTHING)) == ["at most once"]
            await adapter.kept()
            await adapter.close()
            await until(lambda: Kind.DISCONNECT in said_to_it)
    assert said_to_it == [Kind.DISCONNECT]
    assert [one["event"] for one in logs] == ["mqtt_without_acknowledgement"]


async def test_a_broker_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_connection, "DEADLINE_S", 0.1)

    async def silent(peer: Peer) -> None:
        await peer.read()
        await peer.read()

    async with broker(silent) as url, listening(url) as adapter:
        with pytest.raises(FeedFault, match="did not answer within") as fault:
            await adapter.ask(NOTHING)
    assert fault.value.reason == "timeout"


@pytest.mark.parametrize(
    "junk",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x00",
        b"\x30\xff\xff\xff\xff\xff",
        b"\x30\x01\x00",
        b"\x32\x05\x00\x09abc",
        b"\x32\x03\x00\x01t",
        b"\x90\x02\x00\x01",
        b"\xf0\x00" * 50,
    ],
)
async def test_junk_is_a_fault_and_never_more(junk: bytes) -> None:
    async def before(peer: Peer) -> None:
        await peer.read()
        peer.writer.write(junk)

    async def after(peer: Peer) -> None:
        await peer.welcome()
        peer.writer.write(junk)

    for converse in (before, after):
        async with broker(converse) as url, listening(url) as adapter:
            for _ in range(20):
                with suppress(FeedFault):
                    assert said(await adapter.ask(NOTHING)) == []
                    continue
                break
            else:
                raise AssertionError("no fault")


async def test_a_topic_that_is_no_utf8_has_no_name() -> None:
    async def converse(peer: Peer) -> None:
        await peer.welcome()
        peer.writer.write(packet.packet(Kind.PUBLISH, b"\0\2\xff\xfe\0\1body", flags=2))
        await peer.read()

    async with broker(converse) as url, listening(url) as adapter:
        assert (await adapter.ask(NOTHING)).rejects == [Reject("came", "", "body")]


async def test_nothing_is_left_behind() -> None:
    """No thread, and no connection of one who is ended while it connects."""

    async def converse(peer: Peer) -> None:
        await peer.welcome()
        await peer.read()

    async with broker(converse) as url, listening(url) as adapter:
        asking = asyncio.create_task(adapter.ask(NOTHING))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await adapter.ask(NOTHING)
    assert not [one.name for one in threading.enumerate() if "paho" in one.name]
