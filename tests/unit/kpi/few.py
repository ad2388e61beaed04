"""One KPI of each class, in place of the whole catalogue where a test is about the engine and not about the KPIs."""

from __future__ import annotations

from functools import cache

from cityhub.kpi.definition import Catalogue, load_catalogue
from tests.unit.kpi.exact import exact

ONE_OF_EACH = ("M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01")
"""Ratio, pairs, sum, quantile, state, distinct, last state, join, correctable."""


@cache
def few() -> Catalogue:
    """The hub's own definitions of these, whose numbers are published as they are counted."""
    every = load_catalogue()
    return exact(Catalogue({kpi: every[kpi] for kpi in ONE_OF_EACH}, every.contracts))
