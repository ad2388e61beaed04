"""What is said of proofs: audits, versions, and the events behind a number."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class P(Wording):
    """Texts of the proof of a number."""

    PROOF = Text("Nachweis", "Proof")
    AUDIT_CLEAN = Text(
        "Geprüft vor {age}: {buckets} Zwischensummen aus {events} Datensätzen stimmen bitgenau mit dem Archiv überein.",
        "Checked {age} ago: {buckets} partial sums of {events} records agree with the archive, bit for bit.",
    )
    AUDIT_DIFFERS = Text(
        "Geprüft vor {age}: {count} Zahlen weichen vom Archiv ab. Der Betrieb des Hubs ist gefragt.",
        "Checked {age} ago: {count} numbers differ from the archive. The hub's operators must look into it.",
    )
    AUDIT_TROUBLE = Text(
        "Konnte vor {age} nicht geprüft werden; die Prüfung wird wiederholt.",
        "Could not be checked {age} ago; the check will be repeated.",
    )
    AUDIT_LAST_CLEAN = Text("Zuletzt stimmte alles am {time}.", "Everything last agreed on {time}.")
    AUDIT_NONE = Text(
        "Noch nicht mit dem Archiv verglichen; das geschieht alle paar Minuten.",
        "Not compared with the archive yet; that happens every few minutes.",
    )
    AUDIT_DETAILS = Text("Was abweicht", "What differs")
    AUDIT_DIFFERENCE = Text(
        "{place}, {column}: gezählt {stored}, aus dem Archiv {recomputed}",
        "{place}, {column}: counted {stored}, from the archive {recomputed}",
    )
    VERSION_FIRST = Text("Fassung {version}: seit Beginn der Aufzeichnung", "Version {version}: since recording began")
    VERSION_SINCE = Text(
        "Fassung {version}: seit {time}. Grund: {why}", "Version {version}: since {time}. Reason: {why}"
    )
    VERSION_SINCE_BY = Text(
        "Fassung {version}: seit {time}, beschlossen von {who}. Grund: {why}",
        "Version {version}: since {time}, decided by {who}. Reason: {why}",
    )
    VERSION_WAITING = Text("Fassung {version}: wird vorbereitet", "Version {version}: being prepared")
    VERSION_REFUSED = Text("Fassung {version}: abgelehnt", "Version {version}: refused")
    VERSIONS = Text("Fassungen der Definition", "Versions of the definition")
    BREAK = Text("Fassung {version}", "version {version}")
    BREAK_SENTENCE = Text("Ab {window} gilt Fassung {version}.", "Version {version} applies from {window}.")
    OPEN_EVENTS = Text("Ereignisse hinter dieser Zahl", "Events behind this number")
    ROWS_OPEN = Text(
        "Auch jeder Zeitraum in der Tabelle der Zahlen führt zu seinen Ereignissen.",
        "Every period in the table of numbers leads to its events, too.",
    )
    FOR_CONTROLLERS = Text(
        "Diese Kennzahl erzählt von Menschen. Die Ereignisse hinter ihren Zahlen und ihre Belege sind nur für das "
        "Controlling der Stadt zugänglich.",
        "This figure tells of people. The events behind its numbers, and its receipts, are for the city's controllers "
        "only.",
    )
    RECEIPT = Text("Beleg herunterladen (JSON)", "Download receipt (JSON)")
    RECEIPT_HINT = Text(
        "Der Beleg heißt nach den ersten zwölf Zeichen seiner Kennung. Wer das Archiv hat, rechnet die Zahl damit ohne "
        "unseren Server nach:",
        "The receipt is named after the first twelve characters of its id. With it, whoever has the archive "
        "computes the number again without our server:",
    )
    RECEIPT_OTHER = Text(
        "Zur Kennung {said} gibt es hier keinen Beleg mehr: Die Zahl hat jetzt die Kennung {number}. Seit dem Ausdruck "
        "haben sich ihre Ereignisse, ihre Bezugsgrößen oder ihre Definition geändert. Den Beleg der heutigen Zahl gibt "
        "es unter derselben Adresse ohne „number“.",
        "There is no receipt of id {said} here any more: the number's id is now {number}. Since it was printed its "
        "events, its denominators or its definition have changed. The receipt of today's number is at the same address "
        "without 'number'.",
    )
    RECEIPT_KEY = Text("Öffentlicher Schlüssel der Unterschrift", "Public key of the signature")
    RECEIPT_UNSIGNED = Text(
        "Die Belege dieses Hubs sind nicht unterschrieben.", "The receipts of this hub are not signed."
    )
    EVENTS_OF = Text("Ereignisse: {kpi}", "Events: {kpi}")
    EVENTS_LEAD = Text(
        "Gezählte Datensätze: {counted}, nicht gezählte: {excluded}.",
        "Records that count: {counted}, that do not: {excluded}.",
    )
    ONLY_SUBJECT = Text("Nur zum Gegenstand {subject}.", "Only of {subject}.")
    ALL_SUBJECTS = Text("Alle zeigen", "Show all")
    EVENTS_REASONS = Text("Warum nicht: {reasons}.", "Why not: {reasons}.")
    LOG_IN_TO_SEE = Text(
        "Die einzelnen Ereignisse sehen angemeldete Personen.",
        "The single events are shown to those who are logged in.",
    )
    EARLIER = Text("Zeitraum davor", "Period before")
    LATER = Text("Zeitraum danach", "Period after")
    PERIODS = Text("Zeiträume", "Periods")
    MORE_ROWS = Text("und {n} weitere", "and {n} more")
    CSV_OF_EVENTS = Text("Ereignisse als CSV-Datei", "Events as a CSV file")
    COUNTED = Text("Gezählt", "Counted")
    EXCLUDED = Text("Nicht gezählt", "Not counted")
    SHOWN = Text("Auswahl", "Selection")
    PAGES = Text("Seiten", "Pages")
    PREVIOUS = Text("Zurück", "Back")
    NEXT = Text("Weiter", "Next")
    ROWS = Text("{first} bis {last} von {all}", "{first} to {last} of {all}")
    NONE = Text("Hier gibt es keine Datensätze.", "There are no records here.")
    TIME = Text("Zeitpunkt", "Time")
    ADDS = Text("Trägt bei", "Adds")
    REASON = Text("Grund", "Reason")
    PARTNER = Text("Partner", "Partner")
    SUBJECT = Text("Gegenstand", "Subject")
    DETAILS = Text("Einzelheiten", "Details")
    ORIGIN = Text("Herkunft", "Origin")
    PLACE = Text("Stelle im Protokoll", "Place in the log")
    ID = Text("Kennung", "Id")
    TYPE = Text("Art des Ereignisses", "Type of event")
    CONTRACT = Text("Vereinbarung", "Contract")
    SOURCE = Text("System", "System")
    MADE_BY = Text("Erzeugt von", "Made by")
    CANNOT_OPEN = Text(
        "Diese Zahl lässt sich nicht öffnen. Den Grund findet der Betrieb im Protokoll des Servers.",
        "This number cannot be opened. The operators find the reason in the server's log.",
    )
    NOT_ARCHIVED = Text(
        "Die Ereignisse dieses Zeitraums sind nicht im Archiv: noch nicht – es folgt den Meldungen im Abstand von etwa "
        "einer Minute –, oder nicht mehr, wenn sie älter sind als seine Aufbewahrungsfrist.",
        "The events of this period are not in the archive: not yet, as it follows the messages at a distance of about "
        "a minute, or no longer, if they are older than it keeps them.",
    )
    ARCHIVE_DAMAGED = Text(
        "Eine Datei des Archivs ist nicht die, die geschrieben wurde. Die Zahl gilt weiter, aber ihr Nachweis fehlt, "
        "bis der Betrieb die Datei wiederhergestellt hat.",
        "A file of the archive is not the one that was written. The number still stands, but its proof is missing "
        "until the operators have restored the file.",
    )
    TRY_AGAIN = Text(
        "Gerade antwortet das Protokoll oder die Datenbank nicht, oder es werden viele Zahlen zugleich geöffnet. Bitte "
        "in einigen Sekunden erneut versuchen.",
        "The log or the database does not answer right now, or many numbers are being opened at once. Please try again "
        "in some seconds.",
    )
    NOTHING_TO_PROVE = Text("Hier gibt es noch keine Zahl.", "There is no number here yet.")
    NUMERATOR = Text("Zähler {amount}", "numerator {amount}")
    DENOMINATOR = Text("Nenner {amount}", "denominator {amount}")
    BIN = Text("ein Wert bei {value}", "a value near {value}")
    ONLY_COUNTED = Text("nur gezählt", "counted only")
    OUTSIDE = Text("gehört nicht zur Kennzahl", "not part of the figure")
    DUPLICATE = Text("Wiederholung derselben Meldung", "repetition of the same message")
    SUPERSEDED = Text("durch eine neuere Fassung ersetzt", "replaced by a newer version")
    REPEATED = Text("Vorgang war schon offen oder ist unbekannt", "case was open already, or is unknown")
    TIME_IN_FUTURE = Text("Zeitpunkt liegt in der Zukunft", "time lies in the future")
    BEYOND_HORIZON = Text("zu alt, um doppelte Meldungen auszuschließen", "too old to rule out repetitions")
    ID_REUSE = Text("Kennung mit anderem Inhalt wiederverwendet", "id reused with other content")
    REFUSED = Text("abgewiesen ({reason})", "refused ({reason})")


REASONS = {
    "outside": P.OUTSIDE,
    "duplicate": P.DUPLICATE,
    "superseded": P.SUPERSEDED,
    "repeated": P.REPEATED,
    "time_in_future": P.TIME_IN_FUTURE,
    "beyond_horizon": P.BEYOND_HORIZON,
    "id_reuse": P.ID_REUSE,
}
