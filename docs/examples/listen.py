"""Reads a tenant's KPI values from Kafka, and goes on where it stopped: `python listen.py`.

Needs kafka-python and httpx. From the environment: HUB_BOOTSTRAP and HUB_TOKEN_URL (of `cityhub sandbox kafka`, or
`GET …/kafka`), HUB_CLIENT and HUB_SECRET (the tenant's key), HUB_TENANT; HUB_COUNT ends it after so many values.
"""

import json
import os

import httpx
from kafka import KafkaConsumer
from kafka.net.sasl.oauth import AbstractTokenProvider


class Key(AbstractTokenProvider):
    """Asks for a token whenever Kafka wants one."""

    def token(self) -> str:
        """Client credentials (RFC 6749, section 4.4)."""
        key = os.environ["HUB_CLIENT"], os.environ["HUB_SECRET"]
        answer = httpx.post(os.environ["HUB_TOKEN_URL"], data={"grant_type": "client_credentials"}, auth=key)
        return str(answer.raise_for_status().json()["access_token"])


tenant, left = os.environ["HUB_TENANT"], int(os.environ.get("HUB_COUNT", "-1"))
consumer = KafkaConsumer(
    f"sbx.{tenant}.values",
    group_id=f"sbx.{tenant}.listener",
    bootstrap_servers=os.environ["HUB_BOOTSTRAP"].split(","),
    security_protocol=os.environ.get("HUB_SECURITY", "SASL_PLAINTEXT"),
    sasl_mechanism="OAUTHBEARER",
    sasl_oauth_token_provider=Key(),
    auto_offset_reset="earliest",
)
for record in consumer:
    value = json.loads(record.value)
    print(dict(record.headers)["cursor"].decode(), record.key.decode(), value["start"], value["value"], flush=True)
    left -= 1
    if not left:
        break
consumer.close()
