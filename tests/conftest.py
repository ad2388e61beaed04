"""How `make test` spreads the tests over processes (pytest-xdist)."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/integration tests/e2e", "tests/unit/adapters")
"""Folders of one process, one after the other: of tests with servers, that only one set of them runs; of the adapters,
as one test asks what the others have run."""


class ByFolder(LoadScopeScheduling):
    """A folder's tests run in one process, in their order: what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        """What stays together with a test, as the collections hand it out: the first collected begin first."""
        folder = nodeid.partition("::")[0].rpartition("/")[0]
        ours = (group for group in TOGETHER if any(f"{folder}/".startswith(f"{one}/") for one in group.split()))
        return next(ours, folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log)
