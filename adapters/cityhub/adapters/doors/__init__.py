"""Doors: where partners hand in events themselves, over HTTP or with their own Kafka client."""
