"""Reading the interchanges from their folder."""

from __future__ import annotations

from cityhub.adapters.dvv.water_feed.mapping import read
from cityhub.adapters.dvv.water_feed.source import DVV_WATER_FEED
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(DVV_WATER_FEED, link, tools, read=read)
