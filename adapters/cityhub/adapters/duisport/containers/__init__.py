"""Moves of containers as terminals report them, EDIFACT CODECO and COARRI: docs/adapters/duisport-containers.md."""
