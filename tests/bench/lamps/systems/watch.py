"""The independent reader: polls the hub's store read-only for lamps that were not there yet.

`python watch.py STORE FIRST COUNT SEEN`: waits for the lamps `P<FIRST>` to `P<FIRST + COUNT - 1>` and writes
`lamp monotonic_ns` for each to SEEN. Runs until all are seen or standard input ends.
"""

import select
import sqlite3
import sys
import time
from itertools import islice
from pathlib import Path

_WINDOW = 128
"""Lamps asked for at once; more are never on their way."""
_POLL_S = 0.001
_SEEN = """
select distinct series.dims from series join bucket on bucket.series = series.id
where series.kpi = 'I90' and series.version = 1 and series.layer = '' and series.scope in ('', 'STB01')
    and series.dims in ({})
"""


def main(store: Path, first: int, count: int, seen: Path) -> None:
    connection = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30)
    waiting = {f'{{"lamp":"P{number}"}}': number for number in range(first, first + count)}
    lines = []
    while waiting and not select.select([sys.stdin], [], [], _POLL_S)[0]:
        asked = tuple(islice(waiting, _WINDOW))
        found = connection.execute(_SEEN.format(",".join("?" * len(asked))), asked).fetchall()
        now = time.monotonic_ns()
        for (dims,) in found:
            lines.append(f"P{waiting.pop(dims)} {now}\n")
    seen.write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
