"""What must be true before anything is started: a usable data directory, space on its disk, free ports."""

from __future__ import annotations

import errno
import shutil
import socket
from contextlib import suppress
from pathlib import Path

import psutil

from cityhub.hub.errors import Misconfigured, PortTaken, StorageUnusable
from cityhub.hub.secrets import FILE as SECRETS
from cityhub.hub.secrets import private_folder
from cityhub.hub.settings import Settings

MIN_FREE_BYTES = 1_000_000_000
_OURS = (
    "kafka",
    "keycloak",
    "archive",
    "archive.json",
    "audit",
    "gate.alive",
    "store.db*",
    "adapters.db*",
    "web.db*",
    "run/state.json",
    SECRETS,
)


def data_folder(data: Path, min_free_bytes: int = MIN_FREE_BYTES) -> None:
    """Have the data directory, for its owner only.

    Raises:
        StorageUnusable: it cannot be made or written, or its disk is nearly full.
    """
    for folder in (data, data / "run", data / "logs"):
        private_folder(folder)
    try:
        free = shutil.disk_usage(data).free
        probe = data / "run" / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise StorageUnusable(
            f"the data directory {data} cannot be used: {error.strerror}; choose another with --data or CITYHUB_DATA"
        ) from error
    if free < min_free_bytes:
        raise StorageUnusable(
            f"the disk of {data} has only {free / 1e6:.0f} MB left, the hub needs {min_free_bytes / 1e6:.0f} MB: "
            "free some space, or choose another data directory with --data or CITYHUB_DATA"
        )


def archive_goes_too(settings: Settings) -> None:
    """See that no archive is left behind of a log that is about to be removed.

    Raises:
        Misconfigured: one lies outside of the data directory, where nothing is removed.
        ArchiveError: its storage does not answer.
    """
    from cityhub.bus.archive.chain import archived_topics
    from cityhub.bus.archive.storage import storage_of

    if settings.kafka_bootstrap or settings.archive == str(settings.data / "archive"):
        return
    if topics := archived_topics(storage_of(settings.archive)):
        raise Misconfigured(
            f"--fresh removes the log, but CITYHUB_ARCHIVE = {settings.archive} lies elsewhere and holds what was "
            f"archived of it ({len(topics)} topics), so that the new log would contradict it: nothing was removed; "
            "move that archive away, or name an empty one"
        )


def wipe(data: Path) -> None:
    """Remove what the hub remembers in its data directory, and nothing else; logs stay.

    Raises:
        Misconfigured: files of such names are there, but no installation of the hub.
    """
    found = [path for pattern in _OURS for path in data.glob(pattern)]
    if found and not (data / SECRETS).exists():
        raise Misconfigured(
            f"{data} has no {SECRETS}, so it may not be a data directory of the hub: nothing was removed; "
            f"remove {', '.join(path.name for path in found)} yourself, or choose another directory with --data"
        )
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def free_ports(settings: Settings) -> None:
    """See that the hub's ports are free.

    Raises:
        PortTaken: lists every one that is not, who has it where the system tells, and the setting that changes it.
    """
    problems = []
    for name, port in settings.ports().items():
        host = settings.host if name == "CITYHUB_PORT" else "127.0.0.1"
        if problem := _unusable(host, port):
            problems.append(f"port {port} {problem}: end it, or choose another port with {name}")
    if problems:
        raise PortTaken("; ".join(problems))


def _unusable(host: str, port: int) -> str | None:
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"on {host} is taken by {_owner(port)}"
        return f"on {host} cannot be opened ({error.strerror})"
    return None


def _owner(port: int) -> str:
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    return "another program"
