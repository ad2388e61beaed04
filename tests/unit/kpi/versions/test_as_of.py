"""What did we know when: every value that was ever shown can be asked for, by the version that counted then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import VersionMissing
from cityhub.kpi.reader import instant
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, Label, WindowKind
from tests.unit.kpi.store.conftest import postgres, store_url
from tests.unit.kpi.versions.hub import TEXTS, Hub, Number

__all__ = ["postgres", "store_url"]
Shown = dict[Number, KpiValue]
STEPS, AT_ONCE, VERSION_2_COMES = 8, 20, 4
ASKED = 25


@pytest.fixture
def end() -> Iterator[ExitStack]:
    """What is closed when a test ends."""
    with ExitStack() as stack:
        yield stack


def _hub(end: ExitStack, folder: Path, where: str, kpi: str) -> Hub:
    hub = Hub(folder, kpi, per_type=25 if kpi == "M04" else 80, where=where)
    end.callback(hub.database.close)
    return hub


def _reader(end: ExitStack, where: str, catalogue: Catalogue) -> SqlReader:
    return end.enter_context(closing(SqlReader(where, catalogue)))


def _live(hub: Hub, dice: Random) -> Iterator[tuple[datetime, Shown]]:
    """Publish at several minutes, some of them twice, the other version in between; what each shows."""
    now_ms = 0
    for step in range(STEPS):
        now_ms += 60_000  # a minute that was looked at is over
        for _ in range(dice.randint(1, 2)):
            hub.count(dice.randint(1, AT_ONCE))
            now_ms = max(now_ms, hub.clock_ms())
            if step == VERSION_2_COMES and len(hub.decisions()) == 1:
                hub.activate()
            hub.publish(now_ms - now_ms % 60_000 + dice.randrange(60_000))
        at = datetime.fromtimestamp(now_ms / 1000, UTC).replace(second=59, microsecond=0)
        yield at, {**_plain(hub, 1), **_plain(hub, 2)}


def _plain(hub: Hub, version: int) -> Shown:
    return {at: msgspec.json.decode(payload, type=KpiValue) for at, payload in hub.payloads(version).items()}


def _as_of(hub: Hub, reader: SqlReader, key: Number, at: datetime) -> KpiValue | None:
    kind, anchor, scope, dims = key
    held = msgspec.json.decode(dims, type=dict[str, str])
    return reader.as_of(hub.kpi, WindowKind(kind), at, anchor=instant(anchor), scope=scope, dimensions=held)


def _same(found: KpiValue | None, shown: KpiValue | None) -> bool:
    """Whether all that is kept is what was shown."""
    if found is None or shown is None:
        return found is shown
    kept = replace(shown, revision=0, late_n=0, inputs_up_to=found.inputs_up_to)
    return found == kept and found.inputs_up_to >= shown.inputs_up_to


@pytest.mark.parametrize("kpi", list(TEXTS))
def test_every_minute_is_shown_as_it_was(tmp_path: Path, store_url: str, kpi: str, end: ExitStack) -> None:
    dice = Random(kpi)  # noqa: S311 - must repeat
    hub = _hub(end, tmp_path, store_url, kpi)
    looks = dict(_live(hub, dice))
    every = sorted(set().union(*looks.values()))
    reader, seen = _reader(end, store_url, hub.catalogue), set()
    for at, shown in looks.items():
        for key in dice.sample(every, min(ASKED, len(every))):
            found = _as_of(hub, reader, key, at)
            assert _same(found, shown.get(key)), (at, key, found, shown.get(key))
            seen.add((None, None) if found is None else (found.definition_version, found.label))
        _check_newest(hub, reader, at, shown)
    assert {version for version, _ in seen} == {None, 1, 2}
    assert Label.PROVISIONAL in {label for _, label in seen}


def _check_newest(hub: Hub, reader: SqlReader, at: datetime, shown: Shown) -> None:
    for kind in {WindowKind(key[0]) for key in shown}:
        over = [key for key in shown if key[0] == kind and key[2:] == ("city", "{}") and shown[key].end <= at]
        newest = max(over, key=lambda key: key[1], default=None)
        assert _same(reader.as_of(hub.kpi, kind, at), None if newest is None else shown[newest]), (at, kind)


def test_the_version_that_counted_then_must_have_a_file(tmp_path: Path, store_url: str, end: ExitStack) -> None:
    hub = _hub(end, tmp_path, store_url, "M01")
    looks = dict(_live(hub, Random(1)))  # noqa: S311 - must repeat
    at, shown = next(iter(looks.items()))
    reader = _reader(end, store_url, hub.only(2))
    with pytest.raises(VersionMissing, match="M01 was counted by version 1 then, which has no file; put it back"):
        _as_of(hub, reader, next(iter(shown)), at)
