"""`cityhub kpi`: the catalogue and its values, through the same read service as dashboard and API."""

from __future__ import annotations

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import KpiValue, WindowKind


def listing(reader: KpiReader, *, as_json: bool) -> int:
    """Every KPI, a line each."""
    definitions = list(reader.catalogue)
    if as_json:
        _json([{**_described(one), "hash": one.hash} for one in definitions])
    else:
        rows = [(one.id, str(one.version), one.field, one.unit, one.name.en, one.owner) for one in definitions]
        show(table(("KPI", "VERSION", "FIELD", "UNIT", "NAME", "OWNER"), rows))
    return 0


def definition(reader: KpiReader, kpi_id: str, *, as_json: bool) -> int:
    """One definition, whole.

    Raises:
        UnknownKpi: no such KPI.
    """
    one = reader.catalogue[kpi_id]
    if as_json:
        _json({**_described(one), "hash": one.hash})
        return 0
    show(f"{one.id} {one.name.en} ({one.name.de})\n{one.sentence.en}\n")
    rows = [
        ("field", one.field),
        ("question", one.question.en),
        ("formula", one.formula.en),
        ("owner", one.owner),
        ("unit", one.unit),
        ("windows", ", ".join(one.windows)),
        ("scopes", ", ".join(one.scopes)),
        ("sources", ", ".join(source.type for source in one.sources.values())),
        ("version", f"{one.version}, hash {one.hash}"),
    ]
    show("\n".join(f"{name:<10}{text}" for name, text in rows))
    return 0


def value(reader: KpiReader, kpi_id: str, *, window: str | None, as_json: bool) -> int:
    """The newest value for the whole city.

    Args:
        window: `hour` or `day`; the KPI's own when not given.

    Returns:
        1 when nothing was counted yet.

    Raises:
        UnknownKpi: no such KPI.
    """
    one = reader.catalogue[kpi_id]
    kind = WindowKind(window) if window else one.default_window
    found = reader.latest(kpi_id, kind)
    if as_json:
        _json(found)
    elif found is None:
        show(f"{kpi_id}: nothing was counted yet")
    else:
        show(_sentence(found))
    return 0 if found else 1


def _sentence(found: KpiValue) -> str:
    number = "unknown" if found.value is None else f"{found.value:.2f} {found.unit}"
    beside = "".join(f", {name} {count}" for name, count in found.beside.items())
    mark = ", simulation" if found.synthetic else ""
    return (
        f"{found.kpi_id} {found.window.value} {found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC: {number} "
        f"({found.numerator} of {found.denominator}{beside}; {found.n} events{mark}; {found.label.value}, "
        f"revision {found.revision})"
    )


def _described(one: KpiDefinition) -> dict[str, object]:
    described: dict[str, object] = msgspec.to_builtins(one)
    return described


def _json(content: object) -> None:
    show(msgspec.json.format(msgspec.json.encode(content)).decode())
