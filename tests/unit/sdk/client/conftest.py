from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.sdk.client.local_hub import LocalHub, Time, running


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with running() as hub:
        yield hub


@pytest.fixture
def time() -> Time:
    return Time()
