"""What a changed contract does to the KPIs that read it: each is read again, with it in place of the old one."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition, definition_files, parse_definition
from cityhub.kpi.errors import DefinitionError
from cityhub.sdk.contract import Contract, Contracts, load_contracts


class Impact(Struct, frozen=True):
    """One version of a KPI that reads events of the contract's type.

    Attributes:
        file: of the definition, below the folder of definitions.
        question: what it is for, in English.
        problems: why it cannot go on with the contract, each with file, place, value and remedy; empty = it can.
    """

    id: str
    version: int
    file: str
    name: str
    question: str
    problems: tuple[str, ...] = ()


def impact(
    contract: Contract, contracts: Contracts | None = None, definitions: Traversable | None = None
) -> list[Impact]:
    """Every version of every KPI that reads the contract's type, and what breaks it.

    Args:
        contract: shipped, changed or new.
        contracts: what definitions are right by now (default: the hub's own).
        definitions: their folder (default: the hub's own).

    Raises:
        DefinitionError: a definition is wrong already.
    """
    known = load_contracts() if contracts is None else contracts
    changed = Contracts([*(one for one in known.values() if one.type != contract.type), contract])
    found = []
    for where, text in definition_files(definitions):
        now = parse_definition(text, where, known)
        if contract.type in now.topics:
            problems = _problems(now, text, where, changed)
            found.append(Impact(now.id, now.version, where, now.name.en, now.question.en, problems))
    return found


def _problems(now: KpiDefinition, text: str, where: str, changed: Contracts) -> tuple[str, ...]:
    try:
        then = parse_definition(text, where, changed)
    except DefinitionError as error:
        return tuple(str(error).splitlines())
    if then.hash != now.hash:  # stored numbers would be those of another definition
        return (f"{where}: version: {now.version} would mean something else, hash {then.hash}; give it a new version",)
    return ()
