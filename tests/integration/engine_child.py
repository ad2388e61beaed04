"""One worker or publisher as a process of its own, over a topic of its own, to be killed by a test.

Arguments: role, store, bootstrap, topic. The password comes in the environment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from importlib.resources import files
from pathlib import Path

from cityhub.bus.access import KafkaAccess
from cityhub.kpi import publisher, worker
from cityhub.kpi.definition import Catalogue, parse_definition


def catalogue_over(topic: str) -> Catalogue:
    """The hub's M01, read from another topic."""
    text = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")
    return Catalogue({"M01": parse_definition(text.replace("du.evt.dvv.transit.v1", topic), "M01.yaml")})


async def main(role: str, store: str, bootstrap: str, topic: str) -> None:
    access = KafkaAccess(bootstrap=bootstrap, username="hub", password=os.environ["KAFKA_PASSWORD"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    serve = worker.serve if role == "worker" else publisher.serve
    await serve(access, Path(store), stop, catalogue=catalogue_over(topic), job=topic)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(*sys.argv[1:]))
