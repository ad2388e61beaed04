"""One refused item of a feed: partial failure as data."""

from __future__ import annotations

from msgspec import Struct


class Reject(Struct, frozen=True):
    """Why an item was refused while its neighbours went on.

    Attributes:
        reason: stable machine word, as it is counted: `schema`, `time_in_future` …
        path: where in the answer, e.g. `IstFahrt[3].IstHalts[0].Abfahrtszeit`.
        detail: the value and the rule, for a person.
    """

    reason: str
    path: str
    detail: str
