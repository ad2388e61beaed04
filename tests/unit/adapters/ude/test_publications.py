"""The university's publications over OAI-PMH."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.ude.publications.client import connect
from cityhub.adapters.ude.publications.dublin_core import open_access, published, topic
from cityhub.adapters.ude.publications.mapping import read
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import City
from cityhub.sandbox.city.served.ude import publications
from tests.unit.adapters.journals import PSEUDONYMS

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
OPEN, CLOSED = "http://purl.org/coar/access_right/c_abf2", "http://purl.org/coar/access_right/c_14cb"
CC = "https://creativecommons.org/licenses/by-nc/4.0/deed.de"


def record(
    id_: str = "1",
    stamp: str = "2026-11-20T10:00:00Z",
    *,
    rights: tuple[str, ...] = (OPEN,),
    day: str = "2026-11-18",
    more: str = "<dc:subject>Rhein</dc:subject><dc:subject>ddc:620</dc:subject>",
) -> str:
    """One record, with what is never read."""
    said = "".join(f"<dc:rights>{one}</dc:rights>" for one in rights)
    return f"""<record><header><identifier>oai:r:{id_}</identifier><datestamp>{stamp}</datestamp></header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>Stahl</dc:title><dc:creator>Mustermann, Erika</dc:creator><dc:description>Abstract</dc:description>
<dc:date>{day}</dc:date>{more}{said}</oai_dc:dc></metadata></record>"""


def deleted(id_: str = "1", stamp: str = "2026-11-25T10:00:00Z") -> str:
    """A record that is gone."""
    head = f"<identifier>oai:r:{id_}</identifier><datestamp>{stamp}</datestamp>"
    return f'<record><header status="deleted">{head}</header></record>'


def page(*records: str, token: str | None = None, at: str = "2026-11-26T07:59:00Z") -> bytes:
    """An answer."""
    more = "" if token is None else f"<resumptionToken cursor='0'>{token}</resumptionToken>"
    return envelope(f"<ListRecords>{''.join(records)}{more}</ListRecords>", at)


def envelope(content: str, at: str = "2026-11-26T07:59:00Z") -> bytes:
    """An answer."""
    return f"""<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>{at}</responseDate><request verb="ListRecords">https://r.example/oai</request>{content}</OAI-PMH>""".encode()


class Desk:
    """Reads answers one after the other."""

    def __init__(self) -> None:
        self.memory: Mapping[str, bytes] = {}

    def read(self, body: bytes, now: datetime = NOW) -> Reading:
        """One answer, and keeps what is to be remembered."""
        found = read(body, self.memory, now)
        self.memory = {key: says for key, says in {**self.memory, **found.memory}.items() if says is not None}
        return found


def test_a_publication_is_told_with_its_own_day_and_the_datestamp_as_version() -> None:
    found = Desk().read(page(record()))
    (fact,) = found.facts
    assert fact.data == {
        "publication": "oai:r:1",
        "datestamp": "2026-11-20T10:00:00Z",
        "open_access": True,
        "topic": "ddc:620",
    }
    assert (fact.subject, fact.key, fact.version) == ("oai:r:1", ("oai:r:1",), "2026-11-20T10:00:00Z")
    assert fact.time.isoformat() == "2026-11-17T23:00:00+00:00"
    assert found.as_of == datetime(2026, 11, 26, 7, 59, tzinfo=UTC)


def test_neither_names_nor_titles_nor_abstracts_leave() -> None:
    desk = Desk()
    refused = record("2", rights=("© Mustermann",))
    found = repr(desk.read(page(record(), refused))) + repr(desk.memory)
    assert "oai:r:1" in found
    assert not [word for word in ("Mustermann", "Stahl", "Abstract", "Rhein") if word in found]


def test_what_was_told_is_told_again_only_with_a_newer_datestamp() -> None:
    desk = Desk()
    desk.read(page(record()))
    again = desk.read(page(record(), record(stamp="2026-11-19"), record(stamp="2026-11-21", rights=(CLOSED,))))
    assert [(one.version, one.data["open_access"]) for one in again.facts] == [("2026-11-21T00:00:00Z", False)]
    assert again.noted == {"told_before": 2}


def test_a_deletion_takes_back_what_was_told_and_a_return_brings_it_again() -> None:
    desk = Desk()
    (told,) = desk.read(page(record())).facts
    found = desk.read(page(deleted(), deleted("9")))
    (fact,) = found.facts
    assert fact.data == told.data | {"deleted": True, "datestamp": "2026-11-25T10:00:00Z"}
    assert (fact.time, found.noted) == (told.time, {"deleted_unknown": 1})
    assert desk.read(page(deleted(stamp="2026-11-25T11:00:00Z"))).noted == {"told_before": 1}
    (back,) = desk.read(page(record(stamp="2026-11-25T12:00:00Z"))).facts
    assert "deleted" not in back.data


def test_a_list_is_walked_by_tokens_and_the_next_begins_a_day_before_it_began() -> None:
    desk = Desk()
    first = desk.read(page(record(), token="a|b=1", at="2026-11-24T23:00:00Z"))
    assert (first.cursor, first.more, first.as_of) == ("token:a|b=1", True, None)
    last = desk.read(page(record("2"), token="", at="2026-11-25T01:00:00Z"))
    assert (last.cursor, last.more) == ("from:2026-11-23", False)
    later = desk.read(page(at="2026-11-26T01:00:00Z"))
    assert later.cursor == "from:2026-11-25"


def test_an_expired_token_begins_the_list_anew_where_it_began() -> None:
    expired = envelope('<error code="badResumptionToken">too late</error>')
    desk = Desk()
    desk.read(page(record(), token="t"))
    found = desk.read(expired)
    assert (found.cursor, found.more, found.noted) == ("", False, {"token_expired": 1})
    desk.read(page(record(), at="2026-11-20T08:00:00Z"))
    desk.read(page(record("2"), token="t", at="2026-11-22T08:00:00Z"))
    assert desk.read(expired).cursor == "from:2026-11-19"
    again = desk.read(page(record("2"), record("3"), at="2026-11-24T08:00:00Z"))
    assert [one.subject for one in again.facts] == ["oai:r:3"]
    assert again.cursor == "from:2026-11-23"


@pytest.mark.parametrize(
    ("at", "since"), [("2036-01-01T00:00:00Z", "from:2026-11-25"), ("0001-01-01T00:00:00Z", "from:2025-10-21")]
)
def test_a_repository_with_a_wrong_clock_is_asked_for_what_is_new_all_the_same(at: str, since: str) -> None:
    assert Desk().read(page(record(), at=at)).cursor == since


def test_nothing_new_is_no_fault() -> None:
    found = Desk().read(envelope('<error code="noRecordsMatch"/>'))
    assert (found.facts, found.rejects, found.cursor) == ([], [], "from:2026-11-25")


@pytest.mark.parametrize(
    ("body", "reason", "why"),
    [
        (envelope('<error code="badArgument">from</error>'), "refused", "answered 'badArgument': from"),
        (envelope("<Identify/>"), "parse", "neither ListRecords nor an error"),
        (b"<html/>", "parse", "neither ListRecords nor an error"),
        (page(at="gestern"), "parse", "responseDate is 'gestern'"),
        (page(token="t" * 4_001), "parse", "resumptionToken has 4001 characters"),
    ],
)
def test_answers_that_are_none_are_faults(body: bytes, reason: str, why: str) -> None:
    with pytest.raises(FeedFault) as fault:
        Desk().read(body)
    assert fault.value.reason == reason
    assert why in str(fault.value)


@pytest.mark.parametrize(
    ("bad", "reason", "path"),
    [
        (record(stamp="2026-11-20T10:00:00"), "schema", "record[0].changed"),
        (record(stamp="20.11.2026"), "schema", "record[0].changed"),
        (record(stamp="2027-01-01"), "time_in_future", "record[0]"),
        (record(id_="x" * 120), "schema", "record[0].id"),
        (record(day="im Druck"), "date", "record[0]"),
        (record(rights=()), "rights", "record[0]"),
        ("<record/>", "schema", "record[0]"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_alone(bad: str, reason: str, path: str) -> None:
    found = Desk().read(page(bad, record("2")))
    assert [(one.reason, one.path) for one in found.rejects] == [(reason, path)]
    assert [one.subject for one in found.facts] == ["oai:r:2"]


def test_what_nobody_would_believe_any_more_is_counted_and_forgotten() -> None:
    desk = Desk()
    found = desk.read(page(record(day="2024"), record("2", day="2025-10-23")))
    assert ([one.subject for one in found.facts], found.noted) == (["oai:r:2"], {"long_ago": 1})
    desk.read(page(), NOW + timedelta(days=1))
    assert desk.read(page(deleted("2"))).noted == {"deleted_unknown": 1}


def test_what_lies_ahead_is_told_when_it_comes_again() -> None:
    desk = Desk()
    assert len(desk.read(page(record(day="2026-12-01"))).facts) == 1  # the door refuses it
    assert len(desk.read(page(record(day="2026-12-01")), NOW + timedelta(days=9)).facts) == 1


@pytest.mark.parametrize(
    ("rights", "is_open"),
    [
        ([OPEN], True),
        ([OPEN.replace("http:", "https:") + "/"], True),
        (["http://purl.org/coar/access_right/c_16ec"], False),
        (["http://purl.org/coar/access_right/c_f1cf", CC], False),
        ([CLOSED], False),
        (["info:eu-repo/semantics/openAccess"], True),
        (["info:eu-repo/semantics/OpenAccess", "frei"], True),
        (["info:eu-repo/semantics/embargoedAccess"], False),
        (["info:eu-repo/semantics/restrictedAccess"], False),
        (["info:eu-repo/semantics/closedAccess", OPEN], False),
        ([CC], True),
        (["http://creativecommons.org/publicdomain/zero/1.0/"], True),
    ],
)
def test_open_is_what_every_statement_of_access_calls_open(rights: list[str], is_open: bool) -> None:
    assert open_access(rights) is is_open


@pytest.mark.parametrize(
    ("rights", "why"),
    [
        ([], "none of the 0 dc:rights is"),
        (["open", "https://rightsstatements.org/vocab/InC/1.0/"], "none of the 2 dc:rights is"),
        ([OPEN, "http://purl.org/coar/access_right/c_0000"], "'c_0000' is no access right"),
        (["info:eu-repo/semantics/halfAccess"], "'half' is no access right"),
    ],
)
def test_who_may_read_is_never_guessed(rights: list[str], why: str) -> None:
    assert why in str(open_access(rights))


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        (["2026-11-18"], date(2026, 11, 18)),
        (["2026"], date(2026, 1, 1)),
        (["2026-05"], date(2026, 5, 1)),
        (["2026-05-03T23:30:00Z"], date(2026, 5, 3)),
        (["2027-01-01", "info:eu-repo/date/embargoEnd/2020-01-01", "2026-12"], date(2026, 12, 1)),
        (["2026-02-30", "0001-01-01", "18.11.2026", ""], None),
    ],
)
def test_a_publication_is_of_its_earliest_day(dates: list[str], day: date | None) -> None:
    assert published(dates) == day


@pytest.mark.parametrize(
    ("subjects", "found"),
    [
        (["Rhein", "DDC:620 Ingenieurwissenschaften", "ddc:330"], "ddc:620"),
        (["http://dewey.info/class/004/2009-01/"], "ddc:004"),
        (["ddc:6200", "ddc:62", "Stahl"], None),
    ],
)
def test_the_topic_is_the_first_group_of_dewey(subjects: list[str], found: str | None) -> None:
    assert topic(subjects) == found


async def test_the_city_s_repository_forgets_tokens_and_is_asked_for_a_set() -> None:
    clock = [NOW]
    serve = publications.SERVED.serve
    assert serve
    app = Starlette(routes=[*serve(City(Chronicle(7), lambda: clock[0], 7))])
    asked: list[httpx.QueryParams] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.params)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), event_hooks={"request": [note]}) as http:
        link = Link(url="http://city/ude/publications?set=article", synthetic=True)
        adapter = connect(link, Tools(http=http, clock=lambda: clock[0], pseudonyms=PSEUDONYMS))
        first = await adapter.ask(Known("", {}))
        clock[0] += timedelta(hours=2)
        memory = {key: body for key, body in first.memory.items() if body is not None}
        late = await adapter.ask(Known(first.cursor or "", memory))
    assert len(first.facts) == 200
    assert late.noted == {"token_expired": 1}
    assert dict(asked[0]) == {"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": "2025-10-22", "set": "article"}
    assert asked[1].keys() == {"verb", "resumptionToken"}
