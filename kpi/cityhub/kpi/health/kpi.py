"""A KPI's health: the worst that is known of its sources and its value. Pure; the rules stand in docs/health.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition, Source
from cityhub.kpi.health.source import MISSED_REPORTS, SEVERITY, STEP_S, Cause, SourceHealth, State
from cityhub.kpi.kernel.measure import Part
from cityhub.kpi.values import KpiValue
from cityhub.sdk.contract import Contract
from cityhub.sdk.door import HUB
from cityhub.sdk.text import Text

LEAST_COVERAGE = 0.8
"""A value over less of its time is shown, but not relied on."""
UNSEEN_S = 3 * STEP_S
"""Longer than that without an observation, and nobody knows how the sources are doing."""


class SourceHealths(Struct, frozen=True):
    """How the sources stood at an instant.

    Attributes:
        at: the instant, of the newest observation when none was asked for; None = nothing was observed by then.
        observed: the end of the newest observation by then; None = there was none, or it is not known any more.
        by_source: by event type; without those of which nothing ever came.
        since: since when the hub looks; None where it never did.
    """

    at: datetime | None = None
    observed: datetime | None = None
    by_source: Mapping[str, SourceHealth] = {}
    since: datetime | None = None


NOTHING_SEEN = SourceHealths()
"""Where nothing was observed yet."""


class Health(Struct, frozen=True, kw_only=True):
    """Whether a KPI, or one value of it, can be relied on; of everything that is wrong the worst.

    Attributes:
        source: event type that is to blame, with its title, its partner and what reports one by one; "" and None where
            no source is.
        share: what `cause` is about, 0 to 1: of the reporters that are silent, events that are invalid, time that was
            observed.
        since: since when it is so. at: when it was so.
    """

    state: State
    cause: Cause | None = None
    source: str = ""
    partner: str = ""
    title: Text | None = None
    reporters: Text | None = None
    share: float | None = None
    since: datetime | None = None
    at: datetime | None = None


def health_of(definition: KpiDefinition, value: KpiValue | None, healths: SourceHealths) -> Health:
    """The health of a KPI with this value. A source that is good, or of which nothing is known, has no say.

    Sources of the measure count as they stand; one that is only counted beside degrades the KPI at most.
    """
    if value is not None and value.suppressed:
        return Health(state=State.WITHHELD, cause=Cause.SUPPRESSED, at=healths.at)
    found = [*_of_value(value, healths.at), *_unseen(healths), *_of_sources(definition, healths)]
    if value is None or value.value is None:
        return _without_value(definition, healths, found)
    found += _still_to_come(definition, healths)
    worst = max(found, key=lambda one: SEVERITY[one.state], default=None)
    return worst or Health(state=State.GOOD, at=healths.at)


def main_sources(definition: KpiDefinition) -> set[str]:
    """Names of the sources without which the value would be another one: those of its measure."""
    return set(_names(definition.measure))


def _names(tree: Any) -> Iterator[str]:
    if isinstance(tree, Part):
        yield tree.source
    elif isinstance(tree, Struct):
        for name in tree.__struct_fields__:
            yield from _names(getattr(tree, name))
    elif isinstance(tree, tuple):
        for one in tree:
            yield from _names(one)


def _of_value(value: KpiValue | None, at: datetime | None) -> Iterator[Health]:
    if value is not None and value.coverage is not None and value.coverage < LEAST_COVERAGE:
        yield Health(state=State.UNRELIABLE, cause=Cause.COVERAGE, share=value.coverage, at=at)


def _unseen(healths: SourceHealths) -> Iterator[Health]:
    at, observed = healths.at, healths.observed
    if at is not None and observed is not None and (at - observed).total_seconds() > UNSEEN_S:
        yield Health(state=State.UNRELIABLE, cause=Cause.UNOBSERVED, since=observed, at=at)


def _of_sources(definition: KpiDefinition, healths: SourceHealths) -> Iterator[Health]:
    """What is wrong with sources, those of the measure first: of two that are alike the first is told."""
    main = main_sources(definition)
    for name in sorted(definition.sources, key=lambda name: (name not in main, name)):
        source = definition.sources[name]
        known = healths.by_source.get(source.type)
        if known is not None and known.state is not State.GOOD:
            state = known.state if name in main else State.DEGRADED
            since = datetime.fromtimestamp(known.since_s, UTC)
            yield blamed(source.contract, state, known.cause, healths.at, since=since, share=known.share)


def _still_to_come(definition: KpiDefinition, healths: SourceHealths) -> Iterator[Health]:
    """Sources of the measure of which nothing ever came, though there is a value, and it should have by now."""
    at, since = healths.at, healths.since
    watched_s = (at - since).total_seconds() if at is not None and since is not None else 0
    for source in _never(definition, healths):
        if watched_s > MISSED_REPORTS * source.cadence_s:
            yield blamed(source.contract, State.DEGRADED, Cause.NEVER, at)


def _never(definition: KpiDefinition, healths: SourceHealths) -> list[Source]:
    """Where something else came on the same topic the partner's system reports, and this just has not happened yet.

    What the hub itself tells is not observed: whether it does is `Cause.UNOBSERVED`.
    """
    sources = definition.sources
    alive = {source.topic for source in sources.values() if source.type in healths.by_source}
    main = [sources[name] for name in sorted(main_sources(definition))]
    return [source for source in main if source.topic not in alive and source.contract.partner != HUB]


def _without_value(definition: KpiDefinition, healths: SourceHealths, found: list[Health]) -> Health:
    missing = _never(definition, healths)
    if missing:
        return blamed(missing[0].contract, State.NO_DATA, Cause.NEVER, healths.at)
    worst = max(found, key=lambda one: SEVERITY[one.state], default=None)
    if worst is not None:
        return msgspec.structs.replace(worst, state=State.NO_DATA)
    return Health(state=State.NO_DATA, cause=Cause.EMPTY, at=healths.at)


def blamed(
    contract: Contract,
    state: State,
    cause: Cause | None,
    at: datetime | None,
    *,
    since: datetime | None = None,
    share: float | None = None,
) -> Health:
    """A health that a source, the event type of a contract, is to blame for."""
    return Health(
        state=state,
        cause=cause,
        source=contract.type,
        partner=contract.partner,
        title=contract.title,
        reporters=contract.reporters,
        share=share,
        since=since,
        at=at,
    )
