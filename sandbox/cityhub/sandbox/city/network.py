"""Lines of the simulated DVG: trams and buses of Duisburg as a resident would name them, times and stop ids invented.

Nothing here is a timetable. Stop ids carry `SIM`, so that no simulated stop is ever taken for a real one (zHV).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Mode: TypeAlias = Literal["tram", "bus"]


class Stop(Struct, frozen=True):
    """A stop; lines that name the same stop share it."""

    id: str
    name: str


class Line(Struct, frozen=True):
    """A line in its direction 1; direction 2 is the way back.

    Attributes:
        offset_min: minutes by which its timetable is shifted against the full hour.
        strain: how much of the town's traffic it suffers, 1 = average.
    """

    name: str
    mode: Mode
    stops: tuple[Stop, ...]
    offset_min: int
    strain: float

    def run_min(self, segment: int) -> int:
        """Planned minutes from stop `segment` to the next, in both directions: 1 or 2."""
        return 1 + (segment * 7 + self.offset_min) % 5 // 3


_LINES: tuple[tuple[str, Mode, float, str], ...] = (
    (
        "901",
        "tram",
        0.7,
        """
        Obermarxloh Schleife | Feuerwache Hamborn | Hamborn Rathaus | Marxloh Pollmann | Matenastraße |
        Bruckhausen Tor 1 | Beeck Denkmal | Laar Kirche | Ruhrort Bahnhof | Friedrichsplatz | Tausendfensterhaus |
        Kaßlerfeld | Vinckeweg | Schwanentor | Rathaus | König-Heinrich-Platz | Duisburg Hauptbahnhof | Ludgeriplatz |
        Lutherplatz | Schweizer Straße | Zoo/Uni | Raffelberg | Speldorf Bahnhof | Mülheim Hauptbahnhof
        """,
    ),
    (
        "903",
        "tram",
        0.85,
        """
        Dinslaken Bahnhof | Walsum Kometenplatz | Vierlinden | Fahrn | Watereck | Marxloh Pollmann | Hamborn Altmarkt
        | Feuerwache Hamborn | Landschaftspark Nord | Neumühl Schleuse | Meiderich Bahnhof | Emmericher Straße |
        Duissern | Duisburg Hauptbahnhof | König-Heinrich-Platz | Platanenhof | Marienhospital | Hochfeld Brückenplatz
        | Rheinpark | Wanheimerort Kulturstraße | Eschenstraße | Wanheim Rathaus | Ehinger Straße |
        Hüttenheim Mannesmann Tor 2
        """,
    ),
    (
        "U79",
        "tram",
        0.75,
        """
        Meiderich Bahnhof | Auf dem Damm | Duissern | Duisburg Hauptbahnhof | König-Heinrich-Platz | Steinsche Gasse |
        Platanenhof | Musfeldstraße | Karl-Jarres-Straße | Kulturstraße | Grunewald | Im Schlenk | Münchener Straße |
        Sittardsberg | St.-Anna-Krankenhaus | Mündelheimer Straße | Kesselsberg | Froschenteich | Wittlaer |
        Kalkumer Schlossallee | Klemensplatz | Messe Ost | Reeser Platz | Düsseldorf Hauptbahnhof
        """,
    ),
    (
        "907",
        "bus",
        0.8,
        """
        Aldenrade Amtsgericht | Kometenplatz | Walsum Rathaus | Alt-Walsum Fähre | Overbruch | Vierlinden |
        Holtener Straße | Schwan | Watereck | Marxloh Pollmann | Warbruckstraße | Obermarxloh Schleife | Schmidthorst
        | Neumühl Markt | Iltispark | Hagenshof | Obermeiderich | Meiderich Bahnhof
        """,
    ),
    (
        "910",
        "bus",
        0.9,
        """
        Alsumer Steig | Matenastraße | Marxloh Pollmann | Grillostraße | Hamborn Rathaus | Hamborn Altmarkt |
        Jägerstraße | Amsterdamer Straße | Neumühl Markt | Lehrerstraße | Haldenstraße | Gehrstraße | Meiderich Markt
        | Meiderich Bahnhof | Bügelstraße | Stadtpark Meiderich | Ratingsee | Duissern
        """,
    ),
    (
        "917",
        "bus",
        1.0,
        """
        Ruhrort Bahnhof | Karlsplatz | Laar Kirche | Beeck Denkmal | Beeckerwerth | Haus Knipp | Alsumer Steig |
        Ostackerweg | Stockum | Untermeiderich | Meiderich Markt | Meiderich Bahnhof | Westender Straße |
        Lösorter Straße | Gartsträucher | Mittelmeiderich | Hagenshof | Neumühl Schleuse
        """,
    ),
    (
        "921",
        "bus",
        1.15,
        """
        Rheinhausen Markt | Hochemmerich Friedrich-Alfred-Straße | Bergheim Marktplatz | Schwarzenberger Straße |
        Trompet | Winkelhausen | Asterlagen | Essenberg | Homberg Bismarckplatz | Friedrich-Ebert-Brücke |
        Ruhrort Bahnhof | Tausendfensterhaus | Kaßlerfeld | Schwanentor | Steinsche Gasse | Lehmbruck Museum |
        Duisburg Hauptbahnhof
        """,
    ),
    (
        "923",
        "bus",
        1.0,
        """
        Baerl Kirche | Lohmannsheide | Utfort | Homberg Verteilerkreis | Hochheide Markt | Ottostraße |
        Homberg Bismarckplatz | Augustastraße | Rheinpreußen | Essenberg | Asterlagen | Rheinhausen Bahnhof |
        Krefelder Straße | Rheinhausen Markt | Friemersheim Markt | Bliersheim | Logport | Hohenbudberg
        """,
    ),
    (
        "924",
        "bus",
        1.1,
        """
        Friemersheim Markt | Kaldenhausen | Rumeln Markt | Dorfstraße | Marienfeld | Bergheim Marktplatz |
        Rheinhausen Bahnhof | Rheinhausen Markt | Brücke der Solidarität | Hochfeld Rheinstraße |
        Hochfeld Brückenplatz | Wanheimer Straße | Marienhospital | Platanenhof | Steinsche Gasse |
        Duisburg Hauptbahnhof
        """,
    ),
    (
        "933",
        "bus",
        0.95,
        """
        Innenhafen | Schwanentor | Rathaus | Steinsche Gasse | Duisburg Hauptbahnhof | Neudorf Markt | Ludgeriplatz |
        Universität Uni-Nord | Lotharstraße | Zoo/Uni | Sternbuschweg | Grunewald | Wedau Bahnhof | Sportpark Wedau |
        Bissingheim | Kalkweg | BG Klinikum | Buchholz | Großenbaum Bahnhof
        """,
    ),
    (
        "934",
        "bus",
        1.05,
        """
        Duisburg Hauptbahnhof | Averdunkplatz | Platanenhof | Grunewald | Wanheimerort | Forststraße | Im Schlenk |
        Buchholz Markt | Sittardsberg | Huckingen Kirche | St.-Anna-Krankenhaus | Angerbogen | Mündelheim Kirche |
        Serm | Ehingen | Hüttenheim Markt | Ungelsheim
        """,
    ),
    (
        "937",
        "bus",
        1.0,
        """
        Duissern | Schnabelhuck | Stadttheater | Duisburg Hauptbahnhof | Wildstraße | Neudorf Markt | Kammerstraße |
        Zoo/Uni | Sportschule Wedau | Bertaallee | Sechs-Seen-Platte | Wedau Bahnhof | Masurenallee | Bissingheim |
        Großenbaum Bahnhof | Rahm Kirche
        """,
    ),
    (
        "944",
        "bus",
        1.2,
        """
        Hamborn Rathaus | Marxloh Pollmann | Fahrn | Krankenhaus Fahrn | Röttgersbach | Schmidthorst | Neumühl Markt |
        Landschaftspark Nord | Meiderich Bahnhof | Ruhrau | Ruhrdeich | Kaßlerfeld | Innenhafen | Rathaus |
        König-Heinrich-Platz | Duisburg Hauptbahnhof | Hochfeld Brückenplatz | Rheinhausen Markt
        """,
    ),
)
"""Name, mode, strain and the stops in direction 1."""


def build_network() -> tuple[Line, ...]:
    """All lines, in the order in which they are written above."""
    ways = [[name.strip() for name in text.split("|")] for *_, text in _LINES]
    names = dict.fromkeys(name for way in ways for name in way)
    stops = {name: Stop(f"de:05112:SIM{number:04d}", name) for number, name in enumerate(names, start=1)}
    return tuple(
        Line(name, mode, tuple(stops[stop] for stop in way), offset_min=number * 3 % 10, strain=strain)
        for number, ((name, mode, strain, _), way) in enumerate(zip(_LINES, ways, strict=True))
    )
