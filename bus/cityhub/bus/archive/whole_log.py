"""A log from its first record on: what it does not hold any more comes from the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from cityhub.bus.archive.reader import Archive
from cityhub.bus.errors import ArchiveMissing, LogBroken

_RECORDS = 2_000
"""At once; the archive's own pieces are larger."""


class Log(Protocol):
    """What the log holds; `bus.log_reader.LogReader` is the real one."""

    async def read(self, topic: str, part: int, first: int) -> Sequence[Any]: ...


class WholeLog:
    """Reads partitions from any offset on, as `LogReader.read`; one piece of the archive is kept per partition."""

    def __init__(self, log: Log, archive: Archive) -> None:
        self._log = log
        self._archive = archive
        self._pieces: dict[tuple[str, int], Sequence[Any]] = {}

    async def read(self, topic: str, part: int, first: int) -> Sequence[Any]:
        """Some records from an offset on, in order and without holes; none when the log gives none for now.

        Raises:
            LogBroken: neither holds that offset.
            BusUnavailable: the broker does not answer.
            ArchiveDamaged: a file is not what was written.
        """
        piece = self._pieces.get((topic, part), ())
        if not piece or not piece[0].offset <= first <= piece[-1].offset:
            try:
                return await self._log.read(topic, part, first)
            except LogBroken as gone:
                piece = self._pieces[topic, part] = await asyncio.to_thread(self._archived, topic, part, first, gone)
        begin = first - piece[0].offset
        return piece[begin : begin + _RECORDS]

    def _archived(self, topic: str, part: int, first: int, gone: LogBroken) -> Sequence[Any]:
        ends = self._archive.state(topic).ends
        last = ends[part].last if part in ends else -1
        if last < first:
            raise LogBroken(f"{gone}, and the archive ends at {last}") from gone
        try:
            return next(self._archive.records(topic, part, first, last))[0]
        except ArchiveMissing as error:
            raise LogBroken(f"{gone}, nor does the archive: {error}") from error
