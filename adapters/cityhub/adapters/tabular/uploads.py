"""Tables that people hand over: put beside the drop folder's files, looked at, and given their name when it is meant.

A staged file lies in the folder of its feed as `.upload-<id>.…`, which the adapter leaves alone; handing it over is one
rename. So there is one way into the hub, whoever puts a file there, and any web process that has the folder goes on
with what another has staged. What is staged for a day is thrown away.
"""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.errors import StateUnavailable, UploadRefused, UploadsAway
from cityhub.adapters.tabular import plain_row
from cityhub.adapters.tabular.form import WORKBOOK, Form, Table, shipped
from cityhub.adapters.tabular.upload_report import Report, report

MAX_BYTES = 4 * 1024 * 1024
"""Larger files go into the folder another way."""
MOST_STAGED = 20
"""Of a feed at once."""
KEPT = timedelta(days=1)
AT_ONCE = 2
_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z0-9][A-Za-z0-9_-]{0,200}\.[a-z]{3,5}")
_LONGEST_RECORD = 1024 * 1024
_ZIP, _OLD = b"PK", b"\xd0\xcf\x11\xe0"
_log = structlog.get_logger()


class Upload(Struct, frozen=True, kw_only=True):
    """A file that was handed in.

    Attributes:
        id: secret of those who may see it. feed, table: of which it is. file: its name once it is handed over.
        bytes: its size. at: when it was judged. report: what it would lead to.
        committed: it was handed over.
    """

    id: str
    feed: str
    table: str
    file: str
    bytes: int
    at: datetime
    report: Report
    committed: bool = False


_upload = msgspec.json.Decoder(Upload).decode


class Uploads:
    """Args:
    folders: drop folders by feed. remembered: what a feed's mapping remembers. clock: now, with time zone.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        remembered: Callable[[str], Mapping[str, bytes]],
        clock: Callable[[], datetime],
    ) -> None:
        self._folders = folders
        self._remembered = remembered
        self._clock = clock
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def forms(self, partner: str) -> Sequence[Form]:
        """A partner's sources that send tables and have a folder."""
        return [one for one in shipped() if one.source.partner == partner and one.feed in self._folders]

    def find(self, partner: str, feed: str, table: str) -> tuple[Form, Table]:
        """One of them.

        Raises:
            UploadRefused: `unknown`, also where it is another partner's.
        """
        for form in self.forms(partner):
            for one in form.tables:
                if (form.feed, one.name) == (feed, table):
                    return form, one
        raise UploadRefused("unknown", f"{partner} has no table {table[:60]!r} of a source {feed[:60]!r} here")

    def stage(self, partner: str, feed: str, table: str, body: bytes) -> Upload:
        """Keep a file for a day and say what it would lead to.

        Raises:
            UploadRefused: `unknown`, `empty`, `too_large`, `full` or `busy`. UploadsAway: the folder cannot be used.
        """
        form, one = self.find(partner, feed, table)
        if not body or len(body) > MAX_BYTES:
            reason = "too_large" if body else "empty"
            raise UploadRefused(reason, f"the file has {len(body)} bytes; at least 1 and at most {MAX_BYTES} are taken")
        now, id_ = self._clock(), secrets.token_hex(16)
        ending = WORKBOOK[1:] if body.startswith((_ZIP, _OLD)) else one.form
        file = one.file(f"{now:%Y-%m-%dT%H%M%SZ}_{partner}_{id_[:8]}", ending)
        with self._place(), self._writing(feed) as folder:
            self._make_room(folder, now)
            found = report(form, file, body, self._memory(feed), now)
            upload = Upload(id=id_, feed=feed, table=table, file=file, bytes=len(body), at=now, report=found)
            _put(_content(folder, id_), body)
            _put(_record(folder, id_), msgspec.json.encode(upload))
        return upload

    def stage_row(self, partner: str, feed: str, table: str, cells: Mapping[str, str]) -> Upload:
        """The same with a file of one row. Args: cells: by column; what is left out is empty.

        Raises:
            As `stage`; UploadRefused `columns`: one that the table does not have, or a value longer than any.
        """
        _, one = self.find(partner, feed, table)
        return self.stage(partner, feed, table, plain_row.body(one, cells))

    def look(self, partner: str, feed: str, id_: str) -> Upload:
        """What was said of a file.

        Raises:
            UploadRefused: `gone`. UploadsAway.
        """
        if not _ID.fullmatch(id_) or feed not in {form.feed for form in self.forms(partner)}:
            raise _gone()
        with self._writing(feed) as folder:
            upload = _kept(_record(folder, id_))
        if upload is None or (upload.id, upload.feed) != (id_, feed) or not _NAME.fullmatch(upload.file):
            raise _gone()
        return upload

    def commit(self, partner: str, feed: str, id_: str) -> Upload:
        """Hand a file over: the feed reads it within half a minute. Again, it is the same.

        Raises:
            UploadRefused: `gone`, or `nothing_in_it`. UploadsAway.
        """
        upload = self.look(partner, feed, id_)
        if not upload.report.worth:
            raise UploadRefused(
                "nothing_in_it", "nothing of the file would be new to the hub; mend it, hand it in again"
            )
        with self._writing(feed) as folder:
            content, final = _content(folder, id_), folder / upload.file
            try:
                content.replace(final)
            except FileNotFoundError:  # handed over before, or by another web process at this moment
                if not upload.committed and not final.exists():
                    raise _gone() from None
            _put(_record(folder, id_), msgspec.json.encode(replace(upload, committed=True)))
        _log.info("table_committed", feed=feed, file=upload.file, organisation=partner)
        return replace(upload, committed=True)

    def discard(self, partner: str, feed: str, id_: str) -> None:
        """Throw a file away that was not handed over.

        Raises:
            UploadRefused: `gone`, or `committed`. UploadsAway.
        """
        if self.look(partner, feed, id_).committed:
            raise UploadRefused("committed", "the file was handed over; mend its rows with a new one")
        with self._writing(feed) as folder:
            _content(folder, id_).unlink(missing_ok=True)
            _record(folder, id_).unlink(missing_ok=True)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise UploadRefused("busy", "others are handing in tables; try again in some seconds")
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def _writing(self, feed: str) -> Iterator[Path]:
        folder = self._folders[feed]
        try:
            yield folder
        except OSError as error:
            what = f"the folder of {feed} cannot be used by the web server: {error.strerror}"
            _log.warning("uploads_away", feed=feed, folder=str(folder), error=str(error))
            raise UploadsAway(f"{what}; its operator must give it the folder that the adapters read") from error

    def _memory(self, feed: str) -> Mapping[str, bytes] | None:
        try:
            return self._remembered(feed)
        except StateUnavailable as error:
            _log.warning("upload_not_compared", feed=feed, error=str(error))
            return None

    def _make_room(self, folder: Path, now: datetime) -> None:
        """Throw away what is older than a day, of others, too.

        Raises:
            UploadRefused: `full`.
        """
        waiting = 0
        for path in folder.glob(".upload-*"):
            with suppress(FileNotFoundError):  # another web process was faster
                if path.stat().st_mtime < (now - KEPT).timestamp():
                    path.unlink()
                else:
                    waiting += path.suffix == ".part"
        if waiting >= MOST_STAGED:
            raise UploadRefused("full", f"{waiting} files wait to be handed over; hand them over or throw them away")


def _gone() -> UploadRefused:
    return UploadRefused("gone", "there is no such file; it is kept for a day: hand it in again")


def _content(folder: Path, id_: str) -> Path:
    return folder / f".upload-{id_}.part"


def _record(folder: Path, id_: str) -> Path:
    return folder / f".upload-{id_}.json"


def _kept(path: Path) -> Upload | None:
    """What a record says. Partners may write into the folder, too: a link, a device or another text is none."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LONGEST_RECORD:
        return None
    try:
        return _upload(path.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _put(path: Path, body: bytes) -> None:
    """Complete at once, and on the disk; a link that somebody put there is not followed, no other writer disturbed."""
    unfinished = path.with_suffix(f"{path.suffix}.{secrets.token_hex(4)}.tmp")
    with unfinished.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
