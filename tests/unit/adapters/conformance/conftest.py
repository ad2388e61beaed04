"""Partners answer at once here: nobody waits for what does not come."""

from __future__ import annotations

import pytest

from cityhub.adapters.kit import mqtt_adapter


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker is in the same event loop: what it has to say is there when we look."""
    monkeypatch.setattr(mqtt_adapter, "FIRST_S", 0.1)
