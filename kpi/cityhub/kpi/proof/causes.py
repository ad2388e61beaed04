"""Why events came between two looks at a number (`proof.changes`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from cityhub.kpi.batch.events import EVENT, accepted, where_of
from cityhub.kpi.batch.expressions import compiled
from cityhub.kpi.kernel.expression import parse_term
from cityhub.kpi.kernel.label import deadline_ms
from cityhub.kpi.proof.evidence import EventSource, in_cut, span
from cityhub.kpi.proof.looks import View
from cityhub.sdk.contract import Contract

Frames = Mapping[str, pl.DataFrame]


def contracts_of(*views: View) -> dict[str, Contract]:
    """Contracts of the event types that looks read."""
    return {read.type: read.contract for view in views for read in view.plan.definition.sources.values()}


def caused(before: View, after: View, source: EventSource) -> dict[str, pl.DataFrame]:
    """Events that two looks know, by type, with two columns more.

    Columns:
        cause: under which the event came; null = the first look knew it.
        told: the cause that it is named under; null = neither number is made of it, nor did it change one.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    contracts = contracts_of(before, after)
    frames = _frames(before, after, source)
    old = {type_: rows.filter("old") for type_, rows in frames.items()}
    then = before._replace(plan=after.plan)
    looks = [look._replace(known_ms=after.known_ms) for look in (before, then)]
    first = _behind(looks, frames)
    made = pl.concat([first, _behind(looks, old)]).unique()
    cause = _cause(_deadline_ms(before, frames, made), _sources(then, frames, source))
    behind = {"first": first, "made": made, "second": _behind((after,), frames)}
    return {
        type_: _judged(_marked(rows, type_, behind).with_columns(_entity(contracts[type_])), cause)
        for type_, rows in frames.items()
    }


def _judged(rows: pl.DataFrame, cause: pl.Expr) -> pl.DataFrame:
    known, made = (rows.filter(name)["entity"].unique().to_list() for name in ("old", "made"))
    corrects = pl.col("entity").is_in(known).fill_null(value=False)
    touches = (pl.col("cause") == "correction") & pl.col("entity").is_in(made)
    told = pl.when(pl.col("first") | touches).then("cause").when(pl.col("second") & ~pl.col("old")).then(pl.lit("city"))
    return (
        rows.with_columns(corrects.alias("corrects"))
        .with_columns(cause.alias("cause"))
        .with_columns(told.alias("told"))
    )


def _marked(rows: pl.DataFrame, type_: str, behind: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows with columns that say which numbers they are behind."""
    for name, places in behind.items():
        mine = places.filter(pl.col("type") == type_).select("part", "off", pl.lit(value=True).alias(name))
        rows = rows.join(mine, on=("part", "off"), how="left").with_columns(pl.col(name).fill_null(value=False))
    return rows


def _cause(late_ms: int, sources: Sequence[str]) -> pl.Expr:
    return (
        pl.when("old")
        .then(None)
        .when("corrects")
        .then(pl.lit("correction"))
        .when(pl.col("clock_ms") > late_ms)
        .then(pl.lit("late"))
        .when(~pl.col("source").is_in(sources))
        .then(pl.lit("source"))
        .otherwise(pl.lit("city"))
    )


def _frames(before: View, after: View, source: EventSource) -> dict[str, pl.DataFrame]:
    """What counts of all that the second look knows, as far as it can matter; `old` = the first knew it."""
    looks = (before, before._replace(plan=after.plan), after)
    spans = [span(look.plan, look.window) for look in looks]
    t = min(start for start, _ in spans), max(end for _, end in spans)
    found = {}
    for type_, contract in contracts_of(before, after).items():
        rows = source.frame(type_, t=t).with_columns(before.knows(contract.topic).alias("old"))
        found[type_] = accepted(rows.filter(pl.col("old") | after.knows(contract.topic)))
    return found


def _behind(looks: Sequence[View], frames: Frames) -> pl.DataFrame:
    """Events that are counted in the looks' numbers or add to them, with everything known that is in the frames."""
    evidences = [look.evidence(frames) for look in looks]
    rows = [rows.select(EVENT) for one in evidences for rows in (one.supporting, one.contributions)]
    return pl.concat(rows).unique()


def _deadline_ms(before: View, frames: Frames, made: pl.DataFrame) -> int:
    """After which clock an arrival is late for the first look's number, as labels say (docs/time.md)."""
    firsts = [
        rows.join(made.filter(pl.col("type") == type_), on=("part", "off"), how="semi")["clock_ms"].min()
        for type_, rows in frames.items()
    ]
    first_ms = min((int(first) for first in firsts if isinstance(first, int)), default=0)
    one, end_s = before.plan.definition, before.window.end
    return deadline_ms(window_end_s=end_s, lateness_s=one.lateness_s, first_ms=first_ms, patience_s=one.patience_s)


def _sources(look: View, frames: Frames, source: EventSource) -> list[str]:
    """Which of the events' sources had told something in the look's cut; all of its past is read only when needed."""
    every = {name for rows in frames.values() for name in rows["source"].unique()}
    found = _told_by(look, {type_: rows.filter("old") for type_, rows in frames.items()})
    if every <= found:
        return sorted(found)
    past = {
        type_: accepted(source.frame(type_).filter(look.knows(contract.topic)))
        for type_, contract in contracts_of(look).items()
    }
    return sorted(found | _told_by(look, past))


def _told_by(look: View, frames: Frames) -> set[str]:
    found: set[str] = set()
    for name, read in look.plan.definition.sources.items():
        rows = frames[read.type].with_columns(*where_of(look.plan, name)).filter(in_cut(look.plan, look.cut))
        found.update(rows["source"].unique())
    return found


def _entity(contract: Contract) -> pl.Expr:
    """What a correctable event is a version of, as text; null = it cannot be corrected."""
    if contract.correctable is None:
        return pl.lit(None, dtype=pl.String).alias("entity")
    terms = [compiled(parse_term(name, contract), contract) for name in contract.correctable.entity]
    return pl.concat_str([term.cast(pl.String).fill_null("") for term in terms], separator="\x1f").alias("entity")
