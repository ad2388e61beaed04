"""Tables of IMD, Duisburg Kontor, startport, the Innovation Center, business development and the university."""

from __future__ import annotations

from cityhub.sandbox.city.served.table import (
    Sheet,
    exported,
    moment,
    monthly,
    number,
    offset,
    quarterly,
    said,
    subject,
    verb,
    yearly,
    yes,
)
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.traffic import lot

_MODELS = Sheet(
    name="bim-modelle",
    verbs=("bim-model-released",),
    period=yearly,
    columns={"Gebäude": subject, "Fläche (m²)": number("area_m2"), "Stand": moment},
)
_TOURS = Sheet(
    name="rundgaenge",
    verbs=("tour.released",),
    period=yearly,
    columns={"Rundgang": subject, "Museum": said("museum"), "Stand": moment},
)
_VISITS = Sheet(
    name="besuche",
    verbs=("tour.visited",),
    period=monthly,
    columns={"Rundgang": subject, "Museum": said("museum"), "Besuche": said("visits"), "Gezählt am": moment},
)


def _contact(told: Told) -> str:
    """Somebody's name, as a CRM has it; none is real."""
    return f"Vorname Nachname {lot(told.subject).randrange(100)}"


_STARTUPS = Sheet(
    name="startups",
    verbs=("startup.joined", "startup.left"),
    period=yearly,
    form="jsonl",
    columns={
        "startup": subject,
        "status": verb({"joined": "aufgenommen", "left": "ausgeschieden"}),
        "am": offset,
        "ansprechperson": _contact,
    },
)
_PILOTS = Sheet(
    name="pilotprojekte",
    verbs=("pilot-started", "contract-signed"),
    period=yearly,
    form="jsonl",
    columns={
        "pilotprojekt": subject,
        "startup": said("startup"),
        "status": verb({"pilot-started": "begonnen", "contract-signed": "vertrag"}),
        "am": offset,
    },
)


def _stage(told: Told) -> str:
    stages = {"piloted": "Erprobt", "rolled-out": "Ausgerollt"}
    return stages.get(told.data["stage"]) or lot(told.subject, "stage").choice(("Idee", "Beendet"))


_USECASES = Sheet(
    name="anwendungsfaelle",
    verbs=("usecase.stage-changed",),
    period=quarterly,
    columns={"Anwendungsfall": subject, "Stufe": _stage, "Seit": moment},
)
_SETTLEMENTS = Sheet(
    name="ansiedlungen",
    verbs=("settlement.confirmed",),
    period=quarterly,
    columns={
        "Ansiedlung": subject,
        "Version": said("version"),
        "Zurückgezogen": yes("withdrawn"),
        "Gewerbefläche (ha)": number("area_m2", 2, 0.0001),
        "Arbeitsplätze": number("jobs", unknown="k. A."),
        "Bestätigt am": moment,
    },
)
_PROJECTS = Sheet(
    name="projekte",
    verbs=("project.started",),
    period=yearly,
    form="jsonl",
    columns={"id": subject, "partner_stadt": said("city_partners"), "beginn": offset, "leitung": _contact},
)

SERVED = (
    exported("imd.bim", ("bim-models",), _MODELS),
    exported("kontor.tours", ("tours", "tour-visits"), _TOURS, _VISITS),
    exported("startport.startups", ("startups", "pilots"), _STARTUPS, _PILOTS),
    exported("scdic.usecases", ("usecases",), _USECASES),
    exported("wf.settlements", ("settlements",), _SETTLEMENTS),
    exported("ude.projects", ("projects",), _PROJECTS),
)
