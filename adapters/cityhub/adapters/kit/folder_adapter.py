"""A source whose partner puts files into a folder, by SFTP or by hand: each file is read once, in the order of names.

A file is complete when it has its name: uploads under `.…`, `….part` and `….tmp` are left alone. A file that changes is
read again; one that cannot be used costs no other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.download import MAX_BYTES
from cityhub.adapters.kit.fact import Reading, memory_key
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source

ReadFile: TypeAlias = Callable[[str, bytes, Mapping[str, bytes], datetime], Reading]
"""What a file says: name, content, memory, the adapter's clock. Raises FeedFault `parse` where it is unusable."""
_FILE = "file"
_UNFINISHED = (".part", ".tmp")


class FolderAdapter(Adapter):
    """Args:
    link: its address is `file:///…`. read: the mapping.
    """

    def __init__(self, source: Source, link: Link, tools: Tools, *, read: ReadFile, max_bytes: int = MAX_BYTES) -> None:
        self._source = source
        self._folder = folder_of(link.url)
        self._clock = tools.clock
        self._read = read
        self._max_bytes = max_bytes

    @property
    def source(self) -> Source:
        return self._source

    async def ask(self, known: Known) -> Reading:
        return await asyncio.to_thread(self._look, known)

    def _look(self, known: Known) -> Reading:
        there = dict(self._files())
        marks = {memory_key(_FILE, name) for name in there}
        forgotten: dict[str, bytes | None] = {
            key: None for key in known.memory if _names_a_file(key) and key not in marks
        }
        fresh = [name for name, seen in sorted(there.items()) if known.memory.get(memory_key(_FILE, name)) != seen]
        if not fresh:
            return Reading(memory=forgotten)
        name = fresh[0]
        reading = self._of(name, known.memory)
        rejects = [one if name in one.path else replace(one, path=f"{name}: {one.path}") for one in reading.rejects]
        learnt = {**reading.memory, **forgotten, memory_key(_FILE, name): there[name]}
        return replace(
            reading, rejects=rejects, memory=learnt, cursor=f"{name} {there[name].decode()}", more=len(fresh) > 1
        )

    def _of(self, name: str, memory: Mapping[str, bytes]) -> Reading:
        try:
            return self._read(name, self._content(name), memory, self._clock())
        except FeedFault as fault:
            return Reading(rejects=[Reject(f"file_{fault.reason}", name, str(fault))])

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """Name, and what tells its versions apart."""
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        found = entry.stat(follow_symlinks=False)
                        yield entry.name, f"{found.st_size}/{found.st_mtime_ns}".encode()
        except OSError as error:
            raise FeedFault("unreachable", f"the folder {self._folder} cannot be read: {error.strerror}") from error

    def _content(self, name: str) -> bytes:
        try:
            with (self._folder / name).open("rb") as file:
                body = file.read(self._max_bytes + 1)
        except OSError as error:
            raise FeedFault("unreachable", f"{name} cannot be read: {error.strerror}") from error
        if len(body) > self._max_bytes:
            raise FeedFault("too_large", f"{name} is larger than {self._max_bytes} bytes; nothing of it was read")
        return body


def folder_of(url: str) -> Path:
    """What `file:///…` names."""
    return Path(unquote(urlsplit(url).path))


def _names_a_file(key: str) -> bool:
    return key.startswith(memory_key(_FILE, ""))
