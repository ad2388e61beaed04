"""Contacts of the service centre: docs/adapters/city-contacts.md."""
