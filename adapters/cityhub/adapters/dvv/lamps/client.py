"""Listening to The Things Stack: the uplinks of one application, and what else its devices do."""

from __future__ import annotations

from cityhub.adapters.dvv.lamps.mapping import read
from cityhub.adapters.dvv.lamps.source import DVV_LAMPS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.mqtt_adapter import MqttAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return MqttAdapter(DVV_LAMPS, link, tools, filters=filters, read=read)


def filters(application: str) -> tuple[str, ...]:
    """Never `#` of the whole broker: other applications are none of our business."""
    return (f"v3/{application}/devices/+/up", f"v3/{application}/devices/+/join")
