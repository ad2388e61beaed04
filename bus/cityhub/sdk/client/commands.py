"""What the commands do. Exit codes: 0 well, 1 something was refused or is ill; trouble is raised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import quote

import msgspec

from cityhub.sdk.client.delivery import MOST_EVENTS, Judge, Parcel, Result, parcel_of, rejected
from cityhub.sdk.client.doctor import Doctor, as_text
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.client.lines import Line
from cityhub.sdk.client.session import refusal
from cityhub.sdk.client.show import Printer
from cityhub.sdk.client.spool import Spool
from cityhub.sdk.errors import NotAcknowledged, NotConfigured, RejectedEvent, Undelivered
from cityhub.sdk.event import Event

_REFUSED = 400
_NOT_FOUND = 404
_BEFORE_AND_AFTER = 2


class Tally:
    """Tells what became of each line, and counts."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self.counts: dict[str, int] = {}

    def tell(self, line: int, result: Result) -> None:
        """One line; for people only what is not well."""
        self.counts[result.status] = self.counts.get(result.status, 0) + 1
        well = result.status in {"accepted", "valid"}
        text = "" if well else f"line {line}: {_words(result)}"
        self._printer.say({"line": line, **msgspec.to_builtins(result)}, text.replace("\n", "; "))

    def end(self) -> int:
        """The sum for people. 1 when something was rejected."""
        if not self._printer.as_json:
            self._printer.say(None, ", ".join(f"{count} {name}" for name, count in self.counts.items()) or "no events")
        return 1 if self.counts.get("rejected") else 0


def send(lines: Iterable[Line], publisher: HttpPublisher, printer: Printer) -> int:
    """Send what can be read, batch by batch.

    Raises:
        Undelivered: after what was answered has been told; later lines were not sent.
    """
    tally = Tally(printer)
    for batch in _batches(lines):
        try:
            results = publisher.publish(_events(batch))
        except Undelivered as error:
            _tell(tally, batch, error.results)
            raise
        _tell(tally, batch, results)
    return tally.end()


def validate(lines: Iterable[Line], judge: Judge, printer: Printer) -> int:
    """Judge here, without asking anyone."""
    tally = Tally(printer)
    for line in lines:
        said = line.found if isinstance(line.found, RejectedEvent) else parcel_of(line.found, judge)
        if isinstance(said, Parcel):
            said = Result(id=said.id, status="valid")
        tally.tell(line.number, said if isinstance(said, Result) else rejected("", said))
    return tally.end()


def validate_at_hub(lines: Iterable[Line], publisher: HttpPublisher, printer: Printer) -> int:
    """Let the hub judge. Raises: as `send`."""
    tally = Tally(printer)
    for batch in _batches(lines):
        _tell(tally, batch, publisher.check(_events(batch)))
    return tally.end()


def preview(lines: Iterable[Line], publisher: HttpPublisher, printer: Printer) -> int:
    """Which windows an event would change: the last line, after the version before where two are given.

    Raises:
        NotConfigured: there are no events, or more than two. Undelivered: as `send`.
    """
    found = list(islice(lines, _BEFORE_AND_AFTER + 1))
    if not 0 < len(found) <= _BEFORE_AND_AFTER:
        raise NotConfigured(f"{len(found) or 'no'} events: give one, or the version that counts now and the new one")
    for line in found:
        if isinstance(line.found, RejectedEvent):
            Tally(printer).tell(line.number, rejected("", line.found))
            return 1
    *before, event = _events(found)
    changes = publisher.preview(event, before[0] if before else None)
    for one in changes:
        dims = "".join(f" {name}={value}" for name, value in one.dimensions)
        printer.say(one, f"{one.kpi} {one.window} {one.start.isoformat()} to {one.end.isoformat()} {one.scope}{dims}")
    if not changes and not printer.as_json:
        printer.say(None, "no number would change")
    return 0


def spool_and_send(lines: Iterable[Line], spool: Spool, publisher: HttpPublisher, printer: Printer) -> int:
    """Keep first, then send; that the hub is away is no trouble."""
    tally = Tally(printer)
    for line in lines:
        try:
            if isinstance(line.found, RejectedEvent):
                raise line.found
            spool.put(line.found)
        except RejectedEvent as why:
            tally.tell(line.number, rejected("" if isinstance(line.found, RejectedEvent) else line.found.id, why))
    code = tally.end() if tally.counts else 0
    try:
        return max(code, drain(spool, publisher, printer))
    except NotAcknowledged as error:
        held = msgspec.to_builtins(spool.holding())
        printer.say({**held, "trouble": str(error)}, f"{held['waiting']} events wait in the spool: {error}")
        return code


def drain(spool: Spool, publisher: HttpPublisher, printer: Printer) -> int:
    """Send what waits. Raises: as `send`."""
    done = spool.drain(publisher)
    left = spool.holding().waiting
    told = {"accepted": done.accepted, "rejected": done.refused, "waiting": left}
    more = "; `spool refused` tells why" if done.refused else ""
    printer.say(told, f"{done.accepted} accepted, {done.refused} rejected, {left} waiting{more}")
    return 1 if done.refused else 0


def spool_status(spool: Spool, printer: Printer) -> int:
    """What the spool holds."""
    held = spool.holding()
    text = f"{held.waiting} waiting, {held.refused} refused, {held.bytes} bytes, producer {held.producer}"
    printer.say(held, text)
    return 0


def spool_refused(spool: Spool, printer: Printer, *, forget: bool) -> int:
    """What was refused, and why.

    Args:
        forget: drop what was told.
    """
    told = []
    for one in spool.refused():
        printer.say(one, f"{one.number} {one.at.isoformat()} {_words(one.result)}")
        told.append(one.number)
    if forget:
        spool.forget(told)
    return 0


def page(publisher: HttpPublisher, path: Sequence[str], printer: Printer) -> int:
    """What the hub says under `/v1/partner/…`.

    Raises:
        HubRefused: it says nothing there.
    """
    where = "/v1/partner/" + "/".join(quote(part, safe="") for part in path)
    reply = publisher.get(where)
    if reply.status == _NOT_FOUND:
        printer.say({"found": False}, f"the hub knows nothing at {where}")
        return 1
    if reply.status >= _REFUSED:
        raise refusal(reply, where)
    printer.page(reply.body)
    return 0


def examine(doctor: Doctor, printer: Printer) -> int:
    """Check by check; 1 at the first that fails."""
    found = []
    for check in doctor.checks():
        found.append(check)
        if not printer.as_json:
            printer.say(None, as_text(check))
    ok = all(check.ok for check in found)
    if printer.as_json:
        printer.say({"ok": ok, "checks": found}, "")
    return 0 if ok else 1


def _tell(tally: Tally, batch: Sequence[Line], results: Iterable[Result]) -> None:
    """Results of the events, and refusals of lines that were none, in the order of the lines."""
    answers = iter(results)
    for line in batch:
        found = line.found
        tally.tell(line.number, rejected("", found) if isinstance(found, RejectedEvent) else next(answers))


def _words(result: Result) -> str:
    about = " ".join(word for word in (result.status, result.reason, result.pointer) if word)
    return f"{about}: {result.detail}"


def _events(batch: Sequence[Line]) -> list[Event]:
    return [line.found for line in batch if not isinstance(line.found, RejectedEvent)]


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    all_lines = iter(lines)
    while batch := list(islice(all_lines, MOST_EVENTS)):
        yield batch
