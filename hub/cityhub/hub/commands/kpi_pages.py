"""`cityhub kpi pages`: a page of each KPI and an index, Markdown, written from definitions, contracts and examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import markdown_table
from cityhub.kpi.definition import Catalogue, KpiDefinition, definition_files
from cityhub.kpi.examples import examples
from cityhub.sdk.text import Text

_PLATFORM = Text("Plattform", "Platform")


def write(folder: Path, catalogue: Catalogue) -> int:
    """Write all pages; of a KPI that is gone its page is removed."""
    wanted = pages(catalogue)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    show(f"{len(wanted)} pages in {folder}")
    return 0


def pages(catalogue: Catalogue) -> dict[str, str]:
    """Texts by file name; `README.md` is the index."""
    worked = examples()
    written = {where.rpartition("/")[2].removesuffix(".yaml"): (where, text) for where, text in definition_files()}
    found = {"README.md": "\n".join(_index(catalogue))}
    for one in catalogue:
        where, text = written.get(one.id) or written[f"{one.id}.v{one.version}"]
        found[f"{one.id}.md"] = "\n".join(_page(one, catalogue, where, text, worked.get(one.id, "")))
    return found


def _index(catalogue: Catalogue) -> Iterator[str]:
    count = len(catalogue.main())
    yield "# Kennzahlen · KPIs\n"
    yield f"The {count} KPIs and {len(list(catalogue)) - count} further values, by `cityhub kpi pages docs/kpi`."
    names = {field.id: field.name for field in catalogue.fields} | {"platform": _PLATFORM}
    for field, name in names.items():
        yield f"\n## {name.de} · {name.en}\n"
        rows = []
        for one in catalogue.of_field(field):
            rows += [_line(one), *map(_line, catalogue.values_of(one.id))]
        yield markdown_table(("id", "Kennzahl", "KPI", "unit", "good is", "windows", "owner", "audience"), rows)
    yield ""


def _line(one: KpiDefinition) -> Sequence[str]:
    indent = "" if one.value_of is None else "↳ "
    windows = ", ".join(f"**{kind}**" if kind == one.default_window else kind.value for kind in one.windows)
    link = f"{indent}[{one.id}]({one.id}.md)"
    return link, one.name.de, one.name.en, f"`{one.unit}`", one.direction, windows, one.owner, one.audience


def _page(one: KpiDefinition, catalogue: Catalogue, where: str, text: str, example: str) -> Iterator[str]:
    yield f"# {one.id} {one.name.de}\n"
    yield f"*{one.name.en}*\n"
    yield from _both("Frage", "Question", one.question)
    yield from _both("Aussage", "What it says", one.sentence)
    yield from _both("Formel", "Formula", one.formula)
    yield markdown_table(("", ""), _facts(one))
    yield "\n## Sources\n"
    rows = [
        (
            name,
            f"`{source.type}`",
            source.contract.title.en,
            source.contract.owner,
            source.contract.cadence,
            source.contract.lateness,
        )
        for name, source in one.sources.items()
    ]
    yield markdown_table(("name", "event type", "meaning", "who answers", "every", "late at most"), rows)
    if one.value_of is not None:
        main = catalogue[one.value_of]
        yield f"\nA further value of [{main.id} {main.name.en}]({main.id}.md)."
    elif values := catalogue.values_of(one.id):
        yield "\n## Further values\n"
        yield from (f"- [{value.id}]({value.id}.md) {value.name.de} · {value.name.en}" for value in values)
    if example:
        yield "\n## Worked example\n"
        yield "Events and the number they make; times are local, of November 2026 where they say no more.\n"
        yield f"```yaml\n{example.rstrip()}\n```"
    yield "\n## Definition\n"
    yield f"`{where}`, version {one.version}, hash `{one.hash}`:\n"
    yield f"```yaml\n{text.rstrip()}\n```\n"


def _both(german: str, english: str, text: Text) -> Iterator[str]:
    yield f"**{german}:** {text.de}  \n**{english}:** {text.en}\n"


def _facts(one: KpiDefinition) -> list[tuple[str, str]]:
    target = one.target
    goal = "none (ohne Ziel)" if target is None else f"{target.value:g}, {target.source}, since {target.since}"
    unit = "not named yet" if one.responsible is None else one.responsible.unit
    facts = [
        ("field", one.field),
        ("owner", one.owner),
        ("responsible unit", unit),
        ("audience", one.audience),
        ("unit", f"`{one.unit}`"),
        ("good is", one.direction),
        ("target in the definition", goal),
        ("windows", f"{', '.join(one.windows)}; by default {one.default_window}"),
        ("scopes", ", ".join(one.scopes)),
        ("dimensions", ", ".join(one.dimensions) or "none"),
        ("stability", one.stability),
    ]
    if one.minimum_group is not None:
        facts.append(("smallest group shown", str(one.minimum_group)))
    facts += [("published before", f"{was.value:g} ({was.period}; {was.source})") for was in one.baseline]
    facts += [("leans on", was.text if was.verified else f"{was.text} (not verified)") for was in one.reference]
    return facts
