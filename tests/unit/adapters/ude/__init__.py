"""Adapters of the University of Duisburg-Essen."""
