"""Making receipts, and computing their numbers again: on any machine that has the archive's files and this package."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import msgspec
import polars as pl
import tzdata

from cityhub.kpi.definition import ENGINE_MEANING, Catalogue
from cityhub.kpi.errors import UnknownKpi
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.proof.evidence import EventSource, Evidence, Question
from cityhub.kpi.proof.merkle import root_of
from cityhub.kpi.proof.receipt import Parts, Receipt, Used, sealed
from cityhub.kpi.store.sheet import Cut, flat
from cityhub.kpi.store.windows import slots
from cityhub.kpi.values import KpiValue, Label
from cityhub.sdk.event import Event

_canonical = msgspec.json.Encoder(order="sorted").encode


class ProofSource(EventSource, Protocol):
    """Frames, and the events themselves; `bus.archive.reader.Archive` is the real one."""

    def events(
        self, type_: str, places: pl.DataFrame, *, t: tuple[int, int] = ..., upto: dict[int, int] | None = ...
    ) -> list[tuple[int, int, Event]]: ...


class Findings(NamedTuple):
    """What computing a receipt's number again gave.

    Attributes:
        differences: one line each: place, what the receipt says, what was found; empty = the number is proved.
        notes: what could not be compared, or is of no consequence.
    """

    differences: list[str]
    notes: list[str]


def receipt_of(evidence: Evidence, source: ProofSource, shown: KpiValue | None, issued: datetime) -> Receipt:
    """The receipt of a number, unsigned.

    Args:
        shown: what is published of the window; its label holds as long as it is the same number.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    question, figures = evidence.question, evidence.figures
    definition, window = question.plan.definition, question.window
    same = shown is not None and (shown.digest, shown.value) == (figures.digest, figures.value)
    return sealed(
        Receipt(
            kpi=definition.id,
            version=definition.version,
            definition_hash=definition.hash,
            engine=ENGINE_MEANING,
            tzdata=tzdata.IANA_VERSION,
            window=window.kind,
            start=_instant(window.start),
            end=_instant(window.end),
            anchor=_instant(window.anchor),
            scope=question.cut.scope,
            dimensions=msgspec.json.decode(question.cut.dims, type=dict[str, str]),
            clock=_instant(question.clock_s),
            issued=issued,
            label=shown.label if shown is not None and same else Label.PROVISIONAL,
            reasons=shown.reasons if shown is not None and same else (),
            revision=shown.revision if shown is not None and same else 0,
            unit=definition.unit,
            cursor=question.cursor,
            **_computed(evidence, source),
        )
    )


def verify(receipt: Receipt, source: ProofSource, catalogue: Catalogue) -> Findings:
    """Compute a receipt's number again and compare everything that stands in it.

    Raises:
        ArchiveMissing, ArchiveDamaged: the archive does not hold the receipt's events as they were written.
    """
    try:
        definition = catalogue.version(receipt.kpi, receipt.version)
    except UnknownKpi as error:
        return Findings([f"kpi: {error}; use a package that has it"], [])
    differences = list(_definition_differs(receipt, definition.hash))
    if differences:
        return Findings(differences, [])
    notes = (
        []
        if receipt.tzdata == tzdata.IANA_VERSION
        else [f"tzdata: {receipt.tzdata} then, {tzdata.IANA_VERSION} here; the window has the same bounds in both"]
    )
    cut = Cut(receipt.scope, _canonical(receipt.dimensions).decode())
    clock_s = int(receipt.clock.timestamp())
    question = Question(plan_of(definition), receipt.place, cut, receipt.cursor, clock_s)
    found = _computed(Evidence(question, source), source)
    for name, value in found.items():
        said = getattr(receipt, name)
        if said != value:
            differences += _told(name, said, value)
    return Findings(differences, notes)


def _computed(evidence: Evidence, source: ProofSource) -> dict[str, Any]:
    """All of a receipt that follows from the events."""
    totals, figures = evidence.totals, evidence.figures
    has_prefix = evidence.question.plan.has_prefix
    hashes = list(content_hashes(evidence, source))
    return {
        **{name: value for name, value in figures._asdict().items() if name != "references"},
        "parts": Parts(list(slots(totals.vector)), list(slots(totals.prefix)) if has_prefix else [], flat(totals.bins)),
        "references": [
            Used(name, row.value, row.valid_from, row.recorded_ms, row.source, row.id)
            for name, row in evidence.references.items()
            if row is not None
        ],
        "events": len(hashes),
        "root": root_of(hashes),
        "excluded": dict(sorted(Counter(evidence.excluded()["reason"]).items())),
    }


def content_hashes(evidence: Evidence, source: ProofSource) -> Iterator[bytes]:
    """Content hashes of the events that support a number, each hashed anew from what the archive holds."""
    for (type_,), places in evidence.supporting.group_by("type", maintain_order=True):
        upto = evidence.question.vector.get(evidence.question.topics[str(type_)], {})
        for _, _, event in source.events(str(type_), places, upto=dict(upto)):
            yield bytes.fromhex(event.contenthash)


def _definition_differs(receipt: Receipt, hash_: str) -> Iterator[str]:
    if receipt.engine != ENGINE_MEANING:
        yield f"engine: the receipt is of meaning {receipt.engine}, this package computes meaning {ENGINE_MEANING}"
    elif receipt.definition_hash != hash_:
        yield (
            f"definition_hash: {receipt.definition_hash[:12]}… in the receipt, {hash_[:12]}… for {receipt.kpi} version "
            f"{receipt.version} of this package; use the package that the receipt was issued with"
        )


def _told(name: str, said: Any, found: Any) -> list[str]:
    if isinstance(said, Parts):
        pairs = [(f"parts.{part}", getattr(said, part), getattr(found, part)) for part in ("window", "upto", "bins")]
        return [f"{part}: {one} in the receipt, {other} from the events" for part, one, other in pairs if one != other]
    return [f"{name}: {msgspec.to_builtins(said)} in the receipt, {msgspec.to_builtins(found)} from the events"]


def _instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
