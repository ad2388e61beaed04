"""Tables in a zip from strangers, row by row: as large as they are, they never stand in memory or on the disk."""

from __future__ import annotations

import csv
import io
import operator
import zipfile
import zlib
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TypeAlias

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.zip_file import checked_members, unpacked_bound

MAX_UNPACKED = 2 * 1024 * 1024 * 1024
"""Of one table. The national timetable has 2 GB of stop times."""
MAX_LINE = 64 * 1024
Row: TypeAlias = tuple[str, ...]
_BUFFER = 256 * 1024


class ZippedTables:
    """CSV files of a zip, in UTF-8 with headings.

    Raises:
        FeedFault: `zip`, as `zip_file.only_member`, also while rows are read; `parse` for what is no table.
    """

    def __init__(self, body: bytes) -> None:
        with _faults("the file"):
            self._archive = zipfile.ZipFile(io.BytesIO(body))
            self._members = {one.filename: one for one in checked_members(self._archive)}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def rows(
        self, name: str, wanted: Sequence[str], optional: Sequence[str] = (), among: Container[str] | None = None
    ) -> Iterator[tuple[int, Row]]:
        """Line number and cells of the wanted columns, then of the optional ones: "" where a table lacks them.

        A row that is too short has no cells. Blank lines are left out.

        Args:
            wanted: two columns at least. among: other values of the first one are left out, which is fast.
        """
        if name not in self._members:
            raise FeedFault("zip", f"the zip has no {name}; send a complete one")
        member = self._members[name]
        bound = unpacked_bound(member, MAX_UNPACKED)
        with _faults(name), self._archive.open(member) as file:
            lines = io.TextIOWrapper(io.BufferedReader(_Bounded(file, bound, name), _BUFFER), "utf-8-sig", newline="")
            reader = csv.reader(lines, strict=True)
            places = _places([one.strip() for one in next(reader, [])], wanted, optional, name)
            pick, first, least = operator.itemgetter(*places), places[0], max(places) + 1
            for row in reader:
                if len(row) >= least:
                    if among is None or row[first] in among:
                        row.append("")  # what stands at -1
                        yield reader.line_num, pick(row)
                elif row:
                    yield reader.line_num, ()


class _Bounded(io.RawIOBase):
    """Refuses to give more than the bound, and lines without end: what the zip says of sizes is not believed."""

    def __init__(self, file: IO[bytes], bound: int, name: str) -> None:
        super().__init__()
        self._file = file
        self._left = bound
        self._line = 0
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        chunk = self._file.read(len(buffer))
        self._left -= len(chunk)
        if self._left < 0:
            raise FeedFault("zip", f"{self._name} is larger than it may be unpacked; the rest was not read")
        self._line = self._line + len(chunk) if (end := chunk.rfind(b"\n")) < 0 else len(chunk) - end
        if self._line > MAX_LINE:
            raise FeedFault("parse", f"{self._name} has a line of more than {MAX_LINE} bytes; is it a table?")
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _places(headings: list[str], wanted: Sequence[str], optional: Sequence[str], name: str) -> list[int]:
    """Where the columns stand; -1 for an optional one that is not there."""
    if missing := [column for column in wanted if column not in headings]:
        raise FeedFault("parse", f"{name} has no column {', '.join(missing)}; it has {', '.join(headings)[:200]!r}")
    return [headings.index(column) if column in headings else -1 for column in (*wanted, *optional)]


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except (csv.Error, UnicodeDecodeError) as error:
        raise FeedFault("parse", f"{what} is no table of CSV in UTF-8: {error}; send it again") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError) as error:
        raise FeedFault("zip", f"{what} is no zip, or in a broken one: {error}; send it again") from error
