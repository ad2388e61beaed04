"""Accounts of participation platforms: the same person has one number in all processes."""

from __future__ import annotations

from msgspec.structs import replace

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.streams.story import Told


def account(told: Told) -> str:
    """Whose contribution it is."""
    return str(told.data["pseudonym"]).rpartition("-")[2]


def as_pseudonym(told: Told, pseudonyms: Pseudonyms) -> Told:
    """What arrives of it."""
    person = pseudonyms.of("participant", told.data["process"], account(told))
    return replace(told, data=told.data | {"pseudonym": person})
