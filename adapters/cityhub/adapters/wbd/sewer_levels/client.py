"""Listening to ChirpStack: the uplinks of the application of sewer gauges."""

from __future__ import annotations

from cityhub.adapters.formats.lorawan.chirpstack import filters
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.mqtt_adapter import MqttAdapter
from cityhub.adapters.wbd.sewer_levels.mapping import read
from cityhub.adapters.wbd.sewer_levels.source import WBD_SEWER_LEVELS


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return MqttAdapter(WBD_SEWER_LEVELS, link, tools, filters=filters, read=read)
