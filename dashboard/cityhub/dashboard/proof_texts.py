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
    AUDIT_TROUBLE = Text("Konnte vor {age} nicht geprüft werden: {why}", "Could not be checked {age} ago: {why}")
    AUDIT_NONE = Text(
        "Noch nicht mit dem Archiv verglichen; das geschieht alle paar Minuten.",
        "Not compared with the archive yet; that happens every few minutes.",
    )
    VERSION_SINCE = Text(
        "Fassung {version}, beschlossen am {date} von {who}: {why}",
        "Version {version}, decided on {date} by {who}: {why}",
    )
    VERSION_FIRST = Text("Fassung {version}, seit Beginn der Aufzeichnung", "Version {version}, since recording began")
    VERSION_WAITING = Text("Fassung {version} wird vorbereitet", "Version {version} is being prepared")
    VERSION_REFUSED = Text("Fassung {version} wurde abgelehnt: {why}", "Version {version} was refused: {why}")
    OPEN_EVENTS = Text("Ereignisse hinter dieser Zahl", "Events behind this number")
    RECEIPT = Text("Beleg herunterladen (JSON)", "Download receipt (JSON)")
    RECEIPT_HINT = Text(
        "Wer das Archiv hat, rechnet die Zahl ohne unseren Server nach:",
        "Whoever has the archive computes the number again without our server:",
    )
    EVENTS_OF = Text("Ereignisse: {kpi}", "Events: {kpi}")
    EVENTS_LEAD = Text(
        "{period}: {counted} Datensätze zählen, {excluded} zählen nicht.",
        "{period}: {counted} records count, {excluded} do not.",
    )
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
    PLACE = Text("Stelle im Protokoll", "Place in the log")
    ID = Text("Kennung", "Id")
    MADE_BY = Text("Erzeugt von", "Made by")
    CANNOT_OPEN = Text("Die Zahl lässt sich gerade nicht öffnen: {why}", "The number cannot be opened now: {why}")
    NOTHING_TO_PROVE = Text("Hier gibt es noch keine Zahl.", "There is no number here yet.")
    NUMERATOR = Text("Zähler {amount}", "numerator {amount}")
    DENOMINATOR = Text("Nenner {amount}", "denominator {amount}")
    BIN = Text("ein Wert", "a value")
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
