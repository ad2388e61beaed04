"""What proving costs: archiving, bytes per event, recomputing from archive files, and opening a number.

Run by `make bench`; CPU seconds are those of a child process with one Polars thread. Lamp events as in lamp-kpi-1m,
borough buckets. Only answers are asserted. PROOF_EVENTS changes the size.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import WindowKind
from tests.bench.lamps.events import Load, encoded, records
from tests.bench.lamps.hub import catalogue_over
from tests.bench.lines import new_run

EVENTS = int(os.environ.get("PROOF_EVENTS", "1000000"))
TOPIC = "du.evt.imd.lamps.v1"
PARTITIONS, BATCH, PER_COMMIT, ROUNDS = 8, 4_000, 200_000, 4
CATALOGUE = catalogue_over(TOPIC, "borough")


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


def test_what_proofs_cost(tmp_path: Path) -> None:
    lines = new_run("proofs", events=EVENTS)
    told = _child("archive", tmp_path / "archive")
    lines.write("archive", **told)
    assert told["events"] == EVENTS
    for number in range(ROUNDS):
        told = _child("recompute", tmp_path / "archive")
        assert told["counted"] > 0
        lines.write("recompute", round=number, **told)
    told = _child("explain", tmp_path / "archive")
    assert told["rows"] > 0
    lines.write("explain", **told)


def _child(work: str, archive: Path) -> dict[str, float]:
    """A fresh process, so that nothing is remembered."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.test_proofs", work, str(archive)],
        env={**os.environ, "POLARS_MAX_THREADS": "1", "PROOF_EVENTS": str(EVENTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _archive(folder: Path) -> dict[str, float]:
    writer = TopicWriter(storage_of(folder), TOPIC, CATALOGUE.contracts.of_topic(TOPIC))
    logs: list[list[Record]] = [[] for _ in range(PARTITIONS)]
    for sent in records(Load(EVENTS)):
        log = logs[sent.lamp % PARTITIONS]
        log.append(Record(len(log), sent.arrival_ms, encoded(sent)[1]))
    began = _cpu()
    for first in range(0, max(map(len, logs)), BATCH):
        for part, log in enumerate(logs):
            if batch := log[first : first + BATCH]:
                writer.add(part, batch, {})
                if writer.waiting >= PER_COMMIT:
                    writer.commit(0)
    writer.commit(0)
    cpu_s = _cpu() - began
    size = sum(file.bytes for file in writer.state.files.values())
    count = sum(file.rows for file in writer.state.files.values())
    return {"events": count, "cpu_s": cpu_s, "events_per_cpu_s": count / cpu_s, "bytes_per_event": size / count}


def _recompute(folder: Path) -> dict[str, float]:
    from cityhub.kpi.batch import buckets

    archive, (definition,) = Archive(storage_of(folder), CATALOGUE.contracts), tuple(CATALOGUE)
    plan = plan_of(definition)
    (type_,) = {source.type for source in definition.sources.values()}
    began = _cpu()
    found = buckets(plan, {type_: archive.frame(type_)})
    cpu_s = _cpu() - began
    return {"counted": int(found.sums["n"].sum()), "cpu_s": cpu_s, "events_per_cpu_s": EVENTS / cpu_s}


def _explain(folder: Path) -> dict[str, float]:
    from cityhub.kpi.proof.evidence import Evidence, Question
    from cityhub.kpi.proof.explain import page

    archive, (definition,) = Archive(storage_of(folder), CATALOGUE.contracts), tuple(CATALOGUE)
    state = archive.state(TOPIC)
    vector = {TOPIC: {part: end.last for part, end in state.ends.items()}}
    newest = max(end.clock_ms for end in state.ends.values())
    window = window_at(WindowKind.MINUTE, newest // 1000 - 600)
    began = time.perf_counter()
    question = Question(plan_of(definition), window, Cut("city", "{}"), vector, newest // 1000 + 60)
    found = page(Evidence(question, archive), archive, size=25)
    return {"rows": found.counted, "seconds": time.perf_counter() - began}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    work = {"archive": _archive, "recompute": _recompute, "explain": _explain}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]))))
