"""Nothing that somebody hands in, asks for or puts into a folder leads out of the folders of its organisation."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from cityhub.adapters.errors import UploadRefused
from tests.unit.adapters.tabular.upload_desk import FEED, ONE, TABLE, Desk


@pytest.mark.parametrize(
    ("partner", "feed", "table"),
    [
        ("dvv", FEED, TABLE),
        ("gebag", "dvv.water", "abrechnung"),
        ("gebag", FEED, "../investitionen"),
        ("gebag", FEED, ""),
        ("gebag", "gebag.flats", "flats"),
        ("startport", "startport.startups", "startup"),
        ("wf", "wf.settlements", "ansiedlungen"),
    ],
)
def test_others_tables_and_such_as_are_not_there_look_the_same(desk: Desk, partner: str, feed: str, table: str) -> None:
    with pytest.raises(UploadRefused) as refused:
        desk.uploads.stage(partner, feed, table, b"x")
    assert refused.value.reason == "unknown"
    assert all(desk.files(one) == [] for one in (FEED, "dvv.water"))


@pytest.mark.parametrize("deed", ["look", "commit", "discard"])
def test_nobody_reaches_anothers_file_nor_a_path(desk: Desk, deed: str) -> None:
    upload = desk.stage(ONE)
    (desk.root / FEED / ".upload-x").mkdir()
    before = desk.files()
    for partner, feed, id_ in (
        ("dvv", FEED, upload.id),
        ("dvv", "dvv.water", upload.id),
        ("gebag", FEED, "0" * 32),
        ("gebag", FEED, f"x/../.upload-{upload.id}"),
        ("gebag", FEED, upload.id.upper() + "\n"),
        ("gebag", "..", upload.id),
    ):
        with pytest.raises(UploadRefused) as refused:
            getattr(desk.uploads, deed)(partner, feed, id_)
        assert refused.value.reason == "gone"
    assert desk.files() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../../etc/cron.d/x"},
        {"file": ".x.csv"},
        {"file": "/srv/x.csv"},
        {"id": "0" * 32},
        {"feed": "dvv.water"},
    ],
)
def test_a_record_that_a_partner_has_forged_is_none(desk: Desk, changes: dict[str, str]) -> None:
    """Partners can write into their folder without the hub."""
    upload = desk.stage(ONE)
    record = desk.root / FEED / f".upload-{upload.id}.json"
    record.write_bytes(msgspec.json.encode(replace(upload, **changes)))
    with pytest.raises(UploadRefused, match="there is no such file"):
        desk.uploads.commit("gebag", FEED, upload.id)
    for body in (b"", b"{}", b"[" * 100_000, b" " * 2_000_000):
        record.write_bytes(body)
        with pytest.raises(UploadRefused, match="there is no such file"):
            desk.uploads.look("gebag", FEED, upload.id)


def test_links_are_not_followed(desk: Desk) -> None:
    upload, outside = desk.stage(ONE), desk.root / "store.db"
    outside.write_bytes(b"numbers")
    folder = desk.root / FEED
    (folder / f".upload-{upload.id}.json.tmp").symlink_to(outside)
    assert desk.uploads.commit("gebag", FEED, upload.id).committed
    assert outside.read_bytes() == b"numbers"
    record = folder / f".upload-{upload.id}.json"
    outside.write_bytes(record.read_bytes())
    record.unlink()
    record.symlink_to(outside)
    with pytest.raises(UploadRefused, match="there is no such file"):
        desk.uploads.look("gebag", FEED, upload.id)
