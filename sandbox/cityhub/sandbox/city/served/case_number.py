"""The number under which the city and DVV know a case: random to whoever does not know the city's seed."""

from __future__ import annotations

from uuid import UUID, uuid5

from msgspec.structs import replace

from cityhub.adapters.kit.pseudonym import Pseudonyms, case_pseudonym
from cityhub.sandbox.city.streams.story import Told

_SPACE = UUID("0b7c9a52-6e0f-5d0a-9d53-3f1f7f6f2a11")


def case_number(told: Told) -> UUID:
    """Of the case that something was told of."""
    return uuid5(_SPACE, told.data["case_id"])


def as_pseudonym(told: Told, _: Pseudonyms) -> Told:
    """What arrives of it."""
    case = case_pseudonym(case_number(told))
    return replace(told, subject=case, data=told.data | {"case_id": case})
