"""The recorded table, and a desk of uploads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.adapters.tabular.upload_desk import Desk

_ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="session")
def table_recordings() -> Path:
    """Folder of the recorded tables (never part of the project)."""
    folder = Path(os.environ.get("CITYHUB_RECORDINGS", _ROOT.parent / "shared" / "recordings")) / "parking"
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; set CITYHUB_RECORDINGS to their folder")
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three sources' folders, nothing in them."""
    return Desk(tmp_path)
