"""Pure: the rows of a table in the contracts' words, as its mapping file says. Rules: docs/adapters/tables.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from cityhub.adapters.kit.fact import Fact, Reading, utc
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.tabular import values
from cityhub.adapters.tabular.form import EXAMPLE, Form, Table, column_of
from cityhub.adapters.tabular.row import Row
from cityhub.adapters.tabular.sheet import rows
from cityhub.adapters.tabular.told import news
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import Contract
from cityhub.sdk.contract_check import shown
from cityhub.sdk.event import MAX_TEXT, is_short_text

_T = TypeVar("_T")


def read(form: Form, name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says; see `folder_adapter.ReadFile`."""
    table = form.table(name)
    contracts = table.contracts
    lines, noted = rows(name, body, table)
    told = [line if isinstance(line, Reject) else _Line(line, table) for line in lines]
    meant = [line for line in told if isinstance(line, Reject) or line.text(table.key[0]) != EXAMPLE]
    judged = [line if isinstance(line, Reject) else _judged(line, contracts) for line in meant]
    facts = [one for one in judged if isinstance(one, Fact)]
    horizon = timedelta(seconds=max(contract.horizon_s for contract in contracts.values()))
    found, learnt = news(facts, memory, now - horizon)
    return Reading(
        facts=[one for one in found if isinstance(one, Fact)],
        rejects=[one for one in (*judged, *found) if isinstance(one, Reject)],
        memory=learnt,
        noted=noted + Counter(told_before=len(facts) - len(found), example_line=len(told) - len(meant)),
    )


class _Refused(Exception):  # noqa: N818 - of one row
    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.detail)
        self.reject = reject


class _Line(Struct, frozen=True):
    row: Row
    table: Table

    def text(self, column: str) -> str:
        """What the cell says, "" for nothing."""
        text = self.row.cells[column]
        return "" if text in self.table.missing else text

    def must(self, column: str, how: Callable[[str], _T]) -> _T:
        """What it means; it must say something."""
        if text := self.text(column):
            try:
                return how(text)
            except ValueError as error:
                raise _Refused(Reject("value", self.row.place(column), str(error))) from error
        raise _Refused(Reject("missing", self.row.place(column), "is empty; the row means nothing without it"))


def _judged(line: _Line, contracts: Mapping[str, Contract]) -> Fact | Reject:
    try:
        return _fact(line, contracts)
    except _Refused as why:
        return why.reject


def _fact(line: _Line, contracts: Mapping[str, Contract]) -> Fact:
    table = line.table
    type_ = table.type if isinstance(table.type, str) else _type(line, table.type.column, table.type.codes)
    data = _data(line, contracts[type_])
    if found := violations(contracts[type_], data):
        raise _Refused(Reject("contract", line.row.path, "; ".join(found)))
    subject = ":".join(_part(line, part, data) for part in table.subject)
    if not is_short_text(subject):
        raise _Refused(
            Reject("value", line.row.path, f"{shown(subject)} is the subject: {MAX_TEXT} printable characters")
        )
    line.must(table.key[0], str)
    time = line.must(table.time, values.instant)
    return Fact(
        type=type_,
        time=time,
        subject=subject,
        key=(type_, *(_key(line, column, time) for column in table.key)),
        version=line.must(table.version, str) if table.version else "1",
        borough=line.must(table.borough, values.borough) if table.borough and line.text(table.borough) else "",
        data=data,
        path=line.row.path,
    )


def _type(line: _Line, column: str, codes: Mapping[str, str]) -> str:
    return line.must(column, lambda text: values.coded(text, codes))


def _key(line: _Line, column: str, time: datetime) -> str:
    """A date has one spelling: `01.10.2026` of a CSV and `01.10.2026 00:00` of a workbook are the same record."""
    return utc(time) or "" if column == line.table.time else line.text(column)


def _part(line: _Line, part: str, data: Mapping[str, Any]) -> str:
    return str(data[part[1:]]) if part.startswith("$") else line.must(part, str)


def _data(line: _Line, contract: Contract) -> dict[str, Any]:
    data: dict[str, Any] = dict(line.table.constant)
    for name, written in line.table.fields.items():
        column, field = column_of(written), contract.fields[name]
        if line.text(column.column) or not field.optional:
            meant = partial(values.value, field=field, column=column, dialect=line.table.dialect)
            data[name] = line.must(column.column, meant)
    return data
