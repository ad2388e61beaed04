"""What is said to people of partners who hand in tables."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Up(Wording):
    """Texts of the page of tables."""

    PAGE = Text("Tabellen einreichen", "Hand in tables")
    INTRO = Text(
        "Eine Datei wird erst geprüft und gilt erst, wenn Sie sie übergeben. Der Hub liest sie dann wie eine, die Ihr "
        "System in den Ordner legt.",
        "A file is checked first, and counts only once you hand it over. The hub then reads it like one that your "
        "system puts into the folder.",
    )
    NONE = Text("Ihre Organisation liefert dem Hub keine Tabellen.", "Your organisation sends the hub no tables.")
    TABLES = Text("Tabellen Ihrer Organisation", "Tables of your organisation")
    CHOOSE = Text("Bitte wählen Sie eine Tabelle.", "Please choose a table.")
    NO_SUCH = Text(
        "Diese Tabelle gibt es bei Ihrer Organisation nicht. Bitte wählen Sie eine aus.",
        "Your organisation has no such table. Please choose one.",
    )

    FILE = Text("Datei einreichen", "Hand in a file")
    FILE_HINT = Text(
        "{plain} oder Excel-Arbeitsmappe (.xlsx), höchstens {mib} MiB. Größere Dateien gehören in den Ordner.",
        "{plain} or an Excel workbook (.xlsx), at most {mib} MiB. Larger files belong into the folder.",
    )
    CHOOSE_FILE = Text("Datei auswählen und prüfen", "Choose a file and check it")
    TEMPLATES = Text(
        "Vorlage mit Kopfzeile und einer Beispielzeile, die der Hub überliest:",
        "Template with a heading and an example line, which the hub passes over:",
    )

    ROW = Text("Eine Zeile eintragen", "Enter one row")
    ROW_HINT = Text(
        "Aus der Zeile wird eine Datei mit dem Namen Ihrer Organisation, ohne Ihren eigenen.",
        "The row becomes a file with your organisation's name, without your own.",
    )
    CHECK_ROW = Text("Zeile prüfen", "Check the row")
    COLUMNS = Text("Spalten", "Columns")
    COLUMN = Text("Spalte", "Column")
    HOW = Text("Schreibweise", "How it is written")
    MEANING = Text("Bedeutung", "Meaning")
    OPTIONAL = Text("darf leer bleiben", "may be empty")
    AS_TEXT = Text("Text", "text")
    AS_INTEGER = Text("ganze Zahl, z. B. {example}", "whole number, such as {example}")
    AS_DECIMAL = Text("Zahl, z. B. {example}", "number, such as {example}")
    AS_INSTANT = Text("31.12.2026 oder 31.12.2026 23:59", "31.12.2026 or 31.12.2026 23:59")
    AS_BOOLEAN = Text("ja oder nein", "ja (yes) or nein (no)")
    AS_CHOICE = Text("eines von: {choices}", "one of: {choices}")

    SENDING = Text("Die Datei wird geprüft …", "The file is being checked …")
    AWAY = Text(
        "Der Hub war nicht erreichbar. Bitte versuchen Sie es noch einmal.",
        "The hub could not be reached. Please try again.",
    )
    FAILED = Text("Der Hub nimmt sie nicht an:", "The hub does not take it:")
    TOO_LARGE = Text(
        "Die Datei ist zu groß. Bitte teilen Sie sie auf, oder legen Sie sie in den Ordner.",
        "The file is too large. Please split it, or put it into the folder.",
    )
    NOT_YOURS = Text(
        "Ihre Anmeldung gilt nicht mehr. Bitte melden Sie sich neu an.", "Your log-in has ended. Please log in again."
    )

    CHECKED = Text("Prüfung von {time}", "Checked on {time}")
    SUMMARY = Text(
        "{new} neu, {changed} geändert, {refused} abgelehnt, {known} schon bekannt",
        "{new} new, {changed} changed, {refused} refused, {known} known already",
    )
    NOT_COMPARED = Text(
        "Was der Hub schon kennt, war nicht nachzusehen: Alles gilt hier als neu. Doppelt gezählt wird nichts.",
        "What the hub knows already could not be looked up: all is called new here. Nothing is counted twice.",
    )
    UNUSABLE = Text(
        "Die Datei ist so nicht lesbar. Bitte berichtigen Sie sie, und reichen Sie sie noch einmal ein.",
        "The file cannot be read as it is. Please mend it, and hand it in again.",
    )
    NOTHING_NEW = Text(
        "In der Datei ist nichts, was der Hub übernehmen könnte.",
        "There is nothing in the file that the hub could take.",
    )
    REFUSED = Text("Was abgelehnt wird, und was hilft", "What is refused, and what mends it")
    ROWS_OF = Text("Zeilen: {n}", "Rows: {n}")
    IN_COLUMN = Text("Spalte „{column}“", "Column '{column}'")
    PARTIAL = Text(
        "Sie können den guten Teil jetzt übergeben und die berichtigten Zeilen später einreichen.",
        "You can hand over the good part now, and the mended rows later.",
    )
    UNKNOWN_COLUMN = Text(
        "Spalten, die der Hub nicht kennt und nicht liest: {n}",
        "Columns that the hub does not know and does not read: {n}",
    )
    UNREAD_SHEET = Text("Weitere Blätter, die nicht gelesen werden: {n}", "Other sheets, which are not read: {n}")
    EXAMPLE_LINE = Text("Beispielzeilen, die überlesen werden: {n}", "Example lines, which are passed over: {n}")
    COMMIT = Text("Übergeben", "Hand over")
    DISCARD = Text("Verwerfen", "Throw away")
    ANOTHER = Text("Eine andere Datei einreichen", "Hand in another file")
    COMMITTED = Text(
        "Übergeben. Der Hub liest die Datei in der nächsten halben Minute; was aus ihr wurde, zeigt die Partnerseite.",
        "Handed over. The hub reads the file within half a minute; the partner page shows what became of it.",
    )
    GONE = Text(
        "Diese Datei ist nicht mehr da: Sie wurde verworfen oder lag länger als einen Tag.",
        "This file is no longer there: it was thrown away, or lay for more than a day.",
    )
    NO_FOLDER = Text(
        "Der Ordner dieser Tabelle ist gerade nicht erreichbar. Der Betrieb kümmert sich darum.",
        "The folder of this table cannot be reached right now. The operators look into it.",
    )


class Mend(Wording):
    """What mends a refusal."""

    VALUE = Text(
        "Schreiben Sie die Zellen, wie es die Spalte verlangt.", "Write the cells the way the column asks for."
    )
    MISSING = Text("Füllen Sie die leeren Zellen.", "Fill in the empty cells.")
    CELLS = Text("Schreiben Sie für jede Spalte genau eine Zelle.", "Write exactly one cell for each column.")
    CUT_OFF = Text(
        "Beenden Sie die letzte Zeile mit einem Zeilenumbruch; die Datei kann abgeschnitten sein.",
        "End the last line with a line break; the file may be cut off.",
    )
    CONTRADICTION = Text(
        "Der Hub kennt diese Datensätze mit anderem Inhalt. Geben Sie der Berichtigung eine höhere Fassung oder einen "
        "späteren Stand.",
        "The hub knows these records with other content. Give the correction a higher version, or a later date.",
    )
    CONTRACT = Text(
        "Berichtigen Sie den Wert: Er liegt außerhalb dessen, was vereinbart ist.",
        "Correct the value: it is outside of what was agreed.",
    )
    FUTURE = Text("Berichtigen Sie das Datum: Es liegt in der Zukunft.", "Correct the date: it lies in the future.")
    TIME = Text("Berichtigen Sie das Datum.", "Correct the date.")
    FILE = Text("Die Datei als Ganzes ist nicht lesbar.", "The file as a whole cannot be read.")
    OTHER = Text("Berichtigen Sie die Zeilen.", "Correct the rows.")


REMEDIES = {
    "value": Mend.VALUE,
    "missing": Mend.MISSING,
    "columns": Mend.CELLS,
    "cut_off": Mend.CUT_OFF,
    "contradiction": Mend.CONTRADICTION,
    "contract": Mend.CONTRACT,
    "time_in_future": Mend.FUTURE,
    "implausible_time": Mend.TIME,
}
"""By reason; a reason that begins with `file_` is about the whole file."""
NOTED = {"unknown_column": Up.UNKNOWN_COLUMN, "unread_sheet": Up.UNREAD_SHEET, "example_line": Up.EXAMPLE_LINE}
KINDS = {
    "text": Up.AS_TEXT,
    "integer": Up.AS_INTEGER,
    "decimal": Up.AS_DECIMAL,
    "instant": Up.AS_INSTANT,
    "boolean": Up.AS_BOOLEAN,
}
