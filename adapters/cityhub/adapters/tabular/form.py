"""Mapping files: what a source's tables hold and how it is written, as data. See docs/adapters/tables.md."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec
import yaml
from msgspec import Struct

from cityhub.adapters.errors import FeedFault, WrongMapping
from cityhub.adapters.kit.source import Source
from cityhub.sdk import plain_yaml
from cityhub.sdk.contract import Contract, load_contracts
from cityhub.sdk.duration import seconds
from cityhub.sdk.errors import ContractError


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a field is written.

    Attributes:
        codes: what is written → what the contract says; anything else is refused. Empty = it is taken as it is.
        times: what a number is multiplied by to be in the contract's unit, `"0.01"` for percent.
    """

    column: str
    codes: dict[str, str] = {}
    times: Decimal = Decimal(1)


WORKBOOK = ".xlsx"
EXAMPLE = "BEISPIEL"
"""Instead of the first part of a key: the line of a template that shows how to write, and is no record."""
_NOT_READ = {
    ".xlsm": "is a workbook with macros, which are refused",
    ".xlsb": "is a binary workbook, which is not read",
    ".xls": "is an old Excel file, which is not read",
    ".ods": "is an OpenDocument table, which is not read",
}
Written: TypeAlias = str | Column
"""The name of a column, or more about it."""


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of file.

    Attributes:
        files: what its files are called, `*` = anything; as a workbook the same with `.xlsx` at the end.
        type: event type of a row, or the column that tells it.
        key: columns that name a row's record together; of a record that is told again as time goes by, its date too.
        version: column of the record's version; a correction has a higher one. "" = records are never corrected.
        subject: columns, or `$field` of the data, joined by a colon.
        time: column of when it happened. borough: column of the Stadtbezirk, "" where the asset register knows.
        fields: how each field of the contract is written. constant: fields that are the same in all rows.
        sheet: of a workbook; "" = the first one whose heading fits.
        missing: what stands where nothing is known, besides nothing. unread: columns that are known and left alone.
    """

    files: str
    type: Written
    key: tuple[str, ...]
    subject: tuple[str, ...]
    time: str
    fields: dict[str, Written]
    version: str = ""
    borough: str = ""
    constant: dict[str, str | int | float | bool] = {}
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    sheet: str = ""
    form: Literal["csv", "jsonl"] = "csv"
    delimiter: Literal[";", ",", "\t"] = ";"
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    numbers: Literal["german", "english"] = "german"

    @property
    def name(self) -> str:
        """What it is called within its source, `wohnungen` of `wohnungen_*.csv`."""
        return self.files.partition("*")[0].strip("_-. ")

    def file(self, what: str, ending: str = "") -> str:
        """The name of a file of it. Args: what: stands for the `*`. ending: else its form's."""
        return f"{self.files.partition('*')[0]}{what}.{ending or self.form}"

    @property
    def workbooks(self) -> str:
        """What its files are called as workbooks."""
        return self.files.rpartition(".")[0] + WORKBOOK

    @property
    def dialect(self) -> str:
        """How numbers are written; JSON has a form of its own."""
        return "english" if self.form == "jsonl" else self.numbers

    @property
    def types(self) -> tuple[str, ...]:
        """Event types of its rows."""
        return (self.type,) if isinstance(self.type, str) else tuple(dict.fromkeys(self.type.codes.values()))

    @property
    def contracts(self) -> Mapping[str, Contract]:
        """Of its types."""
        every = load_contracts()
        return {type_: every[type_] for type_ in self.types}

    @property
    def columns(self) -> dict[str, None]:
        """All columns it reads, in the order in which they are named."""
        parts = (part for part in self.subject if not part.startswith("$"))
        read = (*self.key, self.version, self.time, self.borough, *parts)
        written = (column_of(one).column for one in (*self.fields.values(), self.type) if one not in self.types)
        return dict.fromkeys(name for name in (*read, *written) if name)


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping file.

    Attributes:
        feed, system, format, licence, attribution, made_by: as in `Source`. every, lateness: durations, `31d`.
        title: what it is, for its page. notes: what a reader of its page has to know.
    """

    feed: str
    title: str
    system: str
    format: str
    every: str
    lateness: str
    licence: str
    tables: tuple[Table, ...]
    attribution: str = ""
    made_by: int = 1
    notes: str = ""

    @property
    def source(self) -> Source:
        """The declaration."""
        return Source(
            feed=self.feed,
            system=self.system,
            format=self.format,
            transport="folder",
            event_types=tuple(dict.fromkeys(type_ for table in self.tables for type_ in table.types)),
            interval_s=seconds(self.every),
            lateness_s=seconds(self.lateness),
            licence=self.licence,
            attribution=self.attribution,
            made_by=self.made_by,
        )

    def table(self, name: str) -> Table:
        """What a file holds.

        Raises:
            FeedFault: `unknown_file`.
        """
        for table in self.tables:
            if fnmatchcase(name, table.files) or fnmatchcase(name, table.workbooks):
                return table
        for ending, why in _NOT_READ.items():
            if name.lower().endswith(ending):
                raise FeedFault("unknown_file", f"{name} {why}; save it as {WORKBOOK} and send that")
        known = " or ".join(f"{table.files} ({WORKBOOK} too)" for table in self.tables)
        raise FeedFault("unknown_file", f"{name}: {self.feed} has no such table; its files are called {known}")


def column_of(written: Written) -> Column:
    """With all that is said of it."""
    return Column(column=written) if isinstance(written, str) else written


@cache
def shipped() -> tuple[Form, ...]:
    """All mapping files there are, by feed; whether they fit the contracts is not looked at yet.

    Raises:
        WrongMapping: a file has not the form.
    """
    folder = files("cityhub.adapters.tabular").joinpath("mappings")
    return tuple(
        parse(file.name, file.read_text("utf-8")) for file in sorted(folder.iterdir(), key=lambda one: one.name)
    )


def parse(name: str, text: str) -> Form:
    """Read a mapping file, called `<feed>.yaml`.

    Raises:
        WrongMapping: it has not the form.
    """
    try:
        form = msgspec.convert(plain_yaml.load(text), Form)
        seconds(form.every), seconds(form.lateness)
    except (yaml.YAMLError, msgspec.ValidationError, ContractError) as error:
        raise WrongMapping(f"{name}: {error}; docs/adapters/tables.md shows the form") from error
    if name != f"{form.feed}.yaml":
        raise WrongMapping(f"{name}: feed: {form.feed!r} does not fit the file; call it {form.feed}.yaml")
    return form
