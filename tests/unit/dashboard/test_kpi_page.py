"""The page of one KPI by state of its number: value, sentence, trust, chart and tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from cityhub.dashboard.address import parse
from cityhub.dashboard.components.chart import figure, sentence
from cityhub.dashboard.pages.series import series_in
from cityhub.kpi.values import Label, WindowKind
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text, view
from tests.unit.dashboard.world import NOW, World, feed, value


def body(world: World, query: str = "", lang: str = "de") -> object:
    return page(world, "/kpi/M01", query, lang).body


def test_value_of_yesterday_and_of_today_so_far(world: World) -> None:
    drawn = body(world)
    assert read(drawn, "kpi-period") == "gestern"
    assert read(drawn, "kpi-value") == "84,7 %"
    assert read(drawn, "kpi-status") == "ohne Ziel"
    assert read(drawn, "kpi-running") == "84,9 %"
    assert read(drawn, "kpi-running-label") == "vorläufig"
    assert "kpi-label" not in ids(drawn), "what is final is not labelled"
    assert read(drawn, "kpi-beside") == "Ausgefallene Fahrten: 1"


@pytest.mark.parametrize(("label", "word"), [(Label.PROVISIONAL, "vorläufig"), (Label.CORRECTED, "korrigiert")])
def test_labels_are_said(world: World, label: Label, word: str) -> None:
    yesterday = world.reader.latest("M01", WindowKind.DAY, ended_by=NOW)
    assert yesterday
    world.reader.put([structs.replace(yesterday, label=label)])
    assert read(body(world), "kpi-label") == word


def test_without_a_complete_day_the_running_one_stands_for_the_kpi() -> None:
    world = World(hours=6)
    drawn = body(world)
    assert read(drawn, "kpi-period") == "heute bisher"
    assert read(drawn, "kpi-label") == "vorläufig, unvollständig"
    assert "Unvollständig: erfasst erst ab 23.11.2026 08:00 Uhr." in text(drawn)


def test_an_unknown_value_is_unknown_and_not_zero(world: World) -> None:
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=1), (0, 0))])
    assert read(body(world), "kpi-value") == "unbekannt"


def test_no_data_at_all() -> None:
    drawn = body(World(hours=0))
    assert read(drawn, "kpi-value") == "Noch keine Daten"
    assert "Für diesen Zeitraum liegen keine Daten vor." in text(drawn)
    assert "Datenstand: noch keine Daten · Quelle: DVV · erwartet alle 30 s" in text(drawn)
    assert "series-chart" not in ids(drawn)


def test_the_trust_column_counts_and_dates(world: World) -> None:
    drawn = body(world)
    assert read(drawn, "trust-counted") == "9.379 Abfahrten gezählt, 7.944 davon erfüllen die Bedingung."
    assert "Revision 3, berücksichtigt alle Meldungen bis 00:09 Uhr" in read(drawn, "trust-basis")
    assert read(drawn, "kpi-freshness") == "Datenstand: 23.11.2026 14:04 Uhr · Quelle: DVV · erwartet alle 30 s"
    assert "Alle 9.380 gezählten Ereignisse stammen aus einer Simulation." in read(drawn, "kpi-simulation")
    assert world.kpi.hash in read(drawn, "definition-hash")
    assert world.kpi.formula.de in text(drawn)


def test_partly_simulated_numbers_say_how_much(world: World) -> None:
    yesterday = world.reader.latest("M01", WindowKind.DAY, ended_by=NOW)
    assert yesterday
    world.reader.put([structs.replace(yesterday, synthetic_n=12)])
    assert "12 von 9.380 gezählten Ereignissen" in read(body(world), "kpi-simulation")


def test_overdue_data_are_a_warning(world: World) -> None:
    world.feeds = [feed(NOW, checkpoint_at=NOW - timedelta(minutes=13))]
    assert "überfällig seit 13:52 Uhr (12 Minuten)" in read(body(world), "kpi-freshness")


def test_trend_in_words_with_its_rule() -> None:
    world = World(hours=24 * 5)
    assert "Noch kein Vergleich" not in text(body(world))
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=2), (800, 1000))])
    assert read(body(world), "kpi-trend").startswith("+4,7 Pkt. zum Vortag (besser)")
    assert "ab 0,5 Pkt." in read(body(world), "kpi-trend")
    assert "No comparison" in read(body(World(), lang="en"), "kpi-trend")


def test_gaps_stay_gaps_and_the_provisional_end_is_dashed(world: World) -> None:
    drawn = figure(series_in(view(world), world.kpi, "48h"))
    solid, dashed, last, *_ = drawn.data
    assert len(solid.y) == 48
    assert [list(solid.y)[at] for at in (11, 12)] == [None, None], "nothing departs at night"
    assert solid.connectgaps is None
    assert list(solid.y)[-2:] == [None, None]
    assert [number is not None for number in dashed.y] == [False] * 45 + [True] * 3, "joined to the last settled hour"
    assert last.x == (47,)
    assert drawn.layout.annotations[0].text.replace("\u00a0", " ") == "<b>85,3 %</b>"


def test_a_value_between_gaps_is_a_dot(world: World) -> None:
    lonely = World(hours=0)
    lonely.reader.put([value(WindowKind.HOUR, NOW - timedelta(hours=5), (0, 10))])
    solid = figure(series_in(view(lonely), lonely.kpi, "48h")).data[0]
    assert [number for number in solid.y if number is not None] == [0.0], "a zero is a value"
    assert max(solid.marker.size) == 5


def test_a_small_range_is_not_blown_up(world: World) -> None:
    low, high = figure(series_in(view(World(hours=24 * 30)), world.kpi, "30d")).layout.yaxis.range
    assert high - low >= 10


def test_the_chart_has_its_sentence(world: World) -> None:
    words = sentence(series_in(view(world), world.kpi, "48h")).replace("\u00a0", " ")
    assert words.startswith("Pünktlichkeit der DVG, 48 Stunden: zuletzt 85,3 % (14–15 Uhr, bisher), höchster Wert")
    assert words.endswith("In 6 von 48 Abschnitten liegen keine Daten vor. Gestrichelt: vorläufig.")
    assert read(body(world), "series-sentence") == words


def test_nothing_of_a_chart_leaves_the_house(world: World) -> None:
    config = by_id(body(world), "series-chart")["props"]["config"]
    assert config["displayModeBar"] is False
    assert config["showSendToCloud"] is False
    assert config["displaylogo"] is False


def test_the_table_twin_has_the_numbers_of_the_chart(world: World) -> None:
    drawn = body(world)
    numbers = [number for number in figure(series_in(view(world), world.kpi, "48h")).data[0].y if number is not None]
    rows = [node for node in nodes(by_id(drawn, "series-rows")) if node["type"] == "TableTr"]
    assert len(rows) == len(numbers) + 2
    assert text(rows[0]) == "23.11.2026, 14–15 Uhr 85,3 593 1 vorläufig · Simulation"
    assert text(rows[2]).split()[3] == f"{numbers[-1]:.1f}".replace(".", ",")


@pytest.mark.parametrize(
    ("query", "first"), [("", "901"), ("lines=-period", "U79"), ("lines=value", "NE1"), ("lines=-value", "901")]
)
def test_lines_can_be_sorted(world: World, query: str, first: str) -> None:
    drawn = body(world, query)
    rows = [text(node).split()[0] for node in nodes(by_id(drawn, "lines-rows")) if node["type"] == "TableTr"]
    assert rows[0] == first
    assert sorted(rows) == sorted(["901", "903", "U79", "917", "923", "937", "942", "NE1"])


def test_the_sorted_column_says_so_and_turns_at_the_next_click(world: World) -> None:
    drawn = body(world, "lines=-value")
    assert by_id(drawn, "lines-head-value")["props"]["aria-sort"] == "descending"
    assert by_id(drawn, "lines-head-period")["props"]["aria-sort"] == "none"
    turned = by_id(drawn, "lines-sort-value")["props"]["href"]
    assert parse(*turned.split("?")).lines.text == "value"  # type: ignore[union-attr]


def test_hostile_names_of_lines_stay_text(world: World) -> None:
    name = '<img src=x onerror="alert(1)">'
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=1), (1, 2), line=name)])
    assert name in text(body(world))
    assert all(node["props"].get("dangerously_allow_html") is None for node in nodes(body(world)))


def test_nothing_unfinished_is_shown(world: World) -> None:
    words = shown(world, "/kpi/M01")
    assert not {"Nachweis", "Stadtbezirk", "nachrechnen", "None", "nan"} & set(words.split())


def test_the_data_page_names_every_trouble(world: World) -> None:
    assert "aktuell" in shown(world, "/data")
    world.feeds = [
        feed(NOW, checkpoint_at=NOW - timedelta(hours=2), error="timeout", failed_at=NOW, rejected={"shape": 3})
    ]
    words = shown(world, "/data")
    assert "überfällig seit" in words
    assert "letzter Abruf fehlgeschlagen um 14:05 Uhr" in words
    assert "3 Meldungen der Quelle unlesbar" in words
    assert "kein Lebenszeichen" not in words
    world.feeds = [feed(NOW, seen_at=NOW - timedelta(minutes=4))]
    assert "kein Lebenszeichen des Abrufs seit 14:01 Uhr" in shown(world, "/data")
    assert "timeout" not in words, "reasons can name systems inside the partner"
