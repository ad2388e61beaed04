"""The live generator: sends a prepared file at a constant rate through librdkafka, from the harness's core.

`python sender.py POOL RATE SENT`, access as in `BENCH_TASK`. POOL holds one record per line, key and value parted by a
tab. For every record whose key begins with `P` a line `key monotonic_ns` goes to SENT, taken at the send call. Prints
`#acked <records>` when the broker has acknowledged everything, and how late the slowest send was.
"""

import sys
import time
from pathlib import Path

import work
from confluent_kafka import Producer

_TICK_S = 0.002


def main(task: work.Task, pool: Path, rate: float, sent: Path) -> None:
    records = [line.split(b"\t", 1) for line in pool.read_bytes().splitlines()]
    settings = {"acks": "all", "linger.ms": 5, "compression.type": "lz4", "queue.buffering.max.messages": len(records)}
    producer = Producer({**task.librdkafka, **settings})
    probes, done, behind_s = [], 0, 0.0
    began = time.monotonic()
    while done < len(records):
        due = min(len(records), int((time.monotonic() - began) * rate) + 1)
        for key, value in records[done:due]:
            if key[:1] == b"P":
                probes.append(f"{key.decode()} {time.monotonic_ns()}\n")
            producer.produce(task.topic, value, key)
        done = due
        producer.poll(0)
        time.sleep(_TICK_S)
        behind_s = max(behind_s, time.monotonic() - began - done / rate)
    left = producer.flush(60)
    sent.write_text("".join(probes))
    sys.stdout.write(f"#acked {done - left} {behind_s:.3f}\n")


if __name__ == "__main__":
    main(work.task(), Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
