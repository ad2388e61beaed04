"""Publications of the university: docs/adapters/ude-publications.md."""
