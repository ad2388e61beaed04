"""Reading the archive: event frames for questions, and the log's own records for whoever counts them again.

Every file is hashed before it is read, so no answer is made of a byte that was not written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from cityhub.bus.archive.chain import Chain, DataFile, State, archived_topics, read_file
from cityhub.bus.archive.columns import DAY_MS, UNREAD, Refusal, Refusals, schema_of
from cityhub.bus.archive.parquet import unpack, unpack_all
from cityhub.bus.archive.rows import events_of, record_values
from cityhub.bus.archive.storage import Storage
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.event import Event

Vector = Mapping[int, int]
"""Last offset per partition that counts; of partitions that are not named, nothing does."""

_BASE = ("part", "off", "append_ms", "clock_lag_ms", "time_us", "uuid", "id_text", "source", "subject", "borough")
_PROOF = ("synthetic", "digest_hi", "digest_lo", "reason")
EVER = 1 << 62
_RECORDS_AT_ONCE = 20_000
_FILES_AT_ONCE = 64
"""Small files are read together: memory holds the bytes of so many."""


class ArchivedRecord(NamedTuple):
    """A record as the log held it; see `columns.LogRecord`."""

    offset: int
    timestamp: int
    value: bytes | None


class Tail(NamedTuple):
    """What the log holds of a topic beyond the archive, as an archiver would write it.

    Attributes:
        last: last offset per partition. rows: by event type, with the columns of a file.
    """

    last: dict[int, int]
    rows: dict[str, pl.DataFrame]


_NO_TAIL = Tail({}, {})


class Archive:
    """What was archived, and what the log holds beyond it where that is given.

    Args:
        contracts: those the events keep to, retired ones too.
        tails: by topic; frames take them in, `records` does not.
    """

    def __init__(self, storage: Storage, contracts: Contracts, tails: Mapping[str, Tail] | None = None) -> None:
        self.storage = storage
        self.contracts = contracts
        self._tails = tails or {}

    def topics(self) -> list[str]:
        """Topics of which something was archived."""
        return archived_topics(self.storage)

    def state(self, topic: str) -> State:
        """Files and ends of a topic.

        Raises:
            ArchiveDamaged: its commits are not those that were written.
        """
        return Chain(self.storage, topic).state()

    def frame(
        self,
        type_: str,
        *,
        t: tuple[int, int] = (-EVER, EVER),
        upto: Vector | None = None,
        more: Sequence[str] = (),
    ) -> pl.DataFrame:
        """The event frame of a type: one row per record, refused and repeated ones too (docs/archive.md).

        Args:
            t: event times, epoch ms, half-open.
            upto: the cut; None = all that is archived.
            more: further columns of the files.

        Raises:
            ArchiveMissing: the archive does not reach the cut, or has let go of the days.
            ArchiveDamaged: a file is not what was written.
        """
        contract = self.contracts[type_]
        wanted = [*_BASE, *_PROOF, *more, *(f"${name}" for name in contract.fields)]
        return framed(contract, self._cut(type_, t, upto, wanted), more)

    def events(
        self,
        type_: str,
        places: pl.DataFrame,
        *,
        t: tuple[int, int] = (-EVER, EVER),
        upto: Vector | None = None,
    ) -> list[tuple[int, int, Event]]:
        """Partition, offset and event at places of the log, each event proved by its row's digest.

        Args:
            places: columns part and off. Others, and errors, as of `frame`.
        """
        rows = self._cut(type_, t, upto, None).join(places.select("part", "off"), on=("part", "off"), how="semi")
        return list(zip(rows["part"], rows["off"], events_of(self.contracts[type_], rows), strict=True))

    def _cut(self, type_: str, t: tuple[int, int], upto: Vector | None, columns: Sequence[str] | None) -> pl.DataFrame:
        """Rows of a type within a cut, with the columns of a file."""
        contract = self.contracts[type_]
        state, tail = self.state(contract.topic), self._tails.get(contract.topic, _NO_TAIL)
        _check_reach(state, t[0], upto, tail)
        files = [file for file in state.files.values() if file.type == type_ and _overlaps(file, t, upto)]
        empty = pl.DataFrame(schema_of(contract).empty_table())
        empty = empty if columns is None else empty.select(columns)
        if columns is None:
            rows = [self._rows(contract.topic, file, None) for file in files]
        else:
            cuts = range(0, len(files), _FILES_AT_ONCE)
            groups = (files[at : at + _FILES_AT_ONCE] for at in cuts)
            rows = [one for some in groups for one in self._together(contract.topic, some, empty.schema)]
        if type_ in tail.rows:
            rows.append(tail.rows[type_] if columns is None else tail.rows[type_].select(columns))
        return pl.concat([empty, *rows], how="diagonal_relaxed").filter(_within(t, upto))

    def _together(self, topic: str, files: Sequence[DataFile], schema: pl.Schema) -> list[pl.DataFrame]:
        """Rows of files, read at once; one by one where that fails, so that an error names the file."""
        try:
            found = unpack_all([read_file(self.storage, topic, file) for file in files], schema)
        except pl.exceptions.PolarsError:
            found = None
        if found is not None and found.height == sum(file.rows for file in files):
            return [found]
        return [self._rows(topic, file, list(schema)) for file in files]

    def unread(self, topic: str, upto: Vector | None = None) -> pl.DataFrame:
        """Records that no contract reads: `part, off, append_ms, reason, detail, raw`."""
        files = [file for file in self.state(topic).files.values() if file.type == UNREAD]
        empty = pl.DataFrame(schema_of(None).empty_table())
        tail = self._tails.get(topic, _NO_TAIL).rows.get(UNREAD, empty)
        rows = pl.concat([empty, *(self._rows(topic, file, None) for file in files), tail])
        return rows.filter(_reached(upto)).drop("clock_lag_ms")

    def records(self, topic: str, part: int, first: int, last: int) -> Iterator[tuple[list[ArchivedRecord], Refusals]]:
        """A stretch of a partition as the log held it, in offset order and in pieces, with its verdicts.

        Raises:
            ArchiveMissing, ArchiveDamaged: as `frame`; a record of the stretch is missing.
        """
        state = self.state(topic)
        _check_reach(state, None, {part: last}, _NO_TAIL)
        while first <= last:
            until = min(first + _RECORDS_AT_ONCE - 1, last)
            yield self._stretch(state, part, first, until)
            first = until + 1

    def _stretch(self, state: State, part: int, first: int, last: int) -> tuple[list[ArchivedRecord], Refusals]:
        found: list[tuple[ArchivedRecord, Refusal | None]] = []
        for file in state.files.values():
            span = file.spans.get(part)
            if span is None or span.first > last or span.last < first:
                continue
            here = (pl.col("part") == part) & pl.col("off").is_between(first, last)
            found += _restored(self._contract(file), self._rows(state.topic, file, None).filter(here))
        found.sort(key=lambda item: item[0].offset)
        if [item[0].offset for item in found] != list(range(first, last + 1)):
            raise ArchiveMissing(
                f"{state.topic}/{part}: the archive holds {len(found)} of the records {first} to {last}"
                f"{_gone(state)}; restore its files"
            )
        return [record for record, _ in found], {
            record.offset: refusal for record, refusal in found if refusal is not None
        }

    def _contract(self, file: DataFile) -> Contract | None:
        return None if file.type == UNREAD else self.contracts[file.type]

    def _rows(self, topic: str, file: DataFile, columns: Sequence[str] | None) -> pl.DataFrame:
        rows = unpack(read_file(self.storage, topic, file), columns, f"{topic}/{file.path}")
        if rows.height != file.rows:
            text = f"{topic}/{file.path} has {rows.height} rows, written were {file.rows}"
            raise ArchiveDamaged(text, f"{topic}/{file.path}")
        return rows


def framed(contract: Contract, rows: pl.DataFrame, more: Sequence[str] = ()) -> pl.DataFrame:
    """Rows of a file as an event frame."""
    hexed = pl.col("uuid").bin.encode("hex")
    cuts = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))
    uuid = pl.concat_str([hexed.str.slice(*cut) for cut in cuts], separator="-")
    instants = [f"${name}" for name, field in contract.fields.items() if field.type == "instant"]
    return rows.select(
        "part",
        "off",
        "append_ms",
        (pl.col("append_ms") + pl.col("clock_lag_ms")).alias("clock_ms"),
        (pl.col("time_us") // 1000).alias("t"),
        pl.coalesce(uuid, pl.col("id_text")).alias("id"),
        "source",
        "subject",
        "borough",
        *_PROOF,
        *more,
        *(pl.col(f"${name}") // 1000 if f"${name}" in instants else f"${name}" for name in contract.fields),
    )


def _restored(contract: Contract | None, rows: pl.DataFrame) -> list[tuple[ArchivedRecord, Refusal | None]]:
    values = rows["raw"].to_list() if contract is None else record_values(events_of(contract, rows), rows)
    places = rows.select("off", "append_ms", "reason", "detail").iter_rows()
    return [
        (ArchivedRecord(off, append_ms, value), None if reason is None else Refusal(reason, detail or ""))
        for (off, append_ms, reason, detail), value in zip(places, values, strict=True)
    ]


def _overlaps(file: DataFile, t: tuple[int, int], upto: Vector | None) -> bool:
    if file.t[1] < t[0] or file.t[0] >= t[1]:
        return False
    return upto is None or any(span.first <= upto.get(part, -1) for part, span in file.spans.items())


def _within(t: tuple[int, int], upto: Vector | None) -> pl.Expr:
    at = pl.col("time_us") // 1000
    return (at >= t[0]) & (at < t[1]) & _reached(upto)


def _reached(upto: Vector | None) -> pl.Expr:
    """Whether a row is of the cut."""
    if upto is None:
        return pl.lit(value=True)
    last = pl.col("part").replace_strict(list(upto), list(upto.values()), default=-1, return_dtype=pl.Int64)
    return pl.col("off") <= last


def _check_reach(state: State, from_ms: int | None, upto: Vector | None, tail: Tail) -> None:
    ends = {part: end.last for part, end in state.ends.items()} | tail.last
    short = {part: last for part, last in (upto or {}).items() if last > ends.get(part, -1)}
    if short:
        part, last = min(short.items())
        end = ends.get(part, -1)
        raise ArchiveMissing(
            f"{state.topic}/{part} is archived up to offset {end}, asked for is {last}; wait for the archiver, or give "
            "the log as well"
        )
    if from_ms is not None and state.kept_from and from_ms < _midnight_ms(state.kept_from):
        raise ArchiveMissing(
            f"{state.topic}: days before {state.kept_from} were let go, so what lies before cannot be computed again"
        )


def _gone(state: State) -> str:
    return f" (days before {state.kept_from} were let go)" if state.kept_from else ""


def _midnight_ms(day: str) -> int:
    return int(pl.Series([day]).str.to_date().to_physical()[0]) * DAY_MS


def last_offsets(state: State, parts: Collection[int]) -> dict[int, int]:
    """The archive's own cut over partitions, −1 where it has nothing."""
    return {part: state.ends[part].last if part in state.ends else -1 for part in parts}
