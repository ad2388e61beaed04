"""The KPIs that stand first on a field's card of the overview: the hub's choice, or a reader's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Self

from msgspec import Struct

from cityhub.kpi.fields import FIELDS

DEFAULT = "default"
PER_FIELD = 2
STANDARD = {
    "breitband": ("B01", "B03"),
    "e-government": ("E01", "E04"),
    "wirtschaft": ("P01", "P06"),
    "mobilitaet": ("M01", "M04"),
    "wohnen": ("W03", "W04"),
    "infrastruktur": ("I08", "I11"),
    "bildung": ("L01", "L02"),
}
"""What stands first where nobody has chosen; another KPI of the field stands in for one that is not there."""
_MOST = PER_FIELD * len(FIELDS)
_IDS = re.compile(rf"[A-Za-z][\w-]{{0,31}}(\.[A-Za-z][\w-]{{0,31}}){{0,{_MOST - 1}}}", re.ASCII)


class Leads(Struct, frozen=True):
    """What a reader has chosen, of all fields. Written `M05.M01.E03`, or `default` for nothing.

    Ids are not looked up: one that is gone, or not for this viewer, is passed over.
    """

    chosen: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As it stands in addresses and is remembered."""
        return ".".join(self.chosen) or DEFAULT

    def order(self, field: str, kpis: Sequence[str]) -> Sequence[str]:
        """A field's KPIs, those first that stand first."""
        mine = [kpi for kpi in self.chosen if kpi in kpis][:PER_FIELD]
        first = [kpi for kpi in kpis if kpi in STANDARD.get(field, ())]
        return [*dict.fromkeys((*mine, *first, *kpis))]

    def with_first(self, kpis: Sequence[str], of_field: Collection[str]) -> Leads:
        """The same for other fields, with these first for this one; without any the hub's choice."""
        others = [kpi for kpi in self.chosen if kpi not in of_field]
        return Leads(tuple([*others, *kpis[:PER_FIELD]][-_MOST:]))

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """None when there is no such choice."""
        if text == DEFAULT:
            return cls()
        if not isinstance(text, str) or not _IDS.fullmatch(text):
            return None
        return cls(tuple(dict.fromkeys(text.split("."))))
