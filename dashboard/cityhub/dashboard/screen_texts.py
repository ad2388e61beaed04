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
