"""`cityhub kpi versions` and `activate`: which version of a KPI counts, and deciding on another one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import want
from cityhub.kpi.values import Decision, State

_LONGEST = 500


def listing(reader: KpiReader, kpi_id: str, *, as_json: bool) -> int:
    """A KPI's versions and what was decided about them.

    Raises:
        UnknownKpi: no such KPI.
    """
    versions = reader.catalogue.versions(kpi_id)
    found = reader.decisions(kpi_id)
    counted = [one.version for one in found if one.counts]
    if as_json:
        files = [{"version": one.version, "hash": one.hash, "counts": one.version in counted[-1:]} for one in versions]
        show(msgspec.json.format(msgspec.json.encode({"versions": files, "decisions": found})).decode())
        return 0
    hashes = {one.version: one.hash for one in versions}
    rows = [_row(one, hashes.get(one.version, one.definition_hash), counted) for one in found]
    decided = {one.version for one in found}
    rows += [
        (str(number), hash_[:12], "waiting", "", "", "") for number, hash_ in hashes.items() if number not in decided
    ]
    show(table(("VERSION", "HASH", "STATE", "SINCE", "WHO", "WHY"), rows))
    return 0


def activate(store: str | Path, catalogue: Catalogue, kpi_id: str, version: int, *, who: str, why: str) -> int:
    """Decide that a version is to count; a worker fills it beside the live one and hands over.

    Raises:
        UnknownKpi, NotActivated: the answer is no.
        Misconfigured: nobody, or no reason, is named.
        StoreUnavailable: there is no store.
    """
    for option, words in (("--by", who), ("--why", why)):
        if not words.strip() or len(words) > _LONGEST or not words.isprintable():
            raise Misconfigured(
                f"{option} {words[:40]!r}: say who decides and why, in one line of at most {_LONGEST} characters"
            )
    definition = catalogue.version(kpi_id, version)
    if isinstance(store, Path) and not store.exists():
        raise StoreUnavailable(f"{store} does not exist: start the hub first, so that {kpi_id} is counted")
    database = Database(store)
    try:
        with database.begin() as connection:
            want(connection, definition, who=who.strip(), why=why.strip(), now_ms=int(time.time() * 1000))
    finally:
        database.close()
    show(
        f"{kpi_id} {version} is wanted: a worker counts what the log holds, then it takes the old version's place. "
        f"`cityhub kpi versions {kpi_id}` shows how far it is"
    )
    return 0


def _row(one: Decision, hash_: str, counted: Sequence[int]) -> tuple[str, ...]:
    since = one.active or one.decided
    return (
        str(one.version),
        hash_[:12],
        _state(one, counted),
        f"{since:%Y-%m-%d %H:%M}" if since else "",
        one.who,
        f"{one.why}: {one.detail}" if one.detail else one.why,
    )


def _state(one: Decision, counted: Sequence[int]) -> str:
    if one.state is State.WANTED:
        return f"wanted, {one.done or 0:.0%} counted"
    if one.counts:
        return "counts" if one.version == counted[-1] else "left"
    return one.state.value
