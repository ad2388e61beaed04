"""The hub's side of lamp-kpi-1m: its definitions over a bench topic, and an independent look into its store.

Reads the store with plain SQL on a connection of its own: it shares no code with what it checks.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.sdk.contract import Contracts, parse_contract

FOLDER = Path(__file__).parent / "definitions"
_CONTRACT = "lamp.measured.v1.yaml"
_TOPIC = "du.evt.imd.lamps.v1"
_ROWS = """
select series.dims, series.scope, bucket.start, sum(n), sum(v0), sum(v2)
from bucket join series on series.id = bucket.series group by bucket.series, bucket.start
"""
"""Slots in the order in which the definitions name their terms: power, reports, faults."""


def catalogue_over(topic: str, by: str) -> Catalogue:
    """The definition of lamp-kpi-1m per `lamp` or per `borough`, read from a topic."""
    contract = parse_contract((FOLDER / _CONTRACT).read_text("utf-8").replace(_TOPIC, topic), _CONTRACT)
    contracts = Contracts([contract])
    definition = parse_definition((FOLDER / f"{by}.yaml").read_text("utf-8"), f"{by}.yaml", contracts)
    return Catalogue({definition.id: definition}, contracts)


def exists(store: Path) -> bool:
    """Whether the worker has finished creating its tables."""
    if not store.exists():
        return False
    with closing(_connect(store)) as connection:
        return connection.execute("select 1 from sqlite_master where name = 'bucket'").fetchone() is not None


def records(store: Path) -> int:
    """Records whose effects the store holds."""
    if not exists(store):
        return 0
    with closing(_connect(store)) as connection:
        (count,) = connection.execute("select coalesce(sum(records), 0) from cursor").fetchone()
    return int(count)


def rows(store: Path, by: str) -> Iterator[tuple[str, int, int, int, int]]:
    """What the store says per place and minute: n, power_dw, faults."""
    with closing(_connect(store)) as connection:
        for dims, scope, start, n, power_dw, faults in connection.execute(_ROWS):
            yield json.loads(dims)["lamp"] if by == "lamp" else scope, start, n, power_dw, faults


def _connect(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=30)
