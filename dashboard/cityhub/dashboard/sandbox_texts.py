"""What is said about the sandbox: tenants, their clock, what goes wrong in them, and KPIs of their own."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Box(Wording):
    """Texts of the sandbox's pages."""

    PAGE = Text("Testumgebung", "Sandbox")
    INTRO = Text(
        "Hier arbeiten Startups mit einem simulierten Tag der Stadt: mit ihren Ereignissen, ihrer Rechenweise und "
        "eigenen Kennzahlen. Nichts davon erreicht die echten Zahlen.",
        "Here startups work with a simulated day of the city: with its events, its way of computing and KPIs of their "
        "own. None of it reaches the real figures.",
    )
    SIMULATED = Text(
        "Simuliert (synthetic): Alle Ereignisse und Werte auf dieser Seite sind erfunden.",
        "Simulated (synthetic): all events and values on this page are invented.",
    )
    TENANTS = Text("Mandanten", "Tenants")
    TENANT = Text("Mandant {name}", "Tenant {name}")
    NAME = Text("Name", "Name")
    ORGANISATION = Text("Organisation", "Organisation")
    ENDS = Text("Endet", "Ends")
    ENDS_AT = Text(
        "Gehört {organisation}, endet am {time} und wird dann gelöscht.",
        "Belongs to {organisation}, ends on {time} and is then deleted.",
    )
    NO_TENANTS = Text(
        "Es gibt noch keinen Mandanten. Legen Sie unten einen an; danach öffnen Sie ihn und spielen einen Tag nach.",
        "There is no tenant yet. Make one below; then open it and replay a day.",
    )
    MAKE = Text("Mandanten anlegen", "Make a tenant")
    NAME_FIELD = Text("Name (kleine Buchstaben, Ziffern, Bindestrich)", "Name (small letters, digits and hyphens)")
    DAYS_FIELD = Text("Gilt so viele Tage (höchstens 90)", "Lasts so many days (90 at most)")
    ORGANISATION_FIELD = Text("Organisation des Startups", "Organisation of the startup")
    MADE = Text("Angelegt.", "Made.")
    THERE_ALREADY = Text(
        "Den Mandanten gab es schon; er endet jetzt am {time}.", "The tenant was there already; it now ends on {time}."
    )
    OPEN = Text("{name} öffnen", "Open {name}")
    DELETE = Text("Mandanten löschen", "Delete the tenant")
    DELETE_ASK = Text("Löschen …", "Delete …")
    DELETE_HINT = Text(
        "Wirklich löschen? Ereignisse, Werte, eigene Kennzahlen und der Schlüssel von {name} sind dann endgültig weg.",
        "Really delete? Events, values, own KPIs and the key of {name} are then gone for good.",
    )
    DELETE_YES = Text("Ja, {name} löschen", "Yes, delete {name}")

    CLOCK = Text("Uhr", "Clock")
    CLOCK_NONE = Text(
        "Noch läuft nichts. Spielen Sie unten einen Tag nach, dann geht die Uhr.",
        "Nothing runs yet. Replay a day below, then the clock goes.",
    )
    NOW = Text("Es ist {time} (simulierte Zeit, Duisburg).", "It is {time} (simulated time, Duisburg).")
    RUNS = Text("Läuft {speed}-fach.", "Runs at {speed}×.")
    STANDS = Text("Steht.", "Stands still.")
    RUSHES = Text("Auf dem Weg zu {time}.", "On its way to {time}.")
    BEHIND = Text("Hinkt {age} hinterher.", "Is {age} behind.")
    PLAYS = Text(
        "Nachgespielt wird der {day}, Startwert {seed}: {streams}. {n} Ereignisse.",
        "The day is {day}, seed {seed}: {streams}. {n} events.",
    )
    OVER = Text("Der Tag ist zu Ende.", "The day is over.")
    LOOPS = Text("Danach beginnt er von vorn.", "Then it begins again.")
    ALL_STREAMS = Text("alle Ströme", "all streams")
    FREEZE = Text("Anhalten", "Freeze")
    PACE = Text("{speed}-fach", "{speed}×")
    AGAIN = Text("Von vorn", "Begin again")
    GO_FIELD = Text(
        "Zeitpunkt, auch ein früherer (07:00 oder TT.MM.JJJJ 07:00)",
        "Instant, also an earlier one (07:00 or YYYY-MM-DD 07:00)",
    )
    GO = Text("Dorthin", "Go there")
    SET = Text("Die Uhr ist gestellt.", "The clock is set.")

    REPLAY = Text("Einen Tag nachspielen", "Replay a day")
    REPLAY_HINT = Text(
        "Ein neuer Lauf beginnt bei null Ereignissen; eigene Kennzahlen und Störungen bleiben.",
        "A new run begins with no events; own KPIs and injects stay.",
    )
    DAY_FIELD = Text("Tag (TT.MM.JJJJ)", "Day (YYYY-MM-DD)")
    STREAMS_FIELD = Text("Ströme, leer = alle", "Streams, empty = all")
    SEED_FIELD = Text("Startwert des Zufalls", "Seed")
    SPEED_FIELD = Text("Tempo (0 bis 1.000-fach)", "Speed (0 to 1,000×)")
    LOOP_FIELD = Text("Am Ende von vorn beginnen", "Begin again at its end")
    BEGIN = Text("Nachspielen", "Replay")
    BEGUN = Text("Der {day} läuft.", "{day} runs.")

    INJECTS = Text("Störungen", "Injects")
    NO_INJECTS = Text("Keine. Alles läuft, wie es soll.", "None. Everything runs as it should.")
    KIND_FIELD = Text("Art", "Kind")
    FROM_FIELD = Text("Von (leer = jetzt)", "From (empty = now)")
    UNTIL_FIELD = Text("Bis (leer = ohne Ende)", "Until (empty = for ever)")
    SHARE_FIELD = Text("Anteil der Ereignisse in Prozent", "Share of the events in per cent")
    TYPES_FIELD = Text("Ereignisarten, mit Komma getrennt, * erlaubt", "Event types, separated by commas, * allowed")
    SUBJECTS_FIELD = Text("Dinge, mit Komma getrennt, * erlaubt", "Things, separated by commas, * allowed")
    ADD_INJECT = Text("Störung hinzufügen", "Add inject")
    ADDED_INJECT = Text("Die Störung wirkt ab {time}.", "The inject works from {time} on.")
    CLEAR_INJECTS = Text("Alle Störungen wegnehmen", "Take all injects away")
    CLEARED_INJECTS = Text("Ab jetzt gibt es keine Störung mehr.", "From now on nothing goes wrong.")
    INJECT = Text("{kind}, {share} der Ereignisse, {span}", "{kind}, {share} of the events, {span}")
    SPAN = Text("von {start} bis {end}", "from {start} until {end}")
    SPAN_OPEN = Text("von {start} an", "from {start} on")
    LATE = Text("verspätet", "late")
    DUPLICATE = Text("doppelt", "duplicate")
    DISORDER = Text("durcheinander", "out of order")
    BAD_SCHEMA = Text("falsch aufgebaut", "bad schema")
    OUTAGE = Text("Ausfall", "outage")
    SILENT = Text("stumm (Dinge nennen)", "silent (name the things)")
    STORM = Text("Unwetter", "storm")
    BRIDGE = Text("Brücke der A40 gesperrt", "bridge of the A40 closed")

    OWN = Text("Eigene Kennzahl", "Own KPI")
    OWN_HINT = Text(
        "Geschrieben in der Sprache der Stadt (YAML, docs/kpi-language.md). Sie zählt sofort alles, was schon da ist.",
        "Written in the city's language (YAML, docs/kpi-language.md). It counts at once what is there already.",
    )
    SPEC_FIELD = Text("Definition (YAML, höchstens 8 KB)", "Definition (YAML, 8 KB at most)")
    PUT = Text("Übernehmen", "Take it")
    TAKEN = Text(
        "{id} wird gezählt, Fassung {version}, Prüfsumme {hash}.",
        "{id} is counted, version {version}, checksum {hash}.",
    )
    EXAMPLE = Text("Beispiel einsetzen", "Insert the example")
    SHOW_OWN = Text("Text der gewählten zeigen", "Show the chosen one's text")
    DROP_OWN = Text("Gewählte löschen", "Delete the chosen one")
    DROPPED = Text("{id} ist gelöscht.", "{id} is deleted.")
    OWN_FIELD = Text("Eigene Kennzahl", "Own KPI")
    CITY_FIELD = Text("Kennzahl der Stadt", "The city's KPI")
    CHOOSE_OWN = Text(
        "Wählen Sie eine eigene Kennzahl. Gibt es noch keine, übernehmen Sie oben das Beispiel.",
        "Choose an own KPI. If there is none yet, take the example above.",
    )
    CHOOSE_CITY = Text("Wählen Sie eine Kennzahl der Stadt.", "Choose a KPI of the city.")

    COMPARE = Text("Eigene Kennzahl neben der der Stadt", "Own KPI beside the city's")
    COMPARE_DO = Text("Vergleichen", "Compare")
    COMPARED = Text(
        "{own} und {city}: {differing} von {windows} Zeiträumen unterscheiden sich.",
        "{own} and {city}: {differing} of {windows} windows differ.",
    )
    NO_NUMBERS = Text(
        "Noch haben beide keine Werte. Spielen Sie einen Tag mit den Strömen nach, die sie lesen.",
        "Neither has values yet. Replay a day with the streams that they read.",
    )
    SAME_ALL = Text("Alle Werte sind gleich.", "All values are equal.")
    LAST_OF = Text("{name} zuletzt {value} ({time}).", "{name} latest {value} ({time}).")
    DIFFERING = Text("Zeiträume, die sich unterscheiden", "Windows that differ")
    MORE_LINES = Text("Gezeigt sind die ersten {shown} von {all}.", "The first {shown} of {all} are shown.")
    WINDOW = Text("Zeitraum", "Window")
    SCOPE = Text("Gebiet", "Scope")
    WHOLE_CITY = Text("ganze Stadt", "whole city")
    OF_OWN = Text("Eigene", "Own")
    OF_CITY = Text("Stadt", "City")
    LABELS = Text("Stand eigene / Stadt", "Label own / city")
    FINAL = Text("endgültig", "final")
    DIFFERENCE = Text("Differenz", "Difference")
    BEHIND_IT = Text("Ereignisse dahinter", "Events behind it")
    EVENTS_OWN = Text("eigene", "own")
    EVENTS_CITY = Text("Stadt", "city")
    SAME_EVENTS = Text("dieselben", "the same")

    NEWEST = Text("Neueste Einträge", "Newest entries")
    NO_ENTRIES = Text(
        "Noch nichts. Spielen Sie einen Tag nach, dann kommen Ereignisse, und aus ihnen Werte.",
        "Nothing yet. Replay a day, then events come, and values of them.",
    )
    SHOWN_KIND = Text("Gezeigt", "Shown")
    EVERYTHING = Text("alles", "everything")
    EVENT = Text("Ereignis", "event")
    VALUE = Text("Wert", "value")
    REFUSED = Text("abgelehnt", "refused")
    AT = Text("Simulierte Zeit", "Simulated time")
    ENTRY = Text("Eintrag", "Entry")
    WHAT = Text("Art", "Kind")
    SAYS = Text("Inhalt (synthetic)", "Content (synthetic)")

    ASKED = Text("Anfragen der Programme", "Requests of programs")
    LIMITS = Text(
        "{left} von {quota} Anfragen sind in dieser Minute noch frei; bisher {n}, davon {refused} zu viel.",
        "{left} of {quota} requests are still free in this minute; {n} so far, {refused} of them too many.",
    )
    NO_REQUESTS = Text(
        "Noch hat kein Programm gefragt. Nehmen Sie die Befehle unten.",
        "No program has asked yet. Take the commands below.",
    )
    REAL_TIME = Text("Uhrzeit", "Time")
    REQUEST = Text("Anfrage", "Request")
    STATUS = Text("Antwort", "Answer")
    TOOK = Text("Dauer (ms)", "Took (ms)")

    ORIGINS = Text("Webseiten, die fragen dürfen (CORS)", "Web pages that may ask (CORS)")
    ORIGINS_FIELD = Text(
        "Adressen ohne Pfad, eine je Zeile, höchstens 5", "Origins without a path, one a line, 5 at most"
    )
    ORIGINS_SAVE = Text("Speichern", "Save")
    ORIGINS_NONE = Text("Keine fremde Webseite darf fragen.", "No other web page may ask.")
    ORIGINS_SAVED = Text("Gespeichert: {origins}", "Saved: {origins}")

    KEY = Text("Schlüssel für Programme", "Key for programs")
    KEY_MADE = Text("Erstellt", "Made")
    KEY_UNTIL = Text("Gültig bis", "Valid until")
    KEY_USED = Text("Zuletzt benutzt", "Last used")
    KEY_NEVER = Text("noch nie", "never yet")
    KEY_NONE = Text(
        "Für diesen Mandanten ist kein eigener Schlüssel verzeichnet.", "No key of this tenant's own is recorded."
    )
    KEY_SOON = Text(
        "Der Schlüssel gilt nur noch bis {time}. Erneuern Sie ihn rechtzeitig und geben Sie Ihren Programmen das neue.",
        "The key is valid only until {time}. Rotate it in time, and give your programs the new one.",
    )
    KEY_OVER = Text(
        "Der Schlüssel gilt nicht mehr. Erneuern Sie ihn, damit Ihre Programme wieder Zugang haben.",
        "The key is no longer valid. Rotate it, so that your programs have access again.",
    )
    KEY_ENDS = Text("Schlüssel gültig bis", "Key valid until")
    KEY_DAYS_FIELD = Text(
        "Schlüssel gilt so viele Tage (leer = so lange wie der Mandant)",
        "Key is valid for so many days (empty = as long as the tenant)",
    )
    ROTATE_ASK = Text("Schlüssel erneuern …", "Rotate the key …")
    ROTATE_HINT = Text(
        "Der bisherige Schlüssel gilt sofort nicht mehr. Das neue Geheimnis wird nur einmal gezeigt.",
        "The key so far ends at once. The new secret is shown only once.",
    )
    ROTATE_YES = Text("Ja, erneuern", "Yes, rotate")
    SECRET = Text(
        "Dieses Geheimnis sehen Sie nur jetzt. Bitte bewahren Sie es sicher auf.",
        "You see this secret only now. Please keep it safe.",
    )
    CLIENT_ID = Text("Kennung (client_id)", "Client id")
    CLIENT_SECRET = Text("Geheimnis (client_secret)", "Client secret")
    COMMANDS = Text("Befehle für den Anfang", "Commands to begin with")
    COMMAND_TOKEN = Text("1. Zugang holen (SECRET ersetzen)", "1. Get a token (replace SECRET)")
    COMMAND_REPLAY = Text("2. Einen Tag nachspielen", "2. Replay a day")
    COMMAND_FEED = Text("3. Werte mitlesen", "3. Follow the values")
    COMMAND_KAFKA = Text("4. Eigene Topics in Kafka öffnen", "4. Open topics of your own on Kafka")

    EVENTS_PAGE = Text("Ereignisse hinter {kpi}", "Events behind {kpi}")
    EVENTS_BACK = Text("Zurück zum Mandanten", "Back to the tenant")

    NOT_YOURS = Text(
        "Diesen Mandanten gibt es nicht, oder die Testumgebung ist nicht für Sie. Gehören Sie zu einem Startup, melden "
        "Sie sich bitte an; fehlt Ihnen ein Zugang, hilft der Betrieb.",
        "There is no such tenant, or the sandbox is not for you. If you belong to a startup, please log in; if you "
        "have no account, the operators will help.",
    )
    OPENING = Text(
        "Der Raum wird geöffnet oder rechnet noch. Gleich geht es weiter.",
        "The room is being opened or still computes. It goes on in a moment.",
    )
    AWAY = Text(
        "Die Testumgebung antwortet gerade nicht. Bitte in einer Minute erneut versuchen.",
        "The sandbox does not answer right now. Please try again in a minute.",
    )
    NO_INSTANT = Text(
        "„{said}“ ist kein Zeitpunkt; bitte so schreiben: 24.11.2026 07:00",
        "'{said}' is no instant; please write 2026-11-24 07:00",
    )
    NO_WHOLE = Text("„{said}“ ist keine ganze Zahl.", "'{said}' is no whole number.")
    FIELD_WRONG = Text("{field}: {text}", "{field}: {text}")
