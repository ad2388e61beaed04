"""Scalars of the schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
"""GraphQL's own Int ends at 2³¹ − 1; counts of a city's events do not."""

_YEARS = range(2000, 2100)


def read_instant(value: object) -> datetime:
    """An instant with its offset, in UTC, within the years an archive can have.

    Raises:
        GraphQLError: shows an instant that would do.
    """
    try:
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is not None and instant.year in _YEARS:
            return instant.astimezone(UTC)
    except ValueError:
        pass  # refused below, like an instant without offset
    raise GraphQLError(f"{value!r} is no instant of the years 2000 to 2099 such as 2026-11-03T14:00:00Z")


def write_instant(value: datetime) -> str:
    """ISO 8601 in UTC, as in events."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, ScalarDefinition] = {
    Long: strawberry.scalar(
        name="Long", description="A whole number of up to 53 bits, as a JSON number.", serialize=int, parse_value=int
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant as ISO 8601; arguments need an offset, answers are UTC.",
        serialize=write_instant,
        parse_value=read_instant,
    ),
}
