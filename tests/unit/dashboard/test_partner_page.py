"""The page of partners: who sees whose, what it says in each state, and what it says when something is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from cityhub.adapters.doors.mending import Edit
from cityhub.adapters.doors.wishes import Wish
from cityhub.api.partner.who import partners_of
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.topics import PARTNERS
from cityhub.dashboard.address import parse
from cityhub.dashboard.address_partner import PartnerPage
from cityhub.dashboard.components.header import account
from cityhub.dashboard.drawing import draw
from cityhub.dashboard.preferences import preferences
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.ledger.trace import Counted
from cityhub.sdk.principal import Principal
from tests.unit.adapters.doors.world import LEVEL
from tests.unit.api.world import variant
from tests.unit.dashboard.partner_world import NOW, PartnerWorld, day, sent, sighting
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text


def principal(*roles: str, organisation: str = "wbd") -> Principal:
    return Principal(subject="anna", name="Anna", organisation=organisation, roles=frozenset(roles))


PUBLISHER, OPERATOR = principal("partner-publisher"), principal("hub-operator", organisation="")


@pytest.fixture
def world() -> PartnerWorld:
    world = PartnerWorld()
    world.viewer = PUBLISHER
    return world


@pytest.mark.parametrize(
    ("viewer", "query", "seen"),
    [
        (None, "", None),
        (None, "partner=wbd", None),
        (PUBLISHER, "", "wbd"),
        (PUBLISHER, "partner=wbd", "wbd"),
        (PUBLISHER, "partner=dvv", None),
        (PUBLISHER, "partner=dvv&partner=wbd", None),
        (PUBLISHER, "partner=nobody", None),
        (principal("partner-admin", organisation="dvv"), "", "dvv"),
        (principal("partner-admin", organisation="dvv"), "partner=wbd", None),
        (principal("partner-publisher", organisation="startup-demo"), "partner=wbd", None),
        (principal("partner-admin", organisation=""), "", None),
        (principal("startup"), "", None),
        (principal("leadership", "controller", organisation="city"), "partner=wbd", None),
        (principal("kiosk"), "", None),
        (OPERATOR, "partner=wbd", "wbd"),
        (OPERATOR, "partner=dvv", "dvv"),
    ],
)
def test_who_sees_whose(world: PartnerWorld, viewer: Principal | None, query: str, seen: str | None) -> None:
    world.viewer = viewer
    drawn = page(world, "/partner", f"{query}&trace=x")
    assert drawn.found == (seen is not None)
    assert {partner for _, partner, *_ in world.asked} == ({seen} if seen else set())
    if seen is None:
        assert read(drawn.body, "headline") == "Diese Seite gibt es nicht"
        assert "melden Sie sich bitte an" in text(drawn.body)


@pytest.mark.parametrize(
    ("query", "words"), [("", "Bitte wählen Sie einen Partner."), ("partner=wdb", "„wdb“ gibt es")]
)
def test_an_operator_chooses(world: PartnerWorld, query: str, words: str) -> None:
    world.viewer = OPERATOR
    drawn = page(world, "/partner", query).body
    assert words in read(drawn, "partner-choose")
    assert by_id(drawn, "partner-wbd")["props"]["href"] == "/partner?partner=wbd"
    assert len([key for key in ids(drawn) if key.removeprefix("partner-") in PARTNERS]) == len(PARTNERS)
    assert world.asked == []
    chosen = page(world, "/partner", "partner=wbd&trace=a b").body
    assert by_id(chosen, "trace-partner")["props"]["value"] == "wbd"
    assert "/v1/partner/trace/a%20b?partner=wbd" in text(chosen)


def test_only_who_may_see_the_page_is_led_there() -> None:
    for viewer in (PUBLISHER, OPERATOR):
        assert "partner-link" in ids(account(viewer, "ready", "de", "/"))
    for other in (None, principal("startup"), principal("leadership", organisation="city")):
        assert "partner-link" not in ids(account(other, "ready", "de", "/"))
        assert partners_of(other) == ()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ["WBD – Wirtschaftsbetriebe", "Die Bilanz geht auf", "Letztes Ereignis: 25.11.2026 12:05:09"]),
        ("en", ["WBD – Duisburg's municipal", "The ledger balances", "Last event: 25 Nov 2026 12:05:09"]),
    ],
)
def test_the_head(world: PartnerWorld, lang: str, words: list[str]) -> None:
    seen = shown(world, "/partner", lang=lang)
    assert [word for word in words if word not in seen] == []


def test_missing_events_are_counted_and_named(world: PartnerWorld) -> None:
    world.senders = [sent("du.in.wbd.bin/0", (4, 4), since=NOW - timedelta(minutes=12)), sent("du.in.wbd.bin/1")]
    seen = read(page(world, "/partner").body, "balance")
    assert "1 Ereignis fehlt: " in seen
    assert "du.in.wbd.bin/0: Nummer 4, seit 12 Minuten" in seen
    assert "bin/1" not in seen
    world.senders = [sent("p", (4, 6), (9, 9), under_way=2)]
    seen = read(page(world, "/partner", lang="en").body, "balance")
    assert "4 events are missing: " in seen
    assert "p: number 4–6, 9" in seen
    assert "Not judged yet: 2." in seen


def test_a_partner_that_has_sent_nothing(world: PartnerWorld) -> None:
    world.days = []
    drawn = page(world, "/partner").body
    assert read(drawn, "balance") == "Es ist noch kein Ereignis eingegangen."
    assert "days-table" not in ids(drawn)
    assert "wurde nichts abgewiesen" in read(drawn, "letters")


def test_the_table_has_seven_days_with_every_number_and_the_reasons(world: PartnerWorld) -> None:
    numbers = {"sent": 1010, "accepted": 1008, "rejected": 2, "counted": 1000, "duplicate": 3, "excluded": 4}
    more = {"unread": 1, "again": 5, "rejected_by": {"size": 2}, "excluded_by": {"id_reuse": 3, "new_word": 1}}
    world.days = [day(25, **numbers, **more), day(25, stream="", door="kafka", forgotten=6)]
    world.days += [day(number) for number in range(24, 16, -1)]
    drawn = page(world, "/partner").body
    rows = read(drawn, "days-rows")
    assert rows.startswith(
        f"25.11.2026 {LEVEL} HTTP 1.010 1.008 2 1.000 3 4 1 5 Abgewiesen: 2 zu groß (size); Ausgeschlossen: "
        "3 Kennung mit anderem Inhalt wiederverwendet (id_reuse), 1 new_word 25.11.2026 nicht lesbar Kafka 0"
    )
    assert "19.11.2026" in rows
    assert "18.11.2026" not in rows
    assert "Bei 6 Ereignissen ist nicht mehr feststellbar" in text(drawn)


def test_refused_events_are_told_without_their_content(world: PartnerWorld) -> None:
    world.refuse(1, 2)
    world.refuse(3, plate="DU-X 1", fill=0.5)
    mended = Wish(letters=((0, 0),), edit=Edit(merge={"fill": 0.5}))
    assert asyncio.run(world.letters.drive(mended)).counts == {"redriven": 1}
    seen = read(page(world, "/partner").body, "letters")
    assert "Von den neuesten 3 sind 2 offen. Hier stehen 3" in seen
    assert "passt nicht zur Vereinbarung (contract) data.fill: 1.5 is more than 1" in seen
    assert "erneut eingereicht, 25.11.2026" in seen
    assert "Nicht aufbewahrt, weil es Persönliches enthalten könnte: " in seen
    assert "DU-X" not in seen
    assert seen.index("unnamed_field") < seen.index("(contract)")


def test_no_more_letters_than_fit(world: PartnerWorld) -> None:
    world.refuse(*range(23))
    drawn = page(world, "/partner", lang="en").body
    assert "Of the newest 23, 23 are open. 20 are shown" in read(drawn, "letters")
    assert len(by_id(drawn, "letters-rows")["props"]["children"]) == 20


def test_readers_are_links_only_for_those_who_may_see_them(world: PartnerWorld) -> None:
    world.viewer = principal("partner-publisher", organisation="dvv")
    world.with_definition(variant(world.kpi, "C01", audience="city", owner="gebag"))
    drawn = page(world, "/partner").body
    seen = read(drawn, "readers")
    assert "M01 Pünktlichkeit der DVG" in seen
    assert "C01 Pünktlichkeit der DVG" in seen
    assert "du.evt.dvv.lamp.v1 noch keine" in seen
    assert "wbd" not in seen
    links = {node["props"].get("href") for node in nodes(drawn)}
    assert "/kpi/M01" in links
    assert "/kpi/C01" not in links


HOUR = Counted("M01", NOW.replace(minute=0), NOW.replace(minute=0) + timedelta(hours=1), "STB05", {"line": "901"}, 1)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            sighting(counts=[HOUR]),
            (
                "Eingegangen am 25.11.2026 13:30:00: du.evt.wbd.bin.v1, Partition 3, Offset 41 Angenommen und gezählt. "
                "M01 Pünktlichkeit der DVG : STB05, Linie 901, 25.11.2026 13:00–14:00 Uhr (+1)"
            ),
        ),
        (
            sighting(received=None, observed=["I99"]),
            (
                "Nur noch im Archiv: du.evt.wbd.bin.v1, Partition 3, Offset 41 Angenommen und gezählt. "
                "I99 : ändert den Stand einer Sache; was das ausmacht, hängt von deren anderen Ereignissen ab"
            ),
        ),
        (
            sighting("excluded", reason="id_reuse", detail="another hash"),
            (
                "Angenommen, aber nicht gezählt: Kennung mit anderem Inhalt wiederverwendet (id_reuse). another hash "
                "Was zu tun ist: Bilden Sie die Kennung auch aus der Fassung"
            ),
        ),
        (
            sighting("rejected", reason="size"),
            "Abgewiesen: zu groß (size). Was zu tun ist: Mehr als 64 KiB gehen nicht",
        ),
        (sighting("rejected", reason="new_word"), "Abgewiesen: new_word."),
        (sighting("unread"), "Angenommen; noch liest keine Kennzahl dieses Topic."),
        (sighting("waiting-for-gate"), "Eingegangen; der Hub hat es noch nicht beurteilt."),
        (sighting("waiting-for-engine"), "Angenommen; gezählt wird es in Kürze."),
    ],
)
def test_a_trace_in_sentences(world: PartnerWorld, found: object, words: str) -> None:
    world.sightings = [found]  # type: ignore[list-item]
    assert words in read(page(world, "/partner", "trace=x").body, "trace-answer")


def test_nothing_found(world: PartnerWorld) -> None:
    assert "Nothing is known under this id" in read(page(world, "/partner", "trace=x", lang="en").body, "trace-answer")
    assert world.asked[-1] == ("trace", "wbd", "x")
    assert read(page(world, "/partner").body, "trace-answer") == ""


@pytest.mark.parametrize(
    "id_", ["<script>alert(1)</script>", "' OR 1=1 --", "../../x?partner=dvv", "{reason}", "%00", "ö"]
)
def test_a_hostile_id_is_text_and_nothing_else(world: PartnerWorld, id_: str) -> None:
    address = PartnerPage(trace=id_).address
    drawn = page(world, *address.split("?", 1)).body
    assert by_id(drawn, "trace-id")["props"]["value"] == id_
    assert world.asked[-1] == ("trace", "wbd", id_)
    links = [str(node["props"].get("href", "")) for node in nodes(drawn)]
    (machine,) = [link for link in links if link.startswith("/v1/partner/trace/")]
    assert not set(machine.removeprefix("/v1/partner/trace/")) & set("<>'\"/? ")


@pytest.mark.parametrize("id_", ["a\0b", "a\nb", "x" * 257, "\u202e" * 3])
def test_what_cannot_be_an_id_is_told_and_not_looked_up(world: PartnerWorld, id_: str) -> None:
    drawn = page(world, *PartnerPage(trace=id_).address.split("?", 1)).body
    assert "Eine Kennung hat 1 bis 256 druckbare Zeichen" in read(drawn, "trace-answer")
    assert [what for what, *_ in world.asked] == ["balance"]


def test_the_longest_id_fits_an_address_and_more_is_no_page() -> None:
    longest = PartnerPage(trace="\U0001f600" * 256)
    assert parse(*longest.address.split("?", 1)) == longest
    assert not isinstance(parse("/partner", f"trace={'x' * 4_000}"), PartnerPage)


@pytest.mark.parametrize("lang", ["de", "en"])
def test_what_is_away_is_told_and_the_rest_is_there(world: PartnerWorld, lang: str) -> None:
    world.refuse(1)
    world.trouble = {"balance": StoreUnavailable("locked at /secret"), "trace": StoreUnavailable("gone from 10.0.0.1")}
    drawn = page(world, "/partner", "trace=x", lang=lang).body
    seen = text(drawn)
    assert ("Die Bilanz ist gerade nicht lesbar" if lang == "de" else "The ledger cannot be read") in seen
    assert ("Die Spur ist gerade nicht lesbar" if lang == "de" else "The trace cannot be read") in seen
    assert "data.fill: 1.5 is more than 1" in seen
    assert "du.evt.wbd.bin.v1" in read(drawn, "readers")
    assert "secret" not in seen
    assert "10.0.0.1" not in seen


def test_without_kafka_the_balance_is_there(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> object:
        raise BusUnavailable("gone")

    monkeypatch.setattr(world.letters.redrive, "past", gone)
    drawn = page(world, "/partner").body
    assert "Die Bilanz geht auf" in read(drawn, "balance")
    assert "weil Kafka nicht antwortet" in read(drawn, "letters")


def test_without_the_store_there_is_a_page(world: PartnerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> object:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(world.reader, "streams", gone)
    world.trouble = {"balance": StoreUnavailable("locked")}
    drawn = draw(world.services(), preferences({}), parse("/partner", ""))
    assert read(drawn.body, "headline").startswith("WBD")
    assert "Die Bilanz ist gerade nicht lesbar" in text(drawn.body)
