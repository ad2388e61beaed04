"""What the hub's processes count about themselves, as Prometheus reads it (docs/observability.md has the same list).

Labels come from closed sets: partners, topics, feeds, the rules of docs/events.md. Never an id, a name or free text.
Source of the rules: Prometheus naming (base units, `_total`), OpenMetrics 1.0.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
"""Of this process."""

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_SLOW_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0)

EVENTS = Counter(
    "cityhub_events",
    "events that a door has judged and Kafka has acknowledged; a repeated request counts again",
    ["organisation", "door", "outcome", "rule"],
    registry=REGISTRY,
)
DEAD_LETTERS = Counter(
    "cityhub_dead_letters",
    "refused events written to du.dlq.<organisation>, by who refused them: http, kafka or engine",
    ["organisation", "writer", "rule"],
    registry=REGISTRY,
)
DOOR_SECONDS = Histogram(
    "cityhub_door_seconds",
    "from a request's body (or a stretch of records) to Kafka's acknowledgement",
    ["door"],
    buckets=_FAST_S,
    registry=REGISTRY,
)
HELD_BYTES = Gauge(
    "cityhub_door_held_bytes", "bytes of requests that Kafka has not acknowledged yet", registry=REGISTRY
)
REQUESTS = Counter("cityhub_http_requests", "answers of the web process", ["area", "status"], registry=REGISTRY)
COUNTED = Counter(
    "cityhub_engine_events",
    "events that the engine has judged: counted, duplicate or excluded",
    ["organisation", "outcome", "rule"],
    registry=REGISTRY,
)
STORE_LATENCY = Histogram(
    "cityhub_store_latency_seconds",
    "from the append of a batch's oldest record to the commit of what it changed",
    buckets=_SLOW_S,
    registry=REGISTRY,
)
VALUE_LATENCY = Histogram(
    "cityhub_value_latency_seconds",
    "from the newest counted event of a topic, its time or its append, to the acknowledged KPI values",
    ["since"],
    buckets=_SLOW_S,
    registry=REGISTRY,
)
TRANSACTION_SECONDS = Histogram(
    "cityhub_store_transaction_seconds",
    "writing transactions of the store, from their begin to their end",
    ["outcome"],
    buckets=_FAST_S,
    registry=REGISTRY,
)
LAG = Gauge(
    "cityhub_consumer_lag_records",
    "records of the whole consumer group that are not counted yet",
    ["topic"],
    registry=REGISTRY,
)
COMPLETE = Gauge(
    "cityhub_counted_until_timestamp_seconds",
    "everything appended to the topic before is counted",
    ["topic"],
    registry=REGISTRY,
)
PARTITIONS = Gauge("cityhub_consumer_partitions", "partitions assigned to this worker", registry=REGISTRY)
ALERTS = Counter(
    "cityhub_alerts",
    "audio alerts for the order office's inbox: delivered, refused, expired (older than an hour) or synthetic",
    ["outcome"],
    registry=REGISTRY,
)
VALUES = Counter("cityhub_values_published", "KPI values acknowledged by the value topic", registry=REGISTRY)
PASS_SECONDS = Histogram(
    "cityhub_publishing_seconds", "one pass of the publisher over the store", buckets=_SLOW_S, registry=REGISTRY
)
LEASE = Gauge(
    "cityhub_lease_held",
    "1 while this process has the lease: publisher, ledger, archiver (during a turn)",
    ["lease"],
    registry=REGISTRY,
)
MISSING = Gauge(
    "cityhub_ledger_missing_events",
    "numbered events without a verdict, as `cityhub ledger` says",
    ["organisation"],
    registry=REGISTRY,
)
ARCHIVE_BEHIND = Gauge("cityhub_archive_behind_records", "judged records that are not archived yet", registry=REGISTRY)
ARCHIVE_TROUBLE = Gauge("cityhub_archive_troubled_topics", "topics that cannot be archived now", registry=REGISTRY)
ARCHIVE_TURN = Gauge("cityhub_archive_turn_timestamp_seconds", "when the last turn ended", registry=REGISTRY)
SANDBOX_BEHIND = Gauge(
    "cityhub_sandbox_behind_entries",
    "entries of rooms' logs that tenants' Kafka topics do not have yet",
    registry=REGISTRY,
)
SANDBOX_RECORDS = Counter(
    "cityhub_sandbox_records",
    "records of tenants' own Kafka topics that their rooms have judged: accepted or refused",
    ["outcome", "rule"],
    registry=REGISTRY,
)
POLLS = Counter(
    "cityhub_adapter_polls",
    "questions to partners' systems: good, or why the answer could not be used",
    ["feed", "outcome"],
    registry=REGISTRY,
)
COST = Histogram(
    "cityhub_graphql_cost",
    "cost of a GraphQL operation, in the units of docs/api.md: run or refused",
    ["outcome"],
    buckets=(1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000),
    registry=REGISTRY,
)
