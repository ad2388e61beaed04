"""Partners answer at once here: nobody waits for what does not come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coverage import Coverage

from cityhub.adapters.kit import mqtt_adapter


@pytest.fixture(scope="package", autouse=True)
def unwatched(mappings: Coverage) -> Iterator[None]:
    """What the tests of single mappings must cover is not looked for here, where it would cost time."""
    mappings.stop()
    yield
    mappings.start()


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker is in the same event loop: what it has to say is there when we look."""
    monkeypatch.setattr(mqtt_adapter, "FIRST_S", 0.1)
