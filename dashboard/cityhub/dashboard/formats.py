"""Numbers, dates and durations as people here read them; times in Europe/Berlin, whatever the server's zone."""

from __future__ import annotations

import datetime as dt
from datetime import datetime, timedelta
from decimal import Decimal

from cityhub.dashboard import units
from cityhub.dashboard.texts import Lang, T, t
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.values import WindowKind

NBSP = "\u00a0"
MINUS = "\u2212"
_MONTHS = {
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
_WEEKDAYS = {
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_SPANS = ((86_400, "Tag", "Tage", "day"), (3_600, "Stunde", "Stunden", "hour"), (60, "Minute", "Minuten", "minute"))
_TINY = 1e-9
"""Binary fractions of a share lie that close to the decimal that was meant."""
_ONCE = {86_400: T.DAILY, 3_600: T.HOURLY}
_GERMAN_MARKS = str.maketrans(",.", ".,")


def number(value: float, lang: Lang, decimals: int = 0) -> str:
    """`1.234,5` in German, `1,234.5` in English; a real minus sign."""
    text = f"{value:,.{decimals}f}"
    if lang == "de":
        text = text.translate(_GERMAN_MARKS)
    return text.replace("-", MINUS)


def quantity(value: float, unit: str, lang: Lang) -> str:
    """A number with its UCUM unit: `87,4 %`, in English `87.4%`; `0,42 kWh`, `3,2 je 100.000`, `12 Tage`."""
    text, sign = number(value, lang, units.decimals(unit, value)), units.sign(unit, lang)
    gap = "" if not sign or (unit == "%" and lang == "en") else NBSP
    return text + gap + sign


def written(value: float, unit: str, lang: Lang) -> str:
    """A number with its unit and all its decimals, as somebody wrote it: `87,25 %`."""
    decimals = -min(0, int(Decimal(repr(value)).normalize().as_tuple().exponent))
    text, sign = number(value, lang, decimals), units.sign(unit, lang)
    return text + ("" if not sign or (unit == "%" and lang == "en") else NBSP) + sign


def percent(share: float, lang: Lang) -> str:
    """A share from 0 to 1 as whole percent: `93 %`; rounded down, so that only the whole is 100 %."""
    return number(int(share * 100 + _TINY), lang) + ("%" if lang == "en" else f"{NBSP}%")


def spoken_quantity(value: float, unit: str, lang: Lang) -> str:
    """A number with its unit as a word, for accessible names: `87,4 Prozent`."""
    return f"{number(value, lang, units.decimals(unit, value))} {units.word(unit, lang)}".rstrip()


def difference(value: float, unit: str, lang: Lang) -> str:
    """A signed difference; between percentages it is in points: `+1,2 Pkt.`"""
    decimals = units.decimals(unit, value)
    rounded = round(value, decimals) + 0.0
    sign = {"de": "Pkt.", "en": "pts"}[lang] if unit == "%" else units.sign(unit, lang)
    return f"{'+' if rounded > 0 else ''}{number(rounded, lang, decimals)}{NBSP}{sign}".rstrip(NBSP)


def date(moment: datetime, lang: Lang) -> str:
    """`23.11.2026`, in English `23 Nov 2026`."""
    return day(moment.astimezone(berlin()), lang)


def day(local: dt.date, lang: Lang) -> str:
    """A day of Duisburg, as `date` writes it."""
    if lang == "en":
        return f"{local.day} {_MONTHS['en'][local.month - 1][:3]} {local.year}"
    return f"{local:%d.%m.%Y}"


def short_date(moment: datetime, lang: Lang) -> str:
    """`Mo 23.11.`, in English `Mon 23 Nov`."""
    local = moment.astimezone(berlin())
    weekday = _WEEKDAYS[lang][local.weekday()]
    return (
        f"{weekday} {local.day} {_MONTHS['en'][local.month - 1][:3]}" if lang == "en" else f"{weekday} {local:%d.%m.}"
    )


def clock(moment: datetime, lang: Lang) -> str:
    """`14:05 Uhr`, in English `14:05`."""
    text = f"{moment.astimezone(berlin()):%H:%M}"
    return text if lang == "en" else f"{text}{NBSP}Uhr"


def date_and_clock(moment: datetime, lang: Lang) -> str:
    """`23.11.2026 14:05 Uhr`."""
    return f"{date(moment, lang)} {clock(moment, lang)}"


def span(start: datetime, end: datetime, lang: Lang) -> str:
    """`23.11.2026 14:00–15:00 Uhr`; with both dates where it ends on another day."""
    last = end - timedelta(seconds=1)
    if start.astimezone(berlin()).date() != last.astimezone(berlin()).date():
        return f"{date_and_clock(start, lang)} – {date_and_clock(end, lang)}"
    until = clock(end, lang).replace("00:00", "24:00")
    return f"{date(start, lang)} {start.astimezone(berlin()):%H:%M}–{until}"


def exact(moment: datetime, lang: Lang) -> str:
    """`23.11.2026 14:05:09`, as spreadsheets read it; in English `23 Nov 2026 14:05:09`."""
    return f"{date(moment, lang)} {moment.astimezone(berlin()):%H:%M:%S}"


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
    """How often something is expected: `alle 30 s`, `alle 15 min`, `stündlich`, `alle 30 Tage`."""
    if seconds in _ONCE:
        return t(lang, _ONCE[seconds])
    for size, unit in ((86_400, units.sign("d", lang)), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return t(lang, T.EVERY, duration=f"{seconds // size}{NBSP}{unit}")
    return t(lang, T.EVERY, duration=f"{seconds}{NBSP}s")


def hours(start: datetime, end: datetime, lang: Lang) -> str:
    """`14–15 Uhr`, in English `14:00–15:00`."""
    local_start, local_end = start.astimezone(berlin()), end.astimezone(berlin())
    return t(lang, T.HOURS, start=f"{local_start:%H}", end=f"{local_end:%H}" if local_end.hour else "24")


_WITHIN_A_DAY = {WindowKind.MINUTE, WindowKind.FIVE_MINUTES, WindowKind.QUARTER_HOUR, WindowKind.HOUR}
_STEPS_OF_A_DAY = {WindowKind.NIGHT, WindowKind.DAY, WindowKind.SEVEN_DAYS, WindowKind.YEAR_TO_DATE}
_LONGER: dict[WindowKind, dict[Lang, str]] = {
    WindowKind.NIGHT: {"de": "Nacht zum {last}", "en": "night to {last}"},
    WindowKind.SEVEN_DAYS: {"de": "7 Tage bis {last}", "en": "7 days to {last}"},
    WindowKind.WEEK: {"de": "KW {week}/{week_year}", "en": "week {week}, {week_year}"},
    WindowKind.MONTH: {"de": "{month} {year}", "en": "{month} {year}"},
    WindowKind.YEAR: {"de": "{year}", "en": "{year}"},
    WindowKind.YEAR_TO_DATE: {"de": "01.01. bis {last}", "en": "1 Jan to {last}"},
    WindowKind.SCHOOL_YEAR: {"de": "Schuljahr {year}/{next_year:02d}", "en": "school year {year}/{next_year:02d}"},
}


def window(kind: WindowKind, start: datetime, end: datetime, lang: Lang) -> str:
    """A window by its date, for tables and files that are read later: `23.11.2026`, `23.11.2026, 14–15 Uhr`."""
    if kind in _WITHIN_A_DAY:
        return t(lang, T.HOURS_ON, date=date(start, lang), hours=_times(kind, start, end, lang))
    if kind is WindowKind.DAY:
        return date(start, lang)
    first = start.astimezone(berlin())
    week_year, week, _ = first.isocalendar()
    return _LONGER[kind][lang].format(
        last=date(end - timedelta(seconds=1), lang),
        month=_MONTHS[lang][first.month - 1],
        year=first.year,
        next_year=(first.year + 1) % 100,
        week=week,
        week_year=week_year,
    )


def _times(kind: WindowKind, start: datetime, end: datetime, lang: Lang) -> str:
    """`14–15 Uhr`, or where minutes matter `14:05–14:10 Uhr`."""
    if kind is WindowKind.HOUR:
        return hours(start, end, lang)
    until = clock(end, lang).replace("00:00", "24:00")
    return f"{start.astimezone(berlin()):%H:%M}–{until}"


def period(kind: WindowKind, start: datetime, end: datetime, now: datetime, lang: Lang) -> str:
    """What a reader calls a window at a moment: `gestern`, `heute bisher`, `14–15 Uhr`, `November 2026, bisher`."""
    running = start <= now < end
    days_ago = (now.astimezone(berlin()).date() - start.astimezone(berlin()).date()).days
    if kind is not WindowKind.DAY:
        near = kind in _WITHIN_A_DAY
        name = _times(kind, start, end, lang) if near else window(kind, start, end, lang)
        if running:
            return t(lang, T.HOUR_SO_FAR, hours=name)
        return t(lang, T.HOURS_ON, date=short_date(start, lang), hours=name) if near and days_ago else name
    if running:
        return t(lang, T.TODAY_SO_FAR)
    return t(lang, T.YESTERDAY) if days_ago == 1 else t(lang, T.ON_DAY, date=date(start, lang))


_BEFORE: dict[WindowKind, dict[Lang, str]] = {
    WindowKind.MINUTE: {"de": "zur Minute davor", "en": "on the minute before"},
    WindowKind.FIVE_MINUTES: {"de": "zu den 5 Minuten davor", "en": "on the 5 minutes before"},
    WindowKind.QUARTER_HOUR: {"de": "zur Viertelstunde davor", "en": "on the quarter of an hour before"},
    WindowKind.HOUR: {"de": "zur Stunde davor", "en": "on the hour before"},
    WindowKind.NIGHT: {"de": "zur Nacht davor", "en": "on the night before"},
    WindowKind.DAY: {"de": "zum Vortag", "en": "on the day before"},
    WindowKind.SEVEN_DAYS: {"de": "zu den 7 Tagen davor", "en": "on the 7 days before"},
    WindowKind.WEEK: {"de": "zur Vorwoche", "en": "on the week before"},
    WindowKind.MONTH: {"de": "zum Vormonat", "en": "on the month before"},
    WindowKind.YEAR: {"de": "zum Vorjahr", "en": "on the year before"},
    WindowKind.YEAR_TO_DATE: {"de": "zum gleichen Zeitraum des Vorjahres", "en": "on the same period a year ago"},
    WindowKind.SCHOOL_YEAR: {"de": "zum Schuljahr davor", "en": "on the school year before"},
}


def before(kind: WindowKind, lang: Lang) -> str:
    """What a window of a kind is compared with: `zum Vortag`."""
    return _BEFORE[kind][lang]


def mark(kind: WindowKind, start: datetime, end: datetime, lang: Lang) -> str:
    """A window below an axis, in at most two short lines: `14:05 Uhr`, `So<br>22.11.`, `Nov<br>2026`, `KW 48`."""
    first, last = start.astimezone(berlin()), end - timedelta(seconds=1)
    if kind in _WITHIN_A_DAY:
        return clock(start, lang)
    if kind in _STEPS_OF_A_DAY:
        return short_date(last, lang).replace(" ", "<br>", 1)
    if kind is WindowKind.MONTH:
        return f"{_MONTHS[lang][first.month - 1][:3]}<br>{first.year}"
    if kind is WindowKind.WEEK:
        return f"{'KW' if lang == 'de' else 'week'} {first.isocalendar().week}"
    return f"{first.year}/{last.astimezone(berlin()):%y}" if kind is WindowKind.SCHOOL_YEAR else str(first.year)
