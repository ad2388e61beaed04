"""Both languages are complete, fit together and are written as people write."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import cityhub.dashboard
from cityhub.dashboard.explain import Explained
from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.partner_texts import Own, Todo, Why
from cityhub.dashboard.past_texts import Then
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.statement import Statement
from cityhub.dashboard.texts import T, Wording, t
from cityhub.dashboard.upload_texts import Mend, Up

SPELT_OUT = re.compile(r"\b\w*(?:fuer|ueber|koenn|moegl|waehl|Aend|aender|oeffn|faell|Uebers|Massnahme|groess)\w*")
KEYS: list[Wording] = [*T, *S, *P, *Statement, *Explained, *Own, *Why, *Todo, *Goal, *Plan, *Then, *Up, *Mend, *Box]
ANGLICISMS = re.compile(r"\b(?:Login|Logout|Dashboard|Update|Feed|Link|Button|Score|Live|Tooltip|KPI|Refresh)\w*")


@pytest.mark.parametrize("key", KEYS)
def test_every_text_exists_in_both_languages_with_the_same_parts(key: Wording) -> None:
    german, english = key.value.de, key.value.en
    assert german
    assert german.strip() == german
    assert english
    assert english.strip() == english
    assert parts(german) == parts(english)


@pytest.mark.parametrize("key", KEYS)
def test_german_has_real_umlauts_and_no_anglicisms(key: Wording) -> None:
    assert not SPELT_OUT.search(key.value.de)
    assert not ANGLICISMS.search(key.value.de)


@pytest.mark.parametrize("key", KEYS)
def test_english_is_english(key: Wording) -> None:
    assert not re.search(r"[äöüßÄÖÜ„“]", key.value.en)


def test_parts_are_filled_in() -> None:
    assert t("de", T.OVERDUE, time="14:05 Uhr", age="2 Stunden") == "überfällig seit 14:05 Uhr (2 Stunden)"


def parts(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_is_used() -> None:
    code = "".join(
        file.read_text("utf-8") for file in Path(cityhub.dashboard.__path__[0]).rglob("*.py") if file.name != "texts.py"
    )
    unused = [key for key in KEYS if not re.search(rf"\b{type(key).__name__}\.{key.name}\b", code)]
    assert unused == []
    assert {type(key) for key in KEYS} == set(Wording.__subclasses__())
