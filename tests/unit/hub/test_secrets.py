"""The installation's secrets file."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from cityhub.hub import secrets
from cityhub.hub.errors import SecretsUnusable, StorageUnusable
from cityhub.hub.secrets import MACHINE_CLIENTS, USERS, load, load_or_create, write_private


def values(found: secrets.Secrets) -> list[str]:
    plain = msgspec.to_builtins(found)
    return [text for value in plain.values() for text in ([value] if isinstance(value, str) else value.values())]


def test_first_start_makes_strong_secrets_for_their_owner_only(tmp_path: Path) -> None:
    found = load_or_create(tmp_path / "var")
    assert set(found.user_passwords) == set(USERS)
    assert set(found.client_secrets) == set(MACHINE_CLIENTS)
    assert len(set(values(found))) == len(values(found))
    assert min(len(value) for value in values(found)) >= 16
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_or_create(tmp_path / "var")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600


def test_later_starts_keep_them_and_leave_the_file_alone(tmp_path: Path) -> None:
    first = load_or_create(tmp_path)
    written = (tmp_path / "secrets.json").stat().st_mtime_ns
    assert load_or_create(tmp_path) == first == load(tmp_path)
    assert (tmp_path / "secrets.json").stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_installations_differ(tmp_path: Path) -> None:
    one, other = load_or_create(tmp_path / "a"), load_or_create(tmp_path / "b")
    assert set(values(one)).isdisjoint(values(other))


def test_newer_version_adds_what_it_needs_and_keeps_the_rest(tmp_path: Path) -> None:
    first = load_or_create(tmp_path)
    older = msgspec.to_builtins(first)
    del older["client_secrets"]["ingest-wbd"], older["pseudonym_key"]
    write_private(tmp_path / "secrets.json", msgspec.json.encode(older).decode())
    found = load_or_create(tmp_path)
    assert set(found.client_secrets) == set(MACHINE_CLIENTS)
    assert len(found.pseudonym_key) >= 16
    assert found.client_secrets["ingest-dvv"] == first.client_secrets["ingest-dvv"]
    assert load(tmp_path) == found


def test_concurrent_first_starts_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_or_create(tmp_path), range(8)))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create(tmp_path)
    (tmp_path / "secrets.json").chmod(mode)
    with pytest.raises(SecretsUnusable, match="chmod 600") as raised:
        load_or_create(tmp_path)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(("mode", "good"), [(0o400, True), (0o440, True), (0o460, False), (0o444, False)])
def test_a_file_that_somebody_else_mounted_may_be_read_by_our_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, good: bool
) -> None:
    made = load_or_create(tmp_path)
    (tmp_path / "secrets.json").chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: 10001 + os.getuid())
    if good:
        assert load(tmp_path) == made
    else:
        with pytest.raises(SecretsUnusable, match="others can read it"):
            load(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"session_key": "x"}', b'{"session_key": 5}'], ids=repr
)
def test_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, damage: bytes) -> None:
    load_or_create(tmp_path)
    path = tmp_path / "secrets.json"
    path.write_bytes(damage)
    with pytest.raises(SecretsUnusable, match=r"secrets\.json is damaged"):
        load_or_create(tmp_path)
    assert path.read_bytes() == damage


def test_message_of_a_damaged_file_shows_no_secret(tmp_path: Path) -> None:
    found = load_or_create(tmp_path)
    path = tmp_path / "secrets.json"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(SecretsUnusable) as raised:
        load(tmp_path)
    assert not [value for value in values(found) if value in str(raised.value)]


def test_absent_file_is_an_error_for_who_only_reads(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match="cityhub up"):
        load(tmp_path)


def test_representation_shows_no_secret(tmp_path: Path) -> None:
    found = load_or_create(tmp_path)
    assert not [value for value in values(found) if value in f"{found!r} {found}"]


def test_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_bytes(b"")
    with pytest.raises(StorageUnusable, match="var"):
        load_or_create(tmp_path / "var")


def test_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_private(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnusable, match="No space left on device"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
