"""Whether a contract may take another's place: laws that hold for all pairs; single pairs are `test_contract_edits`."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.evolution import breaks, next_type
from tests.unit.sdk.contract_samples import contracts, data, edited
from tests.unit.sdk.sample_contract import contract

MANY = settings(max_examples=400, deadline=None)


def test_nothing_breaks_itself() -> None:
    assert all(breaks(one, one) == [] for one in load_contracts().values())


@given(st.data())
@MANY
def test_whatever_was_right_stays_right(draw: st.DataObject) -> None:
    old = draw.draw(contracts())
    new = draw.draw(edited(old))
    assume(not breaks(old, new))
    said = draw.draw(data(old))
    assert violations(new, said) == []
    assert said.keys() <= new.fields.keys()


@given(st.data())
@MANY
def test_what_suits_the_last_suits_all_before_it(draw: st.DataObject) -> None:
    first = draw.draw(contracts())
    second = draw.draw(edited(first))
    assume(not breaks(first, second))
    third = draw.draw(edited(second))
    assume(not breaks(second, third))
    assert breaks(first, third) == []


def test_a_line_says_place_old_new_harm_and_remedy() -> None:
    (line,) = breaks(contract(), contract("fields.mass_t.max", 10))
    assert line == (
        "fields.mass_t.max: was 12.5, is 10: events that were right would be refused; take it back, or make it a new "
        "type, de.duisburg.wbd.skip.weighed.v2"
    )


def test_bounds_that_say_what_holds_anyway_break_nothing() -> None:
    assert breaks(contract(), contract("fields.revision.max", 2**63 - 1)) == []
    assert breaks(contract(), contract("fields.revision.max", 2**63 - 2)) != []


def test_the_next_type_counts_on() -> None:
    assert next_type("de.duisburg.wbd.skip.weighed.v9") == "de.duisburg.wbd.skip.weighed.v10"
