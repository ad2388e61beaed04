"""A zip from strangers: what is in it, in bounds, without unpacking anything to the disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from cityhub.adapters.errors import FeedFault

MAX_MEMBERS = 1_000
MAX_UNPACKED = 64 * 1024 * 1024
MAX_RATIO = 200
"""XML that repeats itself is packed to a fiftieth; a bomb to a thousandth."""
_ENCRYPTED = 0x1


def only_member(body: bytes, suffix: str) -> bytes:
    """Content of the only file in a zip whose name ends so, in small letters or capitals; others are not unpacked.

    Raises:
        FeedFault: `zip`, with what is wrong: no zip, too many files, a name that is a path, no such file or several,
            encrypted, too large, packed too tightly, or its checksum is wrong.
    """
    with _opened(body) as archive:
        return _read(archive, _chosen(checked_members(archive), suffix), MAX_UNPACKED)


def every_member(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of all files in a zip, one after the other; names may be paths, for nothing is written.

    Raises:
        FeedFault: `zip`, at once or on the way, as `only_member`; all together may be of MAX_UNPACKED bytes.
    """
    with _opened(body) as archive:
        left = MAX_UNPACKED
        for one in _few(archive):
            content = _read(archive, one, left)
            left -= len(content)
            yield one.filename, content


@contextmanager
def _opened(body: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError) as error:
        raise FeedFault("zip", f"the file is no zip, or a broken one: {error}; send it again") from error


def checked_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Its files, which are few and whose names are no paths.

    Raises:
        FeedFault: `zip`: too many of them, or a name that is a path.
    """
    members = _few(archive)
    for one in members:
        if "/" in one.orig_filename or "\\" in one.orig_filename or "\0" in one.orig_filename:
            raise FeedFault("zip", f"the zip holds {one.orig_filename[:80]!r}; names in it must not be paths")
    return members


def _few(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise FeedFault("zip", f"the zip holds {len(members)} files; there must be {MAX_MEMBERS} at most")
    return members


def unpacked_bound(member: zipfile.ZipInfo, most: int) -> int:
    """How many bytes may come out of a file.

    Raises:
        FeedFault: `zip`: it is encrypted.
    """
    if member.flag_bits & _ENCRYPTED:
        raise FeedFault("zip", f"{member.filename} is encrypted; send it without a password")
    return min(most, max(member.compress_size, 1_000) * MAX_RATIO)


def _chosen(members: list[zipfile.ZipInfo], suffix: str) -> zipfile.ZipInfo:
    wanted = [one for one in members if one.filename.lower().endswith(suffix)]
    if len(wanted) != 1:
        raise FeedFault("zip", f"the zip holds {len(wanted)} files that end with {suffix}; there must be one")
    return wanted[0]


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """What the zip says of sizes is believed only where it speaks against it: it is read up to the bound."""
    bound = unpacked_bound(member, most)
    with archive.open(member) as file:
        content = file.read(bound + 1)
    if len(content) > bound:
        rule = f"{MAX_UNPACKED} bytes and {MAX_RATIO} times its packed size at most"
        raise FeedFault("zip", f"{member.filename} is larger than it may be unpacked: {rule}; nothing of it was read")
    return content
