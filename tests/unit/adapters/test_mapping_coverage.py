"""The last of the adapters' tests: the others have run every line of every mapping."""

from __future__ import annotations

import pytest
from coverage import Coverage

from tests.unit.adapters.mapping_coverage import MAPPINGS, missed


@pytest.mark.usefixtures("recordings")
def test_every_line_of_every_mapping_was_run(mappings: Coverage) -> None:
    """Skipped where only some of the adapters' tests run (`conftest.py`), or without recordings."""
    mappings.stop()
    try:
        assert len(MAPPINGS) > 30
        assert missed(mappings) == []
    finally:
        mappings.start()
