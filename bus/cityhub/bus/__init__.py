"""Kafka: access, topics, publishing and reading. The only portion that speaks to the broker."""
