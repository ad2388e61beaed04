"""IMD, startport, Innovation Center, university, Duisburg Kontor and business development. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.ladder import Ladder
from cityhub.sandbox.city.streams.story import DAY, Stream, Told, amount, at, happens, iso, pick, tell
from cityhub.sandbox.city.traffic import lot

_MODELS = Ladder("bim", 120, 1, date(2024, 1, 1), 2_800)
_STARTUPS = Ladder("startup", 140, 2, date(2023, 1, 1), 2_400, 1_500)
_PILOTS = Ladder("pilot", 160, 2, date(2023, 6, 1), 2_400, 900)
_USECASES = Ladder("usecase", 60, 3, date(2023, 1, 1), 1_800, 600)
_TOURS = Ladder("tour", 9, 1, date(2024, 2, 1), 1_500)
_STAGES = ("other", "piloted", "rolled-out")


def _bim_models(seed: int, day: date) -> Iterator[Told]:
    for number, _ in _MODELS.news(seed, day):
        name = f"gebaeude-{number:03d}"
        data = {"building": name, "area_m2": 900 + number * 613 % 9_000}
        yield tell("imd.building.bim-model-released", at(day, 32_400 + number), name, (name, day), data)


def _startups(seed: int, day: date) -> Iterator[Told]:
    """Startups join, and some leave: every fourth stays for good."""
    for number, step in _STARTUPS.news(seed, day):
        name = f"startup-{number:03d}"
        verb = "joined" if step == 1 or number % 4 == 0 else "left"
        yield tell(f"startport.startup.{verb}", at(day, 32_400 + number), name, (name, verb, day), {"startup": name})


def _pilots(seed: int, day: date) -> Iterator[Told]:
    """Every second pilot becomes a contract."""
    for number, step in _PILOTS.news(seed, day):
        rose_on = _PILOTS.since(seed, number, step)
        if rose_on != day or (step == 2 and number % 2):  # noqa: PLR2004 - no stock is taken of them
            continue
        pilot, startup = f"pilot-{number:03d}", f"startup-{number % _STARTUPS.things:03d}"
        verb, data = ("pilot-started", "contract-signed")[step - 1], {"pilot": pilot, "startup": startup}
        yield tell(f"startport.startup.{verb}", at(day, 36_000 + number), pilot, (pilot, verb), data)


def _usecases(seed: int, day: date) -> Iterator[Told]:
    """Two of three that were piloted are rolled out."""
    for number, step in _USECASES.news(seed, day):
        stage = _STAGES[step - 1]
        if _USECASES.since(seed, number, step) != day or (stage == "rolled-out" and number % 3 == 0):
            continue
        name = f"anwendungsfall-{number:02d}"
        data = {"usecase": name, "stage": stage}
        yield tell("scdic.usecase.stage-changed", at(day, 36_000 + number), name, (name, stage), data)


def _publications(seed: int, day: date) -> Iterator[Told]:
    """Deposited on workdays; a month later some records change, and few are deleted."""
    for back in (0, 30):
        deposited_on = day - back * DAY
        chance = lot(seed, "publications", deposited_on)
        for number in range(amount(chance, 6, deposited_on)):
            name, fate = f"publikation-{deposited_on}-{number}", chance.random()
            open_access, topic = happens(chance, 0.62), f"fach-{chance.randrange(6)}"
            moment = at(deposited_on, 36_000 + 60 * number)
            stamp = moment if back == 0 else at(day, 28_800 + number)
            data = {
                "publication": name,
                "datestamp": iso(stamp),
                "open_access": open_access,
                "topic": topic if happens(chance, 0.9) else None,
            }
            if back == 0:
                yield tell("ude.publication.deposited", moment, name, (name,), data)
            elif fate < 0.12:  # noqa: PLR2004
                data |= {"deleted": True} if fate < 0.02 else {"open_access": True}  # noqa: PLR2004
                yield tell("ude.publication.deposited", moment, name, (name,), data, version=2, told_at=stamp)


def _projects(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "projects", day)
    for number in range(1 if happens(chance, 0.2) else 0):
        name = f"projekt-{day}-{number}"
        data = {"project": name, "city_partners": int(pick(chance, {"0": 0.5, "1": 0.3, "2": 0.15, "4": 0.05}))}
        yield tell("ude.project.started", at(day, 36_000), name, (name,), data)


def _tours(seed: int, day: date) -> Iterator[Told]:
    for number, _ in _TOURS.news(seed, day):
        tour = f"rundgang-{number + 1}"
        data = {"tour": tour, "museum": _museum(number)}
        yield tell("kontor.tour.released", at(day, 36_000 + number), tour, (tour, day), data)


def _tour_visits(seed: int, day: date) -> Iterator[Told]:
    """What each tour that is there counted; more on weekends."""
    for number in range(_TOURS.things):
        chance, tour = lot(seed, "tour-visits", number, day), f"rundgang-{number + 1}"
        visits = round(chance.lognormvariate(3.2, 0.5) * (1.6 if day.weekday() > 4 else 1.0))  # noqa: PLR2004
        if _TOURS.step(seed, number, day) and visits:
            data = {"tour": tour, "museum": _museum(number), "visits": visits}
            yield tell("kontor.tour.visited", at(day, 86_000 + number), tour, (tour, day), data)


def _museum(tour: int) -> str:
    return f"museum-{tour % 7 + 1}"


def _settlements(seed: int, day: date) -> Iterator[Told]:
    """Some a month; few records are corrected or taken back three weeks later."""
    for back in (0, 21):
        confirmed_on = day - back * DAY
        chance = lot(seed, "settlements", confirmed_on)
        for number in range(1 if confirmed_on.weekday() < 5 and happens(chance, 0.1) else 0):  # noqa: PLR2004
            name, fate = f"ansiedlung-{confirmed_on}-{number}", chance.random()
            area, jobs = 100 * round(chance.lognormvariate(3.6, 0.9)), round(chance.lognormvariate(3, 1))
            data = {"settlement": name, "version": 1, "area_m2": area, "jobs": jobs if happens(chance, 0.8) else None}
            moment = at(confirmed_on, 43_200)
            if back == 0:
                yield tell("wf.settlement.confirmed", moment, name, (name,), data)
            elif fate < 0.25:  # noqa: PLR2004
                data |= {"version": 2, "area_m2": area + 500, "withdrawn": True if fate < 0.08 else None}  # noqa: PLR2004
                told_at = at(day, 43_200)
                yield tell("wf.settlement.confirmed", moment, name, (name,), data, version=2, told_at=told_at)


STREAMS = (
    Stream("bim-models", timedelta(days=399), _bim_models),
    Stream("startups", timedelta(days=399), _startups),
    Stream("pilots", timedelta(days=760), _pilots),
    Stream("usecases", timedelta(days=760), _usecases),
    Stream("publications", timedelta(days=368), _publications),
    Stream("projects", timedelta(days=399), _projects),
    Stream("tours", timedelta(days=399), _tours),
    Stream("tour-visits", timedelta(days=29), _tour_visits),
    Stream("settlements", timedelta(days=377), _settlements),
)
