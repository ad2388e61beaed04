"""Contributions on a Decidim."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cityhub.adapters.city.participation.mapping import Cursor, read
from cityhub.adapters.city.participation.wire import COMPONENTS, PROPOSALS
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.journals import PSEUDONYMS, everything, rejects, told


class Platform:
    """An adapter's memory beside what a platform answers. Attributes: proposals: by component."""

    def __init__(self, *components: str, at_once: int = 3) -> None:
        self.proposals: dict[str, list[dict[str, Any]]] = {component: [] for component in components}
        self.memory: dict[str, bytes] = {}
        self.questions: list[Cursor] = []
        self._at_once = at_once

    def round(self) -> list[Reading]:
        """All answers until there is nothing more."""
        found, cursor = [], Cursor()
        while True:
            self.questions.append(cursor)
            found.append(self.answered(self._page(cursor) if cursor.component else self._list()))
            if not found[-1].more:
                assert found[-1].cursor == ""
                return found
            cursor = msgspec.json.decode(found[-1].cursor or "", type=Cursor)

    def answered(self, body: object) -> Reading:
        """What an answer says; it is remembered."""
        reading = read(msgspec.json.encode(body), self.memory, PSEUDONYMS)
        for key, value in reading.memory.items():
            self.memory.pop(key, None) if value is None else self.memory.update({key: value})
        return reading

    def _list(self) -> object:
        processes = [
            {"slug": f"verfahren-{id_}", "components": [kind("Meetings", f"9{id_}"), kind("Proposals", id_)]}
            for id_ in self.proposals
        ]
        return {"data": {"participatoryProcesses": processes}}

    def _page(self, asked: Cursor) -> object:
        """Cursors are offsets, as those of Decidim are."""
        start, all_ = int(asked.after or 0), self.proposals[asked.component]
        page = {"hasNextPage": len(all_) > start + self._at_once, "endCursor": str(start + self._at_once)}
        nodes = all_[start : start + self._at_once]
        return {"data": {"component": {"id": asked.component, "proposals": {"pageInfo": page, "nodes": nodes}}}}


def kind(name: str, id_: str) -> dict[str, str]:
    return {"__typename": name, "id": id_}


def proposal(id_: str, author: str | None = "a-1", **more: Any) -> dict[str, Any]:
    by = None if author is None else {"id": author, "name": "Erika Mustermann"}
    return {"id": id_, "publishedAt": "2026-11-20T09:00:00+01:00", "author": by} | more


def keys(readings: list[Reading]) -> list[str]:
    """Which proposals were told."""
    names = {PSEUDONYMS.of("contribution", f"verfahren-{p}", f"b-{n}"): f"b-{n}" for p in "12" for n in range(30)}
    return [names[fact.key[0]] for reading in readings for fact in reading.facts]


def test_names_and_texts_are_not_asked_for() -> None:
    asked = (COMPONENTS + PROPOSALS).replace("__typename", "").lower()
    assert not [word for word in ("name", "title", "body") if word in asked]


def test_the_author_of_a_contribution_is_another_one_in_each_process() -> None:
    platform = Platform("1", "2")
    platform.proposals["1"] = [proposal("b-1"), proposal("b-2"), proposal("b-3", "a-2")]
    platform.proposals["2"] = [proposal("b-4")]
    readings = platform.round()
    facts = [fact for reading in readings for fact in reading.facts]
    names = [fact.data["pseudonym"] for fact in facts]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert [fact.subject for fact in facts] == [fact.data["process"] for fact in facts]
    assert [fact.subject for fact in facts] == ["verfahren-1"] * 3 + ["verfahren-2"]
    assert told(readings[1])[0][1].isoformat() == "2026-11-20T09:00:00+01:00"
    said = " ".join(everything(reading) for reading in readings) + repr(platform.memory)
    assert not [word for word in ("Mustermann", "a-1", "b-1") if word in said]


def test_each_round_tells_what_is_new_and_asks_from_the_newest_page() -> None:
    platform = Platform("2", "1")
    platform.proposals["1"] = [proposal(f"b-{number}") for number in range(7)]
    assert keys(platform.round()) == [f"b-{number}" for number in range(7)]
    platform.questions.clear()
    assert keys(platform.round()) == []
    assert platform.questions == [Cursor(), Cursor("1", "6"), Cursor("2")]
    platform.proposals["1"] += [proposal(f"b-{number}") for number in range(7, 12)]
    platform.proposals["2"] += [proposal("b-20")]
    assert keys(platform.round()) == [*(f"b-{number}" for number in range(7, 12)), "b-20"]


def test_a_proposal_that_is_hidden_hides_no_new_one() -> None:
    platform = Platform("1")
    platform.proposals["1"] = [proposal(f"b-{number}") for number in range(5)]
    platform.round()
    del platform.proposals["1"][1]
    platform.proposals["1"].append(proposal("b-5"))
    assert keys(platform.round()) == ["b-5"]


def test_what_the_city_itself_proposes_is_counted_once() -> None:
    platform = Platform("1")
    platform.proposals["1"] = [proposal("b-1", None), proposal("b-2")]
    assert [reading.noted for reading in platform.round()] == [{}, {"without_author": 1}]
    assert [reading.noted for reading in platform.round()] == [{}, {}]


def test_a_bad_proposal_costs_no_other_and_is_told_once() -> None:
    platform = Platform("1")
    platform.proposals["1"] = [proposal("b-1", publishedAt="gestern"), proposal("b-2"), proposal("", "a-1")]
    _, page = platform.round()
    assert rejects(page) == [("schema", "verfahren-1.new[0].publishedAt"), ("schema", "verfahren-1.new[2].id")]
    assert keys([page]) == ["b-2"]
    assert [rejects(reading) for reading in platform.round()] == [[], []]


def test_processes_that_are_over_are_forgotten() -> None:
    platform = Platform("1", "2")
    platform.round()
    before = len(platform.memory)
    del platform.proposals["1"]
    platform.round()
    assert len(platform.memory) == before - 1


def test_without_processes_a_round_is_short() -> None:
    assert [list(reading.facts) for reading in Platform().round()] == [[]]


def component(**more: Any) -> dict[str, Any]:
    proposals = {"pageInfo": {"hasNextPage": True, "endCursor": None} | more, "nodes": []}
    return {"data": {"component": {"id": "1", "proposals": proposals}}}


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        ({"errors": [{"message": "Field 'x' doesn't exist"}]}, "refused", "Field 'x' doesn't exist"),
        ({"data": None}, "refused", "it said nothing"),
        ({"data": {}}, "parse", "neither participatoryProcesses nor a component"),
        ({"data": {"component": None}}, "parse", "neither participatoryProcesses nor a component"),
        ([], "parse", "is not an answer of Decidim"),
        (component(), "parse", "has a next page, but endCursor is None"),
    ],
)
def test_answers_that_cannot_be_used_are_faults(answer: object, reason: str, said: str) -> None:
    platform = Platform("1")
    platform.round()
    with pytest.raises(FeedFault, match=said) as caught:
        platform.answered(answer)
    assert caught.value.reason == reason


def test_a_component_that_was_not_asked_for_is_a_fault() -> None:
    with pytest.raises(FeedFault, match="component '1', which was not asked for"):
        Platform("2").answered(component())
