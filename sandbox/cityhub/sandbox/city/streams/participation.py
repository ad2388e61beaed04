"""Contributions to participation processes of the city and GEBAG. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.story import Stream, Told, amount, at, tell
from cityhub.sandbox.city.traffic import lot


def _participation(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "participation", day)
    for number in range(amount(chance, 35, day)):
        process = f"verfahren-{(day.toordinal() // 40) + chance.randrange(3)}"
        pseudonym = f"p-{process}-{int(chance.expovariate(1 / 120))}"
        data = {"pseudonym": pseudonym, "process": process}
        type_ = "de.duisburg.city.participation.contribution-submitted.v1"
        moment = at(day, chance.triangular(7 * 3600, 86_399, 19 * 3600))
        yield Told(type_, moment, process, (day.isoformat(), str(number)), data)


def _dialogue(seed: int, day: date) -> Iterator[Told]:
    chance = lot(seed, "gebag-dialogue", day)
    for number in range(amount(chance, 8, day)):
        process = f"mieterdialog-{day.toordinal() // 60}"
        pseudonym = f"m-{process}-{int(chance.expovariate(1 / 80))}"
        moment = at(day, chance.triangular(7 * 3600, 86_399, 18 * 3600))
        data = {"pseudonym": pseudonym, "process": process}
        yield tell("gebag.participation.contribution-submitted", moment, process, (day, number), data)


STREAMS = (
    Stream("participation", timedelta(days=65), _participation),
    Stream("gebag-participation", timedelta(days=65), _dialogue),
)
