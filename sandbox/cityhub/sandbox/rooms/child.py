"""A room's process: steps by its clock, and does what it is asked over a pipe, one command at a time."""

from __future__ import annotations

import os
import resource
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.bus.errors import ArchiveError
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import BatchError, UnknownKpi, Withheld
from cityhub.sandbox.errors import SandboxError, UnknownThing
from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.rooms.commands import AnyCommand
from cityhub.sdk.text import Text

TICK_S = 0.2
_MORE_MEMORY_B = 768 * 1024 * 1024
"""Beyond what the fork server has."""
_decode = msgspec.json.Decoder(AnyCommand).decode
_ANSWERS = (UnknownKpi, Withheld, BatchError, ArchiveError)


class Answer(Struct, frozen=True, kw_only=True):
    """Attributes: error = "" or the name of a `SandboxError`; lines = of it; found = what was asked for."""

    error: str = ""
    lines: tuple[Text, ...] = ()
    found: msgspec.Raw = msgspec.Raw(b"null")


def live(pipe: Connection, folder: Path, past: Past) -> None:
    """Be a tenant's room until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's to hear
    os.nice(10)  # whoever looks at the city itself comes first
    _limit_memory()
    room = Room(folder, load_catalogue(), time.time(), past)
    more = False
    try:
        while True:
            if pipe.poll(0 if more else TICK_S):
                pipe.send_bytes(msgspec.json.encode(answer(room, pipe.recv_bytes(), time.time())))
            more = room.step(time.time())
    except (EOFError, BrokenPipeError):
        room.close()


def answer(room: Room, asked: bytes, real_s: float) -> Answer:
    """What a room says to a command."""
    try:
        command: Any = _decode(asked)
        return Answer(found=msgspec.Raw(msgspec.json.encode(command.run(room, real_s))))
    except msgspec.ValidationError as error:
        return Answer(error="SpecRefused", lines=(Text("", str(error)),))
    except SandboxError as error:
        return Answer(error=type(error).__name__, lines=error.lines)
    except _ANSWERS as error:
        return Answer(error=UnknownThing.__name__, lines=(Text("", str(error)),))


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        limit = pages * resource.getpagesize() + _MORE_MEMORY_B
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
