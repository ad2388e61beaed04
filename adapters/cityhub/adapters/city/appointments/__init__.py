"""Appointments of the Bürgerservice and the Straßenverkehrsamt: docs/adapters/city-appointments.md."""
