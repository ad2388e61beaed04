"""A text in both languages of the hub."""

from __future__ import annotations

from msgspec import Struct


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user reads, in German and in English."""

    de: str
    en: str

    def get(self, language: str) -> str:
        """The English text for `en`, the German one for everything else."""
        return self.en if language == "en" else self.de
