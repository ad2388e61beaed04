"""Adapters of GEBAG."""
