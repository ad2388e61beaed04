"""The invariants of a campaign, checked against store, value topic and dead letters. A finding is a sentence.

I1 every acknowledged id counts once · I2 one of unknown outcome counts once where the log holds it, else not ·
I3 nothing foreign counts · I4 revisions are monotone, the last one is the truth, and labels are right ·
I5 cursors are monotone and stand at the log's end · I6 the dead letters are exactly the poison · I7 the auditor agrees
(`audit`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from cityhub.bus.access import KafkaAccess
from cityhub.bus.topics import VALUES, dead_letters
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import KpiValue, Label, WindowKind
from tests.integration.faults import entities
from tests.integration.faults.ledger import digest
from tests.integration.faults.oracle import Count, Truth, Window, read_topic

_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class Finding(NamedTuple):
    """A broken invariant."""

    invariant: str
    what: str


class Tally(NamedTuple):
    """What checking found: events too few and too many, over all hours and lines, and the broken invariants."""

    lost: int
    double: int
    findings: list[Finding]


def check_counts(truth: Truth, reader: KpiReader) -> Tally:
    """I1–I3 and the end of I4: what readers see is what the log's events come to."""
    findings = [Finding("I1", text) for text in truth.missing] + [Finding("I3", text) for text in truth.foreign]
    shown = {window: value for value in _all_values(reader) if (window := window_of(value))}
    lost = double = 0
    for window in sorted({*shown, *truth.windows}, key=str):
        count, value = truth.windows.get(window) or Count(), shown.get(window)
        difference = (value.n if value else 0) - count.n
        if window.kind == "hour" and window.line is not None:
            lost, double = lost + max(-difference, 0), double + max(difference, 0)
        if value is None:
            findings.append(Finding("I1", f"{window} is missing; it has {count.n} events"))
        elif problem := _differs(count, value):
            findings.append(Finding("I1" if difference < 0 else "I2", f"{window}: {problem}"))
    return Tally(lost, double, findings)


def check_entities(truth: Truth, reader: KpiReader) -> list[Finding]:
    """What joins and corrections come to."""
    shown = entities.shown(reader)
    return [] if shown == truth.entities else [Finding("cells", f"shows {shown}, due is {truth.entities}")]


def _all_values(reader: KpiReader) -> Iterable[KpiValue]:
    for kind in (WindowKind.HOUR, WindowKind.DAY):
        for value in reader.series("M01", kind, *_EVER):
            yield value
            yield from reader.breakdown("M01", kind, value.start, "line")


def window_of(value: KpiValue) -> Window:
    """The oracle's name of a value's window."""
    return Window(value.window.value, int(value.start.timestamp()), value.dimensions.get("line"))


def _differs(count: Count, value: KpiValue) -> str:
    shown = (value.numerator, value.denominator, value.n, value.synthetic_n, value.value)
    due = (count.on_time, count.departures, count.n, count.n, _percent(count.on_time, count.departures))
    return "" if shown == due else f"shows (numerator, denominator, n, synthetic, value) {shown}, due is {due}"


def _percent(of: int, over: int) -> float | None:
    if not over:
        return None
    return float((Decimal(of * 100) / Decimal(over)).quantize(Decimal("0.0001"), ROUND_HALF_EVEN))


class Story:
    """What the value topic told of one window, record by record; the whole topic would not fit into memory.

    Args:
        due: what the oracle says of M01; None for cases and flats, whose corrections may also take events away.

    Attributes:
        last: its newest record. faults: what was wrong on the way.
    """

    def __init__(self, due: Count | None) -> None:
        self._due = due
        self._told: dict[int, _Told] = {}
        self.faults: list[str] = []
        self.last: KpiValue | None = None

    def take(self, append_ms: int, payload: bytes) -> None:
        """The next record."""
        value = self.last = msgspec.json.decode(payload, type=KpiValue)
        told = _Told(hash(payload), value.n, value.label)
        if self._told.setdefault(value.revision, told) != told:
            self.faults.append(f"revision {value.revision} stands for two values")
        if value.label is Label.PROVISIONAL or self._due is None:
            return
        if append_ms <= self._due.deadline_ms:
            early_ms = self._due.deadline_ms - append_ms
            self.faults.append(f"revision {value.revision} is {value.label} {early_ms} ms before it can be")
        if value.n < self._due.in_time:
            text = f"is {value.label} with {value.n} of {self._due.in_time} timely events"
            self.faults.append(f"revision {value.revision} {text}")

    def end(self) -> Iterable[str]:
        """Everything that was wrong."""
        yield from self.faults
        for (_, before), (revision, after) in pairwise(sorted(self._told.items())):
            if before.label is not Label.PROVISIONAL and after.label is not Label.CORRECTED:
                yield f"revision {revision} changes a {before.label} value and is {after.label}"
            if self._due is not None and after.n < before.n:
                yield f"revision {revision} has {after.n} events, the one before it {before.n}"


class _Told(NamedTuple):
    """A revision, as small as the checks allow."""

    hash: int
    n: int
    label: Label


async def published(access: KafkaAccess, first: Mapping[int, int], truth: Truth) -> dict[bytes, Story]:
    """What the value topic tells from the given offsets on, by key."""
    stories: dict[bytes, Story] = {}
    async for record in read_topic(access, VALUES, first):
        if record.key not in stories:
            value = msgspec.json.decode(record.value, type=KpiValue)
            due = truth.windows.get(window_of(value)) or Count()
            stories[record.key] = Story(due if value.kpi_id == "M01" else None)
        stories[record.key].take(record.timestamp, record.value)
    return stories


def check_published(
    truth: Truth, stored: Iterable[KpiValue], stories: Mapping[bytes, Story], *, settled: bool
) -> list[Finding]:
    """I4: per window, revisions name one value each, labels go forward and are true, the last one is the store's.

    Args:
        settled: whether the campaign waited until every window was.
    """
    findings = [Finding("I4", f"{key!r}: {text}") for key, story in stories.items() for text in story.end()]
    last = {_name(story.last): story.last for story in stories.values() if story.last is not None}
    kept = {_name(value): value for value in stored}
    for name in sorted({*kept, *last}):
        if kept.get(name) != last.get(name):
            text = f"{name}: the topic ends with {last.get(name)}, the store has {kept.get(name)}"
            findings.append(Finding("I4", text))
    for value in kept.values() if settled else ():
        due = _label(truth.windows.get(window_of(value)) or Count())
        if value.kpi_id == "M01" and value.label not in (due, Label.PROVISIONAL):  # one that is not over is provisional
            findings.append(Finding("I4", f"{_name(value)}: is {value.label}, due is {due}"))
    return findings


def _name(value: KpiValue) -> tuple[str, ...]:
    window = (value.window.value, value.start.isoformat(), value.end.isoformat())
    return (value.kpi_id, *window, value.scope, *(f"{name}={of}" for name, of in sorted(value.dimensions.items())))


def _label(due: Count) -> Label:
    return Label.FINAL if due.in_time == due.n else Label.CORRECTED


def check_cursors(truth: Truth, rows: Sequence[tuple[Any, ...]], reader: KpiReader) -> list[Finding]:
    """I5, and the loss ledger: read = counted + repeated + refused, per partition.

    Args:
        rows: part, off, records, duplicates, rejected.
    """
    findings = []
    poison = Counter(part for part, _ in truth.poison)
    shown = {part: tuple(numbers) for part, *numbers in rows}
    for part, end in truth.ends.items():
        due = (end - 1, end, truth.duplicates[part], poison[part])
        if shown.get(part) != due:
            text = f"partition {part} has (cursor, records, duplicates, rejected) {shown.get(part)}, due is {due}"
            findings.append(Finding("I5", text))
    read = sum(stream.records for stream in reader.streams())
    if read != sum(truth.ends.values()):
        findings.append(Finding("I5", f"readers see {read} records of {sum(truth.ends.values())}"))
    return findings


async def check_dead_letters(
    access: KafkaAccess, truth: Truth, topic: str, *, of: Callable[[bytes], bytes] = bytes
) -> tuple[int, list[Finding]]:
    """I6.

    Args:
        of: as in `oracle.truth`.

    Returns:
        Number of letters that stand in the topic more than once (allowed, they name their place), and the findings.
    """
    findings = []
    seen: Counter[tuple[int, int]] = Counter()
    async for record in read_topic(access, dead_letters("dvv").name):
        headers = {name: value.decode() for name, value in record.headers}
        if headers.get("dlq_topic") != topic:
            continue
        at = (int(headers["dlq_partition"]), int(headers["dlq_offset"]))
        seen[at] += 1
        reasons, body = truth.poison.get(at, ((), ""))
        if not reasons:
            findings.append(Finding("I6", f"{at} is a dead letter ({headers['dlq_reason']}), but it is no poison"))
        elif headers["dlq_reason"] not in reasons or digest(of(record.value)) != body:
            text = f"{at} is a dead letter for {headers['dlq_reason']}, due is one of {reasons} with the original bytes"
            findings.append(Finding("I6", text))
    missed = {at: reasons for at, (reasons, _) in truth.poison.items() if at not in seen}
    findings += [
        Finding("I6", f"poison at {at} ({reasons}) is not in the dead letters") for at, reasons in missed.items()
    ]
    return sum(seen.values()) - len(seen), findings
