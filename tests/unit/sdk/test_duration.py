"""Durations: what is written is what is meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.sdk.duration import MAX_S, seconds
from cityhub.sdk.errors import ContractError


@pytest.mark.parametrize(
    ("written", "meant"), [("0s", 0), ("30s", 30), ("10min", 600), ("6h", 21_600), ("2d", 172_800), ("36525d", MAX_S)]
)
def test_durations_by_hand(written: str, meant: int) -> None:
    assert seconds(written) == meant


@given(st.integers(0, MAX_S // 86_400), st.sampled_from([("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)]))
def test_every_whole_number_with_a_unit_is_read(number: int, unit: tuple[str, int]) -> None:
    assert seconds(f"{number}{unit[0]}") == number * unit[1]


@pytest.mark.parametrize("written", ["", "30", "s", "-1s", "1.5h", "30 s", "30S", "1m", "1w", "٣s", "1h30min", "30s\n"])
def test_other_forms_are_refused_with_the_right_one(written: str) -> None:
    with pytest.raises(ContractError, match="30s, 10min, 6h or 2d") as refused:
        seconds(written)
    assert repr(written) in str(refused.value)


@pytest.mark.parametrize("written", ["36526d", "3155760001s", "9999999999d"])
def test_more_than_a_hundred_years_is_a_slip(written: str) -> None:
    with pytest.raises(ContractError, match="longer than a hundred years; write at most 36525d"):
        seconds(written)


def test_a_text_of_any_length_is_shown_short() -> None:
    with pytest.raises(ContractError) as refused:
        seconds("9" * 10_000 + "d")
    assert len(str(refused.value)) < 200


@given(st.text(max_size=12).filter(lambda text: not re.fullmatch(r"[0-9]{1,10}(s|min|h|d)", text)))
def test_nothing_else_is_read(written: str) -> None:
    with pytest.raises(ContractError, match="duration"):
        seconds(written)
