"""Every sentence the dashboard shows, German beside English. Names of KPIs come from their definitions instead.

German addresses the reader with „Sie“; English is written, not translated word by word. `t` fills the parts in braces.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from cityhub.sdk.text import Text

Lang = Literal["de", "en"]


class Wording(Enum):
    """A set of texts by key; each value holds both languages."""


class T(Wording):
    """What stands on pages; larger sets of one kind stand beside the code that chooses among them."""

    # frame
    CITY = Text("Duisburg", "Duisburg")
    PRODUCT = Text("Kennzahlen der Stadt", "City figures")
    TITLE = Text("{page} · Duisburg in Kennzahlen", "{page} · Duisburg in figures")
    SKIP = Text("Zum Inhalt springen", "Skip to content")
    LANGUAGE = Text("Sprache", "Language")
    THEME = Text("Darstellung", "Appearance")
    THEME_LIGHT = Text("Hell", "Light")
    THEME_DARK = Text("Dunkel", "Dark")
    THEME_CONTRAST = Text("Kontrast", "Contrast")
    LOG_IN = Text("Anmelden", "Log in")
    LOG_OUT = Text("Abmelden", "Log out")
    LOG_IN_STARTING = Text("Anmeldung startet noch", "Log-in is still starting")
    LOG_IN_STARTING_HINT = Text(
        "Die Kennzahlen sind schon sichtbar. Bitte in einer Minute erneut versuchen.",
        "The figures are already visible. Please try again in a minute.",
    )
    CONNECTION_LOST = Text("Verbindung unterbrochen seit {time}", "Connection lost since {time}")
    NO_SCRIPT = Text(
        "Diese Seite braucht JavaScript. Bitte schalten Sie es für diese Adresse ein.",
        "This page needs JavaScript. Please switch it on for this address.",
    )
    HOME = Text("Übersicht", "Overview")
    BREADCRUMB = Text("Sie sind hier", "You are here")

    # simulation
    SIMULATION = Text("Simulation", "Simulation")
    SIMULATION_BANNER = Text(
        "Simulation: Die gezeigten Zahlen stammen aus nachgebildeten Daten, nicht aus dem echten Betrieb.",
        "Simulation: the figures shown come from simulated data, not from real operation.",
    )
    SIMULATION_PART = Text(
        "{synthetic} von {n} gezählten Ereignissen stammen aus einer Simulation.",
        "{synthetic} of {n} counted events come from a simulation.",
    )
    SIMULATION_ALL = Text(
        "Alle {n} gezählten Ereignisse stammen aus einer Simulation.", "All {n} counted events come from a simulation."
    )

    # overview
    FIELDS = Text("Die sieben Handlungsfelder", "The seven action fields")
    KPIS_ONE = Text("1 Kennzahl", "1 figure")
    KPIS_MANY = Text("{n} Kennzahlen", "{n} figures")
    NO_DATA_YET = Text("Noch keine Daten", "No data yet")
    NO_PERIOD_YET = Text("Noch kein abgeschlossener Zeitraum", "No closed period yet")
    NO_KPI_YET = Text(
        "Für dieses Handlungsfeld liefert noch niemand Daten.", "Nobody supplies data for this field yet."
    )
    PARTNERS_STATE = Text("Datenstand der Partner", "Partners' data state")
    NO_PARTNER_YET = Text("Es ist noch keine Quelle angeschlossen.", "No source is connected yet.")

    # value, period, label
    YESTERDAY = Text("gestern", "yesterday")
    TODAY_SO_FAR = Text("heute bisher", "today so far")
    ON_DAY = Text("am {date}", "on {date}")
    HOURS = Text("{start}–{end} Uhr", "{start}:00–{end}:00")
    HOURS_ON = Text("{date}, {hours}", "{date}, {hours}")
    HOUR_SO_FAR = Text("{hours}, bisher", "{hours} so far")
    PROVISIONAL = Text("vorläufig", "provisional")
    CORRECTED = Text("korrigiert", "corrected")
    CORRECTED_BY = Text("korrigiert ({reasons})", "corrected ({reasons})")
    INCOMPLETE = Text("unvollständig", "incomplete")
    UNKNOWN_VALUE = Text("unbekannt", "unknown")
    EXPECTED_FROM = Text("Quelle: {partner}, erwartet {every}", "Source: {partner}, expected {every}")
    SPOKEN = Text("{name} {period}: {value}, {status}", "{name} {period}: {value}, {status}")
    SPOKEN_STATE = Text("Stand {time}", "as of {time}")

    # status and trend
    MET = Text("im Ziel", "on target")
    WATCH = Text("beobachten", "watch")
    MISSED = Text("verfehlt", "missed")
    WITHHELD = Text("zurückgehalten", "withheld")
    NO_TARGET = Text("ohne Ziel", "no target")
    NO_DATA = Text("keine Daten", "no data")
    TARGET = Text("Ziel {value}", "Target {value}")
    TARGETS = Text("Ziele", "Targets")
    TARGET_BAND = Text("Ziel {low} bis {high}", "Target {low} to {high}")
    UNRELIABLE = Text("nicht verlässlich", "not reliable")
    SMALL_GROUP = Text("zurückgehalten: kleine Gruppe (weniger als {n})", "withheld: a small group (fewer than {n})")
    ROUNDED = Text("Zahlen auf Vielfache von {n} gerundet", "counts rounded to multiples of {n}")
    COMPARED = Text("{change} {before} ({word})", "{change} {before} ({word})")
    SAME = Text("kaum verändert {before} ({change})", "hardly changed {before} ({change})")
    BETTER = Text("besser", "better")
    WORSE = Text("schlechter", "worse")
    CHANGED_WORD = Text("verändert", "changed")
    TREND_RULE = Text(
        "Als Veränderung gilt ein Unterschied ab {step} zwischen zwei vollständigen Zeiträumen.",
        "A difference counts as a change from {step} between two complete periods.",
    )
    NO_COMPARISON = Text(
        "Noch kein Vergleich: Der Vergleichszeitraum wurde nicht vollständig erfasst.",
        "No comparison yet: the period to compare with was not recorded completely.",
    )

    # data state
    DATA_STATE = Text("Datenstand: {time}", "Data as of {time}")
    DATA_STATE_NONE = Text("Datenstand: noch keine Daten", "Data state: no data yet")
    SHORT_STATE = Text("Stand {time}", "As of {time}")
    SOURCE = Text("Quelle: {partner}", "Source: {partner}")
    EXPECTED = Text("erwartet {every}", "expected {every}")
    DAILY = Text("täglich", "daily")
    HOURLY = Text("stündlich", "hourly")
    EVERY = Text("alle {duration}", "every {duration}")
    OVERDUE = Text("überfällig seit {time} ({age})", "overdue since {time} ({age})")
    OVERDUE_SHORT = Text("überfällig seit {age}", "overdue for {age}")
    NEVER = Text("noch nie", "never")

    # KPI page
    KPI_KIND = Text("Kennzahl {id}", "Figure {id}")
    SERIES = Text("Verlauf", "Over time")
    SPAN = Text("Zeitraum", "Period")
    SPAN_60MIN = Text("60 Minuten", "60 minutes")
    SPAN_6H = Text("6 Stunden", "6 hours")
    SPAN_24H = Text("24 Stunden", "24 hours")
    SPAN_48H = Text("48 Stunden", "48 hours")
    SPAN_14N = Text("14 Nächte", "14 nights")
    SPAN_30N = Text("30 Nächte", "30 nights")
    SPAN_14D = Text("14 Tage", "14 days")
    SPAN_30D = Text("30 Tage", "30 days")
    SPAN_7D = Text("7 Tage gleitend", "rolling 7 days")
    SPAN_12W = Text("12 Wochen", "12 weeks")
    SPAN_12M = Text("12 Monate", "12 months")
    SPAN_YTD = Text("Jahr bisher", "year to date")
    SPAN_5Y = Text("5 Jahre", "5 years")
    SPAN_5S = Text("5 Schuljahre", "5 school years")
    SERIES_EMPTY = Text("Für diesen Zeitraum liegen keine Daten vor.", "There are no data for this period.")
    SERIES_SENTENCE = Text(
        "{name}, {span}: zuletzt {last} ({last_at}), höchster Wert {high} ({high_at}), "
        "niedrigster Wert {low} ({low_at}).",
        "{name}, {span}: latest {last} ({last_at}), highest {high} ({high_at}), lowest {low} ({low_at}).",
    )
    SERIES_GAPS = Text(
        "In {n} von {total} Abschnitten liegen keine Daten vor.", "{n} of {total} intervals have no data."
    )
    SERIES_DASHED = Text("Gestrichelt: vorläufig.", "Dashed: provisional.")
    NUMBERS = Text("Zahlen zum Verlauf", "Figures over time")
    COLUMN_VALUE = Text("Wert", "Value")
    COLUMN_IN_UNIT = Text("{name} ({unit})", "{name} ({unit})")
    COLUMN_COVERAGE = Text("Beobachtet", "Observed")
    COLUMN_NOTE = Text("Hinweis", "Note")
    CSV = Text("CSV herunterladen", "Download CSV")
    CSV_OF = Text("CSV herunterladen: {table}", "Download CSV: {table}")
    BY_DIMENSION = Text("Nach {dimension}, {period}", "By {dimension}, {period}")
    BESIDE = Text("{name}:\u00a0{value}", "{name}:\u00a0{value}")
    OBSERVED = Text("beobachtet: {share} der Zeit", "observed: {share} of the time")
    OBSERVED_TOO_LITTLE = Text(
        "nicht verlässlich: nur {share} der Zeit beobachtet", "not reliable: only {share} of the time observed"
    )

    # trust column
    TRUST = Text("Ist die Zahl verlässlich?", "Is this figure reliable?")
    COUNTED_UP_TO = Text(
        "Zeitraum: {period}. Revision {revision}, berücksichtigt alle Meldungen bis {time}.",
        "Period: {period}. Revision {revision}, with everything reported up to {time}.",
    )
    COVERAGE_ENOUGH = Text(
        "Für {share} der Zeit liegen Beobachtungen vor; für den Rest ist der Zustand unbekannt.",
        "There are observations for {share} of the time; for the rest the state is unknown.",
    )
    PROVISIONAL_HINT = Text(
        "Vorläufig: Verspätete Meldungen können den Wert noch ändern.", "Provisional: late reports may change it."
    )
    CORRECTED_HINT = Text(
        "Korrigiert: Der Wert wurde nachträglich geändert.", "Corrected: the value was changed later."
    )
    CORRECTED_BY_HINT = Text(
        "Korrigiert: Nach der Frist hat sich der Wert noch geändert. Grund: {reasons}.",
        "Corrected: the value still changed after its deadline. Reason: {reasons}.",
    )
    REASON_DEFINITION = Text("neue Fassung der Definition", "new version of the definition")
    REASON_ENGINE = Text("neues Rechenverfahren", "new way of computing")
    REASON_REFERENCE = Text("neue Bezugsgröße", "new reference quantity")
    REASON_CORRECTION = Text("berichtigte Meldungen", "corrected reports")
    REASON_RETRACTION = Text("zurückgezogene Meldungen", "withdrawn reports")
    REASON_LATE = Text("verspätete Meldungen", "late reports")
    INCOMPLETE_HINT = Text("Unvollständig: erfasst erst ab {time}.", "Incomplete: recorded only from {time}.")
    NOTHING_COUNTED = Text(
        "Für diesen Zeitraum wurde noch nichts gezählt.", "Nothing has been counted for this period yet."
    )
    MEANING = Text("Was die Zahl bedeutet", "What the figure means")
    FORMULA = Text("Rechenweg", "Formula")
    OWNER = Text("Zuständig", "Responsible")
    DEFINITION = Text("Definition", "Definition")
    VERSION = Text("Fassung {version}, Prüfsumme {hash}", "Version {version}, checksum {hash}")
    FULL_HASH = Text("Prüfsumme vollständig anzeigen", "Show the whole checksum")

    # data page
    DATA_INTRO = Text(
        "Welche Quellen liefern, wie frisch ihre Daten sind und was davon nicht gezählt werden konnte.",
        "Which sources deliver, how fresh their data are and what could not be counted.",
    )
    COLUMN_SOURCE = Text("Quelle", "Source")
    COLUMN_STATE = Text("Datenstand", "Data as of")
    COLUMN_SITUATION = Text("Lage", "Situation")
    ALL_ON_TIME = Text("aktuell", "up to date")
    FEED_FAILING = Text("letzter Abruf fehlgeschlagen um {time}", "last fetch failed at {time}")
    FEED_UNSEEN = Text("kein Lebenszeichen des Abrufs seit {time}", "no sign of its adapter since {time}")
    REJECTED_ITEMS = Text("{n} Meldungen der Quelle unlesbar", "{n} items of the source unreadable")

    # messages
    MISSING_TITLE = Text("Diese Seite gibt es nicht", "There is no such page")
    MISSING_PAGE = Text(
        "Die Adresse führt zu keiner Seite. Bitte prüfen Sie die Schreibweise oder beginnen Sie in der Übersicht.",
        "The address leads to no page. Please check its spelling or start from the overview.",
    )
    MISSING_KPI = Text(
        "Diese Kennzahl gibt es nicht, oder sie ist nicht öffentlich. Dürfen Sie sie sehen, melden Sie sich bitte an.",
        "There is no such figure, or it is not public. If you may see it, please log in.",
    )
    MISSING_FIELD = Text("Dieses Handlungsfeld gibt es nicht.", "There is no such action field.")
    MISSING_VIEW = Text(
        "Diesen Zeitraum oder diese Sortierung gibt es nicht.", "There is no such period or sort order."
    )
    MISSING_PARTNER = Text(
        "Diese Seite zeigt Partnern, was aus ihren eigenen Ereignissen wurde. Senden Sie welche, melden Sie sich bitte "
        "an; fehlt Ihnen ein Zugang, hilft der Betrieb.",
        "This page shows partners what became of their own events. If you send any, please log in; if you have no "
        "account, the operators will help.",
    )
    UNREADABLE_TITLE = Text("Die Kennzahlen sind gerade nicht lesbar", "The figures cannot be read right now")
    UNREADABLE = Text(
        "Die Seite versucht es von selbst erneut. Bleibt die Meldung länger als fünf Minuten, "
        "wenden Sie sich bitte an den Betrieb.",
        "The page tries again by itself. If this message stays for more than five minutes, please tell the operators.",
    )

    ACCESSIBILITY = Text("Barrierefreiheit", "Accessibility")


def t(lang: Lang, key: Wording, **parts: str | int) -> str:
    """The text of a key in one language, its parts filled in."""
    text: Text = key.value
    return text.get(lang).format(**parts)
