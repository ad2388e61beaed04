"""Tenants and their rooms: who has one, each in a process of its own that can be killed."""
