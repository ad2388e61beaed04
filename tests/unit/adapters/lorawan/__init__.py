"""Sensors on LoRaWAN, whatever they measure."""
