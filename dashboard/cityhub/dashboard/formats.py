"""Numbers, dates and durations as people here read them; times in Europe/Berlin, whatever the server's zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from cityhub.dashboard.texts import Lang, T, t
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.values import WindowKind

NBSP = "\u00a0"
MINUS = "\u2212"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = {
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_SPANS = ((86_400, "Tag", "Tage", "day"), (3_600, "Stunde", "Stunden", "hour"), (60, "Minute", "Minuten", "minute"))
_GERMAN_MARKS = str.maketrans(",.", ".,")


def number(value: float, lang: Lang, decimals: int = 0) -> str:
    """`1.234,5` in German, `1,234.5` in English; a real minus sign."""
    text = f"{value:,.{decimals}f}"
    if lang == "de":
        text = text.translate(_GERMAN_MARKS)
    return text.replace("-", MINUS)


def quantity(value: float, unit: str, lang: Lang, decimals: int = 1) -> str:
    """A number with its UCUM unit: `87,4 %`, in English `87.4%`."""
    gap = "" if unit == "%" and lang == "en" else NBSP
    return number(value, lang, decimals) + gap + unit


def spoken_quantity(value: float, unit: str, lang: Lang) -> str:
    """A number with its unit as a word, for accessible names: `87,4 Prozent`."""
    word = {"de": "Prozent", "en": "percent"}[lang] if unit == "%" else unit
    return f"{number(value, lang, 1)} {word}"


def difference(value: float, unit: str, lang: Lang) -> str:
    """A signed difference; between percentages it is in points: `+1,2 Pkt.`"""
    sign = "+" if round(value, 1) > 0 else ""
    points = {"de": "Pkt.", "en": "pts"}[lang]
    return f"{sign}{number(round(value, 1) + 0.0, lang, 1)}{NBSP}{points if unit == '%' else unit}"


def date(moment: datetime, lang: Lang) -> str:
    """`23.11.2026`, in English `23 Nov 2026`."""
    local = moment.astimezone(berlin())
    if lang == "en":
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{local:%d.%m.%Y}"


def short_date(moment: datetime, lang: Lang) -> str:
    """`Mo 23.11.`, in English `Mon 23 Nov`."""
    local = moment.astimezone(berlin())
    weekday = _WEEKDAYS[lang][local.weekday()]
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]}" if lang == "en" else f"{weekday} {local:%d.%m.}"


def clock(moment: datetime, lang: Lang) -> str:
    """`14:05 Uhr`, in English `14:05`."""
    text = f"{moment.astimezone(berlin()):%H:%M}"
    return text if lang == "en" else f"{text}{NBSP}Uhr"


def date_and_clock(moment: datetime, lang: Lang) -> str:
    """`23.11.2026 14:05 Uhr`."""
    return f"{date(moment, lang)} {clock(moment, lang)}"


def moment_near(moment: datetime, now: datetime, lang: Lang) -> str:
    """The time of day alone when it is today's, else with its date."""
    same_day = moment.astimezone(berlin()).date() == now.astimezone(berlin()).date()
    return clock(moment, lang) if same_day else date_and_clock(moment, lang)


def age(span: timedelta, lang: Lang) -> str:
    """A duration in its largest whole unit: `12 Minuten`; below a minute in seconds."""
    seconds = max(0, int(span.total_seconds()))
    for size, one, many, english in _SPANS:
        if seconds >= size:
            count = seconds // size
            name = (one if count == 1 else many) if lang == "de" else english + ("" if count == 1 else "s")
            return f"{number(count, lang)}{NBSP}{name}"
    return f"{seconds}{NBSP}s"


def every(seconds: int, lang: Lang) -> str:
    """How often something is expected: `alle 30 s`, `alle 15 min`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return t(lang, T.EVERY, duration=f"{seconds // size}{NBSP}{unit}")
    return t(lang, T.EVERY, duration=f"{seconds}{NBSP}s")


def hours(start: datetime, end: datetime, lang: Lang) -> str:
    """`14–15 Uhr`, in English `14:00–15:00`."""
    local_start, local_end = start.astimezone(berlin()), end.astimezone(berlin())
    return t(lang, T.HOURS, start=f"{local_start:%H}", end=f"{local_end:%H}" if local_end.hour else "24")


def window(kind: WindowKind, start: datetime, end: datetime, lang: Lang) -> str:
    """A window by its date, for tables and files that are read later: `23.11.2026`, `23.11.2026, 14–15 Uhr`."""
    day = date(start, lang)
    return t(lang, T.HOURS_ON, date=day, hours=hours(start, end, lang)) if kind is WindowKind.HOUR else day


def period(kind: WindowKind, start: datetime, end: datetime, now: datetime, lang: Lang) -> str:
    """What a reader calls a window at a moment: `gestern`, `heute bisher`, `am 20.11.2026`, `14–15 Uhr`."""
    running = start <= now < end
    days_ago = (now.astimezone(berlin()).date() - start.astimezone(berlin()).date()).days
    if kind is WindowKind.HOUR:
        name = hours(start, end, lang)
        if running:
            return t(lang, T.HOUR_SO_FAR, hours=name)
        return name if days_ago == 0 else t(lang, T.HOURS_ON, date=short_date(start, lang), hours=name)
    if running:
        return t(lang, T.TODAY_SO_FAR)
    return t(lang, T.YESTERDAY) if days_ago == 1 else t(lang, T.ON_DAY, date=date(start, lang))
