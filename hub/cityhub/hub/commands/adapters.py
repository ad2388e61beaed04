"""`cityhub adapter`: which sources there are, and the files of a new one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec

from cityhub.adapters.catalogue import SOURCES
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.scaffold import scaffold
from cityhub.adapters.tabular.form import shipped
from cityhub.adapters.tabular.form_check import check
from cityhub.adapters.tabular.page import page as table_page
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.text import age, markdown_table, table
from cityhub.hub.errors import Misconfigured
from cityhub.sdk.contract import load_contracts

_HEAD = ("source", "format", "comes by", "tells", "every", "late by at most", "personal data", "licence", "attribution")
_PAGE = """# Adapters

The {sources} sources that the hub reads, written from their declarations by `cityhub adapter catalogue`. Each links
to its page: form, field by field, what is refused. Where they are is said in the file `CITYHUB_SOURCES`
([operating](../operating.md#partners-systems)); without it they are the [simulated city](../simulated-city.md)'s.
[How an adapter is built](kit.md), and what each of them proves; `cityhub adapter new FEED TYPE…` writes the files of
another one.

"""


def listing(*, as_json: bool) -> int:
    """Every source."""
    sources = [SOURCES[feed] for feed in sorted(SOURCES)]
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(sources)).decode())
        return 0
    rows = [(one.feed, one.format, one.transport, str(len(one.event_types)), _span(one.interval_s)) for one in sources]
    show(table(("SOURCE", "FORMAT", "BY", "TYPES", "EVERY"), rows))
    return 0


def rejects(data: Path, feed: str, *, as_json: bool) -> int:
    """What adapters refused lately, newest first.

    Raises:
        Misconfigured: there is no such source. StateUnavailable: adapters.db cannot be read.
    """
    if feed and feed not in SOURCES:
        near = difflib.get_close_matches(feed, SOURCES, n=1, cutoff=0.5)
        remedy = f"did you mean {near[0]}?" if near else "`cityhub adapter list` has all"
        raise Misconfigured(f"no source {feed!r}; {remedy}")
    found = AdapterStatusReader(data / "adapters.db").refused(feed)
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(found)).decode())
        return 0
    rows = [(f"{one.at:%Y-%m-%d %H:%M:%S}Z", one.feed, one.reason, one.path, one.detail) for one in found]
    show(table(("AT", "SOURCE", "REASON", "WHERE", "WHAT"), rows) if rows else "nothing was refused")
    return 0


def page() -> int:
    """The page of all sources, Markdown."""
    rows = [_row(SOURCES[feed]) for feed in sorted(SOURCES)]
    show(_PAGE.format(sources=len(rows)) + markdown_table(_HEAD, rows))
    return 0


def tables(folder: Path) -> int:
    """Write the pages of sources that send tables.

    Raises:
        WrongMapping: every problem of a mapping file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for form in shipped():
        (folder / f"{form.feed.replace('.', '-')}.md").write_text(table_page(check(form)), "utf-8")
    show(f"{len(shipped())} pages in {folder}")
    return 0


def new(feed: str, types: Sequence[str], into: Path) -> int:
    """Write a new adapter's files; none that is there is touched.

    Raises:
        CannotScaffold, UnknownContract: see `scaffold`. Misconfigured: a file is there already.
    """
    texts = scaffold(feed, types, load_contracts())
    there = [path for path in texts if (into / path).exists()]
    if there:
        raise Misconfigured(f"{', '.join(there)}: there already; choose another name, or take them away")
    for path, text in texts.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        (into / path).write_text(text, encoding="utf-8")
        show(path)
    show(
        "next: fill in every TODO, list the source in adapters/catalogue.py and in sandbox/city/served, then\n"
        f"  pytest tests/unit/adapters/conformance -k {feed}"
    )
    return 0


def _row(one: Source) -> tuple[str, ...]:
    types = ", ".join(".".join(type_.split(".")[3:-1]) for type_ in one.event_types)
    return (
        f"[{one.feed}]({one.feed.replace('.', '-')}.md)",
        one.format,
        one.transport,
        types,
        _span(one.interval_s),
        _span(one.lateness_s),
        "personal" if one.personal else "none",
        one.licence,
        one.attribution or "–",
    )


def _span(seconds: int) -> str:
    return age(timedelta(seconds=seconds))
