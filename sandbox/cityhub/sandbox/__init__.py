"""Sandbox: simulated partners, replay and experiments beside the live hub."""
