"""Departures in the formats of control centres and associations."""
