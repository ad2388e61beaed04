"""Listening to the vehicles."""

from __future__ import annotations

from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.mqtt_adapter import MqttAdapter
from cityhub.adapters.wbd.vehicles.mapping import read
from cityhub.adapters.wbd.vehicles.source import WBD_VEHICLES
from cityhub.adapters.wbd.vehicles.wire import filters


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return MqttAdapter(WBD_VEHICLES, link, tools, filters=filters, read=read)
