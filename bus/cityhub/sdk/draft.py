"""A first contract, read off sample messages. What samples cannot tell stays an open question, a text that begins with
`TODO`; no contract with one of them is loaded.
"""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from keyword import iskeyword
from typing import Any

import msgspec
import yaml

from cityhub.sdk.conformance import is_instant
from cityhub.sdk.contract_check import TODO
from cityhub.sdk.contract_rules import MAX_SCALE
from cityhub.sdk.errors import SamplesUnusable
from cityhub.sdk.event import TYPE

_CLOSED_AT_MOST = 12
"""Texts of more different values are no closed set."""
_TIMELIKE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_KINDS = {bool: "boolean", int: "integer", float: "decimal", dict: "empty object", list: "list"}


def draft(body: bytes, type_: str = "") -> str:
    """Propose a contract.

    Args:
        body: a JSON array, one JSON object, or JSON lines: data of events, or whole CloudEvents in structured mode.
        type_: of the events; may be "" where they are CloudEvents of one type. Of several types only this one is read.

    Returns:
        YAML of a contract, its questions marked.

    Raises:
        SamplesUnusable: no JSON, nothing in it, something that is no object, or events of several types.
    """
    type_, samples = _data_of(_objects(body), type_)
    named = TYPE.fullmatch(type_) is not None
    noun = type_.split(".")[3] if named else ""
    tree = {
        "type": type_ or f"{TODO} de.duisburg.<partner>.<noun>.<verb-past>.v1",
        "title": {"de": f"{TODO} was ist geschehen?", "en": f"{TODO} what happened?"},
        "owner": f"{TODO} which organisation or unit answers for the stream?",
        "purpose": {"de": f"{TODO} wozu wird es gesendet? ein Satz", "en": f"{TODO} what is it sent for? a sentence"},
        "topic": f"du.evt.{type_.split('.')[2]}.{noun}.v1" if named else f"{TODO} du.evt.<partner>.<stream>.v1",
        "key": "@subject",
        "cadence": f"{TODO} how often are news expected? such as 10min",
        "lateness": f"{TODO} how late may an event be? such as 6h",
        "horizon": f"{TODO} for how long can it be sent again? such as 3d",
        "events_per_day_at_most": f"{TODO} how many at most?",
        "fields": dict(_fields(samples)),
    }
    text: str = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=10_000)
    return text


def _objects(body: bytes) -> list[Mapping[str, Any]]:
    body = body.removeprefix(BOM_UTF8)
    try:
        whole = msgspec.json.decode(body)
        found = whole if isinstance(whole, list) else [whole]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        lines = [(number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip()]
        if len(lines) <= 1:
            raise SamplesUnusable(f"no JSON: {error}; give an array, one object, or an object per line") from error
        found = [_line(number, line) for number, line in lines]
    if not found:
        raise SamplesUnusable("no message in it; give some")
    for number, one in enumerate(found, 1):
        if not isinstance(one, dict):
            raise SamplesUnusable(f"message {number} is no object; give objects, the data of an event each")
    return found


def _line(number: int, line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise SamplesUnusable(f"line {number} is no JSON: {error}; repair it, or give one array") from error


def _data_of(objects: list[Mapping[str, Any]], type_: str) -> tuple[str, list[Mapping[str, Any]]]:
    """The type, and the data of its events."""
    if not all("specversion" in one and isinstance(one.get("data"), dict) for one in objects):
        return type_, objects
    types = sorted({str(one.get("type")) for one in objects})
    if not type_ and len(types) > 1:
        raise SamplesUnusable(f"events of {len(types)} types; choose one with --type: {', '.join(types)}")
    wanted = type_ or types[0]
    data = [one["data"] for one in objects if str(one.get("type")) == wanted]
    if not data:
        raise SamplesUnusable(f"no event of type {wanted}; there are {', '.join(types)}")
    return wanted, data


def _fields(samples: list[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fields by name, nested objects flattened, in the order of the first sample that has them."""
    flat = [dict(_flat(sample, ())) for sample in samples]
    taken: Counter[str] = Counter()
    for path in dict.fromkeys(path for one in flat for path in one):
        name = _name(path)
        taken[name] += 1
        unique = name if taken[name] == 1 else f"{name}_{taken[name]}"
        yield unique, _field(".".join(path), [one.get(path) for one in flat])


def _flat(sample: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in sample.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*path, key))
        else:
            yield (*path, key), value


def _name(path: tuple[str, ...]) -> str:
    """A name as contracts want it: `fillLevel` → `fill_level`."""
    ascii_ = unicodedata.normalize("NFKD", "_".join(path).translate(_LETTERS)).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", _HUMP.sub("_", ascii_).lower()).strip("_")
    name = re.sub(r"^(?=[0-9]|$)", "n", name)[:60]
    return f"{name}_" if iskeyword(name) else name


def _field(path: str, values: list[Any]) -> dict[str, Any]:
    seen = [value for value in values if value is not None]
    said = _described(seen)
    if len(seen) < len(values):
        said["optional"] = True
    return said | {"meaning": {"de": f"{TODO} was sagt {path}?", "en": f"{TODO} what does {path} say?"}}


def _described(seen: list[Any]) -> dict[str, Any]:
    kinds = {_kind(value) for value in seen}
    if kinds == {"integer", "decimal"}:
        kinds = {"decimal"}
    match sorted(kinds):
        case ["integer" | "decimal" as kind]:
            return _number(kind, seen)
        case ["text"]:
            return _text(seen)
        case ["boolean" | "instant" as kind]:
            return {"type": kind}
        case []:
            return {"type": f"{TODO} it was never known; what is it?"}
        case several:
            return {"type": f"{TODO} {' and '.join(several)} seen; what is to be counted of it?"}


def _kind(value: Any) -> str:
    if isinstance(value, str):
        if is_instant(value):
            return "instant"
        return "time without offset" if _TIMELIKE.fullmatch(value) else "text"
    return _KINDS[type(value)]


def _number(kind: str, seen: Iterable[float]) -> dict[str, Any]:
    said: dict[str, Any] = {"type": kind}
    if kind == "decimal":
        decimals = max(_decimals(value) for value in seen)
        said["scale"] = (
            decimals if decimals <= MAX_SCALE else f"{TODO} {decimals} decimals seen; round them to how many?"
        )
    said["unit"] = f"{TODO} UCUM code of its unit, 1 for none"
    said["min"] = f"{TODO} {min(seen)} seen; what is the least possible?"
    said["max"] = f"{TODO} {max(seen)} seen; what is the most possible?"
    return said


def _decimals(value: float) -> int:
    """Decimals of the shortest text that every JSON reader takes for the same number; at least the one of a decimal."""
    return max(1, -int(Decimal(repr(value)).normalize().as_tuple().exponent))


def _text(seen: list[str]) -> dict[str, Any]:
    """Few texts, each of which repeats, may be a closed set; all others are not written down."""
    counted = Counter(seen)
    said: dict[str, Any] = {"type": "text"}
    if len(counted) <= _CLOSED_AT_MOST and min(counted.values()) > 1 and all(value.strip() for value in counted):
        said["values"] = sorted(counted)
    else:
        said["distinct_at_most"] = (
            f"{TODO} {len(counted)} different seen; how many at most? leave it out for any number"
        )
    return said | {"personal": f"{TODO} true when it can name or follow a person"}
