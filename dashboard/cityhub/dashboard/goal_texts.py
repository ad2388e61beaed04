"""What is said about targets: their records, and the form in which controllers set them."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Goal(Wording):
    """Texts of the page of a KPI's targets."""

    PAGE = Text("Ziele: {kpi}", "Targets: {kpi}")
    INTRO = Text(
        "Ein Ziel gilt ab einem Tag, bis ein anderes gilt. Gemessen wird ein Zeitraum an dem Ziel, das an seinem "
        "letzten Tag gilt. Einträge werden nie geändert, nur zurückgezogen; niemand erfindet ein Ziel.",
        "A target holds from a day on until another one does. A period is held against the target of its last day. "
        "Records are never changed, only taken back; nobody invents a target.",
    )
    TODAY = Text("Heute gilt: {words}.", "Today: {words}.")
    NONE_TODAY = Text("Heute gilt kein Ziel.", "Today there is no target.")
    RECORDS = Text("Einträge", "Records")
    NUMBER = Text("Nr.", "No.")
    TARGET = Text("Ziel", "Target")
    WATCH = Text("Toleranz", "Tolerance")
    SINCE = Text("Gilt ab", "Holds from")
    SOURCE = Text("Quelle", "Source")
    WHY = Text("Begründung", "Reason")
    WHO = Text("Eingetragen", "Recorded")
    BY_DEFINITION = Text("mit der Definition", "with the definition")
    TAKEN_BACK = Text("zurückgezogen", "taken back")
    TAKES_BACK = Text("nimmt Eintrag {number} zurück", "takes back record {number}")
    NO_RECORDS = Text("Noch hat niemand ein Ziel eingetragen.", "Nobody has recorded a target yet.")

    FORM = Text("Ziel eintragen", "Record a target")
    VALUE = Text("Zielwert ({unit})", "Target ({unit})")
    LOW = Text("Untere Grenze ({unit})", "Lower limit ({unit})")
    HIGH = Text("Obere Grenze ({unit})", "Upper limit ({unit})")
    TOLERANCE = Text("Toleranz ({unit}), leer = keine", "Tolerance ({unit}), empty = none")
    TOLERANCE_HINT = Text(
        "Verfehlt ein Wert das Ziel um höchstens so viel, heißt er „beobachten“, sonst „verfehlt“.",
        "A value that misses the target by at most this is called 'watch', else 'missed'.",
    )
    SINCE_FIELD = Text("Gilt ab (TT.MM.JJJJ)", "Holds from (YYYY-MM-DD)")
    SOURCE_FIELD = Text("Quelle, etwa der Ratsbeschluss", "Source, such as the council's decision")
    WHY_FIELD = Text("Begründung für die Nachlesenden", "Reason, for those who read it later")
    SAVE = Text("Ziel eintragen", "Record target")
    SAVED = Text("Eingetragen als Nr. {number}.", "Recorded as no. {number}.")
    RETRACT = Text("Eintrag zurückziehen", "Take a record back")
    RETRACT_NUMBER = Text("Nr. des Eintrags", "No. of the record")
    RETRACTED = Text("Eintrag {number} ist zurückgezogen.", "Record {number} is taken back.")

    NOT_YOURS = Text(
        "Ziele trägt das Controlling der Stadt ein. Gehören Sie dazu, melden Sie sich bitte an.",
        "Targets are recorded by the city's controllers. If you are one of them, please log in.",
    )
    NO_NUMBER = Text(
        "„{said}“ ist keine Zahl; bitte so schreiben: 1.234,5", "'{said}' is no number; please write 1,234.5"
    )
    NO_COUNT = Text("„{said}“ ist keine Nummer eines Eintrags.", "'{said}' is no record's number.")
    NO_DATE = Text(
        "„{said}“ ist kein Tag von 2000 bis 2099; bitte so schreiben: 31.01.2027",
        "'{said}' is no day from 2000 to 2099; please write 2027-01-31",
    )
    NOT_SAVED = Text(
        "Nichts wurde eingetragen: Der Speicher oder das Protokoll ist gerade nicht erreichbar. Bitte in einer Minute "
        "erneut versuchen.",
        "Nothing was recorded: the store or the audit trail cannot be reached right now. Please try again in a minute.",
    )
    FLAW = Text("{part}: {text}", "{part}: {text}")
