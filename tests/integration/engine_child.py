"""One worker or publisher as a process of its own, over a topic of its own, to be killed by a test.

Arguments: role, store (a file or a PostgreSQL URL), bootstrap, topic. The password comes in the environment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from importlib.resources import files

from msgspec.structs import replace

from cityhub.bus.access import KafkaAccess
from cityhub.kpi import publisher, worker
from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.sdk.contract import Contract, Contracts, load_contracts

LATENESS_S = 60
"""How long windows wait for events here: short, so that many become final and are corrected while a test runs."""
_KPIS = {"M01": "mobilitaet/M01", "E07": "e-government/E07", "W01": "wohnen/W01"}


def catalogue_over(topic: str, *kpis: str) -> Catalogue:
    """Some of the hub's KPIs (default: M01), all of whose events come in one topic."""
    wanted = [files("cityhub.kpi").joinpath(f"definitions/{_KPIS[kpi]}.yaml") for kpi in kpis or ("M01",)]
    known = load_contracts()
    texts = [file.read_text("utf-8") for file in wanted]
    types = {type_ for type_ in known if any(type_ in text for text in texts)}
    if any("reference:" in text.partition("measure:")[2] for text in texts):
        types.add("de.duisburg.city.reference.set.v1")
    contracts = Contracts(_moved(contract, topic) if type_ in types else contract for type_, contract in known.items())
    definitions = [parse_definition(text, file.name, contracts) for text, file in zip(texts, wanted, strict=True)]
    return Catalogue({definition.id: definition for definition in definitions}, contracts)


def _moved(contract: Contract, topic: str) -> Contract:
    """The same, but decisions are not where submissions are: workers share the cases' cells."""
    key = "@subject" if contract.type == "de.duisburg.city.application.decided.v1" else contract.key
    return replace(contract, topic=topic, lateness=f"{LATENESS_S}s", key=key)


async def main(role: str, store: str, bootstrap: str, topic: str, *kpis: str) -> None:
    access = KafkaAccess(bootstrap=bootstrap, username="hub", password=os.environ["KAFKA_PASSWORD"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    serve = worker.serve if role == "worker" else publisher.serve
    await serve(access, store, stop, catalogue=catalogue_over(topic, *kpis), job=topic)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(*sys.argv[1:]))
