"""What the hub says on Kafka, and what it listens to, as an AsyncAPI document.

Source of the rules: AsyncAPI 3.1.0 and its Kafka binding 0.5.0. Topics come from where they are made sure of
(`run.topics`), messages from contracts; the document is generated whenever it is asked for, so that it cannot be stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from cityhub.bus.audit_trail import Deed, Setting
from cityhub.bus.topics import AUDIT, CLOCK, VALUES, TopicSpec
from cityhub.kpi.values import KpiValue
from cityhub.sdk.codec import STRUCTURED
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.event import Event
from cityhub.sdk.schema import data_schema

_BINDING = "0.5.0"
_SCHEMAS = "#/components/schemas/"
_LETTER = ("dlq_reason", "dlq_error", "dlq_consumer", "dlq_topic", "dlq_partition", "dlq_offset")
_PROSE = {
    "evt": "Checked events; only the hub writes them, whoever may read gets them.",
    "in": "Events from a partner's own Kafka client; only its own, with its own access.",
    "dlq": "Refused records, with their bytes where those may be kept, and the reason in headers.",
    "kpi": "Values of KPIs; of two with the same key the one with the greater incarnation and revision holds.",
    CLOCK: "Empty records by which the hub learns the broker's time.",
    AUDIT: "Who drove which dead letters in again or set which target, when, and what became of it.",
}


def asyncapi(contracts: Contracts, topics: Iterable[TopicSpec]) -> dict[str, Any]:
    """The document over the topics.

    Args:
        contracts: of the events on them.
    """
    specs = {spec.name: spec for spec in topics}
    channels = {name: _channel(spec, _messages(name, contracts)) for name, spec in specs.items()}
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Innovation Hub Duisburg",
            "version": version("cityhub"),
            "description": "Events of the city and its partners, and the KPIs counted from them.",
        },
        "defaultContentType": STRUCTURED,
        "channels": channels,
        "operations": {
            f"{_action(name)}-{name}": {"action": _action(name), "channel": {"$ref": f"#/channels/{name}"}}
            for name in channels
        },
        "components": {"messages": _every_message(contracts), "schemas": _schemas(contracts)},
    }


def _action(topic: str) -> str:
    """As the hub sees it."""
    return "receive" if _kind(topic) == "in" else "send"


def _kind(topic: str) -> str:
    return topic.split(".")[1]


def _messages(topic: str, contracts: Contracts) -> Sequence[str]:
    match _kind(topic):
        case "evt":
            return [contract.type for contract in contracts.of_topic(topic)]
        case "in":
            partner = topic.split(".")[2]
            return [one.type for one in contracts.values() if one.partner == partner and one.status == "active"]
        case "dlq":
            return ["dead-letter"]
    return {VALUES: ["kpi-value"], CLOCK: ["tick"], AUDIT: ["deed", "setting"]}[topic]


def _channel(spec: TopicSpec, messages: Sequence[str]) -> dict[str, Any]:
    config: dict[str, Any] = dict(spec.config)
    config["cleanup.policy"] = config["cleanup.policy"].split(",")
    if "retention.ms" in config:
        config["retention.ms"] = int(config["retention.ms"])
    kafka = {"topic": spec.name, "partitions": spec.partitions, "topicConfiguration": config}
    return {
        "address": spec.name,
        "description": _PROSE.get(spec.name) or _PROSE[_kind(spec.name)],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": {**kafka, "bindingVersion": _BINDING}},
    }


def _every_message(contracts: Contracts) -> dict[str, Any]:
    letter = {name: {"type": "string"} for name in _LETTER}
    value_key = "KPI, version, dimensions, scope, window, start of its last step; a JSON array"
    return {
        **{contract.type: _event(contract) for contract in contracts.values()},
        "dead-letter": {
            "title": "A refused record",
            "headers": {"type": "object", "properties": letter, "required": ["dlq_reason", "dlq_error"]},
            "payload": {"description": "the record's bytes, as they came"},
        },
        "kpi-value": {
            "title": "Value of a KPI in one window",
            "contentType": "application/json",
            "payload": {"$ref": f"{_SCHEMAS}KpiValue"},
            "bindings": _key(value_key),
        },
        "deed": {
            "title": "Something done by hand",
            "contentType": "application/json",
            "payload": {"$ref": f"{_SCHEMAS}Deed"},
            "bindings": _key("the partner whose letter it is"),
        },
        "setting": {
            "title": "A target set or taken back by hand",
            "contentType": "application/json",
            "payload": {"$ref": f"{_SCHEMAS}Setting"},
            "bindings": _key("the KPI"),
        },
        "tick": {"title": "Nothing but the broker's time", "payload": {"description": "empty"}},
    }


def _event(contract: Contract) -> dict[str, Any]:
    own = {"type": {"const": contract.type}, "data": {"$ref": f"{_SCHEMAS}{contract.type}"}}
    key = "the event's subject" if contract.key == "@subject" else f"data.{contract.key.removeprefix('$')}"
    return {
        "name": contract.type,
        "title": contract.title.en,
        **({"description": contract.purpose.en} if contract.purpose else {}),
        "contentType": STRUCTURED,
        "payload": {"allOf": [{"$ref": f"{_SCHEMAS}Event"}, {"properties": own}]},
        "bindings": _key(key),
        "x-owner": contract.owner or contract.partner,
        "x-status": contract.status,
        "x-cadence": contract.cadence,
        "x-lateness": contract.lateness,
        "x-horizon": contract.horizon,
        "x-personal-data": "personal" if contract.personal else "none",
    }


def _key(says: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": says}, "bindingVersion": _BINDING}}


def _schemas(contracts: Contracts) -> dict[str, Any]:
    _, own = msgspec.json.schema_components([Event, KpiValue, Deed, Setting], ref_template=_SCHEMAS + "{name}")
    for schema in own.values():
        if text := schema.get("description"):
            schema["description"] = text.splitlines()[0]
    return own | {contract.type: data_schema(contract) for contract in contracts.values()}
