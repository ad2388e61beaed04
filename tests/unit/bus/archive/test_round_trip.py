"""What goes into the archive comes out again: every event, every verdict, every byte that no column can say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cityhub.bus.archive.columns import Refusal
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.bus.errors import ArchiveMissing, LogBroken
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, parse_contract
from tests.unit.bus.archive.world import HEAD, LEVEL, MOVED, SAYS, TOPIC, archive, event_bytes, log_of, writer

ODD = [
    event_bytes(1),
    event_bytes(2, MOVED, metres=7),
    event_bytes(3, rising=True, level_m=-1.5, valid_until="2026-03-29T01:00:00Z"),
    event_bytes(4, level_m=3),  # an integer where a decimal is due
    event_bytes(5, level_m=1.0, valid_until="2026-03-29T01:00:00.5+02:00"),
    event_bytes(6, level_m=1.0, rising=None),
    event_bytes(7, level_m=1.0, unknown_to_the_contract=["ä"]),
    event_bytes(8, after=timedelta(days=-2, microseconds=7)),
    b"no JSON",
    event_bytes(9, level_m=0.123),  # more decimals than the contract carries
    event_bytes(10, level_m=-0.0, valid_until="2026-03-29T03:00:00+02:00"),
]
REFUSALS = {8: Refusal("parse", "not one JSON object"), 9: Refusal("contract", "0.123 …"), 1: Refusal("id_reuse", "…")}


def test_the_log_comes_back_record_by_record(tmp_path: Path) -> None:
    log = log_of(ODD, first=5)
    refusals = {offset + 5: refusal for offset, refusal in REFUSALS.items()}
    archiver = writer(tmp_path)
    archiver.add(3, log[:4], refusals)
    archiver.commit(0)
    archiver.add(3, log[4:], refusals)
    archiver.commit(0)

    (records, found), *more = archive(tmp_path).records(TOPIC, 3, 5, 15)

    assert not more
    assert found == refusals
    for was, now in zip(log, records, strict=True):
        assert (was.offset, was.timestamp) == (now.offset, now.timestamp)
        assert _says(was.value or b"") == _says(now.value or b"")


def _says(value: bytes) -> object:
    try:
        return codec.decode(value)
    except codec.RejectedEvent:
        return value


def test_frames_hold_scaled_integers_and_every_verdict(tmp_path: Path) -> None:
    archiver = writer(tmp_path)
    archiver.add(0, log_of(ODD), REFUSALS)
    archiver.commit(0)

    levels = archive(tmp_path).frame(LEVEL).sort("off")
    moved = archive(tmp_path).frame(MOVED)

    assert levels["off"].to_list() == [0, 2, 3, 4, 5, 6, 7, 10]
    assert levels["$level_m"].to_list() == [125, -150, 300, 100, 100, 100, 825, 0]
    assert levels["$valid_until"].to_list()[1] == 1_774_746_000_000
    assert levels["t"].to_list()[-2] % 86_400_000 == 6 * 3_600_000
    first = msgspec.json.decode(ODD[0])
    assert levels.row(0, named=True)["id"] == first["id"]
    assert moved.select("reason", "$metres").rows() == [("id_reuse", 7)]
    assert archive(tmp_path).unread(TOPIC)["off"].to_list() == [8, 9]


def test_a_cut_and_a_time_leave_out_the_rest(tmp_path: Path) -> None:
    archiver = writer(tmp_path)
    archiver.add(0, log_of([event_bytes(n, after=timedelta(hours=n)) for n in range(40)]), {})
    archiver.add(1, log_of([event_bytes(n) for n in range(40, 43)]), {})
    archiver.commit(0)

    cut = archive(tmp_path).frame(LEVEL, upto={0: 30})
    day = archive(tmp_path).frame(LEVEL, t=(1_774_742_400_000, 1_774_828_800_000))

    assert cut["off"].to_list() == list(range(31))
    assert sorted(day["off"]) == list(range(18, 40))


def test_what_the_archive_does_not_hold_is_said(tmp_path: Path) -> None:
    archiver = writer(tmp_path)
    archiver.add(0, log_of(ODD[:2]), {})
    archiver.commit(0)

    with pytest.raises(ArchiveMissing, match=r"du\.evt\.wbd\.gauge\.v1/0 is archived up to offset 1, asked for is 4"):
        archive(tmp_path).frame(LEVEL, upto={0: 4})
    with pytest.raises(LogBroken, match="from 3 to 3, the archive with offset 2"):
        archiver.add(0, log_of(ODD[:1], first=3), {})


def test_files_of_an_older_contract_are_read_beside_newer_ones(tmp_path: Path) -> None:
    """A field that a contract did not have yet is unknown there."""
    older = Contracts(
        [
            parse_contract(
                f"type: {LEVEL}\n{HEAD}  level_m: {{type: decimal, scale: 2, unit: m, min: -5, max: 50, {SAYS}}}\n",
                "old.yaml",
            )
        ]
    )
    before = TopicWriter(storage_of(tmp_path), TOPIC, older.of_topic(TOPIC))
    before.add(0, log_of([event_bytes(1, level_m=1.5)]), {})
    before.commit(0)
    after = writer(tmp_path)
    after.add(0, log_of([event_bytes(2, level_m=2.5, rising=True)], first=1), {})
    after.commit(0)

    frame = archive(tmp_path).frame(LEVEL).sort("off")

    assert frame["$level_m"].to_list() == [150, 250]
    assert frame["$rising"].to_list() == [None, True]
