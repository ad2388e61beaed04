"""Every sentence the dashboard shows, German beside English. Names of KPIs come from their definitions instead.

German addresses the reader with „Sie“; English is written, not translated word by word. `t` fills the parts in braces.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from cityhub.kpi.fields import Text

Lang = Literal["de", "en"]

PARTNERS = {
    "dvv": Text(
        "DVV – Duisburger Versorgungs- und Verkehrsgesellschaft", "DVV – Duisburg's utility and transport company"
    )
}
"""Full names of partners; every other partner is shown by its short name."""


class T(Enum):
    """Texts by key; the value holds both languages."""

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
    CHANGED = Text("Was hat sich seit gestern geändert?", "What has changed since yesterday?")
    CHANGED_ITEM = Text("{name}: {value} {period}, {change}", "{name}: {value} {period}, {change}")
    CHANGED_UNKNOWN = Text(
        "Noch kein Vergleich möglich: Dafür müssen zwei vollständige Tage vorliegen.",
        "No comparison yet: that takes two complete days.",
    )
    FIELDS = Text("Die sieben Handlungsfelder", "The seven action fields")
    KPIS_ONE = Text("1 Kennzahl", "1 figure")
    KPIS_MANY = Text("{n} Kennzahlen", "{n} figures")
    NO_DATA_YET = Text("Noch keine Daten", "No data yet")
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
    INCOMPLETE = Text("unvollständig", "incomplete")
    UNKNOWN_VALUE = Text("unbekannt", "unknown")
    EXPECTED_FROM = Text("Quelle: {partner}, erwartet {every}", "Source: {partner}, expected {every}")
    SPOKEN = Text("{name} {period}: {value}, {status}", "{name} {period}: {value}, {status}")
    SPOKEN_STATE = Text("Stand {time}", "as of {time}")

    # status and trend
    MET = Text("im Ziel", "on target")
    MISSED = Text("verfehlt", "missed")
    NO_TARGET = Text("ohne Ziel", "no target")
    NO_DATA = Text("keine Daten", "no data")
    TARGET = Text("Ziel {value}", "Target {value}")
    COMPARED = Text("{change} zum Vortag ({word})", "{change} on the day before ({word})")
    SAME = Text("wie am Vortag ({change})", "as on the day before ({change})")
    BETTER = Text("besser", "better")
    WORSE = Text("schlechter", "worse")
    CHANGED_WORD = Text("verändert", "changed")
    TREND_RULE = Text(
        "Als Veränderung gilt ein Unterschied ab {step} zwischen zwei vollständigen Tagen.",
        "A difference counts as a change from {step} between two complete days.",
    )
    NO_COMPARISON = Text(
        "Noch kein Vergleich mit dem Vortag: Er wurde nicht vollständig erfasst.",
        "No comparison with the day before yet: it was not recorded completely.",
    )

    # data state
    DATA_STATE = Text("Datenstand: {time}", "Data as of {time}")
    DATA_STATE_NONE = Text("Datenstand: noch keine Daten", "Data state: no data yet")
    SHORT_STATE = Text("Stand {time}", "As of {time}")
    SOURCE = Text("Quelle: {partner}", "Source: {partner}")
    EXPECTED = Text("erwartet {every}", "expected {every}")
    EVERY = Text("alle {duration}", "every {duration}")
    OVERDUE = Text("überfällig seit {time} ({age})", "overdue since {time} ({age})")
    OVERDUE_SHORT = Text("überfällig seit {age}", "overdue for {age}")
    NEVER = Text("noch nie", "never")

    # KPI page
    KPI_KIND = Text("Kennzahl {id}", "Figure {id}")
    SERIES = Text("Verlauf", "Over time")
    SPAN = Text("Zeitraum", "Period")
    SPAN_48H = Text("48 Stunden", "48 hours")
    SPAN_14D = Text("14 Tage", "14 days")
    SPAN_30D = Text("30 Tage", "30 days")
    SERIES_EMPTY = Text("Für diesen Zeitraum liegen keine Daten vor.", "There are no data for this period.")
    SERIES_SENTENCE = Text(
        "{name}, letzte {span}: zuletzt {last} ({last_at}), höchster Wert {high} ({high_at}), "
        "niedrigster Wert {low} ({low_at}).",
        "{name}, last {span}: latest {last} ({last_at}), highest {high} ({high_at}), lowest {low} ({low_at}).",
    )
    SERIES_GAPS = Text(
        "In {n} von {total} Abschnitten liegen keine Daten vor.", "{n} of {total} intervals have no data."
    )
    SERIES_DASHED = Text("Gestrichelt: vorläufig.", "Dashed: provisional.")
    NUMBERS = Text("Zahlen zum Verlauf", "Figures over time")
    COLUMN_VALUE = Text("Wert ({unit})", "Value ({unit})")
    COLUMN_NOTE = Text("Hinweis", "Note")
    CSV = Text("CSV herunterladen", "Download CSV")
    CSV_OF = Text("CSV herunterladen: {table}", "Download CSV: {table}")
    BY_DIMENSION = Text("Nach {dimension}, {period}", "By {dimension}, {period}")
    LINE = Text("Linie", "line")
    BESIDE = Text("{name}: {n}", "{name}: {n}")
    EVENTS = Text("Ereignisse", "events")

    # trust column
    TRUST = Text("Ist die Zahl verlässlich?", "Is this figure reliable?")
    COUNTED = Text(
        "{n} {noun} gezählt, {good} davon erfüllen die Bedingung.",
        "{n} {noun} counted, {good} of them meet the condition.",
    )
    COUNTED_UP_TO = Text(
        "Zeitraum: {period}. Revision {revision}, berücksichtigt alle Meldungen bis {time}.",
        "Period: {period}. Revision {revision}, with everything reported up to {time}.",
    )
    PROVISIONAL_HINT = Text(
        "Vorläufig: Verspätete Meldungen können den Wert noch ändern.", "Provisional: late reports may change it."
    )
    CORRECTED_HINT = Text(
        "Korrigiert: Der Wert wurde nachträglich geändert.", "Corrected: the value was changed later."
    )
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
    COLUMN_RECORDS = Text("Gelesene Ereignisse", "Events read")
    COLUMN_DUPLICATES = Text("davon doppelt", "of these duplicates")
    COLUMN_REJECTED = Text("davon abgelehnt", "of these rejected")
    ALL_ON_TIME = Text("aktuell", "up to date")
    FEED_FAILING = Text("letzter Abruf fehlgeschlagen um {time}", "last fetch failed at {time}")
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
    UNREADABLE_TITLE = Text("Die Kennzahlen sind gerade nicht lesbar", "The figures cannot be read right now")
    UNREADABLE = Text(
        "Die Seite versucht es von selbst erneut. Bleibt die Meldung länger als fünf Minuten, "
        "wenden Sie sich bitte an den Betrieb.",
        "The page tries again by itself. If this message stays for more than five minutes, please tell the operators.",
    )

    # accessibility statement
    ACCESSIBILITY = Text("Barrierefreiheit", "Accessibility")
    ACCESSIBILITY_SCOPE = Text(
        "Diese Erklärung gilt für das Kennzahlen-Angebot der Stadt Duisburg unter dieser Adresse. Maßstab ist die "
        "BITV 2.0 mit EN 301 549, also WCAG 2.1, Stufe AA.",
        "This statement covers the City of Duisburg's figures at this address. The yardstick is BITV 2.0 with "
        "EN 301 549, that is WCAG 2.1, level AA.",
    )
    ACCESSIBILITY_STATE_TITLE = Text("Stand", "State")
    ACCESSIBILITY_STATE = Text(
        "Die Seiten werden automatisch geprüft, in beiden Sprachen und jeder Darstellung. Eine Prüfung durch Menschen "
        "mit Behinderungen und durch eine unabhängige Stelle steht noch aus. Wir nennen das Angebot deshalb noch "
        "nicht vollständig barrierefrei.",
        "The pages are tested automatically, in both languages and every appearance. Tests by people with disabilities "
        "and by an independent body are still to come, so we do not call it fully accessible yet.",
    )
    ACCESSIBILITY_DONE_TITLE = Text("Was Sie erwarten können", "What you can expect")
    ACCESSIBILITY_DONE_CHARTS = Text(
        "Zu jedem Diagramm gibt es einen Satz und eine Tabelle mit denselben Zahlen.",
        "Every chart has a sentence and a table with the same figures.",
    )
    ACCESSIBILITY_DONE_STATUS = Text(
        "Ein Status wird immer durch Wort, Zeichen und Farbe gezeigt.",
        "A status is always shown by word, shape and colour.",
    )
    ACCESSIBILITY_DONE_KEYBOARD = Text(
        "Alles ist mit der Tastatur erreichbar; die Seiten lassen sich auf 400 % vergrößern.",
        "Everything can be reached by keyboard; pages can be enlarged to 400%.",
    )
    ACCESSIBILITY_GAPS_TITLE = Text("Was noch fehlt", "What is still missing")
    ACCESSIBILITY_GAPS = Text(
        "Erläuterungen in Leichter Sprache und in Deutscher Gebärdensprache gibt es noch nicht. Die Anmeldeseite "
        "stammt von einem anderen Programm und ist hier nicht mitgeprüft.",
        "There are no explanations in easy-to-read language or German Sign Language yet. The log-in page belongs to "
        "another program and is not covered by our tests.",
    )
    ACCESSIBILITY_CONTACT_TITLE = Text("Barriere melden", "Report a barrier")
    ACCESSIBILITY_CONTACT = Text(
        "Bitte wenden Sie sich an die Stelle, die dieses Angebot betreibt, und nennen Sie die Seite und das Hindernis. "
        "Erhalten Sie keine befriedigende Antwort, hilft die Ombudsstelle für barrierefreie Informationstechnik des "
        "Landes Nordrhein-Westfalen.",
        "Please contact the office that operates this service and name the page and the obstacle. If the answer does "
        "not help, turn to North Rhine-Westphalia's ombudsman for accessible information technology.",
    )


def t(lang: Lang, key: T, **parts: str | int) -> str:
    """The text of a key in one language, its parts filled in."""
    text: Text = key.value
    return text.get(lang).format(**parts)


def partner_name(partner: str) -> str:
    """Short name of a partner as the city writes it."""
    return partner.upper()


def partner_full_name(partner: str, lang: Lang) -> str:
    """Full name where known, else the short one."""
    known = PARTNERS.get(partner)
    return known.get(lang) if known else partner_name(partner)
