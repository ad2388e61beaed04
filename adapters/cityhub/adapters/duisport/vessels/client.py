"""Listening to the port's AIS receiver."""

from __future__ import annotations

from cityhub.adapters.duisport.vessels.mapping import read
from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.lines_adapter import LinesAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return LinesAdapter(DUISPORT_VESSELS, link, tools, read=read)
