"""Looking into the folder of calendars."""

from __future__ import annotations

from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter
from cityhub.adapters.wbd.collections.mapping import read
from cityhub.adapters.wbd.collections.source import WBD_COLLECTIONS


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(WBD_COLLECTIONS, link, tools, read=read)
