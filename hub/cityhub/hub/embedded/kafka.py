"""The embedded Kafka: one KRaft node, three listeners, nobody unauthenticated.

INTERNAL (SASL/PLAIN) is for the hub's own processes, CONTROLLER (SASL/PLAIN) for the node itself, PARTNER
(SASL/OAUTHBEARER) for partners' tokens of the realm. All listen on loopback. One node keeps one copy: a loss of power
may cost the last seconds, a killed process does not (docs/decisions/0002-kafka-listeners-and-partner-tokens.md).
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from cityhub.bus.access import KafkaAccess
from cityhub.bus.reach import unready
from cityhub.hub.embedded.artefacts import Say, ensure
from cityhub.hub.embedded.java import java_home
from cityhub.hub.embedded.partner_keys import EMPTY
from cityhub.hub.errors import Misconfigured, ServiceMissing
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import Secrets, private_folder, write_private
from cityhub.hub.settings import Settings

HOST = "127.0.0.1"
AUDIENCE = "cityhub-kafka"
SUPER_USERS = ("broker", "hub")
"""Log-ins that may do everything. No client of the realm may have one of these ids."""

# The start's listing of every setting is left out, and the reasons of refused tokens, which quote names of people.
_LOG4J2 = """status=warn
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSSX}{UTC} %p %c{1} %m%n
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
logger.config.name=org.apache.kafka.common.config
logger.config.level=warn
logger.token.name=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
logger.token.level=error
"""
# Java takes such a path literally in a file URL, where it then does not find it.
_UNFIT_IN_PATHS = re.compile(r"[^\w./~+@=-]")


def access(settings: Settings, secrets: Secrets) -> KafkaAccess:
    """How the hub's own processes reach the embedded Kafka."""
    return KafkaAccess(bootstrap=f"{HOST}:{settings.kafka_port}", username="hub", password=secrets.kafka_hub_password)


def keys_file(settings: Settings) -> Path:
    """Where Kafka reads the realm's public keys."""
    return settings.data / "kafka" / "partner-keys.json"


def prepare(settings: Settings, secrets: Secrets, *, issuer: str, say: Say) -> ProcessSpec:
    """Fetch, configure and, once, format; afterwards the returned process can be started.

    Args:
        issuer: `iss` of the tokens that partners log in with.

    Raises:
        ServiceMissing: files or the Java runtime are missing or damaged, or the storage cannot be formatted.
        Misconfigured: the data directory's path has characters that Kafka cannot read.
    """
    folder = settings.data / "kafka"
    if found := _UNFIT_IN_PATHS.search(str(folder)):
        raise Misconfigured(
            f"the data directory {settings.data} has {found.group()!r} in its path, which Kafka cannot read: "
            "choose another path"
        )
    java = str(java_home() / "bin" / "java")
    jars = ensure("kafka", settings.cache, say=say)
    private_folder(settings.data)
    private_folder(folder)
    if not keys_file(settings).exists():
        write_private(keys_file(settings), EMPTY)
    write_private(folder / "log4j2.properties", _LOG4J2)
    write_private(folder / "server.properties", _properties(_server(settings, secrets, issuer, folder / "log")))
    command = (java, *_jvm(folder, keys_file(settings)), "-cp", ":".join(map(str, jars)))
    if not (folder / "log").exists():
        say("kafka: formatting its storage")
        _format(folder, command, _server(settings, secrets, issuer, folder / "log.new"))
    login = access(settings, secrets)
    return ProcessSpec(
        name="kafka",
        argv=(*command, "kafka.Kafka", str(folder / "server.properties")),
        env={"LC_ALL": "C.UTF-8"},
        probe=lambda: unready(login),
        stop_s=30.0,
    )


def _server(settings: Settings, secrets: Secrets, issuer: str, log: Path) -> dict[str, str]:
    ports = {"INTERNAL": settings.kafka_port, "PARTNER": settings.kafka_partner_port}
    at = {name: f"{name}://{HOST}:{port}" for name, port in ports.items()}
    controller = f"{HOST}:{settings.kafka_controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "listeners": ",".join([*at.values(), f"CONTROLLER://{controller}"]),
        "advertised.listeners": ",".join(at.values()),
        "listener.security.protocol.map": ",".join(f"{name}:SASL_PLAINTEXT" for name in (*ports, "CONTROLLER")),
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(log),
        **_plain_logins(secrets),
        **_partner_logins(issuer, keys_file(settings)),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": ";".join(f"User:{name}" for name in SUPER_USERS),
        "auto.create.topics.enable": "false",
        "log.segment.delete.delay.ms": "1000",  # of a topic that is deleted no byte stays for long
        # One node: one copy of everything, and few partitions of the internal topics.
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
    }


def _plain_logins(secrets: Secrets) -> dict[str, str]:
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    own = f'{module} username="broker" password="{secrets.kafka_broker_password}"'
    broker = f'user_broker="{secrets.kafka_broker_password}"'
    return {
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": f"{own} {broker};",
        "listener.name.internal.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.internal.plain.sasl.jaas.config": f'{own} {broker} user_hub="{secrets.kafka_hub_password}";',
    }


def _partner_logins(issuer: str, keys: Path) -> dict[str, str]:
    package = "org.apache.kafka.common.security.oauthbearer"
    bearer = "listener.name.partner.oauthbearer"
    return {
        "listener.name.partner.sasl.enabled.mechanisms": "OAUTHBEARER",
        f"{bearer}.sasl.jaas.config": f"{package}.OAuthBearerLoginModule required;",
        f"{bearer}.sasl.server.callback.handler.class": f"{package}.OAuthBearerValidatorCallbackHandler",
        f"{bearer}.sasl.oauthbearer.jwks.endpoint.url": f"file://{keys}",
        f"{bearer}.sasl.oauthbearer.expected.audience": AUDIENCE,
        f"{bearer}.sasl.oauthbearer.expected.issuer": issuer,
        f"{bearer}.sasl.oauthbearer.sub.claim.name": "client_id",
        f"{bearer}.sasl.oauthbearer.clock.skew.seconds": "5",
        # A connection lives no longer than its token: a revoked partner is out when the token ends.
        f"{bearer}.connections.max.reauth.ms": "3600000",
    }


def _jvm(folder: Path, keys: Path) -> tuple[str, ...]:
    return (
        "-Xms96m",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Djava.awt.headless=true",
        "-Dlog4j.shutdownHookEnabled=false",
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://{keys}",
        f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.files={keys}",
    )


def _format(folder: Path, command: tuple[str, ...], server: Mapping[str, str]) -> None:
    """Format beside its place and move it there whole, so that a start killed meanwhile is simply repeated."""
    new = folder / "log.new"
    shutil.rmtree(new, ignore_errors=True)
    properties = folder / "format.properties"
    write_private(properties, _properties(server))
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    done = subprocess.run(  # noqa: S603 - own command line
        [*command, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(properties)],
        capture_output=True,
        text=True,
        check=False,
    )
    properties.unlink()
    if done.returncode:
        raise ServiceMissing(f"Kafka cannot format its storage {new} (is the disk full?): {done.stderr.strip()[-500:]}")
    new.rename(folder / "log")


def _properties(values: Mapping[str, str]) -> str:
    """Java's properties form: backslashes doubled, everything beyond ASCII as UTF-16 escapes."""
    lines = "".join(f"{key}={value}\n" for key, value in values.items()).replace("\\", "\\\\")
    return "".join(char if char.isascii() else _escaped(char) for char in lines)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
