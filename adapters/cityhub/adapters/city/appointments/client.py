"""Asking the appointment system: `GET {base}?seit=<cursor>`."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.city.appointments.mapping import read
from cityhub.adapters.city.appointments.source import CITY_APPOINTMENTS
from cityhub.adapters.http_adapter import HttpAdapter, Question


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return HttpAdapter(CITY_APPOINTMENTS, link, tools, read=read, ask=_question)


def _question(cursor: str) -> Question:
    return Question(params={"seit": cursor} if cursor else {})
