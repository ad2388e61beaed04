"""The part of the overview that a reader calls his own: a partner, an action field, or both."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from cityhub.bus.topics import PARTNERS
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.fields import FIELDS
from cityhub.sdk.principal import Principal

ALL = "all"
_FIELDS = tuple(field.id for field in FIELDS)


class Area(Struct, frozen=True):
    """What is shown; "" = of all. Written `dvv`, `mobilitaet`, `dvv.mobilitaet` or `all`."""

    partner: str = ""
    field: str = ""

    @property
    def text(self) -> str:
        """As it stands in addresses and is remembered."""
        return ".".join(filter(None, (self.partner, self.field))) or ALL

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Area()

    def holds(self, definition: KpiDefinition) -> bool:
        """Whether the partner answers for the KPI or sends events that it reads, and whether the field is its own."""
        partners = {definition.owner, *(source.contract.partner for source in definition.sources.values())}
        return self.partner in {"", *partners} and self.field in {"", definition.field}

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """None when there is no such area."""
        if text == ALL:
            return cls()
        names = text.split(".") if isinstance(text, str) else []
        partner = [name for name in names if name in PARTNERS]
        field = [name for name in names if name in _FIELDS]
        if not names or names != [*partner, *field] or len(partner) > 1 or len(field) > 1:
            return None
        return cls("".join(partner), "".join(field))

    @classmethod
    def of(cls, chosen: str, viewer: Principal | None) -> Self:
        """The chosen one; else what somebody of a partner answers for. The city's own people look at everything."""
        found = cls.parse(chosen)
        if found is not None:
            return found
        own = viewer.organisation if viewer else ""
        return cls(own) if own in PARTNERS and own != "city" else cls()
