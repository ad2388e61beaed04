"""What a target must say: a value or a band, as the KPI's direction wants it, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Literal, NamedTuple

from cityhub.kpi.definition_form import Target
from cityhub.sdk.text import Text

LONGEST = 500
"""Characters of a source, a reason, a name."""
LARGEST = 1e11
"""Four decimals are exact up to here, and values carry four."""


class Flaw(NamedTuple):
    """What is wrong with one part of a target, and what to do."""

    part: str
    text: Text


def flaws_of(target: Target, direction: Literal["up", "down", "band"]) -> Iterator[Flaw]:
    """What a target must not be; nothing = it can be recorded. The rule is docs/attainment.md."""
    numbers = {name: getattr(target, name) for name in ("value", "low", "high", "watch")}
    for name, number in numbers.items():
        if number is not None and not (isfinite(number) and abs(number) <= LARGEST):
            yield Flaw(
                name, Text(f"{number:g} ist keine Zahl bis {LARGEST:g}", f"{number:g} is no number up to {LARGEST:g}")
            )
    yield from _flaws_of_band(target) if direction == "band" else _flaws_of_value(target)
    if target.watch is not None and target.watch < 0:
        yield Flaw(
            "watch",
            Text(
                "darf nicht negativ sein; 0 oder leer heißt: kein Beobachten",
                "must not be negative; 0 or none means: no watching",
            ),
        )
    if flaw := flaw_of_words(target.source):
        yield Flaw("source", flaw)


def flaw_of_words(words: str) -> Text | None:
    """What is wrong with a source, a reason or a name."""
    if words.strip() and len(words) <= LONGEST and words.isprintable():
        return None
    return Text(
        f"fehlt oder ist keine einzelne Zeile von höchstens {LONGEST} Zeichen",
        f"is missing, or no single line of at most {LONGEST} characters",
    )


def _flaws_of_value(target: Target) -> Iterator[Flaw]:
    if target.value is None:
        yield Flaw(
            "value", Text("fehlt: der Wert, der erreicht werden soll", "is missing: the value that is to be reached")
        )
    for name in ("low", "high"):
        if getattr(target, name) is not None:
            yield Flaw(name, Text("gibt es nur bei einem Zielband", "is only for a band"))


def _flaws_of_band(target: Target) -> Iterator[Flaw]:
    if target.value is not None:
        yield Flaw(
            "value",
            Text("gibt es bei einem Zielband nicht; es hat zwei Grenzen", "is not for a band; it has two limits"),
        )
    for name in ("low", "high"):
        if getattr(target, name) is None:
            yield Flaw(name, Text("fehlt: ein Zielband hat zwei Grenzen", "is missing: a band has two limits"))
    if target.low is not None and target.high is not None and target.low > target.high:
        yield Flaw(
            "low",
            Text(
                f"{target.low:g} liegt über der oberen Grenze {target.high:g}",
                f"{target.low:g} is above the upper limit {target.high:g}",
            ),
        )
