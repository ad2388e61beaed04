"""What a committed batch was, for metrics and log: counts by rule, and the traces of what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from structlog import get_logger

from cityhub.bus import metrics
from cityhub.kpi.kernel.record import Verdict
from cityhub.kpi.store.verdicts import trace_of

log = get_logger()

TRACES = 20
"""In a log line."""


class Judged(Protocol):
    """What the engine said of a batch; `writer.Count`."""

    @property
    def verdicts(self) -> Sequence[Verdict]: ...
    @property
    def duplicates(self) -> int: ...


def committed(topic: str, part: int, records: int, judged: Judged) -> None:
    """Count a batch of an event topic that has so many records, and log what was refused of it."""
    organisation, verdicts = topic.split(".")[2], judged.verdicts
    counted = records - judged.duplicates - len(verdicts)
    for outcome, count in (("counted", counted), ("duplicate", judged.duplicates)):
        if count:
            metrics.COUNTED.labels(organisation, outcome, "").inc(count)
    if not verdicts:
        return
    rules = Counter(one.reason.value for one in verdicts)
    for rule, count in rules.items():
        metrics.COUNTED.labels(organisation, "excluded", rule).inc(count)
    traces = [trace for one in verdicts[:TRACES] if (trace := trace_of(one.record))]
    first, last = verdicts[0].record.offset, verdicts[-1].record.offset
    log.info("records_refused", topic=topic, part=part, first=first, last=last, rules=dict(rules), traces=traces)
