"""Events of one type, made and checked by its contract. docs/contracts.md says what a contract holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cityhub.sdk.client.session import now
from cityhub.sdk.contract import Contract, Contracts, Correctable, load_contracts
from cityhub.sdk.door import judged
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event, make_event


class TypedEvents:
    """Makes events of one type.

    Args:
        source: URI of your system, such as `//gebag.example/erp`.
        contracts: None = those of the package. synthetic: whether they come from a simulation.
        wall: now, with time zone.

    Raises:
        UnknownContract: naming the nearest types.
    """

    def __init__(
        self,
        type_: str,
        source: str,
        *,
        contracts: Contracts | None = None,
        synthetic: bool = False,
        wall: Callable[[], datetime] = now,
    ) -> None:
        self._contracts = contracts or load_contracts()
        self.contract: Contract = self._contracts[type_]
        self._source = source
        self._synthetic = synthetic
        self._wall = wall

    def event(
        self,
        *,
        subject: str,
        time: datetime,
        natural_key: tuple[str, ...] = (),
        version: str | int = "",
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Event:
        """A new event; `datetime` and `Decimal` are written as the contract wants them.

        Args:
            natural_key: what identifies the record in your system. version: the record's version there. Of correctable
                types both may be left out: the contract says which fields they are; a version that is given is its
                field, too.
            data: fields whose names Python or this method needs for itself.

        Raises:
            RejectedEvent: a line per problem, with field, value and rule.
        """
        content = self._content({**(data or {}), **fields})
        if (rule := self.contract.correctable) is None:
            return self._made(natural_key, str(version), subject, time, content)
        name = rule.version.removeprefix("$")
        if version != "":
            content.setdefault(name, version)
        key = natural_key or self._entity(rule, subject, content)
        return self._made(key, str(version if version != "" else content.get(name)), subject, time, content)

    def correct(
        self, event: Event, data: Mapping[str, Any] | None = None, *, time: datetime | None = None, **changes: Any
    ) -> Event:
        """The same entity in its next version: of all versions only the highest counts.

        Args:
            event: the version before. time: when it happened, if that was wrong.

        Raises:
            RejectedEvent: the type is not correctable, another entity would be meant, or as `event`.
        """
        rule = self._correctable(event)
        content = {**event.data, **self._content({**(data or {}), **changes})}
        name = rule.version.removeprefix("$")
        if content[name] == event.data[name]:
            content[name] = self._next(event.data[name])
        key = self._entity(rule, event.subject, content)
        if key != self._entity(rule, event.subject, event.data):
            raise _refusal(f"{', '.join(rule.entity)} identify the entity and stay; send another event for another one")
        return self._made(key, str(content[name]), event.subject, time or event.time, content)

    def retract(self, event: Event) -> Event:
        """The next version, which takes the entity back: it counts nowhere any more. Raises: as `correct`."""
        rule = self._correctable(event)
        if rule.retracted is None:
            raise _refusal(f"{self.contract.type} has no field that takes an entity back; correct it instead")
        return self.correct(event, {rule.retracted.removeprefix("$"): True})

    def _correctable(self, event: Event) -> Correctable:
        if event.type != self.contract.type:
            raise _refusal(f"the event is of type {event.type}, these are of {self.contract.type}")
        if self.contract.correctable is None:
            raise _refusal(f"{self.contract.type} is not correctable: each of its events counts as it is")
        return self.contract.correctable

    def _made(self, key: tuple[str, ...], version: str, subject: str, time: datetime, content: dict[str, Any]) -> Event:
        if not key or not version:
            raise _refusal(f"natural_key {key!r} and version {version!r} make the event's id: give both")
        if time.tzinfo is None:
            raise _refusal(f"time {time.isoformat()} has no offset: give it a time zone", "time")
        moment = self._wall()
        event = make_event(
            type_=self.contract.type,
            source=self._source,
            natural_key=key,
            version=version,
            subject=subject,
            time=time,
            recorded_at=moment,
            data=content,
            synthetic=self._synthetic,
        )
        return judged(event, self._contracts, self.contract.partner, moment)

    def _content(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: _written(value) for name, value in given.items()}

    def _entity(self, rule: Correctable, subject: str, content: Mapping[str, Any]) -> tuple[str, ...]:
        """What identifies it; empty while a part is missing, which the contract tells better."""
        parts = [subject if name == "@subject" else content.get(name.removeprefix("$")) for name in rule.entity]
        return tuple(str(part) for part in parts)

    def _next(self, version: Any) -> Any:
        return version + 1 if isinstance(version, int) else _written(self._wall())


def _written(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime):
        return value.isoformat()  # without an offset: the contract refuses it
    return float(value) if isinstance(value, Decimal) else value


def _refusal(message: str, attribute: str = "") -> RejectedEvent:
    return RejectedEvent("contract", message, attribute)
