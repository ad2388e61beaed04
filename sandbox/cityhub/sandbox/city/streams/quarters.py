"""New quarters: dwellings, plots, measures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.ladder import QUARTERLY, Ladder
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, at, happens, pick, tell
from cityhub.sandbox.city.traffic import lot

QUARTERS = ("6-Seen-Wedau", "Wedau-Nord", "Duisburger-Duenen")
PLANNED_DWELLINGS = {"6-Seen-Wedau": 2000, "Wedau-Nord": 600, "Duisburger-Duenen": 400}
_FIELDS = ("mobility-logistics", "energy-environment", "supply-disposal", "digital-services", "participation-social")
_DWELLINGS = Ladder("dwelling", sum(PLANNED_DWELLINGS.values()), 1, date(2023, 6, 1), 3600)
_PLOTS = Ladder("plot", 80, 5, date(2022, 1, 1), 1800, 700)
_MEASURES = Ladder("quarter-measure", 28, 10, date(2024, 3, 1), 800, 250, QUARTERLY)
_ON_SALE = 4
"""The step at which a plot is sold."""


def area_by_quarter() -> dict[str, int]:
    """m² of all plots."""
    found: Counter[str] = Counter()
    for number in range(_PLOTS.things):
        found[_quarter(number)] += _area(number)
    return dict(found)


def measures_by_quarter() -> dict[str, int]:
    """How many measures each quarter has."""
    return dict(Counter(_quarter(number) for number in range(_MEASURES.things)))


def measures_by_field() -> dict[str, int]:
    """How many measures each of the five fields has."""
    return dict(Counter(_FIELDS[number % len(_FIELDS)] for number in range(_MEASURES.things)))


def _quarter(number: int) -> str:
    return QUARTERS[number % len(QUARTERS)]


def _area(number: int) -> int:
    return 4_000 + number * 7_919 % 245 * 100


def _dwellings(seed: int, day: date) -> Iterator[Told]:
    of_all = [quarter for quarter, planned in PLANNED_DWELLINGS.items() for _ in range(planned)]
    for number, _ in _DWELLINGS.news(seed, day):
        dwelling = f"wohnung-{number:04d}"
        data = {"dwelling": dwelling, "quarter": of_all[number]}
        yield tell("gebag.dwelling.completed", at(day, 39_600 + number), dwelling, (dwelling, day), data)


def _plots(seed: int, day: date) -> Iterator[Told]:
    """Plots rise from stage to stage; from the fourth on they are sold."""
    for number, step in _PLOTS.news(seed, day):
        plot, area = f"flaeche-{number:02d}", _area(number)
        quarter = _quarter(number)
        data = {"plot": plot, "quarter": quarter if number % 20 else None, "area_m2": area}
        staged = data | {"stage": f"stufe-{step}", "weight": step / _PLOTS.steps}
        yield tell("gebag.plot.stage-changed", at(day, 36_000 + number), plot, (plot, day), staged)
        if step >= _ON_SALE:
            sold = {"plot": plot, "quarter": quarter, "area_m2": area}
            yield tell("gebag.plot.sold", at(day, 37_000 + number), plot, (plot, "sold", day), sold)


def _measures(seed: int, day: date) -> Iterator[Told]:
    for number, step in _MEASURES.news(seed, day):
        measure = f"quartiersmassnahme-{number + 1:02d}"
        data = {
            "measure": measure,
            "quarter": _quarter(number),
            "field": _FIELDS[number % len(_FIELDS)],
            "progress": step / _MEASURES.steps,
        }
        type_ = "gebag.quarter.measure-status-changed"
        yield tell(type_, at(day, 34_000 + number), measure, (measure, day), data)


def _investments(seed: int, day: date) -> Iterator[Told]:
    """Booked on workdays; some are corrected after ten days, few are taken back."""
    for back in (0, 10):
        booked_on = day - back * DAY
        chance = lot(seed, "investment", booked_on)
        for number in range(chance.choice((0, 1, 1, 2)) if booked_on.weekday() < 5 else 0):  # noqa: PLR2004
            booking = f"buchung-{booked_on}-{number}"
            kind = pick(chance, {"modernisation": 0.7, "new-build": 0.3})
            eur, fate = round(chance.lognormvariate(11.6, 0.9), 2), chance.random()
            withdrawn = happens(chance, 0.2)
            data = {"booking": booking, "version": 1, "kind": kind, "amount_eur": eur}
            moment = at(booked_on, 54_000 + 60 * number)
            if back == 0:
                yield tell("gebag.investment.booked", moment, booking, (booking,), data)
            elif fate < 0.1:  # noqa: PLR2004
                data |= {"version": 2, "amount_eur": round(eur * 0.95, 2), "withdrawn": withdrawn}
                late = at(day, 32_400)
                yield tell("gebag.investment.booked", moment, booking, (booking,), data, version=2, told_at=late)


STREAMS = (
    Stream("dwellings", timedelta(days=399), _dwellings),
    Stream("plots", timedelta(days=399), _plots),
    Stream("quarter-measures", timedelta(days=130), _measures),
    Stream("investments", timedelta(days=388), _investments),
)
