"""Hostile inputs at every door, as many as `SIZE` says; see docs/proof.md."""

from __future__ import annotations

from tests.chaos.sizes import seed, size
from tests.integration.servers import Kafka, Keycloak
from tests.integration.storm.storm import Weather


async def test_storm(kafka: Kafka, keycloak: Keycloak) -> None:
    wanted, number = size().hostile, seed()
    weather = Weather(kafka, keycloak, wanted, number)
    print(f"\nstorm with SEED={number}: {await weather.perform()}")
    assert weather.tally.inputs() >= wanted
