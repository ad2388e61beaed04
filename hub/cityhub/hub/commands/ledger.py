"""`cityhub ledger` and `cityhub trace`: what became of the events that came in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from cityhub.hub.access import kafka_access
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.partner import check_name
from cityhub.hub.commands.text import age, table
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.ledger.balance import Balance, Day, Sent
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.kpi.ledger.trace import Counted, Sighting, Traces

_DOES = {
    "counted": "counted",
    "excluded": "refused by the engine",
    "rejected": "refused at the door",
    "unread": "accepted; no KPI reads its topic",
    "waiting-for-gate": "not judged yet: the gate has not come to it",
    "waiting-for-engine": "accepted; the engine has not come to it",
}


def ledger(settings: Settings, partner: str, since: date | None, *, as_json: bool) -> int:
    """Print what the ledger says. Returns: 0 when it balances, else 1."""
    reader = LedgerReader(settings.store)
    if partner:
        check_name(partner)
    wanted = [partner] if partner else reader.partners()
    found = [reader.balance(name, since) for name in wanted]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif not found:
        show("nothing has come in yet")
    for one in [] if as_json else found:
        _tell(one)
    return 1 if any(one.difference for one in found) else 0


def trace(settings: Settings, id_: str, partner: str, *, as_json: bool) -> int:
    """Print every record with an id. Returns: 0 when there is one, else 1."""
    if partner:
        check_name(partner)
    traces = Traces(settings.store, load_catalogue(), kafka_access(settings, load(settings.data)))
    wanted = [partner] if partner else LedgerReader(settings.store).partners()
    found = [asyncio.run(traces.trace(name, id_)) for name in wanted]
    sightings = [sighting for one in found for sighting in one.sightings]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif not sightings:
        show(
            f"no event {id_!r} of {', '.join(wanted) or 'any partner'}: it never came, or longer ago than ids are kept"
        )
    for sighting in [] if as_json else sightings:
        _tell_sighting(sighting)
    return 0 if sightings else 1


def _tell(one: Balance) -> None:
    word = "balances" if not one.difference else f"DIFFERS: {one.difference} events have no verdict"
    show(f"{one.partner}: {word}")
    heads = ("DAY", "STREAM", "DOOR", "SENT", "ACCEPTED", "REJECTED", "COUNTED", "DUPLICATE", "EXCLUDED", "AGAIN")
    show(table(heads, [_day(day) for day in one.days]))
    for why in _reasons(one.days):
        show(why)
    for sender in one.senders:
        if sender.missing or sender.under_way:
            show(_sender(sender))
    show("")


def _day(day: Day) -> tuple[str, ...]:
    numbers = (day.sent, day.accepted, day.rejected, day.counted, day.duplicate, day.excluded, day.again)
    return f"{day.day}", day.stream or "(unreadable)", day.door, *(f"{number:,}" for number in numbers)


def _reasons(days: Sequence[Day]) -> list[str]:
    found = []
    for day in days:
        by = [f"{n:,} {reason}" for reason, n in sorted((day.rejected_by | day.excluded_by).items())]
        by += [f"{day.unread:,} that no KPI reads"] * bool(day.unread)
        by += [f"{day.forgotten:,} read too late to tell counted from repeated"] * bool(day.forgotten)
        if by:
            found.append(f"  {day.day} {day.stream or '(unreadable)'} {day.door}: {', '.join(by)}")
    return found


def _sender(sender: Sent) -> str:
    text = f"  {sender.name}: {sender.sent:,} sent, {sender.under_way:,} under way, {sender.missing:,} missing"
    if sender.missing:
        since = age(datetime.now(UTC) - sender.since) if sender.since else "0 s"
        text += f" for {since} (numbers {sender.missing_numbers})"
    return text


def _tell_sighting(one: Sighting) -> None:
    zone = berlin()
    received = f"{one.received.astimezone(zone):%Y-%m-%d %H:%M:%S}" if one.received else "(only the archive has it)"
    show(f"{received}  {one.topic}/{one.partition}/{one.offset}  {_DOES[one.status]}")
    for name in ("type", "source", "subject", "time", "origin", "trace"):
        if value := getattr(one, name):
            show(f"  {name}: {value}")
    if one.reason:
        show(f"  why: {one.reason}: {one.detail or 'the sender was told; what nobody named is not kept'}")
        show("  what to do: docs/events.md lists the reasons; `cityhub dead-letters` mends and drives in again")
    for counted in one.counts:
        show(f"  counted: {_counted(counted, zone)}")
    for kpi in one.observed:
        show(f"  {kpi}: changes what is known of its entity; what that adds depends on the entity's other events")


def _counted(one: Counted, zone: ZoneInfo) -> str:
    start, end = one.start.astimezone(zone), one.end.astimezone(zone)
    dims = "".join(f" {name}={value}" for name, value in one.dimensions.items())
    return f"{one.kpi} {one.scope or 'city'}{dims} {start:%Y-%m-%d %H:%M}–{end:%H:%M} (+{one.n})"
