"""Feeds to test against: recorded ones where they are, and a small one of our own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.dvv.transit.mapping import Batch, Step, apply
from cityhub.adapters.dvv.transit.trips import FeedState
from tests.unit.adapters.mapping_coverage import watch

_HERE = Path(__file__).parent
_LAST = "test_mapping_coverage.py"
_ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="package", autouse=True)
def mappings() -> Iterator[Coverage]:
    """What the adapters' tests run of the mappings."""
    seen = watch()
    seen.start()
    yield seen
    seen.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The test of the mappings' coverage comes last of the adapters', and only where all of these run."""
    last = [item for item in items if item.path == _HERE / _LAST]
    rest = [item for item in items if item not in last]
    ours = [number for number, item in enumerate(rest, 1) if _HERE in item.path.parents]
    end = max(ours, default=len(rest))
    items[:] = [*rest[:end], *last, *rest[end:]]
    chosen = any(config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf"))
    files = {item.path for item in items}
    named = any("::" in name for name in config.args)
    if chosen or named or not files.issuperset(_HERE.rglob("test_*.py")):
        why = "only some of the adapters' tests run: what they cover says nothing"
        for item in last:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def recordings() -> Path:
    """Folder of the recorded VDV-454 messages (never part of the project)."""
    folder = Path(os.environ.get("CITYHUB_RECORDINGS", _ROOT.parent / "shared" / "recordings")) / "transit"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; set CITYHUB_RECORDINGS to their folder")
    return folder


@pytest.fixture(scope="session")
def sensors() -> Path:
    """Folder of recorded messages of sensors (never part of the project)."""
    folder = Path(os.environ.get("CITYHUB_RECORDINGS", _ROOT.parent / "shared" / "recordings")) / "sensors"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; set CITYHUB_RECORDINGS to their folder")
    return folder


@pytest.fixture(scope="session")
def recorded(recordings: Path) -> Callable[[str], wire.ActualTrip]:
    """A recorded IstFahrt by the middle of its file name."""
    return lambda name: msgspec.json.decode(
        (recordings / f"vdv454-istfahrt-{name}.json").read_bytes(), type=wire.ActualTrip
    )


@pytest.fixture(scope="session")
def recorded_plan(recordings: Path) -> wire.PlannedTrip:
    """The recorded SollFahrt of the M5."""
    return msgspec.json.decode((recordings / "vdv454-sollfahrt-m5.json").read_bytes(), type=wire.PlannedTrip)


@pytest.fixture(scope="session")
def mini_feed() -> dict[str, bytes]:
    """Our own hand-written answers, marked as simulation: `aus` and `ref-aus`.

    By hand: trip 001 leaves its three stops 20, 90 and 301 s late (2 of 3 punctual), trip 002 is cancelled, trip 003 is
    planned but nobody reports it; one message comes twice.
    """
    folder = Path(__file__).parent / "sample"
    return {name: (folder / f"{name}.json").read_bytes() for name in ("aus", "ref-aus")}


def applied(
    *actual: wire.ActualTrip,
    plan: tuple[wire.PlannedTrip, ...] = (),
    at: str,
    state: FeedState | None = None,
    now: datetime = NOW,
    **options: Any,
) -> Step:
    """Apply one answer given at `at` (ISO)."""
    batch = Batch(
        answered_at=datetime.fromisoformat(at), source_uri="//dvv/vdv454/test", actual=actual, planned=plan, **options
    )
    return apply(state or FeedState(), batch, now)


def delays(step: Step) -> list[int]:
    """Seconds late of the departures a step emitted, in order."""
    return [event.data["delay_s"] for event in step.events if "delay_s" in event.data]
