"""Reading the terminals' interchanges from their folder."""

from __future__ import annotations

from cityhub.adapters.duisport.containers.mapping import read
from cityhub.adapters.duisport.containers.source import DUISPORT_CONTAINERS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(DUISPORT_CONTAINERS, link, tools, read=read)
