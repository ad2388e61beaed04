"""The raw figures: JSON lines under `var/bench/`, one per measurement, never averaged. The report is made of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import machine

FOLDER = machine.ROOT / "var" / "bench"


class Lines:
    """One run's file; every line is on disk and on the screen at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, bench: str, **figures: Any) -> dict[str, Any]:
        """Add one line; returns it."""
        line = {"bench": bench, **figures}
        text = json.dumps(line)
        with self.path.open("a") as file:
            file.write(f"{text}\n")
        print(text, flush=True)
        return line


def new_run(name: str, **settings: Any) -> Lines:
    """A file of its own, beginning with the machine and the settings of the run."""
    started = datetime.now(UTC)
    lines = Lines(FOLDER / f"{name}-{started:%Y%m%dT%H%M%SZ}.jsonl")
    lines.write("run", name=name, started=started.isoformat(timespec="seconds"), **machine.facts(), **settings)
    return lines


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
