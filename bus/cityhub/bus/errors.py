"""Errors of the bus, by what the caller can do about them.

BusError
├── BusUnavailable     the broker does not answer: try again, nothing was acknowledged
├── BusRefused         the broker answered "no": credentials, permission, topic; do not try again unchanged
├── LogBroken          the log is not the one the store has read: stop, a person decides
└── ArchiveError
    ├── ArchiveMissing     not in the archive, or not yet
    ├── ArchiveDamaged     a file is not what was written: restore it
    └── ArchiveTaken       another archiver was faster: read again
"""

from __future__ import annotations


class BusError(Exception):
    """Root of everything the bus raises."""


class BusUnavailable(BusError):  # noqa: N818 - a state of the world
    """The broker cannot be reached or did not acknowledge in time."""


class BusRefused(BusError):  # noqa: N818 - a state of the world
    """The broker refused for good."""


class LogBroken(BusError):  # noqa: N818 - a state of the world
    """Offsets are missing, or the topic was recreated under a store that has read it."""


class ArchiveError(BusError):
    """The archive does not hold what is asked for, or not what it says it holds.

    Attributes:
        path: the file it is about, within the archive; "" where it is about none.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class ArchiveMissing(ArchiveError):  # noqa: N818 - a state of the world
    """A file, a topic or a stretch of the log is not in the archive."""


class ArchiveDamaged(ArchiveError):  # noqa: N818 - a finding
    """A file is not the one that was written: changed, cut, renamed, or from elsewhere."""


class ArchiveTaken(ArchiveError):  # noqa: N818 - a finding
    """Another archiver has written this commit; read the archive again and go on after it."""
