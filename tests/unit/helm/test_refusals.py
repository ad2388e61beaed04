"""Values that are wrong end the rendering with a sentence that says what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.helm.chart import CHART, Refused, helm, render

CITY, EXTERNAL, ONE_NODE = (CHART / "examples" / f"{name}.yaml" for name in ("city", "external", "one-node"))


def refusal(example: Path, **values: Any) -> str:
    with pytest.raises(Refused) as caught:
        render(example, values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("workloads.worker.replica", 3, "at '/workloads/worker': additional properties 'replica' not allowed"),
        ("ingres", {}, "additional properties 'ingres' not allowed"),
        ("kafka.mode", "embedded", "at '/kafka/mode': value must be one of 'external', 'strimzi'"),
        ("data.mode", "all", "at '/data/mode': value must be one of 'perPod', 'shared'"),
        ("kafka.strimzi.nodes", 2, "at '/kafka/strimzi/nodes': value must be one of 1, 3"),
        ("workloads.publisher.replicas", 3, "at '/workloads/publisher/replicas': maximum: got 3, want 2"),
        ("database.url", "postgresql://a:b@c/d", "at '/database': additional properties 'url' not allowed"),
        ("archive.url", "s3://key:secret@bucket", "at '/archive/url': 's3://key:secret@bucket' does not match pattern"),
        ("adapters.sources", {"wbd.bins": {"url": "mqtt://me:pass@x"}}, "at '/adapters/sources/wbd.bins/url'"),
        ("settings", {"KAFKA_PASSWORD": "x"}, "invalid propertyName 'KAFKA_PASSWORD'"),
        ("publicUrl", "http://hub.example", "at '/publicUrl': 'http://hub.example' does not match pattern"),
        ("image.digest", "sha256:1", "at '/image/digest': 'sha256:1' does not match pattern"),
    ],
)
def test_a_value_that_the_schema_does_not_know_is_named(path: str, value: Any, sentence: str) -> None:
    assert sentence in refusal(CITY, **{path: value})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("autoscaling.maxReplicas", 9, "autoscaling.maxReplicas is 9: an event topic has 8 partitions"),
        ("autoscaling.minReplicas", 9, "autoscaling.minReplicas is 9, more than autoscaling.maxReplicas, which is 8"),
        ("workloads.worker.replicas", 9, "workloads.worker.replicas is 9: its topics have 8 partitions"),
        ("workloads.gate.replicas", 5, "workloads.gate.replicas is 5: its topics have 4 partitions"),
        ("publicUrl", "", "publicUrl is empty: name the address that browsers use"),
        ("keycloak.url", "", "keycloak.url is empty: name the address at which the hub reaches Keycloak"),
        ("secrets.existingSecret", "", "secrets.existingSecret is empty: name the Secret that holds what `cityhub sec"),
        ("database.existingSecret", "", "database.existingSecret is empty: name the Secret that holds the address of"),
        ("archive.existingClaim", "x", "archive.url and archive.existingClaim are both given"),
        ("archive.url", "", "archive.url is empty: several kinds of pod read the archive"),
        ("city.enabled", True, "city.enabled is true: the simulated city puts files where web and adapters both look"),
        ("adapters.foldersClaim", "", "adapters.sources.wbd.segments is a folder, file:///folders/segments: web and"),
        ("settings", {"LOG_LEVEL": "debug"}, "settings.LOG_LEVEL is a setting that other values of the chart give"),
        ("networkPolicy.database.to", [], "networkPolicy.database.to is empty: name where the database may be reached"),
        ("networkPolicy.archive.to", [], "networkPolicy.archive.to is empty: name where the object store may be"),
        ("networkPolicy.partners.to", [], "networkPolicy.partners.to is empty: name where the partners' systems may"),
        ("networkPolicy.keycloak.to", [], "networkPolicy.keycloak.to is empty: name where Keycloak may be reached"),
        ("networkPolicy.web.from", [], "networkPolicy.web.from is empty: name who may open the dashboard"),
        ("networkPolicy.monitoring.from", [], "networkPolicy.monitoring.from is empty: name who reads the metrics"),
    ],
)
def test_values_that_do_not_go_together_are_explained(path: str, value: Any, sentence: str) -> None:
    assert sentence in refusal(CITY, **{path: value})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("kafka.external.bootstrap", "", "kafka.external.bootstrap is empty: name Kafka's addresses as host:port"),
        ("kafka.external.existingSecret", "", "kafka.external.existingSecret is empty: name the Secret that holds"),
        ("networkPolicy.kafka.to", [], "networkPolicy.kafka.to is empty: name where Kafka may be reached"),
        ("adapters.transitUrl", "", "adapters.sources is empty: name at least one partner's system"),
    ],
)
def test_what_an_external_kafka_needs_is_explained(path: str, value: Any, sentence: str) -> None:
    assert sentence in refusal(EXTERNAL, **{path: value})


def test_nothing_is_asked_for_connections_that_are_not_shut() -> None:
    open_to_all = {"networkPolicy.enabled": False, "networkPolicy.web.from": [], "networkPolicy.database.to": []}
    assert "kind: NetworkPolicy" not in render(ONE_NODE, open_to_all)


def test_the_chart_alone_says_what_it_needs_first() -> None:
    with pytest.raises(Refused, match="publicUrl is empty"):
        helm("template", "cityhub", str(CHART))
