"""The page of a source that sends tables, written from its mapping file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cityhub.adapters.tabular.form import Column, Form, Table, Written, column_of
from cityhub.sdk.contract import Field, load_contracts

_DELIMITERS = {";": "semicolon", ",": "comma", "\t": "tab"}
_BY = "Written from `adapters/cityhub/adapters/tabular/mappings/{feed}.yaml` by `cityhub adapter tables`."
_RULES = "How cells are written, what is refused and what is counted: [tables](tables.md)."


def page(form: Form) -> str:
    """Markdown."""
    topics = {load_contracts()[type_].topic for table in form.tables for type_ in table.types}
    to = ", ".join(f"`{topic}`" for topic in sorted(topics))
    parts = [
        f"# {form.title}",
        f"Files in a folder become events of {to}. Feed `{form.feed}`: {form.format}.\n{_BY.format(feed=form.feed)}",
        form.notes.strip(),
        *("\n\n".join(_table(table)) for table in form.tables),
        _RULES,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: Table) -> Iterator[str]:
    yield f"## `{table.files}`"
    yield ". ".join(line[0].upper() + line[1:] for line in _lines(table)) + "."
    yield "\n".join(("| column | field | how |", "|---|---|---|", *_rows(table)))


def _lines(table: Table) -> Iterator[str]:
    if table.form == "jsonl":
        yield "JSON lines in UTF-8, an object per row"
    else:
        yield f"CSV in {table.encoding}, {_DELIMITERS[table.delimiter]} between cells, {table.numbers} numbers"
    named = f", in its sheet {_ticks([table.sheet])}" if table.sheet else ""
    yield f"or the same columns as a workbook, {_ticks([table.workbooks])}{named}"
    if isinstance(table.type, str):
        yield f"event type `{_short(table.type)}`"
    else:
        codes = {code: _short(type_) for code, type_ in table.type.codes.items()}
        yield f"event type by {_ticks([table.type.column])}: {_codes(codes)}"
    version = f", version {_ticks([table.version])}" if table.version else ""
    yield f"key {_ticks(table.key)}{version}, subject {_ticks(table.subject)}, time {_ticks([table.time])}"
    if table.borough:
        yield f"borough by {_ticks([table.borough])}"
    if table.missing:
        yield f"nothing is known where {_ticks(table.missing)} stands"
    if table.unread:
        yield f"never read: {_ticks(table.unread)}"


def _rows(table: Table) -> Iterator[str]:
    fields: dict[str, Field] = {}
    for contract in table.contracts.values():
        fields |= contract.fields
    for name, written in table.fields.items():
        yield f"| {column_of(written).column} | `{name}` | {_how(written, fields[name])} |"
    yield from (f"| – | `{name}` | always `{value}` |" for name, value in table.constant.items())


def _how(written: Written, field: Field) -> str:
    column = column_of(written)
    unit = f" in {field.unit}" if field.unit != "1" else ""
    parts = (f"{field.type}{unit}", "may be empty" if field.optional else "", _times(column), _codes(column.codes))
    return "; ".join(part for part in parts if part)


def _times(column: Column) -> str:
    return f"× {column.times}" if column.times != 1 else ""


def _codes(codes: Mapping[str, str]) -> str:
    return ", ".join(f"{code} = `{value}`" for code, value in codes.items())


def _ticks(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(type_: str) -> str:
    return ".".join(type_.split(".")[3:-1])
