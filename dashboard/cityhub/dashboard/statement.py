"""The sentences of the accessibility statement."""

from __future__ import annotations

from cityhub.dashboard.texts import Wording
from cityhub.sdk.text import Text


class Statement(Wording):
    """In the order in which they are read."""

    SCOPE = Text(
        "Diese Erklärung gilt für das Kennzahlen-Angebot der Stadt Duisburg unter dieser Adresse. Maßstab ist die "
        "BITV 2.0 mit EN 301 549, also WCAG 2.1, Stufe AA.",
        "This statement covers the City of Duisburg's figures at this address. The yardstick is BITV 2.0 with "
        "EN 301 549, that is WCAG 2.1, level AA.",
    )
    STATE_TITLE = Text("Stand", "State")
    STATE = Text(
        "Die Seiten werden automatisch geprüft, in beiden Sprachen und jeder Darstellung. Eine Prüfung durch Menschen "
        "mit Behinderungen und durch eine unabhängige Stelle steht noch aus. Wir nennen das Angebot deshalb noch "
        "nicht vollständig barrierefrei.",
        "The pages are tested automatically, in both languages and every appearance. Tests by people with disabilities "
        "and by an independent body are still to come, so we do not call it fully accessible yet.",
    )
    DONE_TITLE = Text("Was Sie erwarten können", "What you can expect")
    DONE_CHARTS = Text(
        "Zu jedem Diagramm gibt es einen Satz und eine Tabelle mit denselben Zahlen.",
        "Every chart has a sentence and a table with the same figures.",
    )
    DONE_STATUS = Text(
        "Ein Status wird immer durch Wort, Zeichen und Farbe gezeigt.",
        "A status is always shown by word, shape and colour.",
    )
    DONE_KEYBOARD = Text(
        "Alles ist mit der Tastatur erreichbar; die Seiten lassen sich auf 400 % vergrößern.",
        "Everything can be reached by keyboard; pages can be enlarged to 400%.",
    )
    GAPS_TITLE = Text("Was noch fehlt", "What is still missing")
    GAPS = Text(
        "Erläuterungen in Leichter Sprache und in Deutscher Gebärdensprache gibt es noch nicht. Die Anmeldeseite "
        "stammt von einem anderen Programm und ist hier nicht mitgeprüft.",
        "There are no explanations in easy-to-read language or German Sign Language yet. The log-in page belongs to "
        "another program and is not covered by our tests.",
    )
    CONTACT_TITLE = Text("Barriere melden", "Report a barrier")
    CONTACT = Text(
        "Bitte wenden Sie sich an die Stelle, die dieses Angebot betreibt, und nennen Sie die Seite und das Hindernis. "
        "Erhalten Sie keine befriedigende Antwort, hilft die Ombudsstelle für barrierefreie Informationstechnik des "
        "Landes Nordrhein-Westfalen.",
        "Please contact the office that operates this service and name the page and the obstacle. If the answer does "
        "not help, turn to North Rhine-Westphalia's ombudsman for accessible information technology.",
    )
