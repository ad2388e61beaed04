"""Log files of the processes: one per process, the one before it, and never more than a set size."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import msgspec

MAX_BYTES = 32_000_000
_TAIL_BYTES = 4_096
_SHOWN = 200


def rotate(path: Path) -> None:
    """Begin a new log; the last one stays beside it as `<name>.1`."""
    if path.exists():
        path.replace(_older(path))


def cap(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Begin again in place when the log has grown too large; the process goes on appending to the same file."""
    if path.exists() and path.stat().st_size > max_bytes:
        with suppress(OSError):  # on a full disk the older part is given up: giving space back matters more
            shutil.copyfile(path, _older(path))
        os.truncate(path, 0)


def last_line(path: Path) -> str:
    """The last line that says something, shortened: of a structured line its message, of a Java trace its end."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
        lines = file.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return _message(last)[:_SHOWN]


def _message(line: str) -> str:
    try:
        fields = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.MsgspecError:
        return line
    return " ".join(str(fields[key]) for key in ("event", "error") if key in fields) or line


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
