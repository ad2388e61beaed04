"""What a contract must keep to beyond its shape. One function per rule; each yields `<key>: <problem>; <remedy>`."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, TypeAlias

from cityhub.sdk.contract_check import Rule, near, shown
from cityhub.sdk.decimals import scaled
from cityhub.sdk.duration import seconds
from cityhub.sdk.errors import ContractError
from cityhub.sdk.event import TYPE
from cityhub.sdk.hours import hours
from cityhub.sdk.text import Text

if TYPE_CHECKING:
    from cityhub.sdk.contract import Correctable, Field

INTEGER_LIMIT = 2**63 - 1
MAX_SCALE = 9
MAX_FIELDS = 100
_TOPIC = re.compile(r"du\.evt\.[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*\.v[1-9][0-9]*")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_UNIT = re.compile(r"[!-~]{1,40}")
_NUMBERS = ("integer", "decimal")

Number: TypeAlias = int | float
Fields: TypeAlias = "Mapping[str, Field | None]"
"""Fields by name; None where the field itself has problems."""


def _both_languages(text: Text, key: str) -> Iterator[str]:
    for language in ("de", "en"):
        if not text.get(language).strip():
            yield f"{key}.{language}: is empty; say it in both languages"


def _title(title: Text) -> Iterator[str]:
    yield from _both_languages(title, "title")


def _owner(owner: str) -> Iterator[str]:
    if owner and not owner.strip():
        yield "owner: is empty; write which organisation or unit answers for the stream"


def _purpose(purpose: Text | None) -> Iterator[str]:
    if purpose is not None:
        yield from _both_languages(purpose, "purpose")


def _hours(written: str | None) -> Iterator[str]:
    try:
        if written is not None:
            hours(written)
    except ContractError as error:
        yield f"hours: {error}"


def _reporters(reporters: Text | None) -> Iterator[str]:
    if reporters is not None:
        yield from _both_languages(reporters, "reporters")


def _meaning(meaning: Text) -> Iterator[str]:
    yield from _both_languages(meaning, "meaning")


def _type(type_: str) -> Iterator[str]:
    if not TYPE.fullmatch(type_):
        yield f"type: {shown(type_)} is no event type; write de.duisburg.<partner>.<noun>.<verb-past>.v<major>"


def _topic(topic: str) -> Iterator[str]:
    if not _TOPIC.fullmatch(topic):
        yield f"topic: {shown(topic)} is no event topic; write du.evt.<partner>.<stream>.v<major>"


def _same_partner(type_: str, topic: str) -> Iterator[str]:
    if TYPE.fullmatch(type_) and _TOPIC.fullmatch(topic) and type_.split(".")[2] != topic.split(".")[2]:
        yield (
            f"topic: {topic} is {topic.split('.')[2]}'s, the type is {type_.split('.')[2]}'s; an event goes to a topic "
            "of its own partner"
        )


def _cadence(cadence: str) -> Iterator[str]:
    if (yield from _seconds("cadence", cadence)) == 0:
        yield "cadence: '0s' is no interval; write how often news are expected"


def _horizon(lateness: str, horizon: str) -> Iterator[str]:
    late = yield from _seconds("lateness", lateness)
    remembered = yield from _seconds("horizon", horizon)
    if late is not None and remembered is not None and remembered < late:
        yield f"horizon: {horizon} is shorter than lateness {lateness}; ids must be remembered at least that long"


def _seconds(key: str, duration: str) -> Generator[str, None, int | None]:
    try:
        return seconds(duration)
    except ContractError as error:
        yield f"{key}: {error}"
        return None


def _subjects_at_most(count: int | None) -> Iterator[str]:
    yield from _positive("subjects_at_most", count)


def _events_per_day_at_most(count: int) -> Iterator[str]:
    yield from _positive("events_per_day_at_most", count)


def _positive(key: str, count: int | None) -> Iterator[str]:
    if count is not None and not 1 <= count <= INTEGER_LIMIT:
        yield f"{key}: {shown(count)} is no number of things; write 1 or more, or leave it out"


def _fields(fields: Fields) -> Iterator[str]:
    if not 1 <= len(fields) <= MAX_FIELDS:
        yield f"fields: {len(fields)} fields; a contract has 1 to {MAX_FIELDS}"
    for name in fields:
        if not _FIELD_NAME.fullmatch(name) or iskeyword(name):
            yield (
                f"fields: {shown(name)} is no field name; write a-z, 0-9 and _, beginning with a letter, and no word "
                "of the Python language"
            )


def _key(key: str, fields: Fields) -> Iterator[str]:
    if key != "@subject":
        yield from _names_field("key", key, fields, ("text", "integer"))


def _correctable(correctable: Correctable | None, fields: Fields) -> Iterator[str]:
    if correctable is None:
        return
    if not correctable.entity or len(set(correctable.entity)) < len(correctable.entity):
        yield f"correctable.entity: {list(correctable.entity)} must name what identifies the entity, each field once"
    for name in correctable.entity:
        if name != "@subject":
            yield from _names_field("correctable.entity", name, fields, ("text", "integer"))
    yield from _names_field("correctable.version", correctable.version, fields, ("integer", "instant"))
    if correctable.retracted is not None:
        yield from _names_field("correctable.retracted", correctable.retracted, fields, ("boolean",), optional=True)


def _names_field(
    key: str, written: str, fields: Fields, types: tuple[str, ...], *, optional: bool = False
) -> Iterator[str]:
    """`written` must be `$name` of a field of one of the types, and, unless `optional`, of one that is always there."""
    name = written[1:]
    if not written.startswith("$") or name not in fields:
        yield f"{key}: {shown(written)} is no field of this contract{near(written, [f'${one}' for one in fields])}"
    elif (field := fields[name]) is not None:
        if field.type not in types:
            yield f"{key}: {written} is of type {field.type}; name a field of type {' or '.join(types)}"
        if field.optional and not optional:
            yield f"{key}: {written} is optional; name a field that every event has"


def _unit(type_: str, unit: str) -> Iterator[str]:
    if type_ not in _NUMBERS and unit != "1":
        yield f"unit: {shown(unit)} on a field of type {type_}; only numbers have a unit, leave it out"
    if not _UNIT.fullmatch(unit):
        yield f"unit: {shown(unit)} is no UCUM code; write s, W.h, m2, % or 1"


def _scale(type_: str, scale: int) -> Iterator[str]:
    if type_ == "decimal" and not 1 <= scale <= MAX_SCALE:
        yield f"scale: {shown(scale)} for a decimal; write how many decimals it carries, 1 to {MAX_SCALE}"
    if type_ != "decimal" and scale != 0:
        yield f"scale: {shown(scale)} on a field of type {type_}; only a decimal has a scale, leave it out"


def _bounds(type_: str, scale: int, min_: Number | None, max_: Number | None) -> Iterator[str]:
    for key, bound in (("min", min_), ("max", max_)):
        if bound is not None:
            yield from _bound(key, bound, type_, scale)
    if min_ is not None and max_ is not None and min_ > max_:
        yield f"max: {shown(max_)} is less than min {shown(min_)}; exchange them"


def _bound(key: str, bound: Number, type_: str, scale: int) -> Iterator[str]:
    if type_ not in _NUMBERS:
        yield f"{key}: {shown(bound)} on a field of type {type_}; only numbers have bounds, leave it out"
    elif type_ == "integer":
        if not isinstance(bound, int) or abs(bound) > INTEGER_LIMIT:
            yield f"{key}: {shown(bound)} is no whole number of 64 bits; write one, or make the field a decimal"
    elif 1 <= scale <= MAX_SCALE:
        try:
            scaled(bound, scale)
        except ValueError as error:
            yield f"{key}: {shown(bound)} {error}; write a bound that the scale can carry"


def _values(type_: str, values: tuple[str, ...], distinct_at_most: int | None) -> Iterator[str]:
    if type_ != "text":
        for key, given in (("values", values), ("distinct_at_most", distinct_at_most)):
            if given:
                yield f"{key}: on a field of type {type_}; only a text has {key}, leave it out"
        return
    if values and distinct_at_most is not None:
        yield f"distinct_at_most: {distinct_at_most} beside {len(values)} values; a closed set is bounded, leave it out"
    yield from _positive("distinct_at_most", distinct_at_most)
    doubled = sorted({value for value in values if values.count(value) > 1})
    if doubled or any(not value.strip() for value in values):
        yield f"values: {shown(list(values))} has empty or repeated texts; write each value once"


FIELD_RULES = (
    Rule(_meaning, ("meaning",)),
    Rule(_unit, ("type", "unit")),
    Rule(_scale, ("type", "scale")),
    Rule(_bounds, ("type", "scale", "min", "max")),
    Rule(_values, ("type", "values", "distinct_at_most")),
)
CONTRACT_RULES = (
    Rule(_title, ("title",)),
    Rule(_owner, ("owner",)),
    Rule(_purpose, ("purpose",)),
    Rule(_hours, ("hours",)),
    Rule(_reporters, ("reporters",)),
    Rule(_type, ("type",)),
    Rule(_topic, ("topic",)),
    Rule(_same_partner, ("type", "topic")),
    Rule(_cadence, ("cadence",)),
    Rule(_horizon, ("lateness", "horizon")),
    Rule(_subjects_at_most, ("subjects_at_most",)),
    Rule(_events_per_day_at_most, ("events_per_day_at_most",)),
    Rule(_fields, ("fields",)),
    Rule(_key, ("key", "fields")),
    Rule(_correctable, ("correctable", "fields")),
)
