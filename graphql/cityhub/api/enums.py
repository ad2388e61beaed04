"""Enumerations of the schema, named by their values: `hour`, `final`, `de`.

Types of the schema import the KPI portion's enumerations from here, because registering has to precede the first use.
"""

from __future__ import annotations

from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from cityhub.kpi.attainment import Direction as TrendDirection
from cityhub.kpi.attainment import Status
from cityhub.kpi.fields import Text
from cityhub.kpi.health.source import Cause as HealthCause
from cityhub.kpi.health.source import State as HealthState
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.values import Label, WindowKind

__all__ = [
    "Audience",
    "Direction",
    "HealthCause",
    "HealthState",
    "Label",
    "Language",
    "MeasureClass",
    "Reason",
    "Status",
    "TrendDirection",
    "WindowKind",
    "spoken",
]

strawberry.enum(
    WindowKind,
    description="Kind of window; nights, days and longer ones follow Europe/Berlin.",
    graphql_name_from="value",
)
strawberry.enum(Label, description="How settled a value is.", graphql_name_from="value")
strawberry.enum(
    HealthState, name="HealthState", description="Whether a number can be relied on.", graphql_name_from="value"
)
strawberry.enum(HealthCause, name="HealthCause", description="Why it cannot, or not fully.", graphql_name_from="value")
strawberry.enum(TrendDirection, name="TrendDirection", description="Which way a value went.", graphql_name_from="value")
strawberry.enum(Status, description="Where a value stands against its target.", graphql_name_from="value")
for _named in (WindowKind, HealthState, Status):
    _definition: StrawberryEnumDefinition = _named.__strawberry_definition__  # type: ignore[union-attr]
    for _value in _definition.values:
        _value.name = _value.name.replace("-", "_")  # a name in GraphQL holds no hyphen
strawberry.enum(Reason, description="Why a value changed after it could be final.", graphql_name_from="value")


@strawberry.enum(description="Language of a text.", graphql_name_from="value")
class Language(StrEnum):
    """Keys of `Text`."""

    DE = "de"
    EN = "en"


@strawberry.enum(description="Which way is good.", graphql_name_from="value")
class Direction(StrEnum):
    """As in definitions."""

    UP = "up"
    DOWN = "down"
    BAND = "band"


@strawberry.enum(description="Who may read a KPI: everybody, city staff, or its owner.", graphql_name_from="value")
class Audience(StrEnum):
    """As in definitions."""

    PUBLIC = "public"
    CITY = "city"
    OWNER = "owner"


@strawberry.enum(description="Whether its meaning may change with little notice.", graphql_name_from="value")
class Stability(StrEnum):
    """As in definitions."""

    STABLE = "stable"
    EXPERIMENTAL = "experimental"


@strawberry.enum(description="How a KPI is computed.", graphql_name_from="value")
class MeasureClass(StrEnum):
    """The classes of `cityhub.kpi.kernel.measure`."""

    RATIO = "ratio"
    TOTAL = "total"
    QUANTILE = "quantile"
    STATE = "state"
    LATEST = "latest"
    DISTINCT = "distinct"
    JOIN = "join"
    PAIRS = "pairs"


def spoken(text: Text, lang: Language) -> str:
    """A text in the asked language."""
    return text.get(lang.value)
