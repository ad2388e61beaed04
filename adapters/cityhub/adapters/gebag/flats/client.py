"""Reading the drop folder."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.folder_adapter import FolderAdapter
from cityhub.adapters.gebag.flats.mapping import read
from cityhub.adapters.gebag.flats.source import GEBAG_FLATS


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return FolderAdapter(GEBAG_FLATS, link, tools, read=read)
