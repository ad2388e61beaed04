"""A real PostgreSQL for tests: one server per session, a new database per test; fsync stays on.

The server refuses to run as root; then it runs as `nobody`, in a directory of its own.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.ports import free_ports

LIMIT_S = 300.0
"""A loaded machine may need minutes for a first start."""
_SERVER = pytest.StashKey["Postgres"]()


class Postgres:
    """A server on 127.0.0.1 with its data in a temporary directory.

    Attributes:
        url: of the database that is there from the start.
    """

    def __init__(self) -> None:
        self._programs = programs()
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._home = Path(tempfile.mkdtemp(prefix="cityhub-postgres-"))
        if self._user is not None:
            os.chown(self._home, self._user.pw_uid, self._user.pw_gid)
        (self._port,) = free_ports(1)
        self._process: psutil.Popen | None = None
        self._numbers = count(1)
        self.url = self._url("postgres")

    def start(self) -> None:
        """Start and wait until it answers; a data directory that a crash left is recovered."""
        data = self._home / "data"
        if not data.exists():
            made = self._run("initdb", "-D", data, "-U", "cityhub", "-A", "trust", "-E", "UTF8", "--locale=C")
            assert made.wait() == 0, self.tail()
        self._process = self._run(
            "postgres", "-D", data, "-h", "127.0.0.1", "-p", self._port, "-c", "unix_socket_directories="
        )
        end = time.monotonic() + LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, f"PostgreSQL ended with {self._process.returncode}:\n{self.tail()}"
            assert time.monotonic() < end, f"PostgreSQL does not answer after {LIMIT_S:.0f} s:\n{self.tail()}"
            time.sleep(0.05)

    def create(self) -> str:
        """URL of a new, empty database."""
        name = f"test{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"create database {name} template template0")
        return self._url(name)

    def kill9(self) -> None:
        """Everything dies at once, as on a crash of the machine."""
        if self._process is None or self._process.poll() is not None:
            return
        family = [self._process, *self._process.children(recursive=True)]
        for one in family:
            one.kill()
        self._process.wait()
        psutil.wait_procs(family[1:], timeout=LIMIT_S)

    def stop(self) -> None:
        """An orderly end: sessions are ended, the log is flushed."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(2)
        try:
            self._process.wait(60)
        except psutil.TimeoutExpired:
            self.kill9()

    def restart(self) -> None:
        """Start again after `kill9` or, orderly, while it runs."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def tail(self, lines: int = 40) -> str:
        """The end of the server's log."""
        return "\n".join((self._home / "log").read_text(errors="replace").splitlines()[-lines:])

    def _run(self, program: str, *arguments: object) -> psutil.Popen:
        who = {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": ()}
        with (self._home / "log").open("ab") as log:
            argv = [str(self._programs / program), *map(str, arguments)]
            return psutil.Popen(argv, cwd=self._home, stdout=log, stderr=log, env=_environment(), **who)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://cityhub@127.0.0.1:{self._port}/{database}"


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs; installed where root may do so, else the test is skipped."""
    found = _installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with (Path(sys.prefix) / "postgresql.lock").open("w") as one_of_us:
            fcntl.flock(one_of_us, fcntl.LOCK_EX)
            if _installed() is None:
                _install()
        found = _installed()
    if found is None:
        pytest.skip("PostgreSQL's initdb was found neither on PATH nor where Debian puts it; install `postgresql`")
    return found


def _installed() -> Path | None:
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    places += reversed(versions)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _install() -> None:
    """Install Debian's package without the server that it would start by itself."""
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    keep = ["-o", "Dpkg::Options::=--force-confold"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *keep, "postgresql"]):
        done = subprocess.run(["apt-get", "-q", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"apt-get {command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Postgres:
    """The running server; a test that kills it must have it running again when it ends.

    Several folders may import this fixture: they all get the one server.
    """
    if _SERVER not in pytestconfig.stash:
        server = Postgres()
        pytestconfig.add_cleanup(server.remove)
        server.start()
        pytestconfig.stash[_SERVER] = server
    return pytestconfig.stash[_SERVER]
