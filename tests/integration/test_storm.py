"""A small storm of hostile inputs at every door; `make chaos` has larger ones."""

from __future__ import annotations

from tests.integration.servers import Kafka, Keycloak
from tests.integration.storm.storm import Weather

INPUTS = 2_000


async def test_everything_that_comes_is_answered_counted_and_nothing_else(kafka: Kafka, keycloak: Keycloak) -> None:
    weather = Weather(kafka, keycloak, INPUTS, seed=7)
    print(f"\nstorm: {await weather.perform()}")
    assert weather.tally.inputs() >= INPUTS
