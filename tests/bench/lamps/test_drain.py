"""lamp-kpi-1m: every system drains the same backlog, interleaved, judged by the oracle. Run by `make bench`.

`BENCH_EVENTS` (default 1 000 000; 200 000 for a quick look) and `BENCH_ROUNDS` (default 5, the first is dropped) set
the size. Prints raw JSON lines, which stay in `var/bench/`; asserts exactness, never a time.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cityhub.bus.access import KafkaAccess
from tests.bench.environments import NotInstallable
from tests.bench.lamps.conftest import EVENTS, ROUNDS, SLOW_EVENTS
from tests.bench.lamps.contenders import SYSTEMS
from tests.bench.lamps.drain import Failed, System, drain
from tests.bench.lamps.events import Load
from tests.bench.lamps.topic import Filled, fill
from tests.bench.lines import Lines


def test_drain(lines: Lines, broker: KafkaAccess, backlog: Filled, tmp_path: Path) -> None:
    """Figures of a whole backlog per system and round; the first round warms up and is dropped by the report."""
    began = time.monotonic()
    tenth = fill(broker, "du.evt.imd.lamps-tenth.v1", Load(SLOW_EVENTS), tmp_path)
    rounds = Rounds(lines, "drain", broker, tmp_path)
    for number in range(ROUNDS):
        for system in SYSTEMS:
            rounds.run(system, tenth if system.slow else backlog, number)
    lines.write("finished", part="drain", wall_s=round(time.monotonic() - began))
    assert rounds.wrong == []


def test_open_keys(lines: Lines, broker: KafkaAccess, tmp_path: Path) -> None:
    """Memory with every event in a lamp of its own: as many open keys as events."""
    wide = fill(broker, "du.evt.imd.lamps-wide.v1", Load(EVENTS, lamps=EVENTS), tmp_path)
    few = fill(broker, "du.evt.imd.lamps-wide-tenth.v1", Load(SLOW_EVENTS, lamps=SLOW_EVENTS), tmp_path)
    rounds = Rounds(lines, "open-keys", broker, tmp_path)
    for system in SYSTEMS:
        if system.by == "lamp":
            rounds.run(system, few if system.slow or system.few_keys else wide, 0)
    assert rounds.wrong == []


class Rounds:
    """Runs systems one after the other and writes a line for each, also for those that cannot.

    A peer that cannot run on this machine says why in its first round and sits out the others. `wrong` gathers what
    makes a run void: rows that differ from the oracle's, and a hub that did not finish.
    """

    def __init__(self, lines: Lines, bench: str, broker: KafkaAccess, folder: Path) -> None:
        self._lines = lines
        self._bench = bench
        self._broker = broker
        self._folder = folder
        self._out: set[str] = set()
        self.wrong: list[dict[str, Any]] = []

    def run(self, system: System, filled: Filled, number: int) -> None:
        if system.name in self._out:
            return
        about = {"system": system.name, "round": number, "events": filled.load.events, "missing": system.missing}
        line = self._lines.write(self._bench, **about, **self._figures(system, filled))
        if "failed" in line or "absent" in line:
            self._out.add(system.name)
        if line.get("mismatching") or ("failed" in line and not system.missing):
            self.wrong.append(line)

    def _figures(self, system: System, filled: Filled) -> dict[str, Any]:
        try:
            found = drain(system, filled, self._broker, self._folder)
        except NotInstallable as error:
            return {"absent": str(error)}
        except Failed as error:
            return {"failed": str(error)}
        return {**found, "events_per_cpu_s": round(found["records"] / found["cpu_s"])}
