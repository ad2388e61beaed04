"""The embedded servers' files: fetched once from Maven, pinned by SHA-256, checked before every start.

Nothing is looked up that is not in `artefacts.toml`, so a start is reproducible and, once the cache is filled, needs no
network. A file with another hash than its pinned one is never used.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from cityhub.hub.errors import ArtefactDamaged, ArtefactUnavailable, StorageUnusable

Server: TypeAlias = Literal["kafka", "keycloak"]
Say: TypeAlias = Callable[[str], None]

_PINS = Path(__file__).with_name("artefacts.toml")
_PAUSES_S = (1.0, 5.0, 15.0)
_REPORT_BYTES = 25_000_000


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One file by Maven coordinate; `size` in bytes, `sha256` in lower-case hexadecimal."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.{self.packaging}"

    @property
    def path(self) -> Path:
        """Where the file lies below the cache folder (the layout of a Maven repository)."""
        return Path(*self.group.split("."), self.name, self.version, self.file)


Fetch: TypeAlias = Callable[[Pin, Path, Say], None]
"""Puts the pin's file below the given repository folder; raises ArtefactUnavailable or OSError."""


def pins(server: Server) -> tuple[Pin, ...]:
    """The pinned files of a server."""
    return msgspec.toml.decode(_PINS.read_bytes(), type=dict[Server, tuple[Pin, ...]])[server]


def ensure(server: Server, cache: Path, *, say: Say, fetch: Fetch | None = None) -> tuple[Path, ...]:
    """Have every file of the server in the cache, whole and right.

    Args:
        cache: folder shared by all installations of this user.
        say: takes one line a person can read about what is being done.
        fetch: how a file gets into the cache; from Maven by default.

    Returns:
        The files, in the order of the pins.

    Raises:
        ArtefactUnavailable: a file is missing and cannot be fetched.
        ArtefactDamaged: a file has the wrong hash, also after fetching it anew.
        StorageUnusable: the cache cannot be written, for instance because the disk is full.
    """
    wanted = pins(server)
    repository = cache / "maven"
    with locked(cache, server, say):
        missing = [pin for pin in wanted if not (repository / pin.path).exists()]
        if missing:
            size = sum(pin.size for pin in missing) / 1e6
            say(f"{server}: fetching {len(missing)} files, {size:.0f} MB, into {repository}")
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="fetch") as pool:
            return tuple(pool.map(lambda pin: _sound(pin, repository, say, fetch or _from_maven), wanted))


def _sound(pin: Pin, repository: Path, say: Say, fetch: Fetch) -> Path:
    path = repository / pin.path
    found = ""
    try:
        for _ in range(2):
            if not path.exists():
                fetch(pin, repository, say)
            found = _sha256(path)
            if found == pin.sha256:
                return path
            say(f"{path} is damaged (SHA-256 {found}, pinned {pin.sha256}): removed")
            path.unlink()
    except OSError as error:
        raise StorageUnusable(f"{path} cannot be stored: {error.strerror or error}") from error
    raise ArtefactDamaged(
        f"{pin.file} has SHA-256 {found} instead of the pinned {pin.sha256}, also after fetching it anew: "
        f"something between this machine and the Maven repository changes files; put the right one at {path}"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_maven(pin: Pin, repository: Path, say: Say) -> None:
    import requests
    from jgo.maven import MavenContext, PythonResolver

    resolver = PythonResolver(progress_callback=lambda name, size: _progress(name, size, say))
    maven = MavenContext(resolver=resolver, repo_cache=repository, timeout=60)
    artifact = maven.project(pin.group, pin.name).at_version(pin.version).artifact(packaging=pin.packaging)
    for pause_s in (*_PAUSES_S, None):
        try:
            artifact.resolve()
        except (requests.RequestException, RuntimeError) as error:
            (repository / pin.path).unlink(missing_ok=True)  # the part that came
            if pause_s is None:
                raise ArtefactUnavailable(
                    f"{pin.file} is not in the cache {repository} and cannot be fetched from Maven ({error}): "
                    "check the network or the proxy settings, then start again"
                ) from error
            time.sleep(pause_s)
        else:
            return


@contextmanager
def _progress(name: str, size: int, say: Say) -> Iterator[Callable[[int], None]]:
    done = 0

    def update(count: int) -> None:
        nonlocal done
        if (done + count) // _REPORT_BYTES > done // _REPORT_BYTES:
            say(f"{name}: {(done + count) / 1e6:.0f} of {size / 1e6:.0f} MB")
        done += count

    yield update


@contextmanager
def locked(cache: Path, server: Server, say: Say) -> Iterator[None]:
    """One at a time fills the cache with a server's files: installations and test runs of this user share it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        file = (cache / f"{server}.lock").open("w")
    except OSError as error:
        raise StorageUnusable(f"cache folder {cache} cannot be used: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{server}: waiting for another process that is filling {cache}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
