"""Pure evaluation: no Kafka, no SQL, no clock."""
