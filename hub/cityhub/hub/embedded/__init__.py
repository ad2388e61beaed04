"""The embedded servers: Kafka and Keycloak from Maven artefacts on the wheel's Java runtime."""
