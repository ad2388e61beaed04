"""What the page of the masterplan says."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Plan(Wording):
    """Texts of the page."""

    PAGE = Text("Masterplan", "Masterplan")
    INTRO = Text(
        "Vom Handlungsfeld über Teilziele und Maßnahmen zu den Kennzahlen, die zeigen, ob sie wirken. Die Teilziele "
        "ordnen die Kennzahlen; ihre Worte stammen nicht aus dem Masterplan.",
        "From action field by way of goals and measures to the figures that show whether they work. The goals put "
        "the figures in order; their words are not those of the Masterplan.",
    )
    FIELDS = Text("Handlungsfelder", "Action fields")
    GOAL = Text("Teilziel", "Goal")
    MEASURES = Text("Maßnahmen", "Measures")
    FIGURE = Text("Kennzahl", "Figure")
    VALUE = Text("Wert", "Value")
    STATUS = Text("Stand zum Ziel", "Against the target")
    NO_MEASURE = Text("noch keine zugeordnet", "none assigned yet")

    EFFECTS = Text("Vorher und jetzt", "Before and now")
    EFFECTS_INTRO = Text(
        "Was veröffentlicht ist, neben dem, was nach derselben Definition gezählt wird.",
        "What was published beside what is counted by the same definition.",
    )
    BEFORE = Text("Vorher (veröffentlicht)", "Before (published)")
    NOW = Text("Jetzt (gezählt)", "Now (counted)")
    SOURCE = Text("Quelle", "Source")
    NO_EFFECTS = Text("Noch ist kein Ausgangswert veröffentlicht.", "No baseline has been published yet.")
    FACT = Text("{what}: {before} → {after}", "{what}: {before} → {after}")
    AT_MOST = Text("höchstens {value}", "at most {value}")
    PERIOD = Text("{value} ({period})", "{value} ({period})")

    PAPER = Text("Quelle: {source}", "Source: {source}")
    MEASURED_BY = Text("Gemessen an:", "Measured by:")
    PARTS = Text("Felder des Programms:", "Fields of the programme:")
    PLACEHOLDER = Text("{name} (Platzhalter)", "{name} (placeholder)")
    NAMED = Text(
        "Namentlich bekannt sind {n} von {total}: {names}. Welche Nummer sie tragen, sagt die Quelle nicht.",
        "{n} of {total} are known by name: {names}. The source does not say which numbers they have.",
    )
    UNNAMED = Text(
        "Die Namen sind Platzhalter, bis die Stadt ihre Liste einspielt.",
        "The names are placeholders until the city imports its list.",
    )
    IMPORTED = Text("Eingespielt von der Stadt.", "Imported by the city.")
    ID = Text("Kennung", "Id")
    NAME = Text("Name", "Name")
    FIELD = Text("Handlungsfeld", "Action field")
    PROGRESS = Text("Fortschritt", "Progress")
    NOT_REPORTED = Text("noch nicht gemeldet", "not reported yet")
    NOT_PLANNED = Text("gemeldet, steht in keiner Liste", "reported, stands in no list")
    NOT_SAID = Text("nicht zugeordnet", "not assigned")

    FIELD_MEASURES = Text("Maßnahmen des Masterplans", "Measures of the Masterplan")
    ALL_MEASURES = Text("Alle Programme und Maßnahmen", "All programmes and measures")
    NO_MEASURES = Text(
        "Diesem Handlungsfeld ist noch keine Maßnahme zugeordnet. Die Zuordnung kommt mit der Liste der Stadt.",
        "No measure is assigned to this field yet. That comes with the city's list.",
    )
    MEASURE = Text("Maßnahme", "Measure")
    STATE = Text("Stand", "State")
    FIGURES = Text("Kennzahlen", "Figures")
    NO_ID = Text("Kennung noch nicht bekannt", "id not known yet")
    NO_PROGRESS = Text("noch ohne Fortschritt", "no progress yet")
    UNDER_WAY = Text("in Umsetzung", "under way")
    DONE = Text("umgesetzt", "done")
