"""The dialogue platform of GEBAG: docs/adapters/gebag-dialogue-participation.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.account import account, as_pseudonym
from cityhub.sandbox.city.served.journal import journal, local
from cityhub.sandbox.city.streams.story import Told


def _line(told: Told) -> dict[str, object]:
    number = "-".join(told.key)
    return {"beitrag": number, "zeit": local(told.time), "verfahren": told.subject, "konto": account(told)}


SERVED = journal("gebag.dialogue-participation", ("gebag-participation",), _line, as_pseudonym)
