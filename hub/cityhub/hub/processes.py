"""The hub's processes on one machine, and which of them waits for which."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cityhub.hub.access import realm
from cityhub.hub.embedded import kafka, keycloak
from cityhub.hub.embedded.artefacts import Say
from cityhub.hub.probes import probes
from cityhub.hub.process import Probe, ProcessSpec
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.supervisor.child import Planned


def plan(settings: Settings, secrets: Secrets, say: Say) -> Sequence[ProcessSpec | Planned]:
    """Everything; the embedded servers are fetched, checked and configured while the rest starts.

    Args:
        say: told what is being made ready.
    """

    def prepare_kafka() -> ProcessSpec:
        return kafka.prepare(settings, secrets, issuer=realm(settings).issuer, say=say)

    def prepare_keycloak() -> ProcessSpec:
        return keycloak.prepare(settings, secrets, say=say)

    servers = []
    if not settings.kafka_bootstrap:
        servers.append(Planned(name="kafka", prepare=prepare_kafka))
    if not settings.keycloak_url:
        servers.append(Planned(name="keycloak", prepare=prepare_keycloak))
    if servers and not (settings.cache / "maven").exists():
        say("first start: about 220 MB will be fetched while the rest starts, this can take some minutes")
    return [*servers, *own(settings, probes(settings, secrets, datetime.now(UTC)))]


def own(settings: Settings, judged: Mapping[str, Probe]) -> Sequence[ProcessSpec]:
    """The processes that are this program. The web waits for nothing: its public pages come before log-in and data.

    Args:
        judged: probes by process name.
    """
    absent = {
        "kafka": bool(settings.kafka_bootstrap),
        "keycloak": bool(settings.keycloak_url),
        "city": not settings.city,
    }
    after = {
        "realm": ("keycloak", "kafka"),
        "topics": ("kafka",),
        "worker": ("topics",),
        "publisher": ("topics",),
        "archive": ("topics",),
        "gate": ("topics",),
        "bookkeeper": ("topics",),
        "city": (),
        "adapters": ("topics", "city"),
        "rooms": (),
        "web": (),
    }
    return [
        ProcessSpec(
            name=name,
            argv=(sys.executable, "-m", "cityhub.hub", name),
            probe=judged.get(name, lambda: None),
            env=_probe_port(settings, number),
            after=tuple(other for other in waits_for if not absent.get(other)),
            one_shot=name == "topics",
        )
        for number, (name, waits_for) in enumerate(after.items())
        if not absent.get(name)
    ]


def _probe_port(settings: Settings, number: int) -> dict[str, str]:
    """One port after the other, so that processes of one machine do not meet."""
    return {"CITYHUB_PROBE_PORT": str(settings.probe_port + number)} if settings.probe_port else {}
