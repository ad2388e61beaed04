"""Reading the interchanges from their folder."""

from __future__ import annotations

from cityhub.adapters.dvv.load_curves.mapping import read
from cityhub.adapters.dvv.load_curves.source import DVV_LOAD_CURVES
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(DVV_LOAD_CURVES, link, tools, read=read)
