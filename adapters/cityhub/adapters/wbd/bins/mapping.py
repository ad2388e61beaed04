"""Pure: fill levels in the contract's words. Rules: docs/adapters/wbd-bins.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from cityhub.adapters.formats.lorawan import chirpstack
from cityhub.adapters.formats.lorawan.profile import Profile, load_profiles
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_connection import Received


def read(messages: Sequence[Received], memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What messages say."""
    return chirpstack.read(messages, memory, profiles())


@cache
def profiles() -> Mapping[str, Profile]:
    """The types of waste bins."""
    return load_profiles(__package__)
