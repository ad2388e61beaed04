"""Adapters: what a partner already emits becomes events, one package per partner and source."""
