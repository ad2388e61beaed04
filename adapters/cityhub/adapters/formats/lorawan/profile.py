"""Device profiles as data: what a type of sensor sends, in the contracts' fields and units. One file per type.

model: stadtlaterne/klima        # as the network server names the type
clock: measured_at               # the sensor's own clock in Unix seconds; or `age`: seconds since it measured
binary:                          # frames that nobody has decoded, big-endian; `code` as in Python's struct
  port: 2
  values: [{name: measured_at, code: I}, {name: temperature, code: h, factor: "0.1", missing: -32768}]
events:
  - type: de.duisburg.dvv.lamp.environment-observed.v1
    fields: {temperature_c: {from: temperature, unit: Cel}}
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.kit.fact import known, utc
from cityhub.sdk import plain_yaml
from cityhub.sdk.contract import Contract, Field, load_contracts

_LARGEST = Decimal(10) ** 15


class NotReadable(ValueError):  # noqa: N818 - says what is wrong with a value
    """A frame is not what its profile says.

    Attributes:
        reason: machine word. where: the value's name.
    """

    def __init__(self, reason: str, where: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.where = where


class Binary(Struct, frozen=True, forbid_unknown_fields=True):
    """One value in a frame. Attributes: missing: what it is where the sensor knows nothing."""

    name: str
    code: Literal["b", "B", "h", "H", "i", "I"]
    factor: str = "1"
    missing: int | None = None


class Frame(Struct, frozen=True, forbid_unknown_fields=True):
    """The fixed layout of the frames on one port."""

    port: int
    values: tuple[Binary, ...]

    def unpack(self, payload: bytes) -> dict[str, Any]:
        """Values by name.

        Raises:
            NotReadable: `layout`, the frame has another length.
        """
        layout = ">" + "".join(one.code for one in self.values)
        if len(payload) != struct.calcsize(layout):
            rule = f"{len(payload)} bytes on port {self.port}; its profile wants {struct.calcsize(layout)}"
            raise NotReadable("layout", "frame", rule)
        read = zip(self.values, struct.unpack(layout, payload), strict=True)
        return {one.name: float(value * Decimal(one.factor)) for one, value in read if value != one.missing}


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a field of a contract comes from: a value, the asset that the sensor sits on, or it `is` always the same.

    Attributes:
        unit: of the value, UCUM; without a factor it is the contract's.
        factor: value · factor is in the contract's unit.
        codes: what the values mean; others are refused.
    """

    source: str = field(name="from", default="")
    asset: bool = False
    constant: str | None = field(name="is", default=None)
    unit: str = "1"
    factor: str = "1"
    codes: Mapping[str, str | bool] = {}


class Said(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that a frame can hold; it does when one of the values is there."""

    type: str
    fields: Mapping[str, Rule]


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """One type of sensor."""

    model: str
    events: tuple[Said, ...]
    clock: str = ""
    age: str = ""
    binary: Frame | None = None

    def values(self, port: int, decoded: Mapping[str, Any] | None, payload: bytes) -> Mapping[str, Any]:
        """What a frame holds: as the network server has decoded it, else by the profile's layout.

        Raises:
            NotReadable: `layout`, neither is possible.
        """
        if decoded is not None:
            return decoded
        if self.binary is None or self.binary.port != port:
            raise NotReadable("layout", "frame", f"not decoded, and {self.model} has no layout for port {port}")
        return self.binary.unpack(payload)

    def data(self, values: Mapping[str, Any], asset: str) -> list[tuple[str, dict[str, Any]]]:
        """Events by type: what the values say in the fields of their contracts.

        Raises:
            NotReadable: `value` or `unknown_code`, with the value and the rule.
        """
        told = [one for one in self.events if any(values.get(rule.source) is not None for rule in one.fields.values())]
        return [(one.type, _data(one, values, asset)) for one in told]


def load_profiles(package: str) -> dict[str, Profile]:
    """The profiles in the folder `profiles` of a package, by model.

    Raises:
        ValueError: a file is wrong: which, and what.
    """
    found: dict[str, Profile] = {}
    for file in sorted((files(package) / "profiles").iterdir(), key=lambda one: one.name):
        try:
            profile = msgspec.convert(plain_yaml.load(file.read_text(encoding="utf-8")), Profile)
            for event in profile.events:
                _check(event, load_contracts()[event.type])
        except (msgspec.ValidationError, KeyError, ValueError) as error:
            raise ValueError(f"profile {file.name}: {error}") from error
        found[profile.model] = profile
    return found


def number(value: Any, factor: str, where: str) -> Decimal:
    """A value · factor, exactly.

    Raises:
        NotReadable: `value`, it is no number of a sane size.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotReadable("value", where, f"{str(value)[:40]!r} must be a number")
    found = Decimal(str(value)) * Decimal(factor)
    if not abs(found) < _LARGEST:
        raise NotReadable("value", where, f"{value} is beyond ±{_LARGEST:.0e}")
    return found


def _check(event: Said, contract: Contract) -> None:
    for name, rule in event.fields.items():
        if name not in contract.fields:
            raise ValueError(f"{name}: no field of {contract.type}")
        if rule.source and rule.factor == "1" and rule.unit != contract.fields[name].unit:
            raise ValueError(f"{name}: {rule.unit} to {contract.fields[name].unit} needs a factor")


def _data(event: Said, values: Mapping[str, Any], asset: str) -> dict[str, Any]:
    contract = load_contracts()[event.type]
    made = {name: _value(rule, values, asset, contract.fields[name]) for name, rule in event.fields.items()}
    return known(made)


def _value(rule: Rule, values: Mapping[str, Any], asset: str, wanted: Field) -> Any:
    if rule.asset or not rule.source:
        return asset if rule.asset else rule.constant
    value = values.get(rule.source)
    if value is not None and rule.codes:
        return _decoded(rule, value)
    return None if value is None else _converted(rule, value, wanted)


def _converted(rule: Rule, value: Any, wanted: Field) -> Any:
    match wanted.type:
        case "integer":
            return int(number(value, rule.factor, rule.source).quantize(Decimal(1)))
        case "decimal":
            return float(number(value, rule.factor, rule.source).quantize(Decimal(1).scaleb(-wanted.scale)) + 0)
        case "instant":
            return utc(instant(value, rule.factor, rule.source))
    return value  # the door refuses what is of another kind than its field


def _decoded(rule: Rule, value: Any) -> str | bool:
    if str(value) not in rule.codes:
        known = ", ".join(rule.codes)
        raise NotReadable("unknown_code", rule.source, f"{str(value)[:40]!r} is none of {known}")
    return rule.codes[str(value)]


def instant(value: Any, factor: str, where: str) -> datetime:
    """An instant from value · factor Unix seconds.

    Raises:
        NotReadable: `value`, it is none.
    """
    seconds = number(value, factor, where)
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotReadable("value", where, f"{value} is no instant") from error
