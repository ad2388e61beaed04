"""Uploads over real folders, and the real adapter that reads them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.tabular.uploads import Upload, Uploads

FEED, TABLE = "gebag.development", "investitionen"
HEAD = "Buchung;Version;Storniert;Art;Betrag (€);Gebucht am\r\n"
ONE, TWO = "b-1;1;nein;Neubau;1.000,00;01.10.2026\r\n", "b-2;1;nein;Neubau;2.000,00;02.10.2026\r\n"
BETTER = "b-1;2;nein;Neubau;1.100,00;01.10.2026\r\n"


class Desk:
    """Uploads over folders, and the adapter that reads them.

    Attributes:
        memory: what the feed has told. others: of a second web process over the same folders.
    """

    def __init__(self, root: Path) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.root = root
        self.memory: dict[str, bytes] = {}
        self.trouble: Exception | None = None
        folders = {feed: root / feed for feed in (FEED, "dvv.water", "startport.startups")}
        for folder in folders.values():
            folder.mkdir()
        self.uploads, self.others = (Uploads(folders, self._remembered, lambda: self.now) for _ in range(2))

    def _remembered(self, feed: str) -> dict[str, bytes]:
        if self.trouble:
            raise self.trouble
        return self.memory if feed == FEED else {}

    def stage(self, *lines: str, table: str = TABLE) -> Upload:
        return self.uploads.stage("gebag", FEED, table, (HEAD + "".join(lines)).encode())

    def adapter_reads(self) -> Reading:
        """All that stands in the folder, as the adapters' process does it."""
        source, connect = ADAPTERS[FEED]

        async def ask() -> Reading:
            async with httpx.AsyncClient() as http:
                tools = Tools(http=http, clock=lambda: self.now, pseudonyms=Pseudonyms(b"k" * 16))
                adapter = connect(Link(url=(self.root / FEED).as_uri(), synthetic=False), tools)
                return await adapter.ask(Known("", self.memory))

        reading = asyncio.run(ask())
        self.memory |= {key: said for key, said in reading.memory.items() if said is not None}
        assert (source.feed, reading.more) == (FEED, False)
        return reading

    def files(self, feed: str = FEED) -> list[str]:
        return sorted(path.name for path in (self.root / feed).iterdir())
