"""Adapters of DVV."""
