"""Tenants' own topics on Kafka: what rooms tell goes out, what tenants write comes in."""
