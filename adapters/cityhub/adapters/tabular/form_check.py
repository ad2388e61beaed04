"""Whether a mapping file can work: against the contracts of its types, and in itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from cityhub.adapters.errors import WrongMapping
from cityhub.adapters.tabular.form import Column, Form, Table, column_of
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import Contract, Field, load_contracts
from cityhub.sdk.contract_check import near, shown

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


def check(form: Form) -> Form:
    """The form itself.

    Raises:
        WrongMapping: every problem, a line `<file>: <place>: <value> <problem>; <remedy>` each.
    """
    if found := list(_problems(form)):
        raise WrongMapping("\n".join(f"{form.feed}.yaml: {problem}" for problem in found))
    return form


def _problems(form: Form) -> Iterator[str]:
    partner = form.feed.partition(".")[0]
    if not form.system.startswith(f"//{partner}/"):
        yield f"system: {shown(form.system)} is none of the partner's; begin it with //{partner}/"
    if not form.tables:
        yield "tables: is empty; describe at least one"
    for number, table in enumerate(form.tables):
        if not table.files.endswith(f".{table.form}"):
            yield f"tables[{number}].files: {shown(table.files)} is no such file; end it with .{table.form}"
        if not fnmatchcase(table.file("x"), table.files) or not _NAME.fullmatch(table.name):
            yield f"tables[{number}].files: {shown(table.files)} needs a name in small letters and one *, as list_*.csv"
        if table.name in {one.name for one in form.tables[:number]}:
            yield f"tables[{number}].files: {shown(table.name)} is another table's name, too; call it otherwise"
        yield from (f"tables[{number}].{problem}" for problem in _of_table(partner, table))


def _of_table(partner: str, table: Table) -> Iterator[str]:
    contracts = load_contracts()
    own = [one.type for one in contracts.values() if one.partner == partner and one.status == "active"]
    unknown = [type_ for type_ in table.types if type_ not in own]
    yield from (f"type: {shown(type_)} is no event type of {partner}{near(type_, own)}" for type_ in unknown)
    if not table.types:
        yield "type: has no codes; write which value is which event type"
    for name in ("key", "subject"):
        if not getattr(table, name):
            yield f"{name}: is empty; name at least one column"
    for name in table.unread:
        if name in table.columns:
            yield f"unread: {shown(name)} is read; take it out here or there"
    for part in table.subject:
        if part.startswith("$") and part[1:] not in table.fields:
            yield f"subject: {part} is no field of the table{near(part[1:], table.fields)}"
    for type_ in table.types:
        if type_ not in unknown:
            yield from _of_fields(table, contracts[type_])


def _of_fields(table: Table, contract: Contract) -> Iterator[str]:
    for name in (*table.fields, *table.constant):
        if name not in contract.fields:
            yield f"fields.{name}: no field of {contract.type}{near(name, contract.fields)}"
    for name, field in contract.fields.items():
        if not (field.optional or name in table.fields or name in table.constant):
            yield f"fields.{name}: missing; {contract.type} requires it"
        if field.optional and f"${name}" in table.subject:
            yield f"subject: ${name} may be missing; name a field that {contract.type} requires"
        if name in table.fields:
            yield from _of_column(name, column_of(table.fields[name]), field)
    known = {name: value for name, value in table.constant.items() if name in contract.fields}
    for line in violations(contract, known):
        if (name := line.removeprefix("data.").partition(":")[0]) in known:
            yield f"constant.{name}:{line.partition(':')[2]}"


def _of_column(name: str, written: Column, field: Field) -> Iterator[str]:
    if field.personal:
        yield f"fields.{name}: is personal; write an adapter of its own, for tables show what they refuse"
    if written.codes and field.type != "text":
        yield f"fields.{name}.codes: the field is of type {field.type}; only texts have codes"
    for code in written.codes.values():
        if field.values and code not in field.values:
            yield f"fields.{name}.codes: {shown(code)} is not what the contract knows{near(code, field.values)}"
    if written.times != 1 and field.type not in {"integer", "decimal"}:
        yield f"fields.{name}.times: the field is of type {field.type}; only numbers are multiplied"
