"""Owners of roadworks as traffic portals hand them on: docs/adapters/roadworks.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.endpoint import Served
from cityhub.sandbox.city.served.roadworks import datex2, datex3
from cityhub.sandbox.city.served.roadworks.publication import Render, publications, remembered


def _served(owner: str, render: Render) -> Served:
    stream = f"roadworks-{owner}"
    return Served(
        feed=f"{owner}.roadworks",
        streams=(stream,),
        serve=publications(f"/{owner}/roadworks", stream, render),
        before=remembered(stream),
    )


SERVED = (_served("city", datex2.prefixed), _served("dvv", datex2.plain), _served("wbd", datex3.rendered))
