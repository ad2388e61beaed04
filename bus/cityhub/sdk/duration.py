"""Durations as contracts and definitions write them: `30s`, `10min`, `6h`, `2d`."""

from __future__ import annotations

import re

from cityhub.sdk.errors import ContractError

MAX_S = 36_525 * 86_400
"""A hundred years: longer is a slip of the pen."""
_WRITTEN = re.compile(r"([0-9]{1,10})(s|min|h|d)")
_UNITS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}


def seconds(duration: str) -> int:
    """Seconds of a written duration, 0 to `MAX_S`. A day here has 24 hours.

    Raises:
        ContractError: another form, or longer than a hundred years.
    """
    written = _WRITTEN.fullmatch(duration)
    if written is None:
        shown = duration if len(duration) <= 40 else f"{duration[:40]}…"  # noqa: PLR2004
        raise ContractError(
            f"duration {shown!r} is not a whole number with s, min, h or d; write it as 30s, 10min, 6h or 2d"
        )
    length = int(written[1]) * _UNITS[written[2]]
    if length > MAX_S:
        raise ContractError(f"duration {duration!r} is longer than a hundred years; write at most {MAX_S // 86_400}d")
    return length
