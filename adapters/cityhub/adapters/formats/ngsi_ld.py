"""Entities of an NGSI-LD context broker: their shape, nothing else.

Source of the rules: ETSI GS CIM 009, normalized, concise and key-values (simplified) representation, a temporal one
being a list of instances. `@context` is not fetched: names that were expanded are taken by their last part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
MEDIA_TYPES = ("application/ld+json", "application/json")
_LAST = re.compile(r"[^/#]*\Z")


class Instance(Struct, frozen=True, rename="camel"):
    """One value of an attribute. Attributes: unit_code: UN/CEFACT common code, "" where there is none."""

    value: Any
    unit_code: str = ""
    observed_at: Instant | None = None


class Entity(Struct, frozen=True):
    """An entity. Attributes: attributes: as they stand there, by name."""

    id: str
    type: str
    attributes: Mapping[str, Any]

    def instances(self, name: str) -> Iterator[tuple[str, Instance | Reject]]:
        """What an attribute says, each value with its path; those in another shape as rejects."""
        said = self.attributes.get(name)
        for place, one in enumerate(said if isinstance(said, list) else [] if said is None else [said]):
            path = f"{self.id}.{name}[{place}]"
            try:
                yield path, msgspec.convert(one if isinstance(one, dict) else {"value": one}, Instance)
            except msgspec.ValidationError as error:
                yield path, Reject("schema", path, str(error))


_entities = msgspec.json.Decoder(list[Raw] | dict[str, Raw])
_entity = msgspec.json.Decoder(dict[str, Any])


def parse(body: bytes) -> tuple[list[tuple[str, Entity]], list[Reject]]:
    """The entities of an answer, one or a list, with their paths, and what is none.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    found = parse_json(body, _entities, "entities of NGSI-LD")
    good, rejects = parse_items(found if isinstance(found, list) else [Raw(body)], _entity, "")
    entities: list[tuple[str, Entity]] = []
    for path, one in good:
        named = {_last(name): value for name, value in one.items()}
        id_, type_ = named.pop("id", None), named.pop("type", None)
        if isinstance(id_, str) and id_ and isinstance(type_, str):
            entities.append((path, Entity(id_, _last(type_), named)))
        else:
            rejects.append(Reject("schema", path, "an entity must have an id and one type"))
    return entities, rejects


def _last(name: str) -> str:
    found = _LAST.search(name)
    return found[0] if found else name
