"""Recordings of the port (never part of the project)."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def port(recordings: Path) -> Path:
    """Their folder."""
    return recordings.parent / "port"
