"""Partners whose adapters do not exist yet, simulated as events: a module per theme.

The numbers are invented; only their order of magnitude is Duisburg's. No name is real: measures, startups, museums
and the like are numbered. A stream that is slow has a long history of few events, a fast one a short history.
"""

from __future__ import annotations

from cityhub.sandbox.city.streams import (
    applications,
    appointments,
    council,
    gebag,
    grid,
    institutions,
    lamps,
    net,
    participation,
    port,
    programme,
    quarters,
    references,
    roadworks,
    service,
    sewer,
    waste,
)
from cityhub.sandbox.city.streams.story import Stream, Told, events_between

__all__ = ["STREAMS", "Stream", "Told", "events_between"]

_THEMES = (
    references,
    lamps,
    waste,
    appointments,
    applications,
    service,
    participation,
    council,
    gebag,
    roadworks,
    programme,
    quarters,
    grid,
    net,
    sewer,
    port,
    institutions,
)
STREAMS: tuple[Stream, ...] = tuple(stream for theme in _THEMES for stream in theme.STREAMS)
