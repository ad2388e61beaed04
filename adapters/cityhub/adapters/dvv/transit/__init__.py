"""Departures of buses and trams from DVV's control centre (VDV-454 AUS)."""
