"""Templates: every table has one, its example is a good row as soon as it is no example, and never a record before."""

from __future__ import annotations

import io

import openpyxl
import pytest

from cityhub.adapters.tabular import template
from cityhub.adapters.tabular.entry import entries
from cityhub.adapters.tabular.form import EXAMPLE, Form, Table, shipped
from cityhub.adapters.tabular.mapping import read
from tests.unit.adapters.tabular.test_table import NOW

each = pytest.mark.parametrize(
    ("form", "table"),
    [(form, table) for form in shipped() for table in form.tables],
    ids=lambda one: one.feed if isinstance(one, Form) else one.name,
)


def _meant(body: bytes, table: Table) -> bytes:
    """The template with its example made a record."""
    first = next(one for one in entries(table) if one.column == table.key[0])
    return body.replace(EXAMPLE.encode(), first.example.encode(table.encoding))


@each
def test_the_example_is_a_good_row_and_no_record_until_it_has_a_key(form: Form, table: Table) -> None:
    body = template.plain(table)
    untouched = read(form, table.file("x"), body, {}, NOW)
    assert (list(untouched.facts), list(untouched.rejects), untouched.noted) == ([], [], {"example_line": 1})
    meant = read(form, table.file("x"), _meant(body, table), {}, NOW)
    assert (len(meant.facts), list(meant.rejects), meant.noted) == (1, [], {})


@each
def test_the_workbook_says_the_same(form: Form, table: Table) -> None:
    body = template.workbook(table)
    untouched = read(form, table.file("x", "xlsx"), body, {}, NOW)
    assert (list(untouched.rejects), untouched.noted) == ([], {"example_line": 1})
    book = openpyxl.load_workbook(io.BytesIO(body))
    first = next(one for one in entries(table) if one.column == table.key[0])
    book.active.cell(2, [one.column for one in entries(table)].index(first.column) + 1).value = first.example
    out = io.BytesIO()
    book.save(out)
    (fact,) = read(form, table.file("x", "xlsx"), out.getvalue(), {}, NOW).facts
    (same,) = read(form, table.file("x"), _meant(template.plain(table), table), {}, NOW).facts
    assert (fact.key, fact.data) == (same.key, same.data)


@each
def test_no_cell_of_a_template_is_a_formula_to_a_spreadsheet(form: Form, table: Table) -> None:
    for one in entries(table):
        for said in (one.column, one.example, *one.choices):
            assert not said.startswith(tuple("=+-@\t\r\n＝＋－＠")), (form.feed, said)


def test_what_can_be_chosen_is_offered_and_texts_stay_texts() -> None:
    form = next(one for one in shipped() if one.feed == "wbd.cleanings")
    table = form.tables[0]
    by_column = {one.column: one for one in entries(table)}
    assert by_column["Anlass"].choices == ("Sensor", "Turnus", "Störung")
    assert by_column["Stadtbezirk"].choices[-1] == "Süd"
    assert (by_column["Stadtbezirk"].required, by_column["Auftrag"].required) == (False, True)
    sheet = openpyxl.load_workbook(io.BytesIO(template.workbook(table))).active
    offered = {str(one.sqref)[0]: one.formula1 for one in sheet.data_validations.dataValidation}
    letter = {sheet.cell(1, at).value: sheet.cell(1, at).column_letter for at in range(1, sheet.max_column + 1)}
    assert offered[letter["Anlass"]] == '"Sensor,Turnus,Störung"'
    formats = {name: sheet.column_dimensions[letter[name]].number_format for name in ("Auftrag", "Erledigt am")}
    assert formats == {"Auftrag": "@", "Erledigt am": "dd.mm.yyyy hh:mm"}
