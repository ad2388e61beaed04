"""Reading the drop folder."""

from __future__ import annotations

from cityhub.adapters.gebag.flats.mapping import read
from cityhub.adapters.gebag.flats.source import GEBAG_FLATS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(GEBAG_FLATS, link, tools, read=read)
