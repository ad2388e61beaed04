"""What is written into each column of a table: for templates, for forms, and for whoever fills them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from cityhub.adapters.tabular.cell import written
from cityhub.adapters.tabular.form import Table, column_of
from cityhub.adapters.tabular.values import BOROUGHS
from cityhub.sdk.contract import Field
from cityhub.sdk.text import Text

Kind: TypeAlias = Literal["text", "integer", "decimal", "boolean", "instant"]
_PLAIN: Mapping[str, str] = {"boolean": "nein", "instant": "01.10.2026", "text": "Beispiel"}


class Entry(Struct, frozen=True, kw_only=True):
    """A column.

    Attributes:
        kind: how it is written. choices: all that may be written; empty = anything of its kind.
        required: a row means nothing without it. example: what a row may say.
        meaning: of the field that it becomes, where it becomes one.
    """

    column: str
    kind: Kind
    required: bool
    example: str
    choices: tuple[str, ...] = ()
    meaning: Text | None = None


def entries(table: Table) -> tuple[Entry, ...]:
    """Of all columns that are read, in their order."""
    found = {entry.column: entry for entry in _of_fields(table)}
    if not isinstance(table.type, str):
        codes = tuple(table.type.codes)
        column = table.type.column
        found[column] = Entry(column=column, kind="text", required=True, example=codes[0], choices=codes)
    if table.borough:
        known = found.get(table.borough)
        found[table.borough] = Entry(
            column=table.borough,
            kind="text",
            required=known is not None and known.required,
            example="Mitte",
            choices=BOROUGHS,
        )
    told = found.get(table.time)
    found[table.time] = Entry(
        column=table.time,
        kind="instant",
        required=True,
        example=_PLAIN["instant"],
        meaning=told.meaning if told else None,
    )
    return tuple(_complete(column, found.get(column), table) for column in table.columns)


def _of_fields(table: Table) -> Iterator[Entry]:
    for name, how in table.fields.items():
        column, fields = column_of(how), [one.fields[name] for one in table.contracts.values() if name in one.fields]
        field = fields[0]
        choices = tuple(column.codes) or field.values
        yield Entry(
            column=column.column,
            kind=field.type,
            required=not all(one.optional for one in fields),
            example=choices[0] if choices else _example(field, column.times, table),
            choices=("ja", "nein") if field.type == "boolean" else choices,
            meaning=field.meaning,
        )


def _complete(column: str, known: Entry | None, table: Table) -> Entry:
    """A column that only names the record, and that a named one must not be empty."""
    named = column in {table.key[0], table.version, *table.subject}
    if known is None:
        return Entry(column=column, kind="text", required=named, example="1" if column == table.version else "x-1")
    return Entry(
        column=column,
        kind=known.kind,
        required=known.required or named,
        example=known.example,
        choices=known.choices,
        meaning=known.meaning,
    )


def _example(field: Field, times: Decimal, table: Table) -> str:
    """The least number that the contract allows, in the column's unit; one where it may be."""
    if field.type not in {"integer", "decimal"}:
        return _PLAIN[field.type]
    low, high = (None if bound is None else Decimal(str(bound)) for bound in (field.min, field.max))
    fits = (low is None or low <= times) and (high is None or times <= high)
    return written(Decimal(1) if fits else (low or Decimal(0)) / times, "," if table.dialect == "german" else ".")
