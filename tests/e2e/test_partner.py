"""A new partner, from nothing to events that count, by HTTP and with its own Kafka client."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from cityhub.hub.embedded.artefacts import ensure
from cityhub.sdk import codec
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.client.kafka import KafkaPublisher
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event
from cityhub.sdk.sample import first_event
from tests.e2e.hub import LIMIT_S, Hub, LocalHub
from tests.integration.partner_clients import partner_producer

TOPIC = "du.evt.gebag.flat.v1"
CONTRACT = load_contracts()["de.duisburg.gebag.flat.status-changed.v1"]
DOCS = Path(__file__).parents[2] / "docs"
STREAMS = "{ dataState { streams { topic records rejected } } }"


def test_a_new_partners_events_count_whichever_door_they_come_through(hub: Hub, tmp_path: Path) -> None:
    start = json.loads(hub.run("partner", "onboard", "gebag", "--contracts", CONTRACT.type, "--json").stdout)
    token = _token(start)
    good, bad = start["first_event"], start["first_event"] | {"data": {"surprise": 1}}

    answer = httpx.post(start["events_url"], **_batch([good, bad, good], token))
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["rejected"]) == (202, 2, 1)
    assert [one.get("topic") for one in told["results"]] == [TOPIC, None, TOPIC]
    assert told["results"][1]["reason"] == "envelope"  # its content hash does not fit

    letters = start["events_url"].replace("/v1/events", "/v1/partner/dead-letters")
    login = {"authorization": f"Bearer {token}"}
    listed = httpx.get(letters, headers=login, timeout=LIMIT_S).raise_for_status().json()
    assert [(one["reason"], one["id"], one["kept"]) for one in listed["letters"]] == [("envelope", "", False)]
    asked = {"reason": "envelope", "dry_run": True}
    redrive = httpx.post(f"{letters}/redrive", json=asked, headers=login, timeout=LIMIT_S)
    assert redrive.status_code == 403, "nobody granted it"

    with contextlib.closing(partner_producer(hub.partners_kafka(start["kafka"]), token)) as producer:
        other = _another(1)
        for value in (codec.encode(other), b"no event", codec.encode(other)):
            producer.send(start["topics"][0], value).get(LIMIT_S)
    hub.wait(lambda: _records(hub) >= 4, "what came through the doors was not counted")

    _with_the_sdk(start, hub.partners_kafka(start["kafka"]), tmp_path)
    hub.wait(lambda: _records(hub) >= 6, "what the SDK sent was not counted")

    assert hub.run("partner", "revoke", "gebag").returncode == 0
    refused = httpx.post(start["token_url"], data={"grant_type": "client_credentials"}, auth=_login(start))
    assert refused.status_code in {400, 401}


def test_the_printed_quickstart_word_for_word_ends_in_the_ledger(hub: Hub) -> None:
    told = hub.run("partner", "onboard", "wbd", "--contracts", "de.duisburg.wbd.bin.*").stdout
    script = "# 1. " + told.partition("# 1. ")[2].partition("\n# or with its own Kafka client")[0]
    first, _, last = script.rpartition("# 4. ")
    before = _run(first, hub)
    judged, sent = (json.loads(line) for line in before.splitlines() if line.startswith("{"))
    assert (judged["accepted"], judged["results"][0]["status"]) == (1, "valid")
    assert sent["results"][0]["status"] == "accepted"

    def counted() -> bool:
        answers = [json.loads(line) for line in _run(first.partition("# 2. ")[0] + "# 4. " + last, hub).splitlines()]
        trace, ledger = answers
        days = [day for day in ledger["days"] if day["door"] == "http" and day["counted"]]
        return [one["status"] for one in trace["sightings"]] == ["counted"] and bool(days)

    hub.wait(counted, "the first event is not in the ledger")
    ledger = hub.run("ledger", "wbd")
    assert (ledger.returncode, "wbd: balances" in ledger.stdout) == (0, True)


def test_the_printed_properties_and_the_documented_java_program_bring_an_event_in(hub: Hub, tmp_path: Path) -> None:
    if not isinstance(hub, LocalHub):
        pytest.skip("the listener of an external Kafka is its operator's: its address and CA are not printed")
    if shutil.which("javac") is None:
        pytest.skip("no Java compiler on this machine: programs are run from their source")
    told = hub.run("partner", "onboard", "wbd", "--contracts", "de.duisburg.wbd.bin.*").stdout
    properties = told.partition("# or with its own Kafka client")[2].partition("\n")[2].partition("\nnew topics")[0]
    secret = hub.run("partner", "secret", "wbd").stdout.strip()
    (tmp_path / "client.properties").write_text(properties.replace("$SECRET", secret))
    program = re.findall(r"^```java\n(.*?)^```$", (DOCS / "sdk.md").read_text("utf-8"), re.M | re.S)[0]
    (tmp_path / "Send.java").write_text(program)
    jars = ":".join(map(str, ensure("kafka", hub.settings.cache, say=print)))
    allowed = properties.partition("# Java: ")[2].strip()
    sent = first_event(load_contracts()["de.duisburg.wbd.bin.level-observed.v1"], datetime.now(UTC))
    done = subprocess.run(
        ["java", allowed, "-cp", jars, "Send.java", "du.in.wbd.bin", sent.subject],
        input=codec.encode(sent),
        cwd=tmp_path,
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().startswith("du.in.wbd.bin/")
    hub.wait(lambda: "counted" in hub.run("trace", sent.id, "--partner", "wbd").stdout, "it was not counted")


def _run(script: str, hub: Hub) -> str:
    """As typed into a shell; `cityhub` is on the path."""
    given = hub.environment_of("partner")
    path = f"{Path(sys.executable).parent}{os.pathsep}{given['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail"],
        input=script,
        env={**given, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def _with_the_sdk(start: dict[str, Any], kafka: str, tmp_path: Path) -> None:
    """An event through a spool from the shell, which asks what became of it, and one with the Kafka publisher."""
    url = start["events_url"].removesuffix("/v1/events")
    account = {"CITYHUB_URL": url, "CITYHUB_CLIENT": start["client"], "CITYHUB_SECRET": start["secret"]}
    one, other = (codec.encode(_another(microsecond)) for microsecond in (2, 3))
    spool = str(tmp_path / "spool.db")  # numbers the event for the ledger
    for command, given in (
        (["doctor"], b""),
        (["send", "--spool", spool, "-"], one),
        (["ledger"], b""),
        (["dead-letters"], b""),
        (["trace", codec.decode(one).id], b""),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "cityhub.sdk", *command, "--json"],
            input=given,
            env={**os.environ, **account},
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
    with HttpPublisher(Account.of_environment(account)) as http, KafkaPublisher(kafka, http) as publisher:
        (told,) = publisher.publish([codec.decode(other)])
    assert (told.status, told.topic) == ("accepted", start["topics"][0])


def _another(microsecond: int) -> Event:
    return first_event(CONTRACT, datetime.now(UTC).replace(microsecond=microsecond))


def _login(start: dict[str, Any]) -> tuple[str, str]:
    return start["client"], start["secret"]


def _token(start: dict[str, Any]) -> str:
    answer = httpx.post(
        start["token_url"], data={"grant_type": "client_credentials"}, auth=_login(start), timeout=LIMIT_S
    )
    return str(answer.raise_for_status().json()["access_token"])


def _batch(events: list[dict[str, Any]], token: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}", "content-type": codec.BATCH}
    return {"content": json.dumps(events), "headers": headers, "timeout": LIMIT_S}


def _records(hub: Hub) -> int:
    """Records of the topic that the worker has judged."""
    streams = hub.graphql(STREAMS)["dataState"]["streams"]
    return sum(int(one["records"]) for one in streams if one["topic"] == TOPIC)
