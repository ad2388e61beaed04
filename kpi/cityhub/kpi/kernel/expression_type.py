"""Types of the KPI language: what a term can be, read off the contract."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cityhub.sdk.contract import Field


class Kind(StrEnum):
    """What a value is. All but text and boolean are whole numbers when they are computed with."""

    INTEGER = "integer"
    TEXT = "text"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DURATION = "duration"


class Type(Struct, frozen=True, kw_only=True):
    """The type of an expression.

    Attributes:
        nullable: it can be unknown, because an optional field is missing.
        low, high: inclusive bounds of the (scaled) integer; None = unbounded.
        unit: UCUM; durations are `ms`. scale: the integer is value · 10^scale.
        distinct_at_most: how many different values there can be; None = unbounded.
        personal: personal data.
        values: closed set of a text; None = open.
    """

    kind: Kind
    nullable: bool = False
    low: int | None = None
    high: int | None = None
    unit: str = "1"
    scale: int = 0
    distinct_at_most: int | None = None
    personal: bool = False
    values: tuple[str, ...] | None = None

    @property
    def ordered(self) -> bool:
        """Whether lt, le, gt, ge and between mean something."""
        return self.kind in (Kind.INTEGER, Kind.INSTANT, Kind.DURATION)


NUMBERS = (Kind.INTEGER, Kind.DURATION)
LOGIC = Type(kind=Kind.BOOLEAN, distinct_at_most=2)
NAMES = {
    Kind.INTEGER: "a number",
    Kind.TEXT: "a text",
    Kind.BOOLEAN: "true or false",
    Kind.INSTANT: "an instant",
    Kind.DURATION: "a duration",
}


def type_of_field(field: Field) -> Type:
    """The type of `$field`. A number with bounds has no more different values than fit between them."""
    kind = Kind.INTEGER if field.type == "decimal" else Kind(field.type)
    distinct = field.distinct_at_most if field.values == () else len(field.values)
    if kind is Kind.BOOLEAN:
        distinct = 2
    elif kind is Kind.INTEGER and field.low is not None and field.high is not None:
        distinct = field.high - field.low + 1
    return Type(
        kind=kind,
        nullable=field.optional,
        low=field.low,
        high=field.high,
        unit=field.unit,
        scale=field.scale,
        distinct_at_most=distinct,
        personal=field.personal,
        values=field.values or None,
    )


def bounds_of_product(types: list[Type]) -> tuple[int | None, int | None]:
    """Bounds of a product of whole numbers."""
    low, high = 1, 1
    for one in types:
        if one.low is None or one.high is None:
            return None, None
        corners = [low * one.low, low * one.high, high * one.low, high * one.high]
        low, high = min(corners), max(corners)
    return low, high
