"""What the chart starts is there, with the settings that it gives, and without anything embedded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import typer
import yaml
from typer.core import TyperGroup

from cityhub.hub.cli import app
from cityhub.hub.identity.administration import may_administer
from cityhub.hub.processes import own
from cityhub.hub.rooms import released
from cityhub.hub.run.runner import PROCESSES
from cityhub.hub.settings import PREFIX, Settings, parse
from cityhub.hub.sources import places
from tests.unit.helm.chart import CHART, ROOT, Document, containers, documents, pods, render

CODE = ROOT / "hub" / "cityhub" / "hub"
_ADMIN_SECRET = "CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE"
SECRETS = {
    "CITYHUB_STORE_URL": "postgresql://hub:secret@db/cityhub",
    "CITYHUB_KAFKA_USERNAME": "cityhub",
    "CITYHUB_KAFKA_PASSWORD": "secret",
}


def environments(found: Sequence[Document]) -> Iterator[tuple[Document, dict[str, str]]]:
    """Every container of the hub's program, with its environment as Kubernetes makes it."""
    maps = {one["metadata"]["name"]: one["data"] for one in found if one["kind"] == "ConfigMap"}
    for _, pod in pods(found):
        for container in containers(pod):
            if "command" in container:
                continue
            made: dict[str, str] = {}
            for source in container.get("envFrom", ()):
                made |= maps[source["configMapRef"]["name"]]
            for one in container["env"]:
                made[one["name"]] = one["value"] if "value" in one else SECRETS.get(one["name"], "secret")
            yield container, made


def test_every_command_is_one_of_the_program(example: Sequence[Document]) -> None:
    program = typer.main.get_command(app)
    for container, _ in environments(example):
        command = program
        for word in container["args"]:
            assert isinstance(command, TyperGroup), container["args"]
            assert word in command.commands, container["args"]
            command = command.commands[word]


def test_every_variable_is_a_setting_and_all_together_are_good(example: Sequence[Document]) -> None:
    for container, made in environments(example):
        others = {name for name in made if not name.startswith(PREFIX)}
        assert others <= {"HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        assert {name.removeprefix(PREFIX).lower() for name in set(made) - others} <= set(Settings.model_fields)
        settings = parse(made)
        assert settings.kafka_bootstrap or container["args"][0] == "store"
        if container["args"] != ["store", "migrate"]:
            assert settings.keycloak_url
            assert settings.rooms_url == "http://cityhub-rooms:18093"
            assert settings.data == Path("/data")
        assert str(settings.cache).startswith("/tmp/") or container["args"] == ["store", "migrate"]  # noqa: S108


def test_nothing_embedded_is_started(example: Sequence[Document]) -> None:
    """What this hub would still start by itself is what the chart starts."""
    for _, made in environments(example):
        if "CITYHUB_KAFKA_BOOTSTRAP" in made:
            alone = {spec.name for spec in own(parse(made), {})}
            run = {container["args"][0] for container, _ in environments(example)} - {"store"}
            assert run == alone
    assert set(PROCESSES) - alone <= {"city"}


@pytest.mark.parametrize(("secret", "who"), [("cityhub-keycloak", {"realm", "rooms"}), ("", set())])
def test_only_who_administers_the_realm_holds_its_secret(secret: str, who: set[str]) -> None:
    found = documents(render(CHART / "examples" / "external.yaml", {"keycloak.admin.existingSecret": secret}))
    told = {container["args"][0]: made for container, made in environments(found) if _ADMIN_SECRET in made}
    assert told.keys() - {"topics"} == who
    assert all(may_administer(parse(made)) for made in told.values())
    for kind, pod in pods(found):
        held = [one["secret"] for one in pod.get("volumes", ()) if one["name"] == "keycloak-admin"]
        wanted = {"secretName": "cityhub-keycloak", "defaultMode": 0o440}
        assert held == ([wanted | {"items": [{"key": "secret", "path": "hub-admin"}]}] if kind[8:] in who else [])
        for container in containers(pod):
            mounted = [one["mountPath"] for one in container.get("volumeMounts", ()) if one["name"] == "keycloak-admin"]
            assert mounted == (["/run/secrets/keycloak"] if kind[8:] in who else []), kind


def test_who_opens_the_store_is_told_where_it_is(example: Sequence[Document]) -> None:
    told = {container["args"][0]: "CITYHUB_STORE_URL" in made for container, made in environments(example)}
    opens = {name for name in PROCESSES if any("settings.store" in text for text in sources(name))}
    assert opens == {"worker", "publisher", "bookkeeper", "archive", "web"}
    assert all(told[name] for name in opens)
    assert told["store"]
    assert not told["gate"]


def sources(process: str) -> Iterator[str]:
    """The code that connects a process."""
    yield (CODE / "run" / f"{process}.py").read_text("utf-8")
    if process == "web":
        yield (CODE / "web" / "serve.py").read_text("utf-8")


def test_the_archive_lies_where_all_its_readers_see_it(rendered: Mapping[str, Sequence[Document]]) -> None:
    wanted = {"city": "s3://cityhub/archive?endpoint_override=objects.hub.example", "external": "/archive"}
    for name, where in {**wanted, "one-node": "/data/archive"}.items():
        for container, made in environments(rendered[name]):
            if container["args"][0] not in {"worker", "web", "archive", "rooms"}:
                continue
            assert parse(made).archive == where
            mounted = {one["mountPath"] for one in container["volumeMounts"]}
            assert ("/archive" in mounted) is (where == "/archive")
            assert ("AWS_ACCESS_KEY_ID" in made) is where.startswith("s3:")


@pytest.mark.parametrize("name", ["city", "one-node", "external"])
def test_the_adapters_take_the_file_of_sources(
    name: str, rendered: Mapping[str, Sequence[Document]], tmp_path: Path
) -> None:
    (text,) = (one["data"]["sources.yaml"] for one in rendered[name] if "sources.yaml" in one.get("data", {}))
    for source in yaml.safe_load(text).values():
        if file := source.get("secret_file"):
            (tmp_path / file.lstrip("/")).parent.mkdir(parents=True)
            (tmp_path / file.lstrip("/")).write_text("token")
    (tmp_path / "sources.yaml").write_text(text.replace("/run/secrets", f"{tmp_path}/run/secrets"))
    for container, made in environments(rendered[name]):
        if container["args"] == ["adapters"]:
            settings = parse({**made, "CITYHUB_SOURCES": str(tmp_path / "sources.yaml")})
            assert made["CITYHUB_SOURCES"] == "/etc/cityhub/files/sources.yaml"
            found = {place.source.feed for place in places(settings)}
            assert found == set(yaml.safe_load(text)) or (name == "one-node" and len(found) > 40)


def test_the_rooms_take_the_file_of_releases(example: Sequence[Document], tmp_path: Path) -> None:
    (text,) = (one["data"]["releases.yaml"] for one in example if "releases.yaml" in one.get("data", {}))
    (tmp_path / "releases.yaml").write_text(text)
    assert set(released(str(tmp_path / "releases.yaml"))) == set(yaml.safe_load(text))
    for container, made in environments(example):
        mounted = {one["mountPath"] for one in container["volumeMounts"]}
        if container["args"] != ["store", "migrate"]:
            assert {str(Path(made[name]).parent) for name in ("CITYHUB_RELEASES", "CITYHUB_SOURCES")} <= mounted


def test_tables_are_handed_in_where_the_adapters_look(rendered: Mapping[str, Sequence[Document]]) -> None:
    there = {
        container["args"][0]
        for container, _ in environments(rendered["city"])
        if "/folders" in {mount["mountPath"] for mount in container["volumeMounts"]}
    }
    assert there == {"topics", "web", "adapters", "bookkeeper"}
    volumes = {
        claim["persistentVolumeClaim"]["claimName"]
        for _, pod in pods(rendered["city"])
        for claim in pod.get("volumes", ())
        if claim["name"] == "folders"
    }
    assert volumes == {"cityhub-folders"}
