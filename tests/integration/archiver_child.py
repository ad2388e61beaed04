"""An archiver as a process of its own, to be killed by a test. Arguments: store, archive, bootstrap, topic."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import nullcontext

from msgspec.structs import replace

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archiver import Archiver
from cityhub.bus.log_reader import LogReader
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import StoreJudge
from cityhub.sdk.contract import Contracts
from tests.unit.bus.archive.world import CONTRACTS

JOB = "job"


def contracts_over(topic: str) -> Contracts:
    """The small contracts, with a topic of the test's own."""
    return Contracts(replace(contract, topic=topic) for contract in CONTRACTS.values())


async def main(store: str, archive: str, bootstrap: str, topic: str) -> None:
    access = KafkaAccess(bootstrap=bootstrap, username="hub", password=os.environ["KAFKA_PASSWORD"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = Database(store)
    archiver = Archiver(
        lambda: LogReader(access, client_id="test-archiver"),
        storage_of(archive),
        contracts_over(topic),
        StoreJudge(database, JOB),
        alone=lambda: nullcontext(enter_result=True),  # two at once are safe on a folder, and nobody waits for the dead
        upkeep=lambda _, __: False,
        tell=lambda _: None,
        every_s=0.2,
    )
    await archiver.run(stop)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(*sys.argv[1:]))
