"""A reader's own area: what can be written, and what stands for everything."""

from __future__ import annotations

import pytest

from cityhub.dashboard.area import Area


@pytest.mark.parametrize("area", [Area(), Area("dvv"), Area("", "wohnen"), Area("gebag", "e-government")])
def test_an_area_survives_its_text(area: Area) -> None:
    assert Area.parse(area.text) == area


@pytest.mark.parametrize("text", ["", "nobody", "dvv.gebag", "wohnen.dvv", "dvv.", ".", "all.dvv", None, 3, ["dvv"]])
def test_what_is_no_area_is_none(text: object) -> None:
    assert Area.parse(text) is None
