"""Receipts: all that is needed to compute a number again on another machine, and to see that it is the same.

A receipt is one JSON object. Its id is the SHA-256 of everything in it but id and signature, so no part can be changed
unseen; which events it is of stands in its Merkle root.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.kpi.errors import ReceiptInvalid
from cityhub.kpi.kernel.windows import Window, window_at
from cityhub.kpi.proof.signature import Signature
from cityhub.kpi.values import KpiValue, Label, WindowKind

FORMAT = 1
_NUMBER_ID_DIGITS = 16
Vector = dict[str, dict[int, int]]
"""Last counted offset by topic and partition; −1 = nothing of it."""


class Parts(Struct, frozen=True, forbid_unknown_fields=True):
    """The integers a value is read from, in the definition's order.

    Attributes:
        window: slots over the window's buckets; upto: over all buckets up to its end, [] where nothing is read there.
        bins: (histogram, bin, count).
    """

    window: list[int]
    upto: list[int]
    bins: list[tuple[int, int, int]]


class Used(Struct, frozen=True, forbid_unknown_fields=True):
    """A denominator that was applied, and the event that set it; `valid_from` epoch s, `recorded_ms` epoch ms."""

    name: str
    value: int
    valid_from: int
    recorded_ms: int
    source: str
    event: str


class Receipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number with its proof; attributes that a `KpiValue` has mean the same.

    Attributes:
        engine: meaning version of the engine. tzdata: version of the time-zone rules.
        anchor: start of the window's last step. clock: how far the record had come; a running window is read up to it.
        issued: when the receipt was made. label, reasons, revision: what the hub called the number then.
        events: how many different events support the number; root: Merkle root over their content hashes.
        excluded: records of its sources in the cut and the window that do not count, by reason.
        cursor: which records were looked at.
    """

    format: int = FORMAT
    id: str = ""
    kpi: str
    version: int
    definition_hash: str
    engine: int
    tzdata: str
    window: WindowKind
    start: datetime
    end: datetime
    anchor: datetime
    scope: str
    dimensions: dict[str, str]
    clock: datetime
    issued: datetime
    label: Label
    reasons: tuple[str, ...]
    revision: int
    value: float | None
    unit: str
    numerator: int
    denominator: int
    beside: dict[str, int]
    named: dict[str, float | None]
    coverage: float | None
    parts: Parts
    references: list[Used]
    n: int
    synthetic_n: int
    digest: str
    events: int
    root: str
    excluded: dict[str, int]
    cursor: Vector
    signature: Signature | None = None

    @property
    def place(self) -> Window:
        """The window it is of."""
        return window_at(self.window, int(self.anchor.timestamp()))


def sealed(receipt: Receipt) -> Receipt:
    """The receipt with its id, still unsigned."""
    bare = replace(receipt, id="", signature=None)
    return replace(bare, id=hashlib.sha256(_canonical(bare)).hexdigest())


def number_id(number: KpiValue | Receipt) -> str:
    """A short id of a number, the same for what is published and for all of its receipts, whenever they are issued.

    First 16 hex digits of the SHA-256 of what decides it: KPI, definition, window, place, dimensions, denominators and
    digest of the events. A running window's may also move with the clock alone. "" where the digest is not shown.
    """
    if not number.digest:
        return ""
    kpi, references = (
        (number.kpi, {one.name: one.value for one in number.references})
        if isinstance(number, Receipt)
        else (number.kpi_id, number.references)
    )
    place = (number.window, number.start, number.end, number.scope, number.dimensions)
    decides = msgspec.json.encode(
        (kpi, number.definition_hash, *place, references, number.digest), order="deterministic"
    )
    return hashlib.sha256(decides).hexdigest()[:_NUMBER_ID_DIGITS]


def encode(receipt: Receipt) -> bytes:
    """As a file, for people too."""
    return msgspec.json.format(msgspec.json.encode(receipt)) + b"\n"


def parse(content: bytes) -> Receipt:
    """Read a receipt and check that nothing in it was changed.

    Raises:
        ReceiptInvalid: it was cut, changed, or is of another format; the message names the place.
    """
    try:
        receipt = msgspec.json.decode(content, type=Receipt)
    except msgspec.ValidationError as error:
        raise ReceiptInvalid(f"not a receipt of format {FORMAT}: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReceiptInvalid(f"not readable as JSON: {error}; it was cut or changed, ask for it again") from error
    if receipt.format != FORMAT:
        raise ReceiptInvalid(f"format: {receipt.format} is not known to this version; it reads format {FORMAT}")
    due = sealed(receipt).id
    if receipt.id != due:
        raise ReceiptInvalid(f"id: says {receipt.id[:12]}…, the content hashes to {due[:12]}…; it was changed")
    if (receipt.place.start, receipt.place.end) != (receipt.start.timestamp(), receipt.end.timestamp()):
        raise ReceiptInvalid(
            f"window: a {receipt.window} at {receipt.anchor.isoformat()} is not {receipt.start.isoformat()} to "
            f"{receipt.end.isoformat()}"
        )
    return receipt


def _canonical(receipt: Receipt) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(receipt, str_keys=True), order="deterministic")
