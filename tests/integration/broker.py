"""A Kafka of somebody else's: TLS, SCRAM, and no more rules for the hub than the chart asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from tests.integration.servers import Installation, Kafka
from tests.ports import free_ports
from tests.unit.helm.chart import CHART, documents, golden

USER, PASSWORD = "cityhub", "synthetic-password"
_WORDS = {"AlterConfigs": "ALTER_CONFIGS", "DescribeConfigs": "DESCRIBE_CONFIGS", "IdempotentWrite": "IDEMPOTENT_WRITE"}


class ExternalKafka(Kafka):
    """The embedded broker with one listener more, which the hub does not run but is let in at.

    Attributes:
        settings: of the hub's processes.
    """

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation)
        folder = installation.settings.data / "kafka"
        (port,) = free_ports(1)
        both, trusted = _certificate(folder)
        file = folder / "server.properties"
        given = dict(line.split("=", 1) for line in file.read_text("utf-8").splitlines())
        given["listeners"] += f",HUB://127.0.0.1:{port}"
        given["advertised.listeners"] += f",HUB://127.0.0.1:{port}"
        given["listener.security.protocol.map"] += ",HUB:SASL_SSL"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        given |= {
            "listener.name.hub.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.hub.scram-sha-512.sasl.jaas.config": scram,
            "listener.name.hub.ssl.keystore.type": "PEM",
            "listener.name.hub.ssl.keystore.location": str(both),
        }
        file.write_text("".join(f"{name}={value}\n" for name, value in given.items()), "utf-8")
        self.trusted = trusted
        self.bootstrap = f"127.0.0.1:{port}"
        self.settings: Mapping[str, str] = {
            "CITYHUB_KAFKA_BOOTSTRAP": self.bootstrap,
            "CITYHUB_KAFKA_USERNAME": USER,
            "CITYHUB_KAFKA_PASSWORD": PASSWORD,
            "CITYHUB_KAFKA_MECHANISM": "SCRAM-SHA-512",
            "CITYHUB_KAFKA_CA": str(trusted),
        }

    def let_the_hub_in(self) -> None:
        """The hub's log-in with the chart's rules, on a broker that runs."""
        with closing(KafkaAdminClient(**self.access.kafka_python())) as admin:
            login = UserScramCredentialUpsertion(USER, ScramMechanism.SCRAM_SHA_512, PASSWORD)
            assert admin.alter_user_scram_credentials([login]) == {USER: None}
            assert admin.create_acls(_rules())["failed"] == []


def _rules() -> list[ACL]:
    """What the chart lets the hub do, in Kafka's words."""
    rendered = documents(golden(CHART / "examples" / "city.yaml").read_text("utf-8"))
    (user,) = (one for one in rendered if one["kind"] == "KafkaUser")
    made = []
    for rule in user["spec"]["authorization"]["acls"]:
        resource = rule["resource"]
        kind = "PREFIXED" if resource.get("patternType") == "prefix" else "LITERAL"
        pattern = ResourcePattern(
            ResourceType[resource["type"].upper()], resource.get("name", "kafka-cluster"), ACLResourcePatternType[kind]
        )
        for word in rule["operations"]:
            operation = ACLOperation[_WORDS.get(word, word.upper())]
            made.append(ACL(f"User:{USER}", "*", operation, ACLPermissionType.ALLOW, pattern))
    return made


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A broker's key with its certificate, and the certificate of whoever signed it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "synthetic")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    both, trusted = folder / "broker.pem", folder / "ca.crt"
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made)
    trusted.write_bytes(made)
    return both, trusted


@pytest.fixture(scope="session")
def external_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalKafka]:
    """It runs, and has let the hub in; a test that kills it must have it running again when it ends."""
    kafka = ExternalKafka(Installation(tmp_path_factory.mktemp("external")))
    try:
        kafka.start()
        kafka.let_the_hub_in()
        yield kafka
    finally:
        kafka.stop()
