"""What is written of pairs, and what of it is their meaning."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.kpi.kernel.measure import (
    Pairs,
    parts_of,
    slots_of,
)
from tests.unit.kpi.language.contracts import definition, of


def test_pairs() -> None:
    written = {"of": "dug", "entity": "@subject", "differ": "$owner", "at": ["$lat", "$lon"], "within_m": 150}
    written |= {"overlap": ["$begin", "$end"]}
    read = of(Pairs, {"pairs": written}, "1", "dug")
    (site,) = read.sites
    assert (read.within_m, read.times, slots_of(read), list(parts_of(read))) == (150, 1, 1, [site.part])
    assert [term.code for term in site.terms[:2]] == ["e.subject", "d.owner"]
    assert (site.latitude.code, site.holds.code, site.until) == ("_scaled(d.lat, 6)", "1", None)
    more = {**written, "holds": {"eq": ["$open", True]}, "until": "$end", "where": {"exists": "$end"}}
    other = of(Pairs, {"pairs": more}, "1", "dug")
    assert other.sites[0].holds.code == "(1 if d.open == True else 0)"
    assert (other.sites[0].until.tree, other.sites[0].part.where.tree) == ("$end", {"exists": "$end"})


@pytest.mark.parametrize(
    "more",
    [
        {"within_m": 151},
        {"differ": "@source"},
        {"entity": "$number"},
        {"at": ["$lat", {"max": ["$lon", "$lon"]}]},
        {"overlap": ["@time", "$end"]},
        {"holds": {"eq": ["$open", True]}},
        {"until": "$end"},
        {"where": {"eq": ["$open", True]}},
    ],
)
def test_everything_pairs_are_made_of_is_part_of_their_meaning(more: Any) -> None:
    written = {"of": "dug", "entity": "@subject", "differ": "$owner", "at": ["$lat", "$lon"], "within_m": 150}
    written |= {"overlap": ["$begin", "$end"]}
    hashes = {definition({"pairs": one}, "dug", unit="1").hash for one in (written, {**written, **more})}
    assert len(hashes) == 2
