"""What prepares an installation on servers: secrets, the tables of the store, a Kafka that is not embedded."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cityhub.bus.access import KafkaAccess
from cityhub.bus.batch_consumer import batch_app
from cityhub.hub.access import kafka_access
from cityhub.hub.cli import app, exit_code
from cityhub.hub.errors import Misconfigured
from cityhub.hub.secrets import generate, load
from cityhub.hub.settings import parse
from cityhub.kpi.store.database import Database

EXTERNAL = {
    "CITYHUB_KAFKA_BOOTSTRAP": "a:9093,b:9093",
    "CITYHUB_KAFKA_USERNAME": "cityhub",
    "CITYHUB_KAFKA_PASSWORD": "geheim",
    "CITYHUB_KAFKA_MECHANISM": "SCRAM-SHA-512",
}


def access(**more: str) -> KafkaAccess:
    return kafka_access(parse(EXTERNAL | more), generate())


def test_printed_secrets_are_a_whole_file_and_new_each_time(tmp_path: Path) -> None:
    first, second = (CliRunner().invoke(app, ["secrets"]).output for _ in range(2))
    (tmp_path / "secrets.json").write_text(first)
    (tmp_path / "secrets.json").chmod(0o600)
    made = load(tmp_path)
    assert made.receipt_key
    assert made.pseudonym_key
    assert first != second


def test_the_store_is_made_once_and_found_the_second_time(tmp_path: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(app, ["store", "migrate", "--data", str(tmp_path)])
        assert (done.exit_code, "is at schema" in done.output) == (0, True)
    store = Database(tmp_path / "store.db", read_only=True)
    assert store.has_tables()
    store.close()


def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["store", "migrate", "--data", str(tmp_path / "absent")])
    assert done.exception is not None
    assert exit_code(done.exception) == 3
    assert "store.db" in str(done.exception)


def test_an_external_kafka_is_reached_as_the_settings_say_in_the_words_of_every_library() -> None:
    found = access(CITYHUB_KAFKA_CA="system")
    for words in (found.aiokafka(), found.kafka_python()):
        assert words["security_protocol"] == "SASL_SSL"
        assert words["sasl_mechanism"] == "SCRAM-SHA-512"
        assert words["ssl_context"].verify_mode is ssl.CERT_REQUIRED
        assert words["ssl_context"].check_hostname
    assert found.kafka_python()["bootstrap_servers"] == ["a:9093", "b:9093"]


async def test_the_worker_reaches_it_the_same_way() -> None:
    async def start(_topic: str, _part: int) -> int:
        return 0

    login = batch_app("group", access(CITYHUB_KAFKA_CA="system"), start).conf.broker_credentials
    assert (login.protocol.value, login.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")
    assert login.ssl_context.check_hostname


def test_without_certificates_it_is_spoken_to_in_the_clear() -> None:
    assert access().aiokafka()["security_protocol"] == "SASL_PLAINTEXT"
    assert access().aiokafka()["ssl_context"] is None


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_certificates_that_cannot_be_read_are_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Misconfigured, match=r"CITYHUB_KAFKA_CA = .*ca\.crt.*PEM file"):
        access(CITYHUB_KAFKA_CA=str(file))
