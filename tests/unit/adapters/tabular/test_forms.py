"""Mapping files: the shipped ones fit their contracts and pages, wrong ones are told by place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.errors import WrongMapping
from cityhub.adapters.tabular.form import Form, parse, shipped
from cityhub.adapters.tabular.form_check import check
from cityhub.adapters.tabular.page import page
from cityhub.sandbox.city.served import SERVED
from cityhub.sdk.contract import load_contracts

DOCS = Path(__file__).parents[4] / "docs" / "adapters"
NAME = "imd.bim.yaml"
GOOD = """
feed: imd.bim
title: Models
system: //imd/models
format: CSV
every: 30d
lateness: 7d
licence: none
tables:
- files: models_*.csv
  type: de.duisburg.imd.building.bim-model-released.v1
  key: [Gebäude]
  subject: [$building]
  time: Stand
  fields: {building: Gebäude, area_m2: {column: Fläche, times: "10000"}}
"""
each = pytest.mark.parametrize("form", shipped(), ids=lambda form: form.feed)


@each
def test_a_shipped_mapping_fits_its_contracts(form: Form) -> None:
    assert check(form) is form
    assert form.feed in ADAPTERS
    assert form.feed in {one.feed for one in SERVED}


@each
def test_a_page_is_the_one_that_is_written_from_the_mapping(form: Form) -> None:
    written = (DOCS / f"{form.feed.replace('.', '-')}.md").read_text("utf-8")
    assert written == page(form), "write it anew: cityhub adapter tables docs/adapters"


def test_a_good_mapping() -> None:
    source = check(parse(NAME, GOOD)).source
    assert (source.partner, source.transport, source.interval_s) == ("imd", "folder", 30 * 86_400)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Models", "titel: Models", r"imd\.bim\.yaml: Object contains unknown field `titel`"),
        ("every: 30d", "every: monthly", "duration 'monthly' is not a whole number with s, min, h or d"),
        ("feed: imd.bim", "feed: imd.models", "'imd.models' does not fit the file; call it imd.models.yaml"),
        ("key: [Gebäude]", "key: Gebäude", r"Expected `array`, got `str` - at `\$.tables\[0\].key`"),
        ("key: [Gebäude]", "key: []", r"tables\[0\]\.key: is empty; name at least one column"),
        ("//imd/models", "//kontor/x", "is none of the partner's; begin it with //imd/"),
        (
            "bim-model-released",
            "bim-model-release",
            "is no event type of imd; write de.duisburg.imd.building.bim-model-rel",
        ),
        ("{building: Gebäude, ", "{", r"fields\.building: missing; .* requires it"),
        ("{building:", "{colour: Farbe, building:", "fields.colour: no field of de.duisburg.imd"),
        ("[$building]", "[$buildings]", r"subject: \$buildings is no field of the table; write building"),
        ("{building: Gebäude", "{building: {column: G, times: 2}", "times: the field is of type text; only numbers"),
        ("models_*.csv", "models_*.xlsx", r"files: 'models_\*.xlsx' is no such file; end it with .csv"),
        ("models_*.csv", "'*.csv'", r"files: '\*.csv' needs a name in small letters and one \*, as list_\*.csv"),
        ("models_*.csv", "models_*_*.csv", "needs a name in small letters and one"),
        ('times: "10000"', "codes: {a: b}", "codes: the field is of type integer; only texts have codes"),
        ("  time:", "  unread: [Stand]\n  time:", "unread: 'Stand' is read"),
        ("  time:", "  constant: {area_m2: -1}\n  time:", r"constant\.area_m2: -1 is less than 0"),
        ("  type: de.duisburg.imd.building.bim-model-released.v1", "  type: {column: Art}", "type: has no codes"),
    ],
)
def test_a_wrong_mapping_is_told_by_place_and_remedy(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(WrongMapping, match=message):
        check(parse(NAME, GOOD.replace(old, new)))


def test_people_and_what_may_be_missing_are_not_for_tables() -> None:
    text = GOOD.replace("imd.bim", "city.voices").replace("//imd", "//city")
    text = text.replace("imd.building.bim-model-released", "city.participation.contribution-submitted")
    text = text[: text.index("  subject:")] + "  subject: [$FIELD]\n  time: S\n  fields: {FIELD: A}"
    contract = load_contracts()["de.duisburg.city.participation.contribution-submitted.v1"]
    personal = next(name for name, field in contract.fields.items() if field.personal)
    with pytest.raises(WrongMapping, match=f"fields.{personal}: is personal; write an adapter of its own"):
        check(parse("city.voices.yaml", text.replace("FIELD", personal)))
    parking = GOOD.replace("imd.bim", "city.p").replace("//imd", "//city")
    parking = parking.replace("imd.building.bim-model-released", "city.parking.ticket-paid")
    parking = parking[: parking.index("  subject:")] + "  subject: [$zone]\n  time: S\n  fields: {zone: Z}"
    with pytest.raises(WrongMapping, match=r"subject: \$zone may be missing"):
        check(parse("city.p.yaml", parking))


def test_every_problem_is_told_at_once() -> None:
    text = GOOD.replace("//imd", "//x").replace("key: [Gebäude]", "key: []")
    with pytest.raises(WrongMapping) as caught:
        check(parse(NAME, text))
    assert len(str(caught.value).splitlines()) == 2


def test_without_a_table_there_is_nothing_to_read() -> None:
    with pytest.raises(WrongMapping, match="tables: is empty"):
        check(parse(NAME, GOOD[: GOOD.index("tables:")] + "tables: []"))


def test_codes_are_what_the_contract_knows() -> None:
    form = next(form for form in shipped() if form.feed == "scdic.usecases")
    assert form.tables[0].types == ("de.duisburg.scdic.usecase.stage-changed.v1",)
    text = GOOD.replace("imd.bim", "scdic.usecases").replace("//imd", "//scdic")
    text = text.replace("imd.building.bim-model-released", "scdic.usecase.stage-changed").replace("$building", "G")
    text = text[: text.index("  fields:")] + "  fields: {usecase: A, stage: {column: S, codes: {Erprobt: pilot}}}"
    with pytest.raises(WrongMapping, match="codes: 'pilot' is not what the contract knows; write piloted"):
        check(parse("scdic.usecases.yaml", text))


def test_two_tables_of_a_source_have_two_names() -> None:
    table = GOOD[GOOD.index("- files") :]
    with pytest.raises(WrongMapping, match=r"tables\[1\].files: 'models' is another table's name, too"):
        check(parse(NAME, GOOD + table.lstrip("\n")))
