"""Listening to ChirpStack: the uplinks of the application of waste bins."""

from __future__ import annotations

from cityhub.adapters.formats.lorawan.chirpstack import filters
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.mqtt_adapter import MqttAdapter
from cityhub.adapters.wbd.bins.mapping import read
from cityhub.adapters.wbd.bins.source import WBD_BINS


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return MqttAdapter(WBD_BINS, link, tools, filters=filters, read=read)
