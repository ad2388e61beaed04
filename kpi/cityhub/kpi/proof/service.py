"""Proofs for readers: a number opened, its receipt, and what audits say; one service for API, screen and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import structs
from sqlalchemy import Connection, select

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.tail import missing, read_tails
from cityhub.kpi.audited import AuditState
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.guard import told
from cityhub.kpi.kept import Kept
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.evidence import Evidence, Question
from cityhub.kpi.proof.explain import Page, page
from cityhub.kpi.proof.receipt import Receipt
from cityhub.kpi.proof.shares import Share, shares
from cityhub.kpi.proof.stored import vector_of
from cityhub.kpi.proof.verify import receipt_of
from cityhub.kpi.store import audits, schema
from cityhub.kpi.store.clocks import JOB, Clocks
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import chosen
from cityhub.kpi.store.judged import refusals_of
from cityhub.kpi.store.renewal import decode_value
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import KpiValue, WindowKind

KEPT_S = 60.0
"""How long a number that was opened stays as it is, so that its pages fit together."""
_MOST_PAGES = 8
_dims = msgspec.json.Encoder(order="sorted").encode


class Number(msgspec.Struct, frozen=True):
    """A published number.

    Attributes:
        anchor: an instant of the window's last step, such as its start where windows do not overlap.
        dimensions: JSON of a dimension's values by name, `{}` = all.
    """

    kpi: str
    window: WindowKind
    anchor: datetime
    scope: str = "city"
    dimensions: str = "{}"


def number(
    kpi: str, window: WindowKind, anchor: datetime, *, scope: str = "city", dimensions: Mapping[str, str] | None = None
) -> Number:
    """A published number by what readers know of it."""
    return Number(kpi, window, anchor, scope, _dims(dict(dimensions or {})).decode())


class ProofReader(Protocol):
    """What API, screen and commands ask.

    All raise UnknownKpi, ArchiveMissing, ArchiveDamaged, BusUnavailable and StoreUnavailable.
    """

    def page(
        self, wanted: Number, *, first: int = 0, size: int = 100, excluded: bool = False, subject: str = ""
    ) -> Page:
        """Events behind a number, or those that do not count; with `subject` those of one thing."""
        ...

    def shares(self, wanted: Number, known_for: timedelta) -> Sequence[Share]:
        """What each thing adds to a number; those that were heard of so long before its window too (`shares`)."""
        ...

    def receipt(self, wanted: Number) -> Receipt:
        """The receipt of a number, signed where the installation has a key."""
        ...

    def audits(self) -> Sequence[AuditState]:
        """The newest audit of each KPI."""
        ...

    def public_key(self) -> str:
        """The key that checks the receipts' signatures, PEM; "" = they are not signed."""
        ...


class Proofs:
    """`ProofReader` over store, archive and log.

    Args:
        archive: folder or URL.
        access: where the log is; None = what is not archived yet cannot be opened.
        key: the installation's private key, PEM; "" = receipts are not signed.
    """

    def __init__(
        self,
        store: str | Path,
        archive: str | Path,
        catalogue: Catalogue,
        *,
        access: KafkaAccess | None = None,
        key: str = "",
        job: str = JOB,
    ) -> None:
        self._database = Database(store, read_only=True)
        self._archive = archive
        self._catalogue = catalogue
        self._access = access
        self._key = key
        self._job = job
        self._kept = Kept[Number, _Opened](KEPT_S, busy=_busy)

    def page(
        self, wanted: Number, *, first: int = 0, size: int = 100, excluded: bool = False, subject: str = ""
    ) -> Page:
        """See `ProofReader`."""
        with self._kept.turn(wanted, lambda: self._open(wanted)) as opened:
            key = (first, size, excluded, subject)
            if key not in opened.pages:
                while len(opened.pages) >= _MOST_PAGES:
                    del opened.pages[next(iter(opened.pages))]
                opened.pages[key] = page(
                    opened.evidence, opened.archive, first=first, size=size, excluded=excluded, subject=subject
                )
            return opened.pages[key]

    def shares(self, wanted: Number, known_for: timedelta) -> Sequence[Share]:
        """See `ProofReader`."""
        with self._kept.turn(wanted, lambda: self._open(wanted)) as opened:
            if known_for not in opened.shares:
                opened.shares[known_for] = shares(opened.evidence, opened.archive, known_for)
            return opened.shares[known_for]

    def receipt(self, wanted: Number) -> Receipt:
        """See `ProofReader`."""
        with self._kept.turn(wanted, lambda: self._open(wanted)) as opened:
            made = receipt_of(opened.evidence, opened.archive, opened.shown, datetime.now(UTC).replace(microsecond=0))
        return structs.replace(made, signature=signature.sign(self._key, made.id)) if self._key else made

    def audits(self) -> Sequence[AuditState]:
        """See `ProofReader`."""
        with self._database.begin() as connection:
            return [told(state, self._catalogue[state.audit.kpi]) for state in audits.newest(connection)]

    def public_key(self) -> str:
        """See `ProofReader`."""
        return signature.public_key(self._key) if self._key else ""

    def _open(self, wanted: Number) -> _Opened:
        with self._database.snapshot() as connection:
            catalogue = self._catalogue.choosing(chosen(connection))
            plan = plan_of(catalogue[wanted.kpi])
            window = window_at(wanted.window, int(wanted.anchor.timestamp()))
            cut = Cut(wanted.scope, wanted.dimensions)
            clock_s = Clocks(connection, self._job).of(plan.definition).until_s
            question = Question(plan, window, cut, vector_of(connection, self._job), clock_s)
            archive = Archive(storage_of(self._archive), self._catalogue.contracts)
            short = missing(archive, question.cursor)
            verdicts = {
                topic: {part: refusals_of(connection, topic, part, some) for part, some in stretches.items()}
                for topic, stretches in short.items()
            }
            shown = _published(connection, question)
        if short and self._access is not None:
            tails = asyncio.run(read_tails(self._access, archive, short, verdicts))
            archive = Archive(storage_of(self._archive), self._catalogue.contracts, tails)
        return _Opened(Evidence(question, archive), archive, shown)


class _Opened(msgspec.Struct, frozen=True):
    evidence: Evidence
    archive: Archive
    shown: KpiValue | None
    pages: dict[tuple[int, int, bool, str], Page] = {}
    shares: dict[timedelta, Sequence[Share]] = {}


def _busy() -> StoreUnavailable:
    return StoreUnavailable("other numbers are being opened: try again in some seconds")


def _published(connection: Connection, question: Question) -> KpiValue | None:
    row, window = schema.value.c, question.window
    where = (row.kpi == question.plan.definition.id) & (row.window == window.kind.value) & (row.anchor == window.anchor)
    where &= row.version == question.plan.definition.version
    where &= (row.scope == question.cut.scope) & (row.dims == question.cut.dims) & (row.revision > 0)
    payload = connection.scalars(select(row.payload).where(where)).one_or_none()
    return None if payload is None else decode_value(payload)
