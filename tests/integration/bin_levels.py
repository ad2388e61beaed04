"""Events of one type for tests of the doors. All are of now, so that no horizon refuses them."""

from __future__ import annotations

from datetime import UTC, datetime

from cityhub.sdk.event import Event, make_event

TYPE = "de.duisburg.wbd.bin.level-observed.v1"


def level(source: str, number: int, fill: float | None = None) -> Event:
    """A level of one of fifty bins; `number` is its natural key. What is more than 1 is refused."""
    now = datetime.now(UTC)
    return make_event(
        type_=TYPE,
        source=source,
        natural_key=(str(number),),
        version="1",
        subject=f"bin-{number % 50}",
        time=now,
        recorded_at=now,
        data={"fill": number % 100 / 100 if fill is None else fill},
    )
