"""The page of a KPI's targets: records for everybody, a form for controllers, and what it says of bad input."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from cityhub.bus.audit_trail import ASKED, DONE, Setting
from cityhub.bus.errors import BusUnavailable
from cityhub.dashboard.goal_form import Filled, date_in, number_in, target_in
from cityhub.dashboard.services import Services
from cityhub.dashboard.target_desk import TargetDesk
from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.errors import StoreUnavailable, TargetRefused
from cityhub.kpi.targets import TargetRecord
from cityhub.sdk.text import Text
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import by_id, ids, page, shown, text
from tests.unit.dashboard.world import NOW, World

GOAL = Target(value=85.25, watch=2.0, source="Ratsbeschluss 12/2026", since=date(2026, 1, 1))
FIELDS = ("target-first", "target-high", "target-watch", "target-since", "target-source", "target-why")
GOOD = ("85,5", "", "2", "01.01.2027", "Ratsbeschluss", "Haushalt")


def record(number: int, target: Target | None = GOAL, **more: Any) -> TargetRecord:
    made = {"kpi_id": "M01", "who": "Anna Beispiel", "why": "Beschluss", "recorded": NOW}
    return TargetRecord(number=number, target=target, **made | more)


class TargetWorld(World):
    """Attributes: trouble = raised by the book. noted = the trail. away = the trail fails from then on."""

    def __init__(self) -> None:
        super().__init__(hours=1)
        self.viewer = principal("controller")
        self.noted: list[Setting] = []
        self.trouble: Exception | None = None
        self.away: str = ""

    def services(self) -> Services:
        services = super().services()
        services.targets = TargetDesk(self, self, lambda: self.now)
        return services

    def record(self, definition: KpiDefinition, target: Target, *, who: str, why: str) -> TargetRecord:
        return self._append(TargetRecord(kpi_id=definition.id, number=0, target=target, who=who, why=why))

    def retract(self, definition: KpiDefinition, number: int, *, who: str, why: str) -> TargetRecord:
        return self._append(TargetRecord(kpi_id=definition.id, number=0, retracts=number, who=who, why=why))

    def _append(self, made: TargetRecord) -> TargetRecord:
        if self.trouble:
            raise self.trouble
        made = structs.replace(made, number=len(self.reader.recorded) + 1, recorded=self.now)
        self.reader.recorded.append(made)
        return made

    async def note(self, setting: Setting) -> None:
        if self.away == setting.what:
            raise BusUnavailable("no broker")
        self.noted.append(setting)

    def press(self, *said: object, path: object = "/kpi/M01/target", lang: str = "de") -> str:
        return self._called("target-said", "target-save", dict(zip(FIELDS, said, strict=True)), path, lang)

    def press_retract(self, number: object, why: object = "falsch") -> str:
        fields = {"target-number": number, "target-retract-why": why}
        return self._called("target-retract-said", "target-retract", fields, "/kpi/M01/target", "de")

    def _called(self, out: str, button: str, fields: dict[str, object], path: object, lang: str) -> str:
        answer = self.post(call(out, button, fields, path=path, lang=lang))
        assert answer.status_code == 200
        return text(answer.json()["response"][out]["children"])

    def post(self, body: object) -> httpx.Response:
        async def visit() -> httpx.Response:
            transport = httpx.ASGITransport(self.dashboard()[0])
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
                return await http.post("/_dash-update-component", json=body)

        return asyncio.run(visit())


def call(
    out: str, button: str, fields: dict[str, object], *, path: object, lang: str = "de", clicks: object = 1
) -> Any:
    state = [
        ("address", "pathname", path),
        ("settings", "data", {"lang": lang}),
        *((k, "value", v) for k, v in fields.items()),
    ]
    return {
        "output": f"{out}.children",
        "outputs": {"id": out, "property": "children"},
        "inputs": [{"id": button, "property": "n_clicks", "value": clicks}],
        "changedPropIds": [f"{button}.n_clicks"],
        "state": [{"id": key, "property": name, "value": value} for key, name, value in state],
    }  # fmt: skip


@pytest.fixture
def world() -> TargetWorld:
    return TargetWorld()


def test_everybody_reads_the_records_and_only_the_city_who_made_them(world: TargetWorld) -> None:
    world.reader.recorded = [record(1), record(2, None, retracts=1), record(3, structs.replace(GOAL, value=90.0))]
    staff = shown(world, "/kpi/M01/target")
    assert "Heute gilt: Ziel 90 %." in staff.replace("\u00a0", " ")
    assert "nimmt Eintrag 1 zurück" in staff
    assert "zurückgezogen" in staff
    assert "Anna Beispiel" in staff
    world.viewer = None
    public = shown(world, "/kpi/M01/target")
    assert "Ratsbeschluss 12/2026" in public
    assert "Anna" not in public
    assert "Ziele trägt das Controlling der Stadt ein." in public
    assert "target-save" not in ids(page(world, "/kpi/M01/target").body)


def test_without_records_it_says_so_in_both_languages(world: TargetWorld) -> None:
    assert "Heute gilt kein Ziel." in shown(world, "/kpi/M01/target")
    english = shown(world, "/kpi/M01/target", lang="en")
    assert "Today there is no target." in english
    assert "Nobody has recorded a target yet." in english
    assert page(world, "/kpi/M01/target").title.startswith("Ziele: Pünktlichkeit der DVG")


def test_a_band_has_two_limits_and_others_one_value(world: TargetWorld) -> None:
    drawn = page(world, "/kpi/M01/target").body
    assert by_id(drawn, "target-first")["props"]["label"] == "Zielwert (%)"
    world.with_definition(structs.replace(world.kpi, direction="band"))
    drawn = page(world, "/kpi/M01/target").body
    assert by_id(drawn, "target-first")["props"]["label"] == "Untere Grenze (%)"
    assert by_id(drawn, "target-high")["props"]["label"] == "Obere Grenze (%)"


def test_the_kpis_page_leads_here_and_says_the_target(world: TargetWorld) -> None:
    link = by_id(page(world, "/kpi/M01").body, "kpi-target")
    assert (text(link), link["props"]["href"]) == ("Ziele", "/kpi/M01/target")
    world.reader.recorded = [record(1)]
    link = by_id(page(world, "/kpi/M01").body, "kpi-target")
    assert text(link).replace("\u00a0", " ") == "Ziel 85,25 %"
    assert link["props"]["children"]["props"]["title"] == "Ratsbeschluss 12/2026, 01.01.2026"


def test_a_controller_sets_a_target(world: TargetWorld) -> None:
    assert world.press(*GOOD) == "Eingetragen als Nr. 1."
    (made,) = world.reader.recorded
    assert made.target == Target(value=85.5, watch=2.0, source="Ratsbeschluss", since=date(2027, 1, 1))
    assert (made.who, made.why) == (world.viewer.name or world.viewer.subject, "Haushalt")  # type: ignore[union-attr]
    assert [one.what for one in world.noted] == [ASKED, DONE]
    assert len({one.request for one in world.noted}) == 1
    assert world.noted[0].target["value"] == 85.5
    assert (world.noted[0].number, world.noted[1].number) == (-1, 1)
    assert world.noted[0].subject == world.viewer.subject  # type: ignore[union-attr]


def test_a_record_is_taken_back(world: TargetWorld) -> None:
    world.reader.recorded = [record(1)]
    assert world.press_retract("1") == "Eintrag 1 ist zurückgezogen."
    assert world.reader.recorded[-1].retracts == 1
    assert world.noted[0].retracts == 1
    assert world.press_retract("eins") == "„eins“ ist keine Nummer eines Eintrags."


@pytest.mark.parametrize("role", ["leadership", "hub-operator", "partner-admin", "startup", ""])
def test_others_cannot_press_the_button(world: TargetWorld, role: str) -> None:
    world.viewer = principal(role) if role else None
    assert world.press(*GOOD).startswith("Ziele trägt das Controlling der Stadt ein.")
    assert world.reader.recorded == []
    assert world.noted == []


@pytest.mark.parametrize("path", ["/kpi/Z99/target", "/kpi/M01", "/", None, 7])
def test_only_a_kpis_own_page_sets_its_target(world: TargetWorld, path: object) -> None:
    assert world.press(*GOOD, path=path).startswith("Ziele trägt das Controlling")
    assert world.reader.recorded == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (("87.4", "", "", "01.01.2027", "x", "y"), "Ziel: „87.4“ ist keine Zahl; bitte so schreiben: 1.234,5"),
        (("85", "", "viel", "01.01.2027", "x", "y"), "Toleranz: „viel“ ist keine Zahl; bitte so schreiben: 1.234,5"),
        (("85", "", "", "2027", "x", "y"), "Gilt ab: „2027“ ist kein Tag von 2000 bis 2099; bitte so schreiben: 31."),
        (("85", "", "", "30.02.2027", "x", "y"), "Gilt ab: „30.02.2027“ ist kein Tag"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_the_form(world: TargetWorld, said: tuple[str, ...], words: str) -> None:
    assert words in world.press(*said)
    assert world.reader.recorded == []


def test_what_the_book_refuses_is_said_in_the_language_of_the_page(world: TargetWorld) -> None:
    world.trouble = TargetRefused([("value", Text("fehlt", "is missing")), ("why", Text("fehlt", "is missing"))])
    assert world.press(*GOOD) == "Ziel: fehlt Begründung: fehlt"
    assert world.press("85.5", *GOOD[1:], lang="en") == "Target: is missing Reason: is missing"


@pytest.mark.parametrize("trouble", ["book", "trail"])
def test_nothing_is_set_while_store_or_trail_are_away(world: TargetWorld, trouble: str) -> None:
    if trouble == "book":
        world.trouble = StoreUnavailable("locked")
    else:
        world.away = ASKED
    assert world.press(*GOOD).startswith("Nichts wurde eingetragen")
    assert world.reader.recorded == []


def test_a_target_that_is_set_stays_set_when_the_trail_fails_afterwards(world: TargetWorld) -> None:
    world.away = DONE
    assert world.press(*GOOD) == "Eingetragen als Nr. 1."


def test_drawing_the_button_presses_nothing(world: TargetWorld) -> None:
    fields = dict(zip(FIELDS, GOOD, strict=True))
    answer = world.post(call("target-said", "target-save", fields, path="/kpi/M01/target", clicks=None))
    assert answer.status_code == 204
    assert world.reader.recorded == []


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists, max_leaves=5
)


@given(st.lists(JUNK, min_size=6, max_size=6), JUNK)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_browser_sends_is_answered(world: TargetWorld, said: list[object], path: object) -> None:
    assert world.press(*said, path=path)
    assert world.press(*said)


@pytest.mark.parametrize(
    ("lang", "said", "number"),
    [
        ("de", "1.234,5", 1234.5), ("de", "-0,25", -0.25), ("de", "−3", -3.0), ("de", "1234", 1234.0),
        ("de", "12.34", None), ("de", "1,2,3", None), ("de", "", None), ("de", "1e5", None), ("de", "٣", None),
        ("en", "1,234.5", 1234.5), ("en", "12.34", 12.34), ("en", "1.234,5", None), ("en", "NaN", None),
    ],
)  # fmt: skip
def test_numbers_as_the_language_writes_them(lang: Any, said: str, number: float | None) -> None:
    assert number_in(said, lang) == number


def test_days_are_written_in_two_ways() -> None:
    assert date_in("1.2.2027") == date_in("2027-02-01") == date(2027, 2, 1)
    assert [date_in(said) for said in ("20270201", "2027-W05-1", "1.2.27", "01.01.1999", "1.13.2027")] == [None] * 5


def test_a_band_is_read_as_one(world: TargetWorld) -> None:
    band = structs.replace(world.kpi, direction="band")
    found = target_in(Filled("70", "90", "", "01.01.2027", "x", "y"), band, "de")
    assert found == Target(low=70.0, high=90.0, source="x", since=date(2027, 1, 1))
