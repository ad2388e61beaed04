"""What is said to partners of their own events: the balance, dead letters, traces, and what to do about a refusal."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Own(Wording):
    """Texts of the page of partners."""

    PAGE = Text("Partnerseite", "Partner page")
    INTRO = Text(
        "Was aus den Ereignissen wurde, die beim Hub eingegangen sind.",
        "What became of the events that reached the hub.",
    )
    PARTNERS = Text("Partner", "Partners")
    CHOOSE = Text("Bitte wählen Sie einen Partner.", "Please choose a partner.")
    NO_SUCH = Text(
        "Einen Partner „{name}“ gibt es nicht. Bitte wählen Sie einen aus.",
        "There is no partner '{name}'. Please choose one.",
    )
    REFRESH = Text("Neu laden", "Reload")

    BALANCES = Text(
        "Die Bilanz geht auf: Von jedem Ereignis ist bekannt, was aus ihm wurde.",
        "The ledger balances: it is known of every event what became of it.",
    )
    MISSING_ONE = Text(
        "1 Ereignis fehlt: Es wurde gesendet, aber niemand weiß, was aus ihm wurde.",
        "1 event is missing: it was sent, and nobody knows what became of it.",
    )
    MISSING_MANY = Text(
        "{n} Ereignisse fehlen: Sie wurden gesendet, aber niemand weiß, was aus ihnen wurde.",
        "{n} events are missing: they were sent, and nobody knows what became of them.",
    )
    GAPS = Text("{name}: Nummer {numbers}", "{name}: number {numbers}")
    GAPS_SINCE = Text("{name}: Nummer {numbers}, seit {age}", "{name}: number {numbers}, for {age}")
    UNDER_WAY = Text("Noch nicht beurteilt: {n}.", "Not judged yet: {n}.")
    LAST_EVENT = Text("Letztes Ereignis: {time}", "Last event: {time}")
    NOTHING_YET = Text("Es ist noch kein Ereignis eingegangen.", "No event has come in yet.")
    NO_BALANCE = Text(
        "Die Bilanz ist gerade nicht lesbar, weil die Datenbank des Hubs nicht antwortet. Ihre Ereignisse nimmt er "
        "trotzdem an. Bitte in einer Minute neu laden.",
        "The ledger cannot be read right now, because the hub's database does not answer. It takes your events all the "
        "same. Please reload in a minute.",
    )

    DAYS = Text("Die letzten sieben Tage mit Ereignissen", "The last seven days with events")
    DAYS_HINT = Text(
        "Gesendet ist angenommen und abgewiesen zusammen; angenommen ist gezählt, doppelt, ausgeschlossen und ohne "
        "Kennzahl zusammen. Was noch einmal gesendet wurde, steht daneben.",
        "Sent is accepted and rejected together; accepted is counted, duplicate, excluded and without a figure "
        "together. What was sent once more stands beside.",
    )
    FORGOTTEN_HINT = Text(
        "Bei {n} Ereignissen ist nicht mehr feststellbar, ob sie gezählt wurden oder doppelt waren.",
        "Of {n} events it can no longer be told whether they were counted or duplicates.",
    )
    DAY = Text("Tag", "Day")
    DOOR = Text("Eingang", "Door")
    SENT = Text("Gesendet", "Sent")
    ACCEPTED = Text("Angenommen", "Accepted")
    REJECTED = Text("Abgewiesen", "Rejected")
    COUNTED = Text("Gezählt", "Counted")
    DUPLICATE = Text("Doppelt", "Duplicate")
    EXCLUDED = Text("Ausgeschlossen", "Excluded")
    UNREAD = Text("Ohne Kennzahl", "No figure")
    AGAIN = Text("Noch einmal gesendet", "Sent again")
    REASONS = Text("Gründe", "Reasons")
    REASONS_OF = Text("{what}: {reasons}", "{what}: {reasons}")
    UNREADABLE = Text("nicht lesbar", "unreadable")
    BY_HTTP = Text("HTTP", "HTTP")
    BY_KAFKA = Text("Kafka", "Kafka")
    BY_REDRIVE = Text("erneut eingereicht", "driven in again")
    BY_ADAPTER = Text("vom Hub abgeholt", "fetched by the hub")

    LETTERS = Text("Die neuesten abgewiesenen Ereignisse", "The newest refused events")
    LETTERS_COUNT = Text(
        "Von den neuesten {n} sind {open} offen. Hier stehen {shown}; eine Kennung führt zur Spur des Ereignisses.",
        "Of the newest {n}, {open} are open. {shown} are shown; an id leads to the trace of its event.",
    )
    LETTERS_NONE = Text("In den letzten 35 Tagen wurde nichts abgewiesen.", "Nothing was refused in the last 35 days.")
    NO_LETTERS = Text(
        "Die abgewiesenen Ereignisse sind gerade nicht lesbar, weil Kafka nicht antwortet. Bitte in einer Minute neu "
        "laden.",
        "The refused events cannot be read right now, because Kafka does not answer. Please reload in a minute.",
    )
    NOT_KEPT = Text(
        "Nicht aufbewahrt, weil es Persönliches enthalten könnte: {n} Bytes, SHA-256 {sha}",
        "Not kept, because it might hold personal data: {n} bytes, SHA-256 {sha}",
    )
    WHEN = Text("Wann", "When")
    STATE = Text("Stand", "State")
    OPEN = Text("offen", "open")
    WANTED = Text("Einreichen begonnen", "begun to drive in")
    REDRIVEN = Text("erneut eingereicht, {time}", "driven in again, {time}")

    READERS = Text("Wer Ihre Ereignisse liest", "Who reads your events")
    FIGURES = Text("Kennzahlen", "Figures")
    TOPIC = Text("Topic", "Topic")
    NO_READER = Text("noch keine", "none yet")
    NO_CONTRACT = Text(
        "Für diesen Partner gibt es noch keine Vereinbarung.", "There is no contract for this partner yet."
    )

    TRACE = Text("Wo ist mein Ereignis?", "Where is my event?")
    TRACE_ID = Text("Kennung des Ereignisses (id)", "Id of the event")
    FIND = Text("Suchen", "Find")
    BAD_ID = Text(
        "Eine Kennung hat 1 bis {most} druckbare Zeichen, diese hat {n} Zeichen oder enthält andere.",
        "An id has 1 to {most} printable characters; this one has {n} characters, or holds others.",
    )
    FOUND_NOTHING = Text(
        "Mit dieser Kennung ist nichts bekannt: Das Ereignis kam nie an, oder vor längerer Zeit, als Kennungen "
        "aufbewahrt werden. Prüfen Sie die Schreibweise und die Antwort, die Ihr System beim Senden bekam.",
        "Nothing is known under this id: the event never came, or longer ago than ids are kept. Check its spelling, "
        "and the answer that your system got when it sent it.",
    )
    NO_TRACE = Text(
        "Die Spur ist gerade nicht lesbar, weil Kafka oder die Datenbank des Hubs nicht antwortet. Bitte in einer "
        "Minute neu laden.",
        "The trace cannot be read right now, because Kafka or the hub's database does not answer. Please reload in a "
        "minute.",
    )
    PLACE = Text("{topic}, Partition {part}, Offset {off}", "{topic}, partition {part}, offset {off}")
    RECEIVED = Text("Eingegangen am {time}:", "Received on {time}:")
    ARCHIVED = Text("Nur noch im Archiv:", "Only in the archive now:")
    IS_COUNTED = Text("Angenommen und gezählt.", "Accepted and counted.")
    IS_EXCLUDED = Text("Angenommen, aber nicht gezählt: {reason}.", "Accepted, but not counted: {reason}.")
    IS_REJECTED = Text("Abgewiesen: {reason}.", "Refused: {reason}.")
    IS_UNREAD = Text("Angenommen; noch liest keine Kennzahl dieses Topic.", "Accepted; no figure reads its topic yet.")
    AT_GATE = Text(
        "Eingegangen; der Hub hat es noch nicht beurteilt. Bitte in einigen Sekunden neu laden.",
        "Received; the hub has not judged it yet. Please reload in some seconds.",
    )
    AT_ENGINE = Text(
        "Angenommen; gezählt wird es in Kürze. Bitte in einigen Sekunden neu laden.",
        "Accepted; it will be counted shortly. Please reload in some seconds.",
    )
    ADDS = Text("{place}, {span} (+{n})", "{place}, {span} (+{n})")
    CITY = Text("ganze Stadt", "whole city")
    OBSERVED = Text(
        "ändert den Stand einer Sache; was das ausmacht, hängt von deren anderen Ereignissen ab",
        "changes the state of something; what that adds depends on that thing's other events",
    )
    REMEDY = Text("Was zu tun ist: {text}", "What to do: {text}")
    MACHINES = Text("Dasselbe für Programme", "The same for programs")


class Why(Wording):
    """Why a record was refused, as docs/events.md and docs/doors.md list it."""

    PARSE = Text("kein lesbares JSON-Objekt", "no readable JSON object")
    ENVELOPE = Text("ein Attribut fehlt, ist unbekannt oder falsch", "an attribute is missing, unknown or wrong")
    SIZE = Text("zu groß", "too large")
    UNKNOWN_TYPE = Text("unbekannte Art von Ereignis", "unknown type of event")
    FOREIGN = Text("gehört in ein anderes Topic", "belongs to another topic")
    FOREIGN_PARTNER = Text("Art eines anderen Partners", "type of another partner")
    CONTRACT = Text("passt nicht zur Vereinbarung", "does not fit the contract")
    UNNAMED_FIELD = Text("Feld, das die Vereinbarung nicht nennt", "field that the contract does not name")
    TIME_IN_FUTURE = Text("Zeitpunkt liegt in der Zukunft", "time lies in the future")
    BEYOND_HORIZON = Text("zu alt, um doppelte auszuschließen", "too old to rule out duplicates")
    ID_REUSE = Text("Kennung mit anderem Inhalt wiederverwendet", "id used again with other content")
    PROCESSING = Text("der Hub konnte es nicht verarbeiten", "the hub could not process it")


class Todo(Wording):
    """What to do about it; the same names."""

    PARSE = Text("Senden Sie genau ein JSON-Objekt in UTF-8.", "Send exactly one JSON object in UTF-8.")
    ENVELOPE = Text(
        "Berichtigen Sie das genannte Attribut und senden Sie das Ereignis erneut.",
        "Correct the attribute that is named, and send the event again.",
    )
    SIZE = Text(
        "Mehr als 64 KiB gehen nicht: Senden Sie statt des Inhalts einen Verweis.",
        "More than 64 KiB is not possible: send a reference instead of the content.",
    )
    UNKNOWN_TYPE = Text(
        "Prüfen Sie die Schreibweise von type; für eine neue Art braucht es zuerst eine Vereinbarung.",
        "Check the spelling of type; a new one needs a contract first.",
    )
    FOREIGN = Text("Senden Sie es in das Topic seiner Art.", "Send it to the topic of its type.")
    FOREIGN_PARTNER = Text(
        "Senden Sie nur Arten des eigenen Partners und in die eigenen Topics.",
        "Send types of your own organisation only, to your own topics.",
    )
    CONTRACT = Text(
        "Berichtigen Sie das genannte Feld und senden Sie das Ereignis erneut; die Kennung ist noch frei.",
        "Correct the field that is named, and send the event again; its id is still free.",
    )
    UNNAMED_FIELD = Text(
        "Lassen Sie das Feld weg und senden Sie das Ereignis erneut; die Kennung ist noch frei.",
        "Leave the field out, and send the event again; its id is still free.",
    )
    TIME_IN_FUTURE = Text("Prüfen Sie die Uhr der Quelle.", "Check the clock of the source.")
    BEYOND_HORIZON = Text(
        "Das Ereignis liegt bei den abgewiesenen; der Betrieb kann es nachtragen.",
        "The event stands among the refused; the operators can add it later.",
    )
    ID_REUSE = Text(
        "Bilden Sie die Kennung auch aus der Fassung des Datensatzes, und senden Sie es mit der neuen.",
        "Make the record's version part of its id, and send it with the new one.",
    )
    PROCESSING = Text(
        "Das Ereignis liegt bei den abgewiesenen; der Betrieb kümmert sich darum.",
        "The event stands among the refused; the operators look into it.",
    )


DOORS = {"http": Own.BY_HTTP, "kafka": Own.BY_KAFKA, "redrive": Own.BY_REDRIVE, "adapter": Own.BY_ADAPTER}
STATUSES = {
    "counted": Own.IS_COUNTED,
    "excluded": Own.IS_EXCLUDED,
    "rejected": Own.IS_REJECTED,
    "unread": Own.IS_UNREAD,
    "waiting-for-gate": Own.AT_GATE,
    "waiting-for-engine": Own.AT_ENGINE,
}
REASONS = {
    "parse": (Why.PARSE, Todo.PARSE),
    "envelope": (Why.ENVELOPE, Todo.ENVELOPE),
    "size": (Why.SIZE, Todo.SIZE),
    "unknown_type": (Why.UNKNOWN_TYPE, Todo.UNKNOWN_TYPE),
    "foreign": (Why.FOREIGN, Todo.FOREIGN),
    "foreign_partner": (Why.FOREIGN_PARTNER, Todo.FOREIGN_PARTNER),
    "contract": (Why.CONTRACT, Todo.CONTRACT),
    "unnamed_field": (Why.UNNAMED_FIELD, Todo.UNNAMED_FIELD),
    "time_in_future": (Why.TIME_IN_FUTURE, Todo.TIME_IN_FUTURE),
    "beyond_horizon": (Why.BEYOND_HORIZON, Todo.BEYOND_HORIZON),
    "id_reuse": (Why.ID_REUSE, Todo.ID_REUSE),
    "processing": (Why.PROCESSING, Todo.PROCESSING),
}
"""Why, and what to do, by the word that programs read."""
