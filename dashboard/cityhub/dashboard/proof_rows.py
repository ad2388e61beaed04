"""Events behind a number as rows: the same for the screen and for the CSV file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cityhub.api.access import may_see_fields
from cityhub.dashboard import formats
from cityhub.dashboard.proof_texts import REASONS, P
from cityhub.dashboard.tables import Column, Table
from cityhub.dashboard.texts import Lang, T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.histogram import middle
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.readout import QuantileOf, Readout
from cityhub.kpi.naming import named_values, partner_name
from cityhub.kpi.proof.explain import Contribution, Exclusion, Page
from cityhub.kpi.proof.service import Number, ProofReader

MOST_ROWS = 10_000
"""Of a file; a longer list ends with how many more there are."""
_AT_ONCE = 1_000
_NAMED = {"numerator": P.NUMERATOR, "denominator": P.DENOMINATOR}
_HEADS = (P.TIME, P.ADDS, P.PARTNER, P.SUBJECT, P.PLACE, P.ID, P.TYPE, P.CONTRACT, P.SOURCE, P.MADE_BY, T.COLUMN_NOTE)
COLUMNS = len(_HEADS)


def events_table(
    view: View, definition: KpiDefinition, items: Sequence[Contribution | Exclusion], *, excluded: bool
) -> Table:
    """Rows of events with everything that is known of them and this viewer may know."""
    lang, main = view.lang, plan_of(definition).main
    return Table(
        caption=t(lang, P.EVENTS_OF, kpi=definition.name.get(lang)),
        parameter="events",
        columns=tuple(Column(None, t(lang, P.REASON if excluded and head is P.ADDS else head)) for head in _HEADS),
        rows=tuple(_row(view, definition, main, item) for item in items),
    )


def all_events(
    view: View, definition: KpiDefinition, proofs: ProofReader, number: Number, *, excluded: bool, subject: str = ""
) -> Table:
    """The table of all of them, or of those of one thing, up to `MOST_ROWS`.

    Raises:
        KpiError, BusError: as `ProofReader`.
    """
    items: list[Contribution | Exclusion] = []
    while True:
        found = proofs.page(number, first=len(items), size=_AT_ONCE, excluded=excluded, subject=subject)
        some = items_of(found)
        items += some
        count = found.excluded if excluded else found.counted
        if not some or len(items) >= min(count, MOST_ROWS):
            break
    table = events_table(view, definition, items, excluded=excluded)
    if len(items) == count:
        return table
    more = t(view.lang, P.MORE_ROWS, n=formats.number(count - len(items), view.lang))
    return Table(
        caption=table.caption,
        parameter=table.parameter,
        order=table.order,
        columns=table.columns,
        rows=(*table.rows, (more, *("",) * (COLUMNS - 1))),
    )


def items_of(page: Page) -> Sequence[Contribution | Exclusion]:
    """The events of a page, whichever it shows."""
    return (*page.contributions, *page.exclusions)


def reason_words(reason: str, lang: Lang) -> str:
    """Why an event does not count."""
    known = REASONS.get(reason)
    return t(lang, P.REFUSED, reason=reason) if known is None else t(lang, known)


def amount_words(part: str, amount: int, lang: Lang) -> str:
    """What an event adds to a part of a number."""
    signed = f"{'+' if amount > 0 else ''}{formats.number(amount, lang)}"
    return t(lang, _NAMED[part], amount=signed) if part in _NAMED else f"{part} {signed}"


def _row(view: View, definition: KpiDefinition, main: Readout, item: Contribution | Exclusion) -> tuple[str, ...]:
    lang, origin = view.lang, item.origin
    named = may_see_fields(view.viewer, definition, origin.partner)
    says = (
        reason_words(item.reason, lang)
        if isinstance(item, Exclusion)
        else ", ".join(_adds(definition, main, item, lang) if named or definition.minimum_group is None else ())
    )
    return (
        formats.exact(origin.time, lang),
        says,
        partner_name(origin.partner, lang),
        origin.subject if named else "",
        f"{origin.topic} / {origin.part} / {origin.off}",
        origin.id,
        origin.type,
        origin.contract,
        origin.source if named else "",
        origin.adapter or t(lang, T.UNKNOWN_VALUE),
        t(lang, T.SIMULATION) if origin.synthetic else "",
    )


def _adds(definition: KpiDefinition, main: Readout, item: Contribution, lang: Lang) -> Iterator[str]:
    names = named_values(definition)
    for name, amount in item.adds.items():
        yield amount_words(names[name].title.get(lang) if name in names else name, amount, lang)
    for histogram, bin_, _ in item.bins:
        yield t(lang, P.BIN, value=_quantity(definition, main, histogram, middle(bin_), lang))
    if not item.adds and not item.bins:
        yield t(lang, P.ONLY_COUNTED)


def _quantity(definition: KpiDefinition, main: Readout, histogram: int, value: int, lang: Lang) -> str:
    """A value of a histogram, in the KPI's unit where it is that of the KPI's own quantile."""
    if isinstance(main, QuantileOf) and main.histogram == histogram:
        return formats.quantity(float(value * main.times), definition.unit, lang)
    return formats.number(value, lang)
