"""Who has a room: names, limits, ends, and nothing left of those that are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cityhub.sandbox.errors import SpecRefused, TooMuch, UnknownTenant
from cityhub.sandbox.rooms.tenants import MOST_OF_ONE, Tenants
from tests.unit.sandbox.rooms.conftest import NOW


@pytest.fixture
def tenants(tmp_path: Path) -> Iterator[Tenants]:
    made = Tenants(tmp_path)
    yield made
    made.close()


def test_a_tenant_is_its_organisations_only(tenants: Tenants) -> None:
    made = tenants.create("parken", "startup-a", 30, NOW)
    assert tenants.one("parken", "startup-a") == made
    assert tenants.one("parken", None) == made
    for name, organisation in (("parken", "startup-b"), ("keiner", "startup-a")):
        with pytest.raises(UnknownTenant, match=f"no tenant '{name}'; GET /v1/sandbox/tenants lists yours"):
            tenants.one(name, organisation)
    assert tenants.of("startup-b") == []


def test_made_again_it_stays_and_never_ends_earlier(tenants: Tenants) -> None:
    first = tenants.create("parken", "startup-a", 30, NOW)
    assert tenants.create("parken", "startup-a", 10, NOW) == first
    assert tenants.create("parken", "startup-a", 60, NOW).expires == NOW + timedelta(days=60)
    with pytest.raises(SpecRefused, match="'parken' is taken"):
        tenants.create("parken", "startup-b", 10, NOW)


@pytest.mark.parametrize("name", ["", "ab", "Parken", "1parken", "parken-", "../x", "a" * 32, "park en", "pärken"])
def test_a_name_is_a_plain_word(tenants: Tenants, name: str) -> None:
    with pytest.raises(SpecRefused, match="write 3 to 31 small letters"):
        tenants.create(name, "startup-a", 30, NOW)


def test_an_organisation_has_a_few(tenants: Tenants) -> None:
    for number in range(MOST_OF_ONE):
        tenants.create(f"raum-{number}", "startup-a", 30, NOW)
    with pytest.raises(TooMuch, match="delete one first"):
        tenants.create("noch-einer", "startup-a", 30, NOW)
    tenants.create("noch-einer", "startup-b", 30, NOW)


def test_it_ends_when_its_days_are_over(tenants: Tenants) -> None:
    made = tenants.create("parken", "startup-a", 30, NOW)
    assert tenants.expired(NOW + timedelta(days=29)) == []
    assert tenants.expired(NOW + timedelta(days=30)) == [made]


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "app.example",
        "http://app.example",
        "https://app.example/",
        "https://a@app.example",
        "https://",
        "HTTPS://x",
    ],
)
def test_an_origin_is_one(tenants: Tenants, origin: str) -> None:
    made = tenants.create("parken", "startup-a", 30, NOW)
    with pytest.raises(SpecRefused, match="is no origin"):
        tenants.allow(made, [origin])
    kept = tenants.allow(made, ["https://app.example", "http://localhost:5173"])
    assert tenants.one("parken", "startup-a") == kept


def test_deleted_no_byte_is_left(tenants: Tenants, tmp_path: Path) -> None:
    made = tenants.create("merkwort-4711", "startup-merkwort", 30, NOW)
    room = tenants.room(made.name)
    room.mkdir(parents=True)
    (room / "log.db").write_bytes(b"merkwort")
    tenants.delete(made)
    tenants.close()
    assert [path for path in tmp_path.rglob("*") if "merkwort" in path.name] == []
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"merkwort" in path.read_bytes()] == []
