"""Who takes part. `missing` says what a system leaves out of the work that the hub does: such figures are flattered."""

from __future__ import annotations

from tests.bench.lamps.drain import System

ANCHOR = "aiokafka"
"""Every ratio is to this loop in the same round."""
HUB = "cityhub"
HUB_BOROUGHS = "cityhub by borough"
_MEMORY = "deduplication, store, receipts"
_CHANGELOG = "deduplication, receipts, effects and cursor in one transaction (it keeps a changelog topic)"
_WINDOWED = f"{_MEMORY}, values before a window closes"
_BENCH = "bench"

SYSTEMS = (
    System(ANCHOR, "aiokafka_loop", missing=_MEMORY),
    System("confluent-kafka", "confluent_loop", _BENCH, missing=_MEMORY),
    System("kafka-python", "kafka_python_loop", missing=_MEMORY),
    System(HUB, "cityhub_worker", dedup=True),
    System(HUB_BOROUGHS, "cityhub_worker", dedup=True, by="borough"),
    System("Pathway", "pathway_groupby", "bench-pathway", missing=f"{_MEMORY}, values before the input ends"),
    System("Bytewax", "bytewax_window", "bench-bytewax", missing=_WINDOWED, few_keys=True),
    System("Quix Streams", "quix_window", "bench-quix", missing=_CHANGELOG, slow=True),
    System("Faust, take", "faust_take", missing=_MEMORY, slow=True),
    System("Faust, Table", "faust_table", missing=_CHANGELOG, slow=True),
)
