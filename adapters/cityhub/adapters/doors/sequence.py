"""Producers that number their events over HTTP, so that the ledger can tell what never came (docs/ledger.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

PRODUCER, SEQUENCE = "cityhub-producer", "cityhub-sequence"
_NAME = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


def origins(headers: Mapping[str, str], count: int) -> list[str] | None:
    """`<producer>/<number>` for each event of a request; None where the sender does not number them.

    Args:
        headers: names in lower case. count: events in the request.

    Raises:
        ValueError: what is wrong with the headers, for the sender.
    """
    name, numbers = headers.get(PRODUCER), headers.get(SEQUENCE)
    if name is None and numbers is None:
        return None
    if name is None or numbers is None:
        raise ValueError(f"{PRODUCER} and {SEQUENCE} go together: send both or neither")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{PRODUCER} {name[:80]!r}: must be 32 hex digits in lower case, chosen once by the producer")
    return [f"{name}/{number}" for number in _checked(numbers.split(","), count)]


def _checked(numbers: Sequence[str], count: int) -> list[str]:
    found = [number.strip() for number in numbers]
    if len(found) != count:
        raise ValueError(f"{SEQUENCE} has {len(found)} numbers for {count} events: send one for each, in their order")
    for number in found:
        if not _NUMBER.fullmatch(number):
            raise ValueError(f"{SEQUENCE} {number[:80]!r}: must be a whole number from 0 to 10^15")
    if len(set(found)) != len(found):
        raise ValueError(f"{SEQUENCE}: each event has a number of its own")
    return found
