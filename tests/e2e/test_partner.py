"""A new partner, from nothing to events that count, by HTTP and with its own Kafka client."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import httpx

from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.sample import first_event
from tests.e2e.hub import LIMIT_S, Hub
from tests.integration.partner_clients import partner_producer

TOPIC = "du.evt.gebag.flat.v1"
CONTRACT = load_contracts()["de.duisburg.gebag.flat.status-changed.v1"]
STREAMS = "{ dataState { streams { topic records rejected } } }"


def test_a_new_partners_events_count_whichever_door_they_come_through(hub: Hub) -> None:
    start = json.loads(hub.run("partner", "onboard", "gebag", "--json").stdout)
    token = _token(start)
    good, bad = start["first_event"], start["first_event"] | {"data": {"surprise": 1}}

    answer = httpx.post(start["events_url"], **_batch([good, bad, good], token))
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["rejected"]) == (202, 2, 1)
    assert [one.get("topic") for one in told["results"]] == [TOPIC, None, TOPIC]
    assert told["results"][1]["reason"] == "envelope"  # its content hash does not fit

    with contextlib.closing(partner_producer(start["kafka"], token)) as producer:
        other = first_event(CONTRACT, datetime.now(UTC).replace(microsecond=1))
        for value in (codec.encode(other), b"no event", codec.encode(other)):
            producer.send(start["topics"][0], value).get(LIMIT_S)
    hub.wait(lambda: _records(hub) >= 4, "what came through the doors was not counted")

    assert hub.run("partner", "revoke", "gebag").returncode == 0
    refused = httpx.post(start["token_url"], data={"grant_type": "client_credentials"}, auth=_login(start))
    assert refused.status_code in {400, 401}


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
