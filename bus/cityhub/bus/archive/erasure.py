"""Erasing a subject: who it was goes, what was counted stays.

A value is replaced by one random token wherever it stands, and the token is remembered nowhere. So sums, states and
the number of different values stay what they were, and nobody can tell which subject it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from secrets import token_hex

import polars as pl
import pyarrow as pa

from cityhub.bus.archive.chain import Chain, DataFile, State
from cityhub.bus.archive.columns import UNREAD
from cityhub.bus.archive.parquet import day_of
from cityhub.bus.archive.rows import events_of
from cityhub.bus.archive.storage import Storage
from cityhub.bus.archive.upkeep import read_table, rewrite, vacuum
from cityhub.bus.archive.writer import write_file
from cityhub.sdk.contract import Contract, Contracts

_NAMING = ("partitionkey", "id_text", "correlationid", "causationid", "sequence")
"""Texts of the envelope that may repeat a personal value."""
_PLAIN = ("reason", "borough", "dataschema", "registerversion")
"""Texts of closed sets or of the hub's own, which name nobody."""


class Erasure:
    """One erasure of one subject, over any number of topics.

    Args:
        subject: never written or logged. who, why: stand in the commits, for people.

    Raises:
        ValueError: `who` or `why` holds the subject.
    """

    def __init__(self, storage: Storage, contracts: Contracts, subject: str, *, who: str, why: str) -> None:
        if not subject or subject in f"{who}\n{why}":
            raise ValueError("the subject must not be empty, nor stand in the name or the reason, which are kept")
        self._storage = storage
        self._contracts = contracts
        self._subject = subject
        self._note = f"{who}: {why}"
        self._tokens: dict[str, str] = {}

    def topic(self, topic: str, now_ms: int) -> int:
        """Erase in one topic: first what else is said of the subject is gathered, then every place of it is rewritten.

        The files that held it are deleted at once, those that earlier commits have removed as well; a reader that is
        at work on one is told that it is missing. May be repeated after any error.

        Returns:
            How many rows were changed.

        Raises:
            ArchiveTaken: another process wrote the commit; call again.
        """
        state = Chain(self._storage, topic).state()
        for file, table in self._tables(state):
            self._gather(file, table)
        rows = 0
        add: list[DataFile] = []
        remove: list[DataFile] = []
        for file, table in self._tables(state):
            erased, changed = self._rewritten(file, table)
            if changed:
                rows += changed
                add.append(write_file(self._storage, topic, (file.type, file.day, state.number + 1), erased))
                remove.append(file)
        if remove:
            note = f"{day_of(now_ms)} {self._note} ({rows} rows)"
            rewrite(self._storage, state, remove, add, kind="erase", at_ms=now_ms, note=note)
        vacuum(self._storage, topic, now_ms, grace_ms=0)
        return rows

    def _tables(self, state: State) -> Iterator[tuple[DataFile, pa.Table]]:
        for file in state.files.values():
            yield file, read_table(self._storage, state.topic, file)

    def _contract(self, file: DataFile) -> Contract | None:
        return None if file.type == UNREAD else self._contracts[file.type]

    def _gather(self, file: DataFile, table: pa.Table) -> None:
        """Give a token to every personal value of the subject, and to the subject itself."""
        self._token(self._subject)
        contract = self._contract(file)
        if contract is None:
            return
        rows = pl.DataFrame(table).filter(pl.col("subject") == self._subject)
        for name in _personal(contract, table):
            for value in rows[name].unique().drop_nulls():
                self._token(value)

    def _token(self, value: str) -> str:
        return self._tokens.setdefault(value, f"erased:{token_hex(8)}")

    def _rewritten(self, file: DataFile, table: pa.Table) -> tuple[pa.Table, int]:
        """The table without the subject, and how many rows of it were changed."""
        rows = pl.DataFrame(table)
        contract = self._contract(file)
        texts = [name for name in rows.columns if rows[name].dtype == pl.String and name not in _PLAIN]
        personal = [] if contract is None else _personal(contract, table)
        hit = self._hit(rows, texts, personal)
        places = hit.arg_true().to_list()
        if not places:
            return table, 0
        new: dict[str, dict[int, object]] = {"raw": dict.fromkeys(places)}
        if contract is not None:
            events = events_of(contract, rows.filter(hit))
            new["contenthash"] = {
                at: bytes.fromhex(event.contenthash) for at, event in zip(places, events, strict=True)
            }
            new["erased"] = dict.fromkeys(places, True)
        for name in texts:
            values = rows[name]
            new[name] = {at: self._without(values[at], personal=name in personal or name in _NAMING) for at in places}
        for name, changes in new.items():
            column = table[name].to_pylist()
            for at, value in changes.items():
                column[at] = value
            table = table.set_column(
                table.column_names.index(name), table.field(name), [pa.array(column, table.field(name).type)]
            )
        return table, len(places)

    def _hit(self, rows: pl.DataFrame, texts: list[str], personal: list[str]) -> pl.Series:
        """The rows in which the subject stands, or a personal value of it."""
        inside = [pl.col(name).str.contains(self._subject, literal=True) for name in texts]
        same = [pl.col(name).is_in(list(self._tokens)) for name in personal]
        spellings = {json.dumps(self._subject, ensure_ascii=plain)[1:-1].encode() for plain in (True, False)}
        raw = [pl.col("raw").bin.contains(spelling) for spelling in spellings]
        return rows.select(pl.any_horizontal(*inside, *same, *raw).fill_null(value=False)).to_series()

    def _without(self, value: str | None, *, personal: bool) -> str | None:
        if value is None:
            return None
        if self._subject in value or (personal and value in self._tokens):
            return self._token(value)
        return value


def _personal(contract: Contract, table: pa.Table) -> list[str]:
    names = [f"${name}" for name, field in contract.fields.items() if field.personal and field.type == "text"]
    return [name for name in names if name in table.column_names]
