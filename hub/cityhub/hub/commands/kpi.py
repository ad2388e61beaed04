"""`cityhub kpi`: the catalogue and its values, through the same read service as dashboard and API."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import table
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.definition_schema import definition_schema
from cityhub.kpi.health.kpi import Health, health_of
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.naming import counted, counted_noun, named_values, stands_beside
from cityhub.kpi.past import past
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.standing import standings
from cityhub.kpi.values import KpiValue, WindowKind


def listing(reader: KpiReader, now: datetime, *, as_json: bool) -> int:
    """Every KPI by itself, a line each, with the newest value that is complete and where it stands."""
    rows: list[tuple[str, ...]] = []
    described: list[dict[str, object]] = []
    found = standings(
        reader, reader.catalogue.main(), now, targets=reader.targets(), healths=reader.source_healths(now)
    )
    for standing in found:
        one, value, status, health = standing.definition, standing.shown, standing.status.value, standing.health
        number = "–" if value is None else _number(value.value, value.unit)
        rows.append((one.id, one.name.en, number, status, health.state.value))
        described.append({**_described(one), "value": value, "status": status, "health": _told(health)})
    if as_json:
        _json(described)
    else:
        show(table(("KPI", "NAME", "VALUE", "STATUS", "HEALTH"), rows))
    return 0


def schema() -> int:
    """The form of a definition file."""
    _json(definition_schema())
    return 0


def definition(reader: KpiReader, kpi_id: str, now: datetime, *, as_json: bool) -> int:
    """One definition, whole, and its health.

    Raises:
        UnknownKpi: no such KPI.
    """
    one = reader.catalogue[kpi_id]
    health = reader.health(kpi_id, now)
    if as_json:
        _json({**_described(one), "health": _told(health)})
        return 0
    show(f"{one.id} {one.name.en} ({one.name.de})\n{one.sentence.en}\n")
    rows = [
        ("field", one.field),
        ("question", one.question.en),
        ("formula", one.formula.en),
        ("owner", one.owner),
        ("measure", _measure(one)),
        ("unit", one.unit),
        ("beside", ", ".join(text.title.en for text in named_values(one).values()) or "nothing"),
        ("windows", ", ".join(one.windows)),
        ("scopes", ", ".join(one.scopes)),
        ("sources", ", ".join(source.type for source in one.sources.values())),
        ("version", f"{one.version}, hash {one.hash}"),
        ("health", sentence(health, "en")),
    ]
    show("\n".join(f"{name:<10}{text}" for name, text in rows))
    return 0


def value(
    reader: KpiReader, kpi_id: str, now: datetime, *, window: str | None, version: int | None = None, as_json: bool
) -> int:
    """The newest value for the whole city.

    Args:
        window: kind of window; the KPI's own when not given.
        version: of the definition; the one that counts when not given.

    Returns:
        1 when nothing was counted yet.

    Raises:
        UnknownKpi: no such KPI, or no such version of it.
    """
    one = reader.catalogue[kpi_id] if version is None else reader.catalogue.version(kpi_id, version)
    kind = WindowKind(window) if window else one.default_window
    found = reader.latest(kpi_id, kind, version=version)
    health = health_of(one, found, reader.source_healths(now if found is None else min(found.end, now)))
    if as_json:
        _json(found and {**msgspec.to_builtins(found), "health": _told(health)})
    elif found is None:
        show(f"{kpi_id}: nothing was counted yet. {sentence(health, 'en')}")
    else:
        show(f"{_sentence(one, found)}\n{sentence(health, 'en')}")
    return 0 if found else 1


def value_as_of(
    reader: KpiReader, kpi_id: str, at: datetime, now: datetime, *, window: str | None, as_json: bool
) -> int:
    """What was shown at an instant for the whole city, and what is shown now when that differs.

    Returns:
        1 when there was no number.

    Raises:
        UnknownKpi: no such KPI.
        Withheld: the KPI tells of people.
        Misconfigured: the instant is still to come.
    """
    one = reader.catalogue[kpi_id]
    if at > now:
        raise Misconfigured(f"--as-of {at.isoformat()} is still to come; name an instant that is over")
    found = past(reader, kpi_id, WindowKind(window) if window else one.default_window, at)
    then = f"as of {at.astimezone(berlin()):%Y-%m-%d %H:%M}"
    if as_json:
        _json(found and {"then": found.then, "now": found.now, "changed": found.changed})
    elif found is None:
        show(f"{kpi_id} {then}: there was no number of a complete window, or it was not kept yet when it was shown")
    else:
        show(f"{then}: {_sentence(one, found.then)}")
        settled = (found.then.label, found.then.reasons) != (found.now.label, found.now.reasons)
        show(f"now: {_sentence(one, found.now)}" if found.changed or settled else "now: the same")
    return 0 if found else 1


def _sentence(one: KpiDefinition, found: KpiValue) -> str:
    if found.suppressed:
        few = f"withheld: a small group (fewer than {found.minimum_group})"
        return f"{_window(found)}: {few}"
    beside = [f"{item.text.title.en} {_number(item.value, item.text.unit)}" for item in stands_beside(one, found)]
    observed = [] if found.coverage is None else [f"{found.coverage:.0%} of the time observed"]
    mark = ", simulation" if found.synthetic else ""
    facts = [
        f"from {counted(one, found)} {counted_noun(one, 'en')}",
        *beside,
        *observed,
        f"{found.n} events counted{mark}",
        ", ".join([found.label.value, *found.reasons, *([f"revision {found.revision}"] if found.revision else [])]),
    ]
    if found.minimum_group:
        facts.append(f"counts rounded to {found.minimum_group}")
    return f"{_window(found)}: {_number(found.value, found.unit)} ({'; '.join(facts)})"


def _window(found: KpiValue) -> str:
    span = f"{found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} UTC"
    return f"{found.kpi_id} {found.window.value} {span}"


def _number(number: float | None, unit: str) -> str:
    return "unknown" if number is None else f"{number:g} {unit}".removesuffix(" 1")


def _measure(one: KpiDefinition) -> str:
    return type(one.measure).__name__.lower()


def _described(one: KpiDefinition) -> dict[str, object]:
    """Texts, then all that affects the number, then the hash of the latter."""
    spoken = {name: getattr(one, name) for name in ("name", "sentence", "question", "formula")}
    plain = {
        name: getattr(one, name)
        for name in ("version", "field", "owner", "audience", "direction", "default_window", "target", "reference")
    }
    meaning = {**one.meaning, "windows": one.windows, "scopes": one.scopes, "class": _measure(one)}
    described: dict[str, object] = msgspec.to_builtins({**spoken, **plain, **meaning, "hash": one.hash})
    return described


def _told(health: Health) -> dict[str, object]:
    spoken = {lang: sentence(health, lang) for lang in ("de", "en")}
    return {name: getattr(health, name) for name in ("state", "cause", "source", "share", "since")} | {
        "sentence": spoken
    }


def _json(content: object) -> None:
    show(msgspec.json.format(msgspec.json.encode(content)).decode())
