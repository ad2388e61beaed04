"""Where the assets of the simulated city stand: the register that the hub looks boroughs up in."""

from __future__ import annotations

from cityhub.sandbox.city.streams.story import BOROUGHS


def register_csv() -> bytes:
    """`asset;borough`, see `adapters.register`."""
    lines = ["asset;borough", *(f"{asset};{borough}" for asset, borough in sorted(_assets().items()))]
    return "\n".join(lines).encode() + b"\n"


def _assets() -> dict[str, str]:
    """Things that are numbered stand in the boroughs by turns."""
    return {name.format(number): BOROUGHS[number % 7] for name, count in _COUNTS.items() for number in range(count)}


_COUNTS: dict[str, int] = {
    "ap-{:03d}": 60,
    "bin-{:04d}": 210,
    "lamp-{:04d}": 400,
    "ladepunkt-{:03d}": 80,
    "parkhaus-{:02d}": 8,
    "pegel-{:02d}": 24,
    "stellplatz-{:03d}": 30,
    "tour-{}": 7,
}
"""How many of each kind there are, by the form of their names."""
