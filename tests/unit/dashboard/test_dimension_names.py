"""Readers see names, not codes: of every dimension, and of every value that a contract enumerates."""

from __future__ import annotations

import pytest

from cityhub.dashboard.dimension_names import dimension_name, dimension_value
from cityhub.kpi.definition import KpiDefinition, load_catalogue
from cityhub.kpi.naming import partner_name
from cityhub.sdk.contract import Field

CATALOGUE = load_catalogue()


def fields(definition: KpiDefinition, dimension: str) -> list[Field]:
    terms = definition.dimensions[dimension].items()
    found = [definition.sources[source].contract.fields.get(str(term.tree).removeprefix("$")) for source, term in terms]
    return [field for field in found if field is not None]


@pytest.mark.parametrize("definition", [one for one in CATALOGUE if one.dimensions], ids=lambda one: one.id)
def test_dimensions_and_their_values_have_names(definition: KpiDefinition) -> None:
    for dimension in definition.dimensions:
        names = [dimension_name(definition, dimension, lang) for lang in ("de", "en")]
        assert all(names)
        assert all(len(name) < 30 for name in names), names  # no sentence of a contract
        for field in fields(definition, dimension):
            for value in field.values or ():
                german = dimension_value(dimension, value, "de")
                assert german[0].isupper() or german != value or german == "online", (dimension, value)


def test_a_value_that_nobody_named_is_shown_as_it_is() -> None:
    assert dimension_value("line", "901", "de") == "901"
    assert dimension_value("medium", "steam", "en") == "steam"
    assert dimension_value("owner", "wbd", "de") == partner_name("wbd", "de") == "WBD"
