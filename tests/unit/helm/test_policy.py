"""What each pod may do: field by field, for every container of every example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from cityhub.bus.access import KafkaAccess
from cityhub.bus.batch_consumer import batch_app
from cityhub.hub.embedded.kafka import _partner_logins
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import _SESSION, Database
from tests.integration.postgres import Postgres
from tests.unit.helm.chart import Document, containers, pods

NEEDS = {"CITYHUB_STORE_URL": "cityhub/to-database", "CITYHUB_KAFKA_PASSWORD": "cityhub/to-kafka"}


def of(kind: str, found: Sequence[Document]) -> list[Document]:
    return [document for document in found if document["kind"] == kind]


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())


def labels_of(document: Document) -> Mapping[str, str]:
    return (document if document["kind"] == "Pod" else document["spec"]["template"])["metadata"]["labels"]


def makers(found: Sequence[Document]) -> list[Document]:
    return [document for kind in ("Deployment", "Job", "Pod") for document in of(kind, found)]


def test_every_pod_is_restricted(example: Sequence[Document]) -> None:
    checked = 0
    for name, pod in pods(example):
        checked += 1
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 10001, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert {kind for volume in pod.get("volumes", ()) for kind in volume if kind != "name"} <= {
            "emptyDir",
            "secret",
            "configMap",
            "persistentVolumeClaim",
        }, name
    assert checked == 10  # eight kinds, the migration and the test


def test_every_container_is_restricted(example: Sequence[Document]) -> None:
    checked = 0
    for name, pod in pods(example):
        for container in containers(pod):
            checked += 1
            where = f"{name}/{container['name']}"
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, where
            assert security["readOnlyRootFilesystem"] is True, where
            assert security["runAsNonRoot"] is True, where
            assert security["capabilities"] == {"drop": ["ALL"]}, where
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}, where
            assert "privileged" not in security, where
            assert not [port for port in container.get("ports", ()) if "hostPort" in port], where
            for bound in ("requests", "limits"):
                assert {"cpu", "memory"} <= set(container["resources"][bound]), where
    assert checked >= 15


def test_what_is_written_has_bounds_and_a_place(example: Sequence[Document]) -> None:
    for name, pod in pods(example):
        volumes = {volume["name"]: volume for volume in pod.get("volumes", ())}
        for container in containers(pod):
            mounts = {mount["mountPath"]: mount for mount in container.get("volumeMounts", ())}
            assert {mount["name"] for mount in mounts.values()} <= set(volumes), name
            if "workingDir" in container:
                assert not mounts[container["workingDir"]].get("readOnly"), name
        assert all(volume["emptyDir"]["sizeLimit"] for volume in volumes.values() if "emptyDir" in volume), name


def test_no_secret_stands_in_the_rendering(example: Sequence[Document]) -> None:
    assert of("Secret", example) == []
    secret = ("PASSWORD", "STORE_URL", "SECRET", "ACCESS_KEY")
    for document in of("ConfigMap", example):
        assert not [name for name in document["data"] if any(word in name for word in secret)]
    for _, pod in pods(example):
        for container in containers(pod):
            for one in container.get("env", ()):
                if one["name"].endswith("_FILE"):
                    assert one["value"].startswith("/run/secrets/")
                elif any(word in one["name"] for word in secret):
                    assert set(one["valueFrom"]["secretKeyRef"]) == {"name", "key"}


def test_every_pod_is_shut_in_and_let_out_only_where_it_must(example: Sequence[Document]) -> None:
    policies = of("NetworkPolicy", example)
    shut = [one["spec"] for one in policies if set(one["spec"]) == {"podSelector", "policyTypes"}]
    assert [one["policyTypes"] for one in shut] == [["Ingress", "Egress"]]
    for one in policies:
        for rule in [*one["spec"].get("egress", ()), *one["spec"].get("ingress", ())]:
            assert rule["ports"], one["metadata"]["name"]
            assert all(rule.get("to", rule.get("from"))), one["metadata"]["name"]
    for document in makers(example):
        labels = labels_of(document)
        assert selects(shut[0]["podSelector"], labels)
        for _, pod in pods([document]):
            names = {one["name"] for container in containers(pod) for one in container.get("env", ())}
            for name, label in NEEDS.items():
                assert (name in names) is (label in labels), document["metadata"]["name"]
        for label in [label for label in labels if label.startswith("cityhub/to-")]:
            ways = [one for one in policies if label in one["spec"]["podSelector"]["matchLabels"]]
            assert len(ways) == 1 or label in {"cityhub/to-archive", "cityhub/to-partners"}, label


def test_what_runs_more_than_once_is_evicted_one_at_a_time(example: Sequence[Document]) -> None:
    budgets = of("PodDisruptionBudget", example)
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in of("ScaledObject", example)]
    for document in of("Deployment", example):
        name = document["metadata"]["name"]
        found = [one["spec"] for one in budgets if selects(one["spec"]["selector"], labels_of(document))]
        several = name in scaled or document["spec"]["replicas"] > 1
        assert [one["maxUnavailable"] for one in found] == ([1] if several else []), name


def test_what_keeps_its_folder_never_runs_twice(example: Sequence[Document]) -> None:
    for document in of("Deployment", example):
        twice = document["spec"].get("replicas", 2) > 1 or document["spec"]["strategy"]["type"] != "Recreate"
        assert twice is not document["metadata"]["name"].endswith(("-adapters", "-rooms"))


async def test_a_pod_has_longer_than_a_rebalance_and_a_statement_of_the_store(example: Sequence[Document]) -> None:
    async def start(_topic: str, _part: int) -> int:
        return 0

    app = batch_app("group", KafkaAccess(bootstrap="a:1", username="u", password="p"), start)
    needed_s = app.conf.broker_session_timeout + int(_SESSION["statement_timeout"].removesuffix("s"))
    for document in of("Deployment", example):
        pod = document["spec"]["template"]["spec"]
        waits_s = max(container["lifecycle"]["preStop"]["sleep"]["seconds"] for container in pod["containers"])
        assert pod["terminationGracePeriodSeconds"] > needed_s + waits_s, document["metadata"]["name"]


def test_every_process_is_asked_whether_it_lives(example: Sequence[Document]) -> None:
    paths = {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    for document in of("Deployment", example):
        ports = set()
        for container in document["spec"]["template"]["spec"]["containers"]:
            number = {port["name"]: port["containerPort"] for port in container["ports"]}
            assert {"name": "CITYHUB_PROBE_PORT", "value": str(number[container["name"]])} in container["env"]
            assert not ports & set(number.values()), "containers of a pod share one loopback"
            ports |= set(number.values())
            for probe, path in paths.items():
                assert container[probe]["httpGet"] == {"path": path, "port": container["name"]}
                assert container[probe]["timeoutSeconds"] >= 5


def test_metrics_of_every_process_are_read_where_its_probes_are(rendered: Mapping[str, Sequence[Document]]) -> None:
    found = rendered["city"]
    (monitor,) = of("PodMonitor", found)
    read = {one["port"] for one in monitor["spec"]["podMetricsEndpoints"] if one["path"] == "/metrics"}
    deployed = [one for document in of("Deployment", found) for _, pod in pods([document]) for one in pod["containers"]]
    assert read == {container["name"] for container in deployed}
    assert all(selects(monitor["spec"]["selector"], labels_of(document)) for document in of("Deployment", found))
    (policy,) = [one["spec"] for one in of("NetworkPolicy", found) if one["metadata"]["name"].endswith("-metrics")]
    (span,) = policy["ingress"][0]["ports"]
    for container in deployed:
        assert span["port"] <= container["ports"][0]["containerPort"] <= span["endPort"]
        assert not [port for port in container["ports"][1:] if span["port"] <= port["containerPort"] <= span["endPort"]]


def test_workers_follow_the_store_and_never_outnumber_partitions(
    rendered: Mapping[str, Sequence[Document]], postgres: Postgres
) -> None:
    (scaled,) = of("ScaledObject", rendered["city"])
    assert 2 <= scaled["spec"]["minReplicaCount"] <= scaled["spec"]["maxReplicaCount"] <= 8
    (trigger,) = scaled["spec"]["triggers"]
    query = text(trigger["metadata"]["query"])
    with closing(Database(postgres.create())) as store, store.begin() as connection:
        assert connection.scalar(query) == 0
        zeros = {one.name: 0 for one in schema.cursor.columns if one.name != "id"}
        now_ms = connection.scalar(text("select extract(epoch from now()) * 1000"))
        for job, behind_ms in ((JOB, 90_000), ("kpi/M01", now_ms)):
            row = {"job": job, "topic": "t", "topic_id": "", "hash": b"", "complete_ms": int(now_ms - behind_ms)}
            connection.execute(insert(schema.cursor).values({**zeros, **row}))
        assert 90 <= connection.scalar(query) < 91, "a back-fill is no reason for more workers"


@pytest.mark.parametrize("name", ["one-node", "city"])
def test_partners_log_in_at_strimzis_kafka_as_they_do_at_the_embedded_one(
    name: str, rendered: Mapping[str, Sequence[Document]]
) -> None:
    (kafka,) = of("Kafka", rendered[name])
    listeners = {one["name"]: one for one in kafka["spec"]["kafka"]["listeners"]}
    assert listeners["hub"]["tls"] is True
    if name == "one-node":
        assert set(listeners) == {"hub"}
        return
    embedded = {
        key.removeprefix("listener.name.partner."): value
        for key, value in _partner_logins("https://hub.example/auth/realms/cityhub", Path("/keys")).items()
    }
    given = {key: str(value) for key, value in listeners["partners"]["authentication"]["listenerConfig"].items()}
    where = "oauthbearer.sasl.oauthbearer.jwks.endpoint.url"
    allowed = kafka["spec"]["kafka"]["jvmOptions"]["javaSystemProperties"]
    assert given.pop(where) == allowed[0]["value"]
    embedded.pop(where)
    assert given == embedded
