"""The simulated city's MQTT broker."""
