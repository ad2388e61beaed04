"""Every contract of the hub, any data that it allows, in any spelling that JSON allows: the archive says the same."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.bus.archive.check import check
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import Folder
from cityhub.bus.archive.writer import TopicWriter
from cityhub.sdk import codec
from cityhub.sdk.contract import Contract, Field, load_contracts
from cityhub.sdk.event import Event
from cityhub.sdk.identity import content_hash
from tests.unit.bus.archive.world import log_of

CONTRACTS = load_contracts()
TEXTS = st.text(st.characters(max_codepoint=0x52F, exclude_categories=["C", "Z"]), min_size=1, max_size=20)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
TIMES = st.builds(
    lambda day, within: day + within,
    st.sampled_from([datetime(2024, 2, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]),
    st.timedeltas(timedelta(0), timedelta(days=1, microseconds=-1)),
)
"""Of two days, since each day of a type has a file of its own."""
OFFSETS = st.sampled_from(["Z", "+00:00", "+02:00", "-09:30"])


@st.composite
def spelled(draw: st.DrawFn, moment: datetime) -> str:
    """An instant in one of the ways to write it."""
    sign, rest = (offset := draw(OFFSETS))[0], offset[1:]
    if offset == "Z":
        return moment.isoformat().replace("+00:00", draw(st.sampled_from(["Z", "+00:00"])))
    hours, minutes = map(int, rest.split(":"))
    away = timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
    return (moment + away).replace(tzinfo=None).isoformat() + offset


def values(field: Field) -> st.SearchStrategy[Any]:
    low = field.low if field.low is not None else -(10**9)
    high = field.high if field.high is not None else 10**9
    match field.type:
        case "integer":
            return st.integers(low, high)
        case "decimal":
            decimals = st.integers(low, high).map(lambda scaled: scaled / 10**field.scale)
            decimals |= st.just(-0.0) if low <= 0 <= high else st.nothing()
            return decimals | st.integers(-(-low // 10**field.scale), high // 10**field.scale)
        case "boolean":
            return st.booleans()
        case "instant":
            return MOMENTS.flatmap(spelled)
    return st.sampled_from(field.values) if field.values else TEXTS


@st.composite
def records(draw: st.DrawFn, contract: Contract) -> bytes:
    """A structured event as a partner's own library may write it."""
    data: dict[str, Any] = {}
    for name, field in contract.fields.items():
        if not field.optional or draw(st.booleans()):
            data[name] = draw(values(field) | st.none() if field.optional else values(field))
    if draw(st.integers(0, 9)) == 0:
        data["unknown_to_the_contract"] = draw(st.sampled_from([None, 1.50, "ä", [], {"deep": [True]}]))
    time, subject = draw(TIMES), draw(TEXTS)
    attributes = {
        "specversion": "1.0",
        "id": draw(st.uuids().map(str) | TEXTS),
        "source": "//partner/system",
        "type": contract.type,
        "subject": subject,
        "time": draw(spelled(time)),
        "recordedtime": draw(spelled(time + draw(st.timedeltas(timedelta(0), timedelta(days=3))))),
        "dataschema": "//schema",
        "partitionkey": draw(st.just(subject) | TEXTS),
        "contenthash": content_hash(contract.type, "//partner/system", subject, time, data),
        "datacontenttype": "application/json",
        "synthetic": draw(st.booleans()),
        **draw(st.fixed_dictionaries({}, optional={"borough": st.just("STB03"), "sequence": TEXTS})),
        "data": data,
    }
    names = draw(st.permutations(list(attributes)))
    indent = draw(st.sampled_from([None, 1]))
    return json.dumps(
        {name: attributes[name] for name in names}, ensure_ascii=draw(st.booleans()), indent=indent
    ).encode()


@pytest.mark.parametrize("type_", CONTRACTS)
def test_what_was_said_comes_back(type_: str) -> None:
    contract = CONTRACTS[type_]

    @settings(max_examples=12, deadline=None)
    @given(st.lists(records(contract), min_size=1, max_size=8))
    def comes_back(said: list[bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            storage = Folder(Path(folder))
            made = TopicWriter(storage, contract.topic, CONTRACTS.of_topic(contract.topic))
            made.add(5, log_of(said, first=7), {})
            made.commit(0)
            pieces = Archive(storage, CONTRACTS).records(contract.topic, 5, 7, 6 + len(said))
            found = [record.value or b"" for some, _ in pieces for record in some]
            assert list(map(event_of, found)) == list(map(event_of, said))
            assert check(storage, CONTRACTS) == []

    comes_back()


def event_of(value: bytes) -> tuple[Event, object]:
    """What a record says. Data is compared as the content hash sees it: in the hash, and in its values."""
    event = codec.decode(value)
    assert event.contenthash == content_hash(
        event.type, event.source, event.subject, event.time.astimezone(UTC), event.data
    )
    return event, event.contenthash
