"""A process that archives a folder's log again and again, to be killed. Argument: the folder."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.unit.bus.archive.world import event_bytes, log_of, writer

RECORDS, STEP = 4_000, 50


def main(folder: Path) -> None:
    log = log_of([event_bytes(number) for number in range(RECORDS)])
    made = writer(folder)
    while (first := made.next_offset(0) or 0) < RECORDS:
        made.add(0, log[first : first + STEP], {})
        made.commit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
