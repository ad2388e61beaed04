"""Contracts, changes of them and data, as hypothesis draws them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.text import Text

NAMES = ("a", "b", "c")
WORDS = ("x", "y", "z")
EDITABLE: dict[str, st.SearchStrategy[Any]] = {
    "lateness": st.sampled_from(["1h", "2h"]),
    "horizon": st.sampled_from(["2h", "3h"]),
    "subjects_at_most": st.sampled_from([None, 10, 20]),
}
MEANING = Text(de="etwas", en="something")
INSTANTS = ("2026-11-23T08:00:00Z", "2026-11-23 08:00:00.123+01:00", "2024-02-29t23:59:59z", "0001-01-01T00:00:00-2359")
NO_INSTANTS = (
    "2026-11-23T08:00:00",
    "2026-11-23",
    "gestern",
    "2026-13-01T00:00:00Z",
    "2026-11-23T24:00:00Z",
    "2026-11-23T08:00:60Z",
    "2026-11-23T08:00:00+24:00",
    "0000-01-01T00:00:00Z",
    "2026-11-23T08:00:00.Z",
    "x2026-11-23T08:00:00Z",
)


@st.composite
def fields(draw: st.DrawFn) -> Field:
    kind = draw(st.sampled_from(["integer", "decimal", "text", "boolean", "instant"]))
    more: dict[str, Any] = {"optional": draw(st.booleans()), "personal": draw(st.sampled_from([False, False, True]))}
    if kind in ("integer", "decimal"):
        more["unit"] = draw(st.sampled_from(["s", "s", "min"]))
        low, high = sorted([draw(st.integers(-5, 5)), draw(st.integers(-5, 5))])
        more["min"], more["max"] = draw(st.sampled_from([None, low])), draw(st.sampled_from([None, high]))
    if kind == "decimal":
        more["scale"] = draw(st.integers(1, 2))
    if kind == "text":
        more["values"] = tuple(draw(st.lists(st.sampled_from(WORDS), unique=True)))
        if not more["values"]:
            more["distinct_at_most"] = draw(st.sampled_from([None, 2, 4]))
    return Field(type=kind, meaning=MEANING, **more)  # type: ignore[arg-type]


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    return Contract(
        type="de.duisburg.wbd.skip.weighed.v1",
        title=MEANING,
        topic="du.evt.wbd.skip.v1",
        cadence="1h",
        **{name: draw(value) for name, value in EDITABLE.items()},
        events_per_day_at_most=draw(st.sampled_from([100, 200])),
        fields=draw(st.dictionaries(st.sampled_from(NAMES), fields(), min_size=1)),
    )


@st.composite
def edited(draw: st.DrawFn, contract: Contract) -> Contract:
    """The contract with up to three things changed, so that it often suits."""
    for key in draw(st.lists(st.sampled_from(list(EDITABLE)), max_size=1)):
        contract = structs.replace(contract, **{key: draw(EDITABLE[key])})
    now = dict(contract.fields)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True)):
        field = draw(fields())
        before = now.get(name)
        if before is None or before.type != field.type or draw(st.booleans()):
            now[name] = field
        else:
            key = draw(st.sampled_from(["min", "max", "optional", "values", "unit", "scale"]))
            now[name] = _consistent(structs.replace(before, **{key: getattr(field, key)}))
    return structs.replace(contract, fields=now)


def _consistent(field: Field) -> Field:
    if field.values:
        return structs.replace(field, distinct_at_most=None)
    if field.min is not None and field.max is not None and field.min > field.max:
        return structs.replace(field, min=field.max)
    return field


def right(field: Field) -> st.SearchStrategy[Any]:
    """Values that the field takes."""
    match field.type:
        case "integer":
            return st.integers(-9 if field.low is None else field.low, 9 if field.high is None else field.high)
        case "decimal":
            low = -900 if field.low is None else field.low
            high = 900 if field.high is None else field.high
            return st.integers(low, high).map(lambda whole: float(Decimal(whole).scaleb(-field.scale)))
        case "boolean":
            return st.booleans()
        case "instant":
            return st.sampled_from(INSTANTS)
    return st.sampled_from(field.values or (*WORDS, "other", ""))


def odd() -> st.SearchStrategy[Any]:
    """Values of every kind, but none that only the hub can tell from a right one (see `sdk.schema`)."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-7, 7),
        st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**15, 10**14 + 1, 10**13 + 1, -(10**15) - 1]),
        st.sampled_from([0.5, -0.5, 2.5, 4.5, 1e300, 0.1]),
        st.sampled_from([*WORDS, *INSTANTS, *NO_INSTANTS]),
        st.lists(st.integers(), max_size=1),
        st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    )


@st.composite
def data(draw: st.DrawFn, contract: Contract, *, wrong: bool = False) -> dict[str, Any]:
    """Data that keep to the contract, or perhaps do not."""
    found: dict[str, Any] = {}
    for name, field in contract.fields.items():
        if field.optional and draw(st.booleans()):
            found |= draw(st.sampled_from([{}, {name: None}]))
        else:
            found[name] = draw(right(field))
    if wrong:
        name = draw(st.sampled_from([*contract.fields, "d"]))
        if draw(st.booleans()):
            found[name] = draw(odd())
        else:
            found.pop(name, None)
    return found
