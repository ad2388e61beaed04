"""Asking PEGELONLINE: the stations within the city, then the levels of the last days of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cityhub.adapters.duisport.gauge.mapping import SERIES, gauges, read
from cityhub.adapters.duisport.gauge.source import DUISPORT_GAUGE
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.download import Document, download
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.source import Source

_NEAR = {"latitude": "51.45", "longitude": "6.75", "radius": "10"}
"""Degrees and kilometres: the port of Duisburg and the gauges around it."""
_WHAT = {"timeseries": SERIES, "includeTimeseries": "true", "includeCharacteristicValues": "true"}
_START = "P3D"
"""Gaps are closed late; older levels would be refused by their horizon."""


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return GaugeAdapter(link, tools)


class GaugeAdapter(Adapter):
    """All levels of an answer count together: when one station cannot be read, all are asked again later."""

    def __init__(self, link: Link, tools: Tools) -> None:
        self._link = link
        self._tools = tools

    @property
    def source(self) -> Source:
        return DUISPORT_GAUGE

    async def ask(self, known: Known) -> Reading:
        stations = await self._get("/stations.json", _NEAR | _WHAT)
        found, rejects = gauges(stations.body)
        facts: list[Fact] = []
        memory: dict[str, bytes | None] = {}
        noted = Counter[str]()
        for gauge in found:
            levels = await self._get(f"/stations/{gauge.uuid}/{SERIES}/measurements.json", {"start": _START})
            one = read(gauge, levels.body, known.memory, self._tools.clock())
            facts += one.facts
            rejects += one.rejects
            memory |= one.memory
            noted += one.noted
        return Reading(
            facts=facts,
            rejects=rejects,
            memory=memory,
            noted=noted,
            as_of=stations.answered_at,
            synthetic=stations.synthetic,
        )

    async def _get(self, path: str, params: Mapping[str, str]) -> Document:
        url = f"{self._link.url}{path}"
        got = await download(self._tools.http, url, params=params, etag=None, secret=self._link.secret)
        if not isinstance(got, Document):
            raise FeedFault("http_status", f"{url} answered 304 although nothing was known of it")
        return got
