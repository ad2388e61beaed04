"""The city's programmes: fibre, schools, open data, masterplan, comparison of cities. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from cityhub.sandbox.city.streams.ladder import QUARTERLY, Ladder
from cityhub.sandbox.city.streams.story import BOROUGHS, DAY, Stream, Told, at, happens, iso, pick, tell
from cityhub.sandbox.city.traffic import lot

_AREAS = 46
_USERS = {"household": 5_600, "business": 420, "school": 3}
"""How many of each an area has on average."""
_ACTION_FIELDS = ("broadband", "e-government", "economy", "mobility", "housing", "infrastructure", "education")
_PROJECTS = 22
_RANKED = ("overall", "administration", "it-communication", "energy-environment", "mobility", "society-education")
LICENCES = ("dl-zero-de/2.0", "dl-zero-de/2.0", "dl-by-de/2.0", "cc-by/4.0", None)
_PERIODS_D = {"weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365}
_MEASURES = Ladder("masterplan", _PROJECTS + 5, 10, date(2023, 3, 1), 900, 260, QUARTERLY)
_SCHOOLS = Ladder("school", 135, 3, date(2022, 6, 1), 2_200, 900)
_SECTIONS = Ladder("trench", 420, 1, date(2024, 6, 1), 1_500)
_GRANTS = Ladder("grant", 18, 2, date(2023, 9, 1), 1_600, 240)
_DATASETS = Ladder("dataset", 480, 2, date(2023, 1, 1), 1_500, 1_600)


def _coverage(seed: int, day: date) -> Iterator[Told]:
    """Half-yearly, of every area and kind of user; few areas are late by two weeks."""
    for late_d in (0, 14):
        reported_on = day - late_d * DAY
        if (reported_on.month, reported_on.day) not in ((1, 15), (7, 15)):
            continue
        half_years = (reported_on.year - 2022) * 2 + (reported_on.month > 6)  # noqa: PLR2004
        for number in range(_AREAS):
            chance = lot(seed, "coverage", number)
            share, growth, size = chance.uniform(0.05, 0.35), chance.uniform(0.01, 0.04), chance.uniform(0.4, 1.6)
            if happens(lot(seed, "coverage", number, reported_on), 0.07) != bool(late_d):
                continue
            for user, usual in _USERS.items():
                area, total = f"gebiet-{number + 1:02d}", max(1, round(usual * size))
                subject, passed = f"{area}:{user}", round(total * min(1.0, share + growth * half_years))
                data = {"area": area, "user": user, "total": total, "passed": passed}
                moment, borough = at(day, 36_000 + number), BOROUGHS[number % 7]
                type_ = "city.broadband.coverage-reported"
                yield tell(type_, moment, subject, (subject, reported_on), data, borough=borough)


def _trenches(seed: int, day: date) -> Iterator[Told]:
    """Sections come due by the plan; most are built then or weeks later, a little longer or shorter."""
    for back in range(61):
        due_on = day - back * DAY
        for number, _ in _SECTIONS.news(seed, due_on):
            if due_on != _SECTIONS.since(seed, number, 1):
                continue
            name, chance = f"abschnitt-{number:03d}", lot(seed, "section", number)
            length, delay = 80 + chance.randrange(900), int(chance.choice((0, 0, 7, 20, 45, 60)))
            built, builder = happens(chance, 0.85), pick(chance, {"dvv": 0.5, "anbieter-1": 0.3, "": 0.2}) or None
            data = {"section": name, "length_m": length, "builder": builder}
            if back == 0:
                yield tell("city.fibre.trench-planned", at(day, 30_000 + number), name, (name, "planned"), data)
            if back == delay and built:
                data |= {"length_m": length + chance.randrange(-20, 40)}
                yield tell("city.fibre.trench-built", at(day, 54_000 + number), name, (name, "built"), data)


def _grants(seed: int, day: date) -> Iterator[Told]:
    """Applied for, and decided some months later; a part is approved."""
    for number, step in _GRANTS.news(seed, day):
        name, chance = f"foerderung-{number + 1:02d}", lot(seed, "grant-size", number)
        applied = 50_000 * (1 + chance.randrange(60))
        approved = round(applied * chance.choice((0.0, 0.7, 0.9, 1.0))) if step > 1 else 0
        data = {"grant": name, "applied_eur": applied, "approved_eur": approved}
        yield tell("city.fibre.grant-status-changed", at(day, 39_600 + number), name, (name, day), data)


def _schools(seed: int, day: date) -> Iterator[Told]:
    for number, step in _SCHOOLS.news(seed, day):
        name = f"schule-{number + 1:03d}"
        data = {"school": name, "rate_mbit_s": (100, 1_000, 10_000)[step - 1]}
        borough = BOROUGHS[number % 7]
        yield tell("city.school.connected", at(day, 36_000 + number), name, (name, day), data, borough=borough)


def _masterplan(seed: int, day: date) -> Iterator[Told]:
    """22 projects and 5 measures, each at some tenth of its way."""
    for number, step in _MEASURES.news(seed, day):
        project = number < _PROJECTS
        name = f"projekt-{number + 1:02d}" if project else f"massnahme-{number - _PROJECTS + 1:02d}"
        data = {
            "measure": name,
            "kind": "project" if project else "measure",
            "action_field": _ACTION_FIELDS[number % len(_ACTION_FIELDS)],
            "weight": (1.0, 1.5, 2.0)[number % 3],
            "progress": step / _MEASURES.steps,
        }
        yield tell("city.measure.status-changed", at(day, 32_400 + number), name, (name, day), data)


def _rankings(seed: int, day: date) -> Iterator[Told]:
    """Every November; not every area has points."""
    if (day.month, day.day) != (11, 12):
        return
    for number, area in enumerate(_RANKED):
        chance = lot(seed, "ranking", area, day.year)
        points = round(52 + min(day.year - 2018, 12) * 2 + chance.uniform(-4, 6), 1)
        data = {
            "year": day.year,
            "area": area,
            "rank": 22 + chance.randrange(28),
            "points": None if number and happens(chance, 0.4) else points,
            "cities": 81 + chance.randrange(3),
        }
        yield tell("city.ranking.published", at(day, 36_000 + number), area, (area, day.year), data)


def _datasets(seed: int, day: date) -> Iterator[Told]:
    """Inventoried, published some time later, and modified in their period, unless that is forgotten."""
    for number, step in _DATASETS.news(seed, day):
        published = _DATASETS.since(seed, number, 2) == day
        verb = "published" if step == 2 and published else "inventoried"  # noqa: PLR2004
        yield _dataset(seed, number, verb, at(day, 28_800 + number))
    for number in range(_DATASETS.things):
        if _DATASETS.step(seed, number, day) and _modified_on(seed, number, day):
            yield _dataset(seed, number, "modified", at(day, 43_200 + number))


def _dataset(seed: int, number: int, verb: str, moment: datetime) -> Told:
    day, name = moment.date(), f"datensatz-{number:03d}"
    period = timedelta(days=_period(number) or 365)
    looked_at = (day - one * DAY for one in range(2 * period.days))
    modified = next((at(one, 43_200 + number) for one in looked_at if _modified_on(seed, number, one)), None)
    unknown = verb == "modified" and happens(lot(seed, "undated", number, day), 0.03)
    if modified is not None and (modified > moment or unknown):
        modified = None
    published = _DATASETS.step(seed, number, day) > 1
    data = {
        "dataset": name,
        "published": published,
        "modified_at": iso(modified) if modified else None,
        "fresh_until": iso(modified + period) if modified and _period(number) else None,
        "licence": LICENCES[number % len(LICENCES)] if published else None,
    }
    return tell(f"city.dataset.{verb}", moment, name, (name, verb, day), data)


def _period(number: int) -> int | None:
    """Days; few have none."""
    return (*_PERIODS_D.values(), None)[(0, 1, 1, 2, 2, 2, 3, 3, 3, 4)[number % 10]]


def _modified_on(seed: int, number: int, day: date) -> bool:
    due = (day.toordinal() + 37 * number) % (_period(number) or 200) == 0
    return due and not happens(lot(seed, "modified", number, day), 0.15)


STREAMS = (
    Stream("coverage", timedelta(days=399), _coverage),
    Stream("trenches", timedelta(days=399), _trenches),
    Stream("grants", timedelta(days=399), _grants),
    Stream("schools", timedelta(days=399), _schools),
    Stream("masterplan", timedelta(days=130), _masterplan),
    Stream("rankings", timedelta(days=760), _rankings),
    Stream("datasets", timedelta(days=399), _datasets),
)
