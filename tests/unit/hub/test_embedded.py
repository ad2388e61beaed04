"""What is prepared before the embedded servers start, without starting them."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from cityhub.bus import reach
from cityhub.hub.embedded import distribution, kafka, keycloak, partner_keys
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import Secrets, load_or_create
from cityhub.hub.settings import Settings, parse

ISSUER = "http://hub.example/auth/realms/cityhub"
KEYS = b'{"keys":[{"kid":"a","kty":"RSA"}]}'

# Stands for Java: formats as Kafka's tool does, into the folder that the configuration names.
JAVA = """#!{python}
import pathlib, sys
if "format" in sys.argv:
    lines = pathlib.Path(sys.argv[-1]).read_text().splitlines()
    folder = pathlib.Path(dict(line.split("=", 1) for line in lines)["log.dirs"])
    folder.mkdir()
    (folder / "meta.properties").write_text(sys.argv[-3])
    sys.exit({code})
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    java(tmp_path, code=0)
    for module in (kafka, keycloak):
        monkeypatch.setattr(module, "java_home", lambda: tmp_path)
        monkeypatch.setattr(module, "ensure", lambda *_, **__: (tmp_path / "a.jar",))
    monkeypatch.setattr(distribution, "ready", lambda *_, **__: tmp_path / "built")
    return parse({}, {"data": str(tmp_path / "var")})


@pytest.fixture
def secrets(settings: Settings) -> Secrets:
    return load_or_create(settings.data)


def java(home: Path, *, code: int) -> None:
    (home / "bin").mkdir(exist_ok=True)
    (home / "bin" / "java").write_text(JAVA.format(python=sys.executable, code=code))
    (home / "bin" / "java").chmod(0o700)


def prepare(settings: Settings, secrets: Secrets) -> tuple[ProcessSpec, dict[str, str]]:
    spec = kafka.prepare(settings, secrets, issuer=ISSUER, say=print)
    lines = (settings.data / "kafka" / "server.properties").read_text("ascii").splitlines()
    return spec, dict(line.split("=", 1) for line in lines)


# -- Kafka


def test_kafka_listens_on_loopback_and_only_for_who_logs_in(settings: Settings, secrets: Secrets) -> None:
    _, server = prepare(settings, secrets)
    assert all("://127.0.0.1:" in address for address in server["listeners"].split(","))
    assert {rule.split(":")[1] for rule in server["listener.security.protocol.map"].split(",")} == {"SASL_PLAINTEXT"}
    assert server["super.users"] == "User:broker;User:hub"
    assert server["auto.create.topics.enable"] == "false"
    assert server["listener.name.partner.oauthbearer.sasl.oauthbearer.expected.issuer"] == ISSUER
    assert "allow.everyone.if.no.acl.found" not in server


@pytest.mark.parametrize("prepared", [kafka, keycloak], ids=["kafka", "keycloak"])
def test_no_secret_is_on_a_command_line(settings: Settings, secrets: Secrets, prepared: object) -> None:
    spec = prepare(settings, secrets)[0] if prepared is kafka else keycloak.prepare(settings, secrets, say=print)
    own = (secrets.kafka_broker_password, secrets.kafka_hub_password, secrets.keycloak_admin_password)
    assert not [secret for secret in own if secret in " ".join(spec.argv)]


def test_kafkas_files_are_for_their_owner_only(settings: Settings, secrets: Secrets) -> None:
    prepare(settings, secrets)
    files = [path for path in (settings.data / "kafka").iterdir() if path.is_file()]
    assert {path.name for path in files} == {"server.properties", "log4j2.properties", "partner-keys.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_storage_is_formatted_once(settings: Settings, secrets: Secrets) -> None:
    prepare(settings, secrets)
    first = (settings.data / "kafka" / "log" / "meta.properties").read_text()
    prepare(settings, secrets)
    assert (settings.data / "kafka" / "log" / "meta.properties").read_text() == first


def test_formatting_that_was_cut_off_is_done_again(settings: Settings, secrets: Secrets) -> None:
    half = settings.data / "kafka" / "log.new"
    half.mkdir(parents=True)
    (half / "half").write_text("")
    prepare(settings, secrets)
    assert [path.name for path in (settings.data / "kafka" / "log").iterdir()] == ["meta.properties"]
    assert not half.exists()


def test_failed_formatting_is_told_and_not_used(settings: Settings, secrets: Secrets, tmp_path: Path) -> None:
    java(tmp_path, code=1)
    with pytest.raises(ServiceMissing, match="cannot format"):
        prepare(settings, secrets)
    assert not (settings.data / "kafka" / "log").exists()


def test_known_keys_stay_over_a_restart(settings: Settings, secrets: Secrets) -> None:
    prepare(settings, secrets)
    assert kafka.keys_file(settings).read_text() == partner_keys.EMPTY
    partner_keys.store(KEYS, kafka.keys_file(settings))
    prepare(settings, secrets)
    assert kafka.keys_file(settings).read_bytes() == KEYS


@pytest.mark.parametrize("name", ["with space", "100%", "a,b", "a;b", "a#b", "a?b"])
def test_path_that_kafka_cannot_read_is_refused(
    settings: Settings, secrets: Secrets, tmp_path: Path, name: str
) -> None:
    moved = settings.model_copy(update={"data": tmp_path / name})
    with pytest.raises(Misconfigured, match="choose another path") as raised:
        kafka.prepare(moved, secrets, issuer=ISSUER, say=print)
    assert name in str(raised.value)


def test_path_with_umlauts_is_written_as_java_reads_it(settings: Settings, secrets: Secrets, tmp_path: Path) -> None:
    moved = settings.model_copy(update={"data": tmp_path / "Büro"})
    (tmp_path / "Büro" / "kafka" / "log").mkdir(parents=True)
    _, server = prepare(moved, secrets)
    assert server["log.dirs"] == f"{tmp_path}/B\\u00fcro/kafka/log"


def test_probe_says_that_nothing_listens_yet(settings: Settings, secrets: Secrets) -> None:
    closed = settings.model_copy(update={"kafka_port": 9, "keycloak_port": 9})
    assert "127.0.0.1:9" in str(reach.unready(kafka.access(closed, secrets)))
    assert "127.0.0.1:9" in str(keycloak.unready(keycloak.url(closed)))


# -- Keycloak


def test_database_whose_making_was_cut_off_is_made_anew(settings: Settings, secrets: Secrets) -> None:
    database = settings.data / "keycloak" / "h2" / "keycloak.mv.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"half")
    keycloak.prepare(settings, secrets, say=print)
    assert not database.exists()


def test_database_that_was_once_complete_is_kept(settings: Settings, secrets: Secrets) -> None:
    database = settings.data / "keycloak" / "h2" / "keycloak.mv.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"whole")
    keycloak.note_made(settings)
    keycloak.prepare(settings, secrets, say=print)
    keycloak.prepare(settings, secrets, say=print)
    assert database.read_bytes() == b"whole"


def test_keycloak_listens_on_loopback_and_knows_its_public_address(settings: Settings, secrets: Secrets) -> None:
    spec = keycloak.prepare(settings, secrets, say=print)
    assert "--http-host=127.0.0.1" in spec.argv
    assert "--cache=local" in spec.argv
    assert f"--hostname={settings.public_url}/auth" in spec.argv


# -- keys


def test_keys_are_written_only_when_they_differ(tmp_path: Path) -> None:
    path = tmp_path / "kafka" / "keys.json"
    assert partner_keys.store(KEYS, path)
    assert not partner_keys.store(KEYS, path)
    assert partner_keys.store(KEYS.replace(b'"a"', b'"b"'), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("junk", [b"", b"<html>", b"[]", b'{"keys":[]}', b'{"keys":[{}]}', b"\xff", b'{"error":"x"}'])
def test_what_is_no_key_set_leaves_the_last_keys(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "keys.json"
    partner_keys.store(KEYS, path)
    with pytest.raises(ValueError, match="key"):
        partner_keys.store(junk, path)
    assert path.read_bytes() == KEYS
