"""What a campaign did, as JSON lines with times: every fault, every death, every check."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path


class Journal:
    """Appends to a file at once, so that a campaign that is killed leaves its story."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self._begin = time.monotonic()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the journal began."""
        return round(time.monotonic() - self._begin, 2)

    def note(self, what: str, **fields: object) -> None:
        """Write one line."""
        self.counts[what] += 1
        self._file.write(json.dumps({"at_s": self.elapsed_s, "what": what, **fields}, default=str) + "\n")

    def close(self) -> None:
        self._file.close()
