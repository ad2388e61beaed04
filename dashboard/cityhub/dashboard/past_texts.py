"""What is said of a number as it was at an instant."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Then(Wording):
    """The part of a KPI's page that asks for an earlier state."""

    TITLE = Text("Früherer Stand", "Earlier state")
    SENTENCE = Text(
        "Was hier zu einem bestimmten Zeitpunkt stand: der damals neueste vollständige Zeitraum.",
        "What this page said at a certain moment: the newest complete period of then.",
    )
    MOMENT = Text("Stand von (Datum und Uhrzeit in Duisburg)", "As of (date and time in Duisburg)")
    SHOW = Text("Zeigen", "Show")
    THEN = Text("Stand von {time}: {value} ({label}), für {period}.", "As of {time}: {value} ({label}), for {period}.")
    NOW = Text(
        "Heute steht dort für denselben Zeitraum: {value} ({label}).",
        "For the same period it says now: {value} ({label}).",
    )
    CHANGED = Text("Die Zahlen haben sich seither geändert.", "The numbers have changed since.")
    SETTLED = Text("Der Wert ist derselbe; er gilt heute als: {label}.", "The value is the same; it is now: {label}.")
    SAME = Text("Seither hat sich nichts geändert.", "Nothing has changed since.")
    FINAL = Text("endgültig", "final")
    NOTHING = Text(
        "Für {time} ist kein Wert eines vollständigen Zeitraums aufbewahrt.",
        "No value of a complete period is kept for {time}.",
    )
    AHEAD = Text(
        "{time} liegt in der Zukunft. Bitte wählen Sie einen Zeitpunkt, der vorbei ist.",
        "{time} is still to come. Please choose a moment that is over.",
    )
    PEOPLE = Text(
        "Diese Kennzahl handelt von Menschen. Frühere Stände werden niemandem gezeigt: Aus zwei Ständen ließe sich auf "
        "Einzelne schließen.",
        "This figure is about people. Earlier states are shown to nobody: two of them could tell of single persons.",
    )
