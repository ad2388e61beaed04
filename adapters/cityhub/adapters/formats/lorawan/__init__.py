"""Sensors on LoRaWAN: what all network servers and device types have in common."""
