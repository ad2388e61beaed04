"""The hub's event: CloudEvents 1.0 with the profile every partner keeps to.

Source of the rules: CloudEvents 1.0.2 (core, JSON format, HTTP and Kafka bindings) and the hub's profile in
`docs/events.md`. The hub stores events in structured mode; doors also take binary mode and JSON batches.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NoReturn

from msgspec import UNSET, Struct, UnsetType

from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.identity import content_hash, event_id

MAX_EVENT_BYTES = 65_536
"""CloudEvents: intermediaries must forward events up to 64 KiB; the hub takes no larger ones."""
FUTURE_TOLERANCE = timedelta(minutes=5)
"""An event that claims to have happened later than this after its receipt is a clock fault at its source."""

TYPE = re.compile(r"de\.duisburg\.[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*){2,3}\.v[1-9][0-9]*")
"""Form of an event type."""
_SOURCE = re.compile(r"(//|[a-z][a-z0-9+.-]*:)\S{1,250}")
_BOROUGH = re.compile(r"STB0[1-7]")
_HASH = re.compile(r"[0-9a-f]{64}")
MAX_TEXT = 256
"""Characters of a text attribute."""


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that happened at a partner.

    Attributes:
        id: unique within `source`; repeats when the same source record is read again.
        source: URI of the partner's system, not of the adapter process.
        type: `de.duisburg.<partner>.<noun>.<verb-past>.v<major>`.
        subject: stable id of the entity it happened to.
        time: when it happened (UTC). `recordedtime`: when the adapter made the event.
        dataschema: URI of the contract and its version.
        partitionkey: entity whose order matters; becomes the Kafka key.
        contenthash: SHA-256 of what the event says, see `identity.content_hash`.
        synthetic: true when the event comes from a simulation. It is shown wherever the event counts.
        borough: Stadtbezirk of the asset, `STB01` … `STB07`; `registerversion`: version of the asset register that says
            so. Doors stamp both. They are no part of what the event says, so the content hash leaves them out.
        recordedby: what made the event, with its version, such as `dvv.transit/1`; the content hash leaves it out.
        data: the fields of the contract.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    recordedtime: datetime
    dataschema: str
    partitionkey: str
    contenthash: str
    data: dict[str, Any]
    specversion: Literal["1.0"]
    datacontenttype: Literal["application/json"]
    synthetic: bool = False
    correlationid: str | UnsetType = UNSET
    causationid: str | UnsetType = UNSET
    sequence: str | UnsetType = UNSET
    borough: str | UnsetType = UNSET
    registerversion: str | UnsetType = UNSET
    recordedby: str | UnsetType = UNSET

    @property
    def partner(self) -> str:
        """The partner named by the type: the third part of `de.duisburg.<partner>.…`."""
        return self.type.split(".", 3)[2]


def make_event(
    *,
    type_: str,
    source: str,
    natural_key: tuple[str, ...],
    version: str,
    subject: str,
    time: datetime,
    recorded_at: datetime,
    data: dict[str, Any],
    dataschema: str = "",
    partitionkey: str = "",
    synthetic: bool = False,
) -> Event:
    """Build a valid event with deterministic id (see `identity.event_id`) and content hash.

    Args:
        dataschema: empty → `//cityhub/contracts/<type>`; partitionkey: empty → `subject`.

    Raises:
        RejectedEvent: a value breaks the profile.
    """
    time = time.astimezone(UTC)
    event = Event(
        id=event_id(source, natural_key, version),
        source=source,
        type=type_,
        subject=subject,
        time=time,
        recordedtime=recorded_at.astimezone(UTC),
        dataschema=dataschema or f"//cityhub/contracts/{type_}",
        partitionkey=partitionkey or subject,
        contenthash=content_hash(type_, source, subject, time, data),
        data=data,
        specversion="1.0",
        datacontenttype="application/json",
        synthetic=synthetic,
    )
    _check_attributes(event)
    return event


def validate(event: Event) -> None:
    """Check everything the type system cannot.

    Raises:
        RejectedEvent: names the attribute, its value and the rule.
    """
    _check_attributes(event)
    expected = content_hash(event.type, event.source, event.subject, event.time.astimezone(UTC), event.data)
    _require(
        event.contenthash == expected,
        "contenthash",
        event.contenthash,
        f"does not fit the content, which hashes to {expected}",
    )


def _check_attributes(event: Event) -> None:
    """Each by itself; whether the hash fits the content is not looked at."""
    _require(
        bool(TYPE.fullmatch(event.type)),
        "type",
        event.type,
        "must be de.duisburg.<partner>.<noun>.<verb-past>.v<major>",
    )
    _require(bool(_SOURCE.fullmatch(event.source)), "source", event.source, "must be an absolute URI or start with //")
    _require(
        bool(_HASH.fullmatch(event.contenthash)), "contenthash", event.contenthash, "must be 64 lower-case hex digits"
    )
    if event.borough is not UNSET:
        _require(is_borough(event.borough), "borough", event.borough, "must be one of STB01 to STB07")
    for name in ("id", "subject", "partitionkey", "dataschema", "registerversion", "recordedby"):
        value = getattr(event, name)
        _require(value is UNSET or is_short_text(value), name, value, f"must be 1 to {MAX_TEXT} printable characters")
    for name in ("time", "recordedtime"):
        moment: datetime = getattr(event, name)
        if moment.tzinfo is None:
            _refuse(name, moment.isoformat(), "must carry an offset, e.g. 2026-11-23T08:00:00Z")
        if not _is_in_utc(moment):
            _refuse(name, moment.isoformat(), "lies outside the years 1 to 9999 in UTC")


def is_short_text(value: str) -> bool:
    """Whether it may be a text attribute of an event: 1 to `MAX_TEXT` printable characters."""
    return 0 < len(value) <= MAX_TEXT and value.isprintable()


def is_borough(value: str) -> bool:
    """Whether it is a Stadtbezirk of Duisburg, `STB01` … `STB07`."""
    return bool(_BOROUGH.fullmatch(value))


def check_not_future(event: Event, received_at: datetime) -> None:
    """Refuse an event from the future of its own receipt.

    Raises:
        RejectedEvent: reason `time_in_future`.
    """
    if event.time > received_at + FUTURE_TOLERANCE:
        raise RejectedEvent(
            "time_in_future",
            f"time {event.time.isoformat()} lies more than {FUTURE_TOLERANCE.seconds // 60} minutes after its receipt "
            f"at {received_at.isoformat()}; check the clock of {event.source}",
            "time",
        )


def _is_in_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _require(good: bool, attribute: str, value: object, rule: str) -> None:
    if not good:
        _refuse(attribute, value, rule)


def _refuse(attribute: str, value: object, rule: str) -> NoReturn:
    raise RejectedEvent("envelope", f"{attribute} {_short(value)} {rule}", attribute)


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
