"""VDV-454 AUS and REF-AUS in their JSON rendering: the partner's shape, nothing else.

Source of the rules: VDV-Schrift 453 (DatenAbrufenAntwort: Bestaetigung, WeitereDaten) and 454 (IstFahrt, SollFahrt);
the rendering is described in docs/adapters/dvv-transit.md. Flags come as "true"/"false", as real booleans or null.
Every instant carries an offset. Fields the adapter does not need are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

MAX_TRIPS = 20_000
"""Ten operating days of DVG. Bounds the memory that refusing each of them costs."""

Flag: TypeAlias = bool | Literal["true", "false"] | None
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Text: TypeAlias = Annotated[str, Meta(max_length=200)]


class TripId(Struct, frozen=True):
    """FahrtID: unique within the operator for one operating day."""

    trip: Id = field(name="FahrtBezeichner")
    day: date = field(name="Betriebstag")


class ActualStop(Struct, frozen=True):
    """IstHalt. `planned` is null at the last stop, `predicted` where the partner has no prognosis."""

    stop: Id = field(name="HaltID")
    planned: Instant | None = field(name="Abfahrtszeit", default=None)
    predicted: Instant | None = field(name="IstAbfahrtPrognose", default=None)
    passes: Flag = field(name="Durchfahrt", default=None)
    extra: Flag = field(name="Zusatzhalt", default=None)


class TripSpan(Struct, frozen=True):
    """FahrtStartEnde, as far as it is needed."""

    starts: Instant | None = field(name="Startzeit", default=None)


class TripMessage(Struct, frozen=True):
    """What IstFahrt and SollFahrt say alike."""

    id: TripId = field(name="FahrtID")
    line_id: Text = field(name="LinienID")
    created: Instant | None = field(name="Zst", default=None)
    answered: Instant | None = field(name="$BestaetigungZst", default=None)
    line_text: Text | None = field(name="LinienText", default=None)
    direction_id: Text | None = field(name="RichtungsID", default=None)
    direction_text: Text | None = field(name="RichtungsText", default=None)
    cancelled: Flag = field(name="FaelltAus", default=None)


class ActualTrip(TripMessage, frozen=True):
    """IstFahrt, partial (`complete` false) or full."""

    span: TripSpan | None = field(name="FahrtStartEnde", default=None)
    complete: Flag = field(name="Komplettfahrt", default=None)
    predictable: Flag = field(name="PrognoseMoeglich", default=None)
    stops: Annotated[tuple[ActualStop, ...], Meta(max_length=300)] = field(name="IstHalts", default=())


class PlannedStop(Struct, frozen=True):
    """SollHalt."""

    stop: Id = field(name="HaltID")
    name: Text | None = field(name="HaltestellenName", default=None)
    planned: Instant | None = field(name="Abfahrtszeit", default=None)
    passes: Flag = field(name="Durchfahrt", default=None)


class PlannedTrip(TripMessage, frozen=True):
    """SollFahrt."""

    stops: Annotated[tuple[PlannedStop, ...], Meta(max_length=300)] = field(name="SollHalts", default=())


class Confirmation(Struct, frozen=True):
    """Bestaetigung: `created` is the partner's clock when it answered."""

    created: Instant = field(name="Zst")
    result: Text = field(name="Ergebnis")
    error_number: Text | None = field(name="Fehlernummer", default=None)
    error_text: Text | None = field(name="Fehlertext", default=None)


class Answer(Struct, frozen=True):
    """DatenAbrufenAntwort; each trip is decoded by itself, so that a bad one costs no other."""

    confirmation: Confirmation = field(name="Bestaetigung")
    more: Flag = field(name="WeitereDaten", default=None)
    cursor: Annotated[str, Meta(min_length=1, max_length=500)] | None = field(name="Naechster", default=None)
    simulation: Flag = field(name="Simulation", default=None)
    actual: tuple[Raw, ...] = field(name="IstFahrt", default=())
    planned: tuple[Raw, ...] = field(name="SollFahrt", default=())


_answer = msgspec.json.Decoder(Answer)
_actual = msgspec.json.Decoder(ActualTrip)
_planned = msgspec.json.Decoder(PlannedTrip)


def is_set(flag: Flag) -> bool:
    """Null counts as false."""
    return flag is True or flag == "true"


def parse_answer(body: bytes) -> Answer:
    """Read the envelope.

    Raises:
        FeedFault: `too_many_values`, `parse` (no JSON of that shape) or `refused` (the partner answered an error).
    """
    answer = parse_json(body, _answer, "a DatenAbrufenAntwort")
    if len(answer.actual) + len(answer.planned) > MAX_TRIPS:
        raise FeedFault("too_many_values", f"the answer has more than {MAX_TRIPS} trips; nothing of it was taken")
    accepted(answer.confirmation)
    return answer


def accepted(confirmation: Confirmation) -> Confirmation:
    """The same.

    Raises:
        FeedFault: `refused`.
    """
    if confirmation.result != "ok":
        raise FeedFault(
            "refused",
            f"the partner answered Ergebnis {confirmation.result!r}, Fehlernummer {confirmation.error_number!r}: "
            f"{confirmation.error_text or 'no text'}; ask its control centre",
        )
    return confirmation


def parse_actual(items: Sequence[Raw]) -> tuple[list[ActualTrip], list[Reject]]:
    """The trips that are well formed, and the others with path and reason `schema`."""
    good, rejects = parse_items(items, _actual, "IstFahrt")
    return [trip for _, trip in good], rejects


def parse_planned(items: Sequence[Raw]) -> tuple[list[PlannedTrip], list[Reject]]:
    """As `parse_actual`."""
    good, rejects = parse_items(items, _planned, "SollFahrt")
    return [trip for _, trip in good], rejects
