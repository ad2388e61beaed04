"""A health in a sentence, German or English: what is wrong, how much of it, since when, whose source it is."""

from __future__ import annotations

from datetime import datetime

from cityhub.kpi.health.kpi import Health
from cityhub.kpi.health.source import Cause, State
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.naming import partner_name
from cityhub.sdk.text import Text

_TINY = 1e-9
"""Binary fractions of a share lie that close to the decimal that was meant; only the whole is 100 %."""
_STATES = {
    State.GOOD: Text("Verlässlich.", "Reliable."),
    State.DEGRADED: Text("Eingeschränkt verlässlich: ", "Of limited reliability: "),
    State.UNRELIABLE: Text("Nicht verlässlich: ", "Not reliable: "),
    State.NO_DATA: Text("Keine Daten: ", "No data: "),
    State.WITHHELD: Text("Zurückgehalten: ", "Withheld: "),
}
_CAUSES = {
    Cause.OVERDUE: Text(
        "„{title}“ – seit {since} keine Meldung ({partner}).", "“{title}” – no report since {since} ({partner})."
    ),
    Cause.SILENT: Text(
        "{share} % der {reporters} melden seit {since} nichts ({partner}).",
        "{share}% of the {reporters} have reported nothing since {since} ({partner}).",
    ),
    Cause.INVALID: Text(
        "„{title}“ – {share} % der Meldungen sind seit {since} ungültig ({partner}).",
        "“{title}” – {share}% of the reports have been invalid since {since} ({partner}).",
    ),
    Cause.COVERAGE: Text("nur {share} % der Zeit sind beobachtet.", "only {share}% of the time is observed."),
    Cause.UNOBSERVED: Text(
        "der Hub sieht seit {since} nicht nach den Quellen.", "the hub has not looked at the sources since {since}."
    ),
    Cause.SUPPRESSED: Text("kleine Gruppe.", "a small group."),
    Cause.NEVER: Text("„{title}“ – noch keine Meldung ({partner}).", "“{title}” – no report yet ({partner})."),
}
_NOTHING_YET = Text("Noch keine Daten – Quelle: {partner}.", "No data yet – source: {partner}.")
_EMPTY = Text("Keine Daten in diesem Zeitraum.", "No data in this period.")


def sentence(health: Health, lang: str) -> str:
    """Such as `Nicht verlässlich: 38 % der Leuchten melden seit 06:10 Uhr nichts (DVV).`"""
    if health.state is State.NO_DATA and health.cause in {Cause.NEVER, Cause.EMPTY}:
        text = _NOTHING_YET if health.cause is Cause.NEVER else _EMPTY
        return text.get(lang).format(partner=partner_name(health.partner, lang))
    if health.state is State.GOOD:
        return _STATES[State.GOOD].get(lang)
    words = _CAUSES[health.cause].get(lang) if health.cause else ""
    return _STATES[health.state].get(lang) + words.format(
        title=health.title.get(lang) if health.title else "",
        reporters=health.reporters.get(lang) if health.reporters else "",
        partner=partner_name(health.partner, lang),
        share=int(100 * (health.share or 0) + _TINY),
        since=_moment(health.since, health.at, lang) if health.since else "",
    )


def _moment(moment: datetime, at: datetime | None, lang: str) -> str:
    """A time of the day on which it is said, else with its date."""
    local = moment.astimezone(berlin())
    time = f"{local:%H:%M}" if lang == "en" else f"{local:%H:%M} Uhr"
    if at is not None and at.astimezone(berlin()).date() == local.date():
        return time
    return f"{local:%Y-%m-%d} {time}" if lang == "en" else f"{local:%d.%m.%Y}, {time}"
