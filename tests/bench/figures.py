"""What raw lines say: figures of kept rounds, ratios within a round, and whether a target is reached."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from tests.bench.lamps.contenders import ANCHOR, HUB, HUB_BOROUGHS

Line = dict[str, Any]
RATE = "events_per_cpu_s"
_FAUST = ("Faust, take", "Faust, Table")


class Spread(NamedTuple):
    """Median, smallest and largest of the kept rounds."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread | None:
    found = sorted(values)
    return Spread(statistics.median(found), found[0], found[-1]) if found else None


class Figures:
    """The lines of one or more runs of the same machine."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def of(self, bench: str, **wanted: object) -> list[Line]:
        """Lines of a bench with these values."""
        chosen = (line for line in self.lines if line["bench"] == bench)
        return [line for line in chosen if all(line.get(name) == value for name, value in wanted.items())]

    def systems(self) -> list[str]:
        """Systems, in the order in which they ran."""
        return list(dict.fromkeys(line["system"] for line in self.of("drain") + self.of("open-keys")))

    def rounds(self, system: str) -> dict[int, Line]:
        """A system's valid rounds without the first, which warms up. A round with a wrong row is void."""
        lines = self.of("drain", system=system)
        return {line["round"]: line for line in lines if line["round"] and RATE in line and not line["mismatching"]}

    def rate(self, system: str) -> Spread | None:
        """Events per CPU second."""
        return spread(line[RATE] for line in self.rounds(system).values())

    def ratio(self, system: str, to: str = ANCHOR) -> Spread | None:
        """A system's rate as a multiple of another's in the same round."""
        mine, theirs = self.rounds(system), self.rounds(to)
        return spread(mine[number][RATE] / theirs[number][RATE] for number in mine.keys() & theirs.keys())

    def door(self, batch: int, figure: str) -> Spread | None:
        """A figure of the HTTP door, of the rounds after the first."""
        return spread(line[figure] for line in self.of("door", batch=batch) if line["round"])

    def door_ratio(self, batch: int) -> Spread | None:
        """The door's events per CPU second as a multiple of what aiokafka alone wrote in the same round."""
        raw = {line["round"]: line[RATE] for line in self.of("door-raw") if line["round"]}
        return spread(line[RATE] / raw[line["round"]] for line in self.of("door", batch=batch) if line["round"] in raw)

    def key_mb(self, system: str) -> float | None:
        """Megabytes that a million open keys add to a process, where most of them were open: buffers are fixed."""
        lines = [line for line in self.of("open-keys", system=system) if RATE in line and not line["mismatching"]]
        if not lines:
            return None
        most = max(lines, key=lambda line: int(line["rows"]))
        return float((most["rss_mb"] - most["rss_before_mb"]) / most["rows"] * 1e6)


class Target(NamedTuple):
    """What is to be reached; `figure` gives None where it was not measured."""

    says: str
    figure: Callable[[Figures], float | None]
    reached: Callable[[float], bool]
    unit: str


def _rate_of(system: str) -> Callable[[Figures], float | None]:
    return lambda figures: (found := figures.rate(system)) and found.median


def _times(*others: str) -> Callable[[Figures], float | None]:
    """The hub against the fastest of others."""

    def figure(figures: Figures) -> float | None:
        found = [ratio.median for other in others if (ratio := figures.ratio(HUB, other))]
        return min(found, default=None)

    return figure


def _slower_than_raw(figures: Figures) -> float | None:
    ratio = figures.ratio(HUB)
    return ratio and 1 / ratio.median


def _latency(figures: Figures) -> float | None:
    return max((line["p99_ms"] for line in figures.of("latency", load=0.5)), default=None)


def _screen(figures: Figures) -> float | None:
    return max((line["p99_ms"] for line in figures.of("screen")), default=None)


def _restart(figures: Figures) -> float | None:
    return max((line["started_s"] for line in figures.of("restart")), default=None)


def _recovery(figures: Figures) -> float | None:
    return max((line["back_s"] for line in figures.of("recovery")), default=None)


def _door(batch: int, name: str) -> Callable[[Figures], float | None]:
    return lambda figures: (found := figures.door(batch, name)) and found.median


def _wrong_rows(figures: Figures) -> float | None:
    judged = [line["mismatching"] for line in figures.lines if line.get("mismatching") is not None]
    ours = figures.rounds(HUB) or figures.of("drain", system=HUB, failed=None)
    return sum(judged) if judged and ours else None


TARGETS = (
    Target("at least 100 000 events/s per core, a bucket per lamp and minute", _rate_of(HUB), lambda x: x >= 1e5, "/s"),
    Target("at least 150 000 events/s per core, borough buckets", _rate_of(HUB_BOROUGHS), lambda x: x >= 1.5e5, "/s"),
    Target("at least 10 × the faster stock Faust", _times(*_FAUST), lambda x: x >= 10, "×"),
    Target("at least 3 × Quix Streams, windowed", _times("Quix Streams"), lambda x: x >= 3, "×"),
    Target("at most 3 × slower than the raw aiokafka loop", _slower_than_raw, lambda x: x <= 3, "×"),
    Target("p99 at most 100 ms at 50 % load, send to store", _latency, lambda x: x <= 100, "ms"),
    Target("at most 250 MB per million open keys, dedup included", lambda f: f.key_mb(HUB), lambda x: x <= 250, "MB"),
    Target("start over 10 M bucket rows and 10 M ids in less than 10 s", _restart, lambda x: x < 10, "s"),
    Target("counting again within 20 s of `kill -9`", _recovery, lambda x: x <= 20, "s"),
    Target("event to dashboard p99 below 1 s", _screen, lambda x: x < 1_000, "ms"),
    Target(
        "at least 100 000 events/s by HTTP, 1 000 a request", _door(1_000, "events_per_s"), lambda x: x >= 1e5, "/s"
    ),
    Target("at least 10 000 requests/s by HTTP, one event each", _door(1, "events_per_s"), lambda x: x >= 1e4, "/s"),
    Target("p99 of an HTTP request at most 50 ms at half load", _door(1, "p99_ms"), lambda x: x <= 50, "ms"),
    Target("no row that differs from the oracle's", _wrong_rows, lambda x: x == 0, "rows"),
)


def state(target: Target, figures: Figures) -> str:
    """`reached`, `missed` with the figure, or `not measured`."""
    figure = target.figure(figures)
    if figure is None:
        return "not measured in these runs"
    return f"{'reached' if target.reached(figure) else '**missed**'}: {number(figure)} {target.unit}"


def number(value: float) -> str:
    """Three digits or whole, thousands apart by a narrow space."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}")
