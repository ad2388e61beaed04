"""`cityhub contract`: writing contracts, judging changes of them, and telling other tools what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import markdown_table, table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.impact import Impact, impact
from cityhub.sdk.contract import Contract, Contracts, parse_contract, unsaid
from cityhub.sdk.draft import draft
from cityhub.sdk.errors import ContractError
from cityhub.sdk.evolution import breaks
from cityhub.sdk.odcs import odcs
from cityhub.sdk.schema import json_schema

_MAX_BYTES = 64 << 20
"""Of a file of samples: more tells nothing new."""
_STREAMS = ("type", "partner", "owner", "cadence", "lateness", "personal data", "key", "topic", "read by")
_STREAMS_PAGE = """# Streams

The {types} event types on {topics} topics, written from [contracts](../contracts.md) by `cityhub contract catalogue`.
Denominators are read by name from `de.duisburg.city.reference.set.v1`.

"""


def listing(catalogue: Catalogue, *, as_json: bool) -> int:
    """Every contract, and the KPIs of which a version reads it."""
    contracts, readers = catalogue.contracts, _readers(catalogue)
    if as_json:
        show(_json([{**msgspec.to_builtins(one), "readers": readers[one.type]} for one in contracts.values()]))
        return 0
    rows = [
        (one.type, one.topic, one.owner, one.status, str(len(one.fields)), one.cadence, _names(readers[one.type]))
        for one in contracts.values()
    ]
    show(table(("TYPE", "TOPIC", "OWNER", "STATUS", "FIELDS", "CADENCE", "READ BY"), rows))
    return 0


def streams(catalogue: Catalogue) -> int:
    """The page of all types, Markdown."""
    readers = _readers(catalogue)
    rows = [
        (
            f"`{one.type}`",
            one.partner,
            one.owner,
            one.cadence,
            one.lateness,
            "personal" if one.personal else "none",
            f"`{one.key}`",
            f"`{one.topic}`",
            _names(readers[one.type]),
        )
        for one in catalogue.contracts.values()
    ]
    topics = {one.topic for one in catalogue.contracts.values()}
    show(_STREAMS_PAGE.format(types=len(rows), topics=len(topics)) + markdown_table(_STREAMS, rows))
    return 0


def lint(files: Sequence[Path], *, as_json: bool) -> int:
    """Every problem of every file; 1 when there is one.

    Raises:
        Misconfigured: a file cannot be read.
    """
    found = {str(file): _problems(file) for file in files}
    if as_json:
        show(_json(found))
    else:
        for name, problems in found.items():
            show("\n".join(problems) or f"{name}: good")
    return 1 if any(found.values()) else 0


def check(file: Path, contracts: Contracts, *, as_json: bool) -> int:
    """A changed contract against the shipped one of its type, and the KPIs that read it; 1 when something breaks.

    Raises:
        Misconfigured: the file cannot be read.
        ContractError: it is no contract.
    """
    new = _of_file(file)
    old = contracts.get(new.type)
    broken = breaks(old, new) if old else []
    readers = impact(new, contracts)
    bad = bool(broken) or any(reader.problems for reader in readers)
    if as_json:
        known = "shipped" if old else "new"
        show(_json({"type": new.type, "is": known, "compatible": not bad, "breaks": broken, "readers": readers}))
    elif old is None:
        show(f"{new.type}: a new type, nothing rests on it")
    else:
        show("\n".join([f"{new.type}: {'breaks' if bad else 'compatible'}", *(f"  {line}" for line in broken)]))
        show(_told(readers))
    return 1 if bad else 0


def reading(what: str, contracts: Contracts, *, as_json: bool) -> int:
    """KPIs that read a contract, by type or in a file; 1 when the one in the file breaks a KPI.

    Raises:
        UnknownContract: no such type.
        Misconfigured, ContractError: the file cannot be read, or is no contract.
    """
    path = Path(what)
    contract = _of_file(path) if path.suffix == ".yaml" or path.is_file() else contracts[what]
    readers = impact(contract, contracts)
    show(_json(readers) if as_json else _told(readers))
    return 1 if any(reader.problems for reader in readers) else 0


def schema(type_: str, contracts: Contracts) -> int:
    """JSON Schema 2020-12 of a type's data.

    Raises:
        UnknownContract: no such type.
    """
    show(_json(json_schema(contracts[type_])))
    return 0


def drafted(samples: Path, type_: str) -> int:
    """A contract that sample messages suggest.

    Raises:
        Misconfigured: the file cannot be read.
        SamplesUnusable: nothing can be read off it.
    """
    show(draft(_bytes(samples), type_).rstrip())
    return 0


def data_contract(type_: str, contracts: Contracts, *, as_json: bool) -> int:
    """A contract as ODCS 3.1.0.

    Raises:
        UnknownContract: no such type.
    """
    contract = contracts[type_]
    purposes = [f"{one.id} {one.name}: {one.question}" for one in impact(contract, contracts)]
    _document(odcs(contract, purposes), as_json=as_json)
    return 0


def channels(contracts: Contracts, *, as_json: bool) -> int:
    """All topics as AsyncAPI 3.1.0."""
    from cityhub.hub.asyncapi import asyncapi
    from cityhub.hub.run.topics import wanted

    _document(asyncapi(contracts, wanted()), as_json=as_json)
    return 0


def _readers(catalogue: Catalogue) -> dict[str, list[str]]:
    """By event type the KPIs of which a version reads it."""
    readers: dict[str, list[str]] = {type_: [] for type_ in catalogue.contracts}
    for kpi in catalogue:
        every = [type_ for one in catalogue.versions(kpi.id) for type_ in one.topics]
        for type_ in dict.fromkeys(every):
            readers[type_].append(kpi.id)
    return readers


def _names(kpis: Sequence[str]) -> str:
    return " ".join(kpis) or "–"


def _problems(file: Path) -> list[str]:
    try:
        return [f"{file}: {problem}" for problem in unsaid(_of_file(file))]
    except ContractError as error:
        return list(error.problems)


def _of_file(file: Path) -> Contract:
    try:
        text = _bytes(file).decode()
    except UnicodeDecodeError as error:
        raise ContractError(f"{file}: not readable as UTF-8: {error}; save it as UTF-8") from error
    return parse_contract(text, str(file))


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            body = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read: {error.strerror}; name a file that is there") from error
    if len(body) > _MAX_BYTES:
        raise Misconfigured(f"{file} has more than {_MAX_BYTES >> 20} MiB; give a part of it")
    return body


def _told(readers: Sequence[Impact]) -> str:
    if not readers:
        return "no KPI reads it"
    rows = [(one.id, str(one.version), one.file, "breaks" if one.problems else "reads", one.name) for one in readers]
    lines = [f"  {problem}" for one in readers for problem in one.problems]
    return "\n".join([table(("KPI", "VERSION", "FILE", "DOES", "NAME"), rows), *lines])


class _Plain(yaml.SafeDumper):
    """Writes everything out, without anchors."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _document(content: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show(_json(content))
    else:
        show(yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120).rstrip())


def _json(content: object) -> str:
    return msgspec.json.format(msgspec.json.encode(content)).decode()
