"""Fixtures of the integration tests; a test gets only the servers that it names."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest

from cityhub.bus.access import KafkaAccess
from tests.integration.servers import Installation, Kafka, Keycloak, Server

AnyServer = TypeVar("AnyServer", bound=Server)

_started: list[Server] = []


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Data directory, settings (free ports) and secrets that the session's servers share."""
    return Installation(tmp_path_factory.mktemp("installation"))


@pytest.fixture(scope="session")
def kafka(installation: Installation) -> Iterator[Kafka]:
    """The running broker; a test that kills it must have it running again when it ends."""
    yield from _running(Kafka(installation))


@pytest.fixture(scope="session")
def kafka_access(kafka: Kafka) -> KafkaAccess:
    """How the hub's own processes reach the broker."""
    return kafka.access


@pytest.fixture(scope="session")
def partner_bootstrap(kafka: Kafka) -> str:
    """`host:port` of the partners' listener."""
    return kafka.partner_bootstrap


@pytest.fixture(scope="session")
def keycloak(installation: Installation) -> Iterator[Keycloak]:
    """The running Keycloak with the hub's realm; Kafka, where it runs too, knows its keys."""
    yield from _running(Keycloak(installation))


def _running(server: AnyServer) -> Iterator[AnyServer]:
    _started.append(server)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        _started.remove(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its servers said."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {server.spec.name}", server.tail()) for server in _started]
    return report
