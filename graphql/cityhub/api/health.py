"""Whether a KPI, or one value of it, can be relied on."""

from __future__ import annotations

from datetime import datetime

import strawberry

from cityhub.api.described import described
from cityhub.api.enums import HealthCause, HealthState, Language
from cityhub.kpi.health import kpi
from cityhub.kpi.health.sentence import sentence


@strawberry.type(description="Whether a number can be relied on; of everything that is wrong the worst.")
class Health:
    health: strawberry.Private[kpi.Health]
    state: HealthState
    cause: HealthCause | None = strawberry.field(description="Null where nothing is wrong.")
    source: str | None = strawberry.field(description="Event type that is to blame.")
    partner: str | None = strawberry.field(description="Whose it is.")
    share: float | None = strawberry.field(
        description="0 to 1: of the reporters that are silent, of invalid events, or of the time that was observed."
    )
    since: datetime | None = strawberry.field(description="Since when it is so.")

    @classmethod
    def of(cls, health: kpi.Health) -> Health:
        """The API's shape of a health."""
        return cls(
            health=health,
            state=health.state,
            cause=health.cause,
            source=health.source or None,
            partner=health.partner or None,
            share=health.share,
            since=health.since,
        )

    @described("All of it in a sentence: what, how much, since when, whose.")
    def sentence(self, lang: Language = Language.DE) -> str:
        return sentence(self.health, lang.value)
