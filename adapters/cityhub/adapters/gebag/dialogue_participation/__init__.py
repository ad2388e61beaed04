"""Contributions to GEBAG's dialogues: docs/adapters/gebag-dialogue-participation.md."""
