"""Commands that prove numbers: explain, audit, rebuild, and receipts. `receipt verify` needs no server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue, KpiDefinition
from cityhub.kpi.errors import ReceiptInvalid, StoreUnavailable
from cityhub.kpi.guard import refuse_people
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.auditing import audited, lines
from cityhub.kpi.proof.explain import Contribution, Exclusion, Page
from cityhub.kpi.proof.rebuild import rebuild
from cityhub.kpi.proof.receipt import encode, number_id, parse
from cityhub.kpi.proof.service import Number, ProofReader, number
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.proof.verify import verify
from cityhub.kpi.reader import KpiReader, anchor_of
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import chosen
from cityhub.kpi.values import WindowKind

_FIRST_YEAR, _LAST_YEAR = 1970, 2999


def wanted(reader: KpiReader, kpi: str, window: str, at: str, *, scope: str, dimensions: Sequence[str]) -> Number:
    """The number that options name; without `--at` the newest one.

    Raises:
        UnknownKpi: no such KPI.
        Withheld: the KPI tells of people.
        Misconfigured: no such window, scope or dimension, or `--at` is no instant; or nothing was counted yet.
    """
    definition = reader.catalogue[kpi]
    refuse_people(definition)
    kinds = [kind.value for kind in definition.windows]
    if window and window not in kinds:
        raise Misconfigured(f"--window {window!r}: {kpi} has {', '.join(kinds)}")
    check_scope(definition, scope)
    kind = WindowKind(window) if window else definition.default_window
    dims = dimensions_of(definition, dimensions)
    if at:
        return number(kpi, kind, instant_of("--at", at), scope=scope, dimensions=dims)
    newest = reader.latest(kpi, kind, scope=scope, dimensions=dims)
    if newest is None:
        raise Misconfigured(f"{kpi} {kind}: nothing was counted yet for {scope} {dims or ''}; name a window with --at")
    return number(kpi, kind, anchor_of(newest), scope=scope, dimensions=dims)


def explain(proofs: ProofReader, asked: Number, *, first: int, size: int, excluded: bool, as_json: bool) -> int:
    """Events behind a number; 1 when there are none."""
    found = proofs.page(asked, first=first, size=size, excluded=excluded)
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show(_head(asked, found))
        show(_rows(found.exclusions if excluded else found.contributions))
        shown = first + len(found.contributions) + len(found.exclusions)
        count = found.excluded if excluded else found.counted
        if shown < count:
            show(f"… {count - shown} more: --first {shown}")
    return 0 if found.counted or found.excluded else 1


def _head(asked: Number, found: Page) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in found.reasons.items())
    return (
        f"{asked.kpi} {asked.window} of {asked.anchor:%Y-%m-%d %H:%M} {asked.scope}: {found.counted} events count, "
        f"{found.excluded} do not{f' ({reasons})' if reasons else ''}"
    )


def _rows(items: Sequence[Contribution | Exclusion]) -> str:
    rows = []
    for item in items:
        said = item.reason if isinstance(item, Exclusion) else _adds(item)
        origin = item.origin
        place = f"{origin.topic}/{origin.part}/{origin.off}"
        rows.append((f"{origin.time:%Y-%m-%d %H:%M:%S}", origin.partner, said, place, origin.id, origin.adapter or "?"))
    return table(("TIME (UTC)", "PARTNER", "SAYS", "PLACE IN THE LOG", "ID", "MADE BY"), rows)


def _adds(item: Contribution) -> str:
    parts = [f"{name} {value:+d}" for name, value in item.adds.items()]
    parts += [f"bin {bin_} {count:+d}" for _, bin_, count in item.bins]
    return ", ".join(parts) or "counted"


def issue(proofs: ProofReader, asked: Number, out: Path | None) -> int:
    """Write a receipt."""
    receipt = proofs.receipt(asked)
    if out is None:
        show(encode(receipt).decode().rstrip())
        return 0
    out.write_bytes(encode(receipt))
    show(
        f"receipt {receipt.id[:12]} of number {number_id(receipt)}, {receipt.events} events, is in {out}; check it: "
        f"cityhub receipt verify {out}"
    )
    return 0


def check(file: Path, archive: str, catalogue: Catalogue, key: Path | None) -> int:
    """Verify a receipt; 1 when it does not hold, each difference a line.

    Raises:
        Misconfigured: a file cannot be read.
        ReceiptInvalid: the receipt was changed, or is not signed by the key.
        ArchiveMissing, ArchiveDamaged: the archive does not hold its events as they were written.
    """
    receipt = parse(content_of(file))
    if key is not None:
        if receipt.signature is None:
            raise ReceiptInvalid(f"{file}: signature: there is none, so the key has nothing to check")
        signature.check(receipt.signature, receipt.id, content_of(key).decode(errors="replace"))
    found = verify(receipt, Archive(storage_of(archive), catalogue.contracts), catalogue)
    for difference in found.differences:
        show(f"{file}: {difference}")
    for note in found.notes:
        show(f"note: {note}")
    if found.differences:
        return 1
    signed = "" if key is None else ", signed by the holder of the key"
    value = "unknown" if receipt.value is None else f"{receipt.value:g} {receipt.unit}"
    show(
        f"{receipt.kpi} {receipt.window} {receipt.start:%Y-%m-%d %H:%M} to {receipt.end:%Y-%m-%d %H:%M} UTC "
        f"{receipt.scope}: {value} is proved by {receipt.events} events of the archive{signed}; "
        f"number {number_id(receipt)}"
    )
    return 0


def audit(store: str | Path, archive: str, catalogue: Catalogue, kpis: Sequence[str], *, as_json: bool) -> int:
    """Audit the versions that count, over what is archived now; 1 when anything differs or could not be audited.

    Raises:
        UnknownKpi: no such KPI.
        VersionMissing: the store counts by a version that has no file.
        StoreUnavailable: there is no store.
    """
    database = _open(store)
    try:
        with database.snapshot() as connection:
            counts = catalogue.choosing(chosen(connection))
        plans = [plan_of(counts[kpi]) for kpi in kpis] if kpis else [plan_of(one) for one in counts]
        cut = snapshot(database, plans, JOB)
    finally:
        database.close()
    found = [audited(plan, cut, Archive(storage_of(archive), catalogue.contracts)) for plan in plans]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        show("\n".join(line for one in found for line in lines(one)))
    return 0 if all(one.clean for one in found) else 1


def restore(store: str | Path, archive: str, catalogue: Catalogue) -> int:
    """Make a lost store anew; 1 when topics are missing in the archive.

    Raises:
        ArchiveMissing, ArchiveDamaged, NotAsJudged: what was done stays, and the command may be repeated.
    """
    database = Database(store)
    try:
        plans = [plan_of(one) for one in catalogue]
        found = rebuild(database, plans, Archive(storage_of(archive), catalogue.contracts), JOB, _told)
    finally:
        database.close()
    show(
        f"{found.records} records were counted from the archive into {'the database' if '://' in str(store) else store}"
    )
    for topic in found.missing:
        show(f"{topic} is not in the archive: what it held is not counted")
    return 1 if found.missing else 0


def _told(topic: str, part: int, offset: int) -> None:
    show(f"{topic}/{part} up to offset {offset}")


def _open(store: str | Path) -> Database:
    if isinstance(store, Path) and not store.exists():
        raise StoreUnavailable(f"{store} does not exist: nothing was counted yet; `cityhub up` begins")
    return Database(store, read_only=True)


def content_of(file: Path) -> bytes:
    """Raises Misconfigured when a file cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}") from error


def check_scope(definition: KpiDefinition, scope: str) -> None:
    """Raises Misconfigured when a definition is not counted for a scope."""
    if scope != "city" and "borough" not in definition.scopes:
        raise Misconfigured(f"--scope {scope!r}: {definition.id} is counted for the whole city only")


def dimensions_of(definition: KpiDefinition, given: Sequence[str]) -> dict[str, str]:
    """Values by name from texts `name=value`.

    Raises:
        Misconfigured: a text is none, or the definition has no such dimension.
    """
    found = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or name not in definition.dimensions:
            known = ", ".join(f"{one}=…" for one in definition.dimensions) or "none"
            raise Misconfigured(f"--dimension {text!r}: {definition.id} has {known}")
        found[name] = value
    return found


def instant_of(option: str, text: str) -> datetime:
    """An instant as people write it: a day or a time of Duisburg, or one with an offset.

    Raises:
        Misconfigured: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(
            f"{option} {text!r} is no instant; write 2026-11-24, 2026-11-24T13:00 (time of Duisburg) or with an offset"
        ) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Misconfigured(f"{option} {text!r} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return found if found.tzinfo else found.replace(tzinfo=berlin())
