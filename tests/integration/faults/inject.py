"""Doing the faults of a schedule, one after the other."""

from __future__ import annotations

import asyncio
import os
import signal

from tests.integration.faults.cast import Cast, Member
from tests.integration.faults.proxy import Proxy
from tests.integration.faults.schedule import Fault, Kind
from tests.integration.faults.stores import Store
from tests.integration.servers import Kafka

_SIGNALS = {
    Kind.KILL_WORKER: (("worker",), signal.SIGKILL),
    Kind.KILL_PUBLISHER: (("publisher",), signal.SIGKILL),
    Kind.KILL_BOTH: (("worker", "publisher"), signal.SIGKILL),
    Kind.STOP_WORKER: (("worker",), signal.SIGSTOP),
    Kind.STOP_PUBLISHER: (("publisher",), signal.SIGSTOP),
}
_TERMS = {Kind.TERM_WORKER: "worker", Kind.TERM_PUBLISHER: "publisher"}
_CLOCKS = {Kind.CLOCK_WORKER: "worker", Kind.CLOCK_PUBLISHER: "publisher"}


class Injector:
    """Strikes; when a fault is over, what it broke is whole again, except that processes still have to come up."""

    def __init__(self, cast: Cast, kafka: Kafka, proxy: Proxy, store: Store) -> None:
        self._cast = cast
        self._kafka = kafka
        self._proxy = proxy
        self._store = store

    async def strike(self, fault: Fault) -> None:
        """Inject one fault and wait until it is over."""
        if fault.kind in _SIGNALS:
            roles, number = _SIGNALS[fault.kind]
            for role in roles:
                await self._send(role, number, fault)
        elif fault.kind in _TERMS:
            await asyncio.to_thread(self._cast.terminate, self._one(_TERMS[fault.kind], fault))
        elif fault.kind in _CLOCKS:
            member = self._one(_CLOCKS[fault.kind], fault)
            member.end()
            member.start(int(fault.seconds))  # it lives on with a wrong clock, until it is started the next time
        else:
            await self._strike_around(fault)

    async def _strike_around(self, fault: Fault) -> None:
        match fault.kind:
            case Kind.SCALE:
                others = [count for count in (1, 2, 3) if count != len(self._cast.of("worker"))]
                await asyncio.to_thread(self._cast.scale, "worker", others[fault.which % 2])
            case Kind.KILL_BROKER:
                await asyncio.to_thread(self._kafka.kill9)
                await asyncio.sleep(fault.seconds)
                await asyncio.to_thread(self._kafka.start)
            case Kind.PAUSE_BROKER:
                os.kill(self._kafka.pid, signal.SIGSTOP)
                try:
                    await asyncio.sleep(fault.seconds)
                finally:
                    os.kill(self._kafka.pid, signal.SIGCONT)
            case Kind.CUT:
                await self._proxy.cut(fault.seconds)
            case Kind.STALL:
                await self._proxy.stall(fault.seconds)
            case Kind.KILL_DATABASE:
                await asyncio.to_thread(self._store.kill)
            case Kind.FULL_DISK:
                with self._store.full():
                    await asyncio.sleep(max(2.0, fault.seconds))

    async def _send(self, role: str, number: signal.Signals, fault: Fault) -> None:
        member = self._one(role, fault)
        member.signal(number)
        if number is signal.SIGSTOP:
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                member.signal(signal.SIGCONT)

    def _one(self, role: str, fault: Fault) -> Member:
        members = self._cast.of(role)
        return members[fault.which % len(members)]
