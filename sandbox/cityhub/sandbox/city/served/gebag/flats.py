"""GEBAG's stock of flats as OpenImmo: docs/adapters/gebag-flats.md.

A zip for all that is told together: as a rule only what has changed, at first and as each month begins everything.
Every second flat that is taken back is missing in a whole file, the others are deleted by name.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from zlib import crc32

from msgspec.structs import replace

from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.sandbox.city.chronicle import text
from cityhub.sandbox.city.served.drop_folder import UPTO, put, told_upto
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import Told, at, local_day
from cityhub.sandbox.city.timetable import LOCAL

_STREAM = "flats"
_FROM = ".seit"
"""File in the folder that remembers since when its stock is kept: what was in it once is not lost by age."""
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_GARAGE = """<immobilie><objektkategorie><objektart><parken parken_typ="TIEFGARAGE"/></objektart></objektkategorie>
<verwaltung_techn><objektnr_intern>G-1</objektnr_intern><aktion/><openimmo_obid>OIGARAGE1</openimmo_obid>
</verwaltung_techn></immobilie>"""


def _drop(city: City, folder: Path) -> None:
    now, since = city.clock(), told_upto(folder)
    begin = told_upto(folder, _FROM) or now - city.chronicle.history(_STREAM)
    due = city.chronicle.between([_STREAM], since or begin, now)
    if since is None:
        put(folder, _FROM, text(begin).encode())
    if due:
        _write(folder, city.chronicle.between([_STREAM], begin, now), due[0].due)
    if due or since is None or local_day(since) != local_day(now):
        put(folder, UPTO, text(now).encode())


def _write(folder: Path, told: Sequence[Told], since: datetime) -> None:
    """What is to be sent from an instant on."""
    stock: dict[str, Told] = {}
    month = 0
    for due, together in groupby(told, key=lambda one: one.due):
        items = list(together)
        stock |= {one.subject: one for one in items}
        for one in items:
            if one.data.get("withdrawn"):
                del stock[one.subject]
        whole = local_day(due).month != month or any(_is_left_out(one) for one in items)
        month = local_day(due).month
        if due >= since:
            name = f"openimmo_{due.astimezone(LOCAL):%Y%m%d_%H%M%S}"
            put(folder, f"{name}.zip", _zipped(f"{name}.xml", _transmission(due, items, stock if whole else None)))


def _is_left_out(told: Told) -> bool:
    return bool(told.data.get("withdrawn")) and crc32(told.subject.encode()) % 2 == 0


def _transmission(moment: datetime, items: Sequence[Told], stock: Mapping[str, Told] | None) -> str:
    """Some flats stand in it twice."""
    there = [one for one in (items if stock is None else stock.values()) if not one.data.get("withdrawn")]
    there += [one for one in there if crc32(one.subject.encode()) % 16 == 0]
    gone = [one for one in items if one.data.get("withdrawn") and not _is_left_out(one)]
    objects = [*(_flat(one, "CHANGE") for one in there), *(_flat(one, "DELETE") for one in gone), _GARAGE]
    extent = "TEIL" if stock is None else "VOLL"
    stamp = f"{moment.astimezone(LOCAL):%Y-%m-%dT%H:%M:%S}"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<openimmo xmlns="http://www.openimmo.de"><uebertragung art="OFFLINE" umfang="{extent}" modus="CHANGE" version="1.2.7"
sendersoftware="Simulierte Stadt" senderversion="1" timestamp="{stamp}"/>
<anbieter><anbieternr>1</anbieternr><firma>Simulierte Stadt</firma><openimmo_anid>SIM1</openimmo_anid>
{"".join(objects)}
</anbieter></openimmo>"""


def _flat(told: Told, action: str) -> str:
    condition = "MODERNISIERT" if told.data["modernised"] else "GEPFLEGT"
    number, day = crc32(told.subject.encode()), local_day(told.time)
    written = (f"{day.year}", f"{day:%m/%Y}", f"{day}")[number % 3]
    return f"""<immobilie><objektkategorie><nutzungsart WOHNEN="true"/><vermarktungsart MIETE_PACHT="true"/>
<objektart><wohnung wohnungtyp="ETAGE"/></objektart></objektkategorie><geo><ort>Duisburg</ort></geo>
<kontaktperson><name>Erfunden</name></kontaktperson><preise><kaltmiete>{300 + number % 500}.00</kaltmiete></preise>
<flaechen><wohnflaeche>{told.data["area_m2"]}</wohnflaeche><anzahl_zimmer>3</anzahl_zimmer></flaechen>
<zustand_angaben><baujahr>1958</baujahr><zustand zustand_art="{condition}"/>
<letztemodernisierung>{written}</letztemodernisierung></zustand_angaben><verwaltung_techn>
<objektnr_intern>{told.subject}</objektnr_intern><objektnr_extern>{number}</objektnr_extern>
<aktion aktionart="{action}"/><openimmo_obid>{_obid(told)}</openimmo_obid><stand_vom>{day}</stand_vom>
</verwaltung_techn></immobilie>"""


def _obid(told: Told) -> str:
    return f"OI{told.subject.upper()}"


def _zipped(name: str, document: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), document.encode(), zipfile.ZIP_DEFLATED)
    return body.getvalue()


def _arrives(told: Told, _: Pseudonyms) -> Told:
    """The day instead of the hour, seconds as version; who is left out keeps the area it had."""
    said = {**told.data, "version": (told.time - _EPOCH) // timedelta(seconds=1)}
    if not said.pop("withdrawn", False):
        return replace(told, time=at(local_day(told.time), 0), data=said)
    if _is_left_out(told):
        said["area_m2"] = round(said["area_m2"] - 1.5, 2)
    return replace(told, data=said | {"withdrawn": True})


SERVED = Served(feed="gebag.flats", streams=(_STREAM,), drop=_drop, arrives=_arrives)
