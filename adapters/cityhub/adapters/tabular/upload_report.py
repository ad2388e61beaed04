"""What a file would lead to, before it is handed over: counts, and refusals grouped by what repairs them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.feed import event_of
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.tabular.form import Form
from cityhub.adapters.tabular.mapping import read
from cityhub.adapters.tabular.told import mark_of
from cityhub.sdk.contract import load_contracts

SHOWN = 5
"""Places of a finding, and the longest text of one."""
_LONGEST = 300
_MOST_FINDINGS = 50
_VERSIONS, _DIGITS = 50, 9
"""So many versions before a record's own are looked for, where it is a number of so many digits at most."""
_IN_TEXT = re.compile(r", column (.+)$")
_IN_CELL = re.compile(r", cell [A-Z]{1,3}[0-9]{1,7} \((.+)\)$")
_FIELD = re.compile(r"data\.(?P<field>[a-z0-9_]{1,60}):")


class Finding(Struct, frozen=True, kw_only=True):
    """Refusals that one repair mends.

    Attributes:
        reason: machine word. column: or field, "" where it is about lines or the file. rows: how many.
        detail: of the first, value and rule. places: the first few.
    """

    reason: str
    column: str
    rows: int
    detail: str
    places: tuple[str, ...]


class Report(Struct, frozen=True, kw_only=True):
    """What a file holds.

    Attributes:
        new: records that were never told. changed: higher versions of those that were. known: rows that were told.
        refused: rows. findings: why. noted: what else was counted, `unknown_column` …
        compared: it was looked up what was told before; else all counts as new.
        usable: the file can be read.
    """

    new: int = 0
    changed: int = 0
    known: int = 0
    refused: int = 0
    findings: tuple[Finding, ...] = ()
    noted: Mapping[str, int] = {}
    compared: bool = True
    usable: bool = True

    @property
    def worth(self) -> bool:
        """Whether there is something to hand over."""
        return self.usable and self.new + self.changed > 0


def report(form: Form, name: str, body: bytes, memory: Mapping[str, bytes] | None, now: datetime) -> Report:
    """Judge a file as the adapter and the door will; asset registers are not asked.

    Args:
        memory: of the feed; None = it cannot be read.
    """
    try:
        reading = read(form, name, body, memory or {}, now)
    except FeedFault as fault:
        found = Reject(f"file_{fault.reason}", "", str(fault))
        return Report(findings=_grouped([found]), compared=memory is not None, usable=False)
    contracts = load_contracts()
    judged = [(fact, event_of(fact, form.source, contracts, now, synthetic=False)) for fact in reading.facts]
    good = [fact for fact, event in judged if not isinstance(event, Reject)]
    rejects = [*reading.rejects, *(event for _, event in judged if isinstance(event, Reject))]
    told = {*(memory or {})}
    changed = 0
    for fact in good:
        changed += _supersedes(fact, told)
        told.add(fact.mark)
    noted = dict(reading.noted)
    known = noted.pop("told_before", 0)
    return Report(
        new=len(good) - changed,
        changed=changed,
        known=known,
        refused=len(rejects),
        findings=_grouped(rejects),
        noted=noted,
        compared=memory is not None,
    )


def _supersedes(fact: Fact, told: set[str]) -> bool:
    if not fact.version.isdecimal() or len(fact.version) > _DIGITS:
        return False
    own = int(fact.version)
    return any(mark_of(replace(fact, version=str(before))) in told for before in range(max(0, own - _VERSIONS), own))


def _grouped(rejects: Iterable[Reject]) -> tuple[Finding, ...]:
    """The most frequent first."""
    groups: dict[tuple[str, str], list[Reject]] = {}
    for one in rejects:
        found = _IN_TEXT.search(one.path) or _IN_CELL.search(one.path) or _FIELD.search(one.detail)
        groups.setdefault((one.reason, found[1] if found else ""), []).append(one)
    findings = [
        Finding(
            reason=reason,
            column=column,
            rows=len(some),
            detail=some[0].detail[:_LONGEST],
            places=tuple(one.path[:_LONGEST] for one in some[:SHOWN] if one.path),
        )
        for (reason, column), some in groups.items()
    ]
    return tuple(sorted(findings, key=lambda one: -one.rows)[:_MOST_FINDINGS])
