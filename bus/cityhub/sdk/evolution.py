"""Whether one contract may take another's place under the same event type.

Source of the rules: BACKWARD_TRANSITIVE of schema registries, strengthened by what numbers rest on. Whoever reads by
the new contract must read every event, and bear every stream, that was right by the old one, and find it in the same
partition, units and order of corrections. The relation is transitive: what suits the last one suits all before it.
What a *wider* contract breaks depends on who reads it; for KPIs that is `cityhub.kpi.impact`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.contract_check import shown
from cityhub.sdk.contract_rules import INTEGER_LIMIT
from cityhub.sdk.decimals import LIMIT

_REFUSED = "events that were right would be refused"
_EXCEEDED = "sources that kept to it may exceed it"
_MIXED = "values of one field would not mean the same"
_FROZEN = (
    ("topic", "readers would look in the wrong place"),
    ("key", "events of one entity would stand in two partitions"),
    ("correctable", "stored events would count otherwise"),
)


def breaks(old: Contract, new: Contract) -> list[str]:
    """Everything for which `new` cannot take the place of `old`; empty when it can.

    Args:
        old, new: contracts of one event type.

    Returns:
        A line each, `<path>: was <old>, is <new>: <what happens>; <remedy>`.
    """
    remedy = f"; take it back, or make it a new type, {next_type(old.type)}"
    return [f"{line}{remedy}" for line in (*_of_contract(old, new), *_of_fields(old, new))]


def next_type(type_: str) -> str:
    """The type's next major version."""
    return re.sub(r"[0-9]+$", lambda number: str(int(number[0]) + 1), type_)


def _of_contract(old: Contract, new: Contract) -> Iterator[str]:
    for key, harm in _FROZEN:
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield _line(key, _plain(before), _plain(after), harm)
    if new.lateness_s < old.lateness_s:
        yield _line("lateness", old.lateness, new.lateness, "windows would settle before events that were in time")
    if new.horizon_s < old.horizon_s:
        yield _line("horizon", old.horizon, new.horizon, "repeats would be counted, or late events put aside, sooner")
    for key in ("subjects_at_most", "events_per_day_at_most"):
        before, after = getattr(old, key), getattr(new, key)
        if _shrank(before, after):
            yield _line(key, before, after, _EXCEEDED)


def _of_fields(old: Contract, new: Contract) -> Iterator[str]:
    for name, field in old.fields.items():
        path = f"fields.{name}"
        if (after := new.fields.get(name)) is None:
            yield _line(path, field.type, None, "doors would refuse events that have it, and readers miss it")
        elif after.type != field.type:
            yield _line(f"{path}.type", field.type, after.type, _REFUSED)
        else:
            yield from _of_field(path, field, after)
    for name, field in new.fields.items():
        if name not in old.fields and not field.optional:
            yield _line(f"fields.{name}", None, f"{field.type}, required", "events without it would be refused")


def _of_field(path: str, old: Field, new: Field) -> Iterator[str]:
    for key in ("unit", "scale"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield _line(f"{path}.{key}", before, after, _MIXED)
    if old.personal != new.personal:
        yield _line(f"{path}.personal", old.personal, new.personal, "stored events were protected otherwise")
    if old.optional and not new.optional:
        yield _line(f"{path}.optional", old.optional, new.optional, _REFUSED)
    if old.scale == new.scale and old.type in ("integer", "decimal"):
        yield from _narrowed(path, old, new)
    if old.type == "text":
        yield from _fewer(path, old, new)


def _narrowed(path: str, old: Field, new: Field) -> Iterator[str]:
    widest = INTEGER_LIMIT if old.type == "integer" else LIMIT
    if new.low is not None and new.low > (-widest if old.low is None else old.low):
        yield _line(f"{path}.min", old.min, new.min, _REFUSED)
    if new.high is not None and new.high < (widest if old.high is None else old.high):
        yield _line(f"{path}.max", old.max, new.max, _REFUSED)


def _fewer(path: str, old: Field, new: Field) -> Iterator[str]:
    if new.values:
        gone = [value for value in old.values if value not in new.values]
        if gone or not old.values:
            yield _line(f"{path}.values", list(old.values) or "any text", list(new.values), _REFUSED)
    elif _shrank(count := len(old.values) or old.distinct_at_most, new.distinct_at_most):
        yield _line(f"{path}.distinct_at_most", count, new.distinct_at_most, _EXCEEDED)


def _shrank(old: int | None, new: int | None) -> bool:
    """Whether a bound on a number of things became smaller; None = no bound."""
    return new is not None and (old is None or new < old)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _line(path: str, old: Any, new: Any, harm: str) -> str:
    before, after = ("nothing" if value is None else _words(value) for value in (old, new))
    return f"{path}: was {before}, is {after}: {harm}"


def _words(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)
