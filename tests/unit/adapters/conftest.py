"""Feeds to test against: recorded ones where they are, and a small one of our own."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.dvv.transit.mapping import Batch, Step, apply
from cityhub.adapters.dvv.transit.trips import FeedState

_ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


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
