"""Where archive files lie: a folder, or any object store that pyarrow or fsspec can open.

A file is written whole or not at all. Commits are made exclusively: of two archivers that write the same commit, one
learns that it was late. Object stores promise that only with one archiver at a time.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from pyarrow import ArrowInvalid, fs

from cityhub.bus.errors import ArchiveError, ArchiveMissing, ArchiveTaken

_UNFINISHED = ".unfinished-"


class Storage(Protocol):
    """Files by their path within the archive, "/" between folders. All raise ArchiveError when the store is away."""

    def read(self, path: str) -> bytes:
        """A whole file; ArchiveMissing where there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Make or replace a file."""
        ...

    def create(self, path: str, content: bytes) -> None:
        """Make a file; ArchiveTaken where there is one."""
        ...

    def names(self, folder: str) -> list[str]:
        """Names of files and folders in a folder, sorted; none where there is no folder."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...


def storage_of(where: str | Path) -> Storage:
    """A folder, or a URL such as `s3://bucket/prefix?endpoint_override=…`.

    Raises:
        ArchiveError: the URL names no store that can be opened.
    """
    if isinstance(where, Path) or "://" not in where:
        return Folder(Path(where))
    try:
        found, path = fs.FileSystem.from_uri(where)
    except (ArrowInvalid, OSError, ValueError) as error:
        raise ArchiveError(
            f"archive {where!r} cannot be opened: {error}; use a folder, or a URL as s3://bucket/prefix"
        ) from error
    return ObjectStore(found, path)


class Folder:
    """A folder of this machine; files are on the disk when a call returns."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        try:
            return (self._root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise _missing(path, str(self._root)) from None
        except OSError as error:
            raise _away(path, error) from error

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`."""
        self._put(path, content, exclusive=False)

    def create(self, path: str, content: bytes) -> None:
        """See `Storage`."""
        self._put(path, content, exclusive=True)

    def names(self, folder: str) -> list[str]:
        """See `Storage`; what an ended process left unfinished is not shown."""
        try:
            found = [entry.name for entry in os.scandir(self._root / folder)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _away(folder, error) from error
        return sorted(name for name in found if not name.startswith(_UNFINISHED))

    def delete(self, path: str) -> None:
        """See `Storage`."""
        try:
            (self._root / path).unlink(missing_ok=True)
        except OSError as error:
            raise _away(path, error) from error

    def sweep(self, folder: str, older_than_s: float) -> None:
        """Remove what ended processes left unfinished; a younger file may be somebody's work at this moment."""
        for file in (self._root / folder).glob(f"**/{_UNFINISHED}*"):
            with suppress(OSError):  # it was finished or removed meanwhile
                if time.time() - file.stat().st_mtime > older_than_s:
                    file.unlink()

    def _put(self, path: str, content: bytes, *, exclusive: bool) -> None:
        target = self._root / path
        unfinished = target.with_name(f"{_UNFINISHED}{uuid4().hex}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if exclusive:
                os.link(unfinished, target)
            else:
                unfinished.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            if error.errno == errno.EEXIST and exclusive:
                raise ArchiveTaken(f"{path} exists: another archiver works on this archive", path) from None
            raise _away(path, error) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)


class ObjectStore:
    """Any file system of pyarrow; a stream that is closed there is one whole object."""

    def __init__(self, system: fs.FileSystem, root: str) -> None:
        self._system = system
        self._root = root.rstrip("/")

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        try:
            with self._system.open_input_file(self._at(path)) as file:
                content: bytes = file.read()
        except FileNotFoundError:
            raise _missing(path, self._root) from None
        except OSError as error:
            raise _away(path, error) from error
        return content

    def write(self, path: str, content: bytes) -> None:
        """See `Storage`."""
        try:
            self._system.create_dir(self._at(path).rpartition("/")[0], recursive=True)
            with self._system.open_output_stream(self._at(path)) as file:
                file.write(content)
        except OSError as error:
            raise _away(path, error) from error

    def create(self, path: str, content: bytes) -> None:
        """See `Storage`."""
        if self._info(path).type != fs.FileType.NotFound:
            raise ArchiveTaken(f"{path} exists: another archiver works on this archive", path)
        self.write(path, content)

    def names(self, folder: str) -> list[str]:
        """See `Storage`."""
        try:
            found = self._system.get_file_info(fs.FileSelector(self._at(folder), allow_not_found=True))
        except OSError as error:
            raise _away(folder, error) from error
        return sorted(info.base_name for info in found)

    def delete(self, path: str) -> None:
        """See `Storage`."""
        try:
            if self._info(path).type != fs.FileType.NotFound:
                self._system.delete_file(self._at(path))
        except OSError as error:
            raise _away(path, error) from error

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _info(self, path: str) -> fs.FileInfo:
        try:
            return self._system.get_file_info(self._at(path))
        except OSError as error:
            raise _away(path, error) from error


def _sync_folder(folder: Path) -> None:
    """A name is on the disk once its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _missing(path: str, root: str) -> ArchiveMissing:
    return ArchiveMissing(f"{path} is not in the archive {root}; restore the file, or name the right archive", path)


def _away(path: str, error: OSError) -> ArchiveError:
    return ArchiveError(f"{path}: the archive's storage does not answer: {error}", path)
