"""What stands on the pages that show many KPIs at once: overview, fields, data quality and the kiosk."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class S(Wording):
    """By page."""

    # search
    SEARCH = Text("Kennzahl suchen", "Search figures")
    SEARCH_HINT = Text("Name, Frage, Kennung, Zuständige", "name, question, id, responsible")
    SEARCH_ONE = Text("1 Treffer", "1 match")
    SEARCH_MANY = Text("{n} Treffer", "{n} matches")
    SEARCH_MORE = Text("{n} Treffer, die ersten {shown} sind zu sehen", "{n} matches, the first {shown} are shown")
    SEARCH_NONE = Text("Kein Treffer. Bitte versuchen Sie ein anderes Wort.", "No match. Please try another word.")
    SEARCH_BESIDE = Text("{name} – zu: {kpi}", "{name} – of: {kpi}")

    # my area
    AREA = Text("Mein Bereich", "My area")
    AREA_ALL = Text("alle Kennzahlen", "all figures")
    AREA_PARTNER = Text("Zuständig oder liefernd", "Responsible or delivering")
    AREA_FIELD = Text("Handlungsfeld", "Action field")
    AREA_EVERY_PARTNER = Text("alle Stellen", "all organisations")
    AREA_EVERY_FIELD = Text("alle Felder", "all fields")
    AREA_EMPTY = Text(
        "In diesem Bereich gibt es keine Kennzahl, die Sie sehen dürfen. Bitte wählen Sie einen anderen.",
        "There is no figure in this area that you may see. Please choose another one.",
    )

    # what stands first on a card
    LEADS = Text("Auswahl", "Choose")
    LEADS_OF = Text("Was auf der Karte {field} zuerst steht", "What stands first on the card {field}")
    LEADS_HINT = Text(
        "Die gewählte Kennzahl rückt an die erste Stelle, die bisher erste an die zweite.",
        "The figure that you choose becomes the first one, the first one so far the second.",
    )
    LEADS_DEFAULT = Text("Vorgabe wiederherstellen", "Back to the default")

    # what changed
    CHANGED = Text("Was hat sich seit gestern geändert?", "What has changed since yesterday?")
    CHANGED_STATUS = Text(": {before} → {now} ({value})", ": {before} → {now} ({value})")
    CHANGED_VALUE = Text(": {before} → {now} ({change})", ": {before} → {now} ({change})")
    CHANGED_MORE = Text("und {n} weitere", "and {n} more")
    CHANGED_NOTHING = Text(
        "Kein neuer Wert weicht nennenswert von seinem vorigen ab.",
        "No new value differs noticeably from the one before.",
    )
    CHANGED_UNKNOWN = Text(
        "Noch kein Vergleich möglich: Dafür müssen zwei vollständige Zeiträume vorliegen.",
        "No comparison yet: that takes two complete periods.",
    )
    CHANGED_RULE = Text(
        "Zuerst die Kennzahlen, deren Status sich geändert hat, dann die mit der ungewöhnlichsten Änderung.",
        "First the figures whose status has changed, then those with the most unusual change.",
    )

    # partners
    SOURCES_OVERDUE = Text("{n} von {total} überfällig, seit {age}", "{n} of {total} overdue, for {age}")
    SOURCES_SILENT = Text("noch keine Daten", "no data yet")

    # boroughs and other periods
    BOROUGH = Text("Stadtbezirk", "Borough")
    BOROUGHS = Text("Nach Stadtbezirken", "By borough")
    BY_BOROUGH = Text("Nach Stadtbezirken, {period}", "By borough, {period}")
    MAP = Text("Karte der Stadtbezirke: {name}, {period}", "Map of the boroughs: {name}, {period}")
    MAP_OF = Text("Kennzahl der Karte", "Figure on the map")
    STATUS = Text("Status", "Status")
    COMPARISON = Text("Im Vergleich", "In comparison")
    COMPARED_WITH = Text("Vergleich", "Compared")
    WHEN = Text("Zeitraum", "Period")
    CHANGE_SINCE = Text("Änderung seither", "Change since then")
    THIS_PERIOD = Text("gezeigter Wert", "value shown")
    PERIOD_BEFORE = Text("Zeitraum davor", "period before")
    YEAR_BEFORE = Text("ein Jahr zuvor", "a year before")
    NOT_RECORDED = Text("nicht erfasst", "not recorded")
    PUBLISHED = Text("veröffentlicht: {source}", "published: {source}")

    # data quality
    DATA_QUALITY = Text("Datenqualität", "Data quality")

    # a KPI's page
    RELIABLE = Text("Verlässlich.", "Reliable.")
    FURTHER_VALUES = Text("Weitere Werte dieser Kennzahl", "Further values of this figure")
    BASELINES = Text("Veröffentlichte Vergleichswerte", "Published figures to compare with")
    BASELINE = Text("{period}: {value}, {source}", "{period}: {value}, {source}")
    STANDARDS = Text("Angelehnt an", "Based on")
    UNVERIFIED = Text("(nicht geprüft)", "(not verified)")
    STABILITY = Text("Reife", "Maturity")
    EXPERIMENTAL = Text(
        "In Erprobung: Die Bedeutung kann sich kurzfristig ändern.", "Experimental: its meaning may change soon."
    )

    SPLIT_BY = Text("Aufgeteilt nach", "Split by")

    # lamps
    LAMPS = Text("Laterne für Laterne", "Lamp by lamp")
    LAMPS_OF = Text("Laternen {first} bis {last}, {period}", "Lamps {first} to {last}, {period}")
    LAMPS_LEAD = Text(
        "{period}: {heard} von {known} bekannten Laternen haben gemeldet.",
        "{period}: {heard} of {known} known lamps have reported.",
    )
    LAMPS_SILENT = Text("Stumm", "Silent")
    LAMPS_MORE = Text("und {n} weitere", "and {n} more")
    LAMPS_SCALE = Text(
        "Der Kasten steht für den Verbrauch einer alten Leuchte ({baseline}), die Füllung für den gemessenen, ein "
        "Pfeil für mehr als den alten.",
        "The box stands for what an old luminaire used ({baseline}), the filling for what was metered, an arrow for "
        "more than the old one.",
    )
    LAMPS_NO_SCALE = Text(
        "Der Verbrauch der alten Leuchten ist nicht bekannt; deshalb ist jede meldende Laterne ganz gefüllt.",
        "It is not known what the old luminaires used; so every lamp that reported is filled.",
    )
    LAMPS_HATCH = Text(
        "Zahlen in {unit}. Schraffiert: Von dieser Laterne zählt in diesem Zeitraum kein Ereignis, in den {days} Tagen "
        "davor kam eines. Jede Laterne führt zu ihren Ereignissen.",
        "Figures in {unit}. Hatched: of this lamp no event counts in this period, but one came in the {days} days "
        "before. Every lamp leads to its events.",
    )
    LAMP_LIT = Text("{lamp}: {value}", "{lamp}: {value}")
    LAMP_SHARE = Text("{share} einer alten Leuchte", "{share} of an old luminaire")
    LAMP_SILENT = Text("{lamp}: stumm", "{lamp}: silent")
    LAMPS_PAGES = Text("Seiten der Laternen", "Pages of lamps")
    LAMPS_FOR = Text(
        "Die einzelnen Laternen sehen angemeldete Personen der Stadt und von {partner}.",
        "The single lamps are shown to those of the city and of {partner} who are logged in.",
    )

    # print
    PRINTED = Text("Gedruckt am {time}", "Printed on {time}")
    PRINTED_NUMBER = Text(
        "Gezeigter Wert: Revision {revision}, Prüfsumme der gezählten Ereignisse {digest}",
        "Value shown: revision {revision}, checksum of the counted events {digest}",
    )
    PRINTED_DEFINITION = Text(
        "Definition {kpi}, Fassung {version}, Prüfsumme {hash}", "Definition {kpi}, version {version}, checksum {hash}"
    )
    PRINTED_RECEIPT = Text(
        "Nachweis zu dieser Zahl: Kennung {number}, unter {address}",
        "Receipt of this number: id {number}, at {address}",
    )
    SOURCES = Text("Alle Quellen", "All sources")
    PARTNER = Text("Partner", "Partner")
    PROMISED = Text("Zugesagt", "Promised")
    RECEIVED = Text("Empfangen (24 Std.)", "Received (24 h)")
    REJECTED = Text("Abgelehnt (24 Std.)", "Refused (24 h)")
    HEARD = Text("Meldende Geräte", "Devices reporting")
    HEARD_OF = Text("{heard} von {known}", "{heard} of {known}")
    READ_BY = Text("Kennzahlen", "Figures")
    NOTHING_YET = Text("Noch keine Daten – Quelle: {partner}", "No data yet – source: {partner}")
    LEDGER_BALANCES = Text(
        "Das Eingangsbuch geht auf: Zu jedem Ereignis steht fest, was daraus wurde.",
        "The ledger balances: of every event it is known what became of it.",
    )
    LEDGER_DIFFERS = Text(
        "Das Eingangsbuch geht nicht auf. Es fehlen Ereignisse: {partners}.",
        "The ledger does not balance. Events are missing: {partners}.",
    )

    # kiosk
    KIOSK = Text("Kennzahlen im Wechsel", "Figures in turn")
    KIOSK_PAUSE = Text("Anhalten", "Pause")
    KIOSK_GO = Text("Weiterlaufen", "Resume")
    KIOSK_NEXT = Text("Weiter", "Next")
    KIOSK_NONE = Text(
        "Eine Anzeige „{name}“ gibt es nicht. Möglich sind: {known}.",
        "There is no display called {name}. There are: {known}.",
    )
    KIOSK_DWELL = Text(
        "dwell={said}: Bitte nennen Sie eine ganze Zahl von {least} bis {most} (Sekunden je Ansicht).",
        "dwell={said}: please give a whole number from {least} to {most} (seconds per view).",
    )
