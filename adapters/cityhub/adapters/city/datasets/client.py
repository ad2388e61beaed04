"""Asking the portal: `GET {base}/data.json`."""

from __future__ import annotations

from cityhub.adapters.city.datasets.mapping import read
from cityhub.adapters.city.datasets.source import CITY_DATASETS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return HttpAdapter(CITY_DATASETS, link, tools, read=read, ask=_question)


def _question(_: str) -> Question:
    return Question(path="/data.json")
