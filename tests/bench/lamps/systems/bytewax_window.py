"""Bytewax: `fold_window` over event time, one worker, no recovery store."""

from datetime import UTC, datetime, timedelta

import bytewax.operators as op
import bytewax.operators.windowing as win
import work
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

WAIT = timedelta(minutes=15)
"""Longer than any event of the input is late, so that none is dropped."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Sum = tuple[int, int, int]
Row = tuple[str, int, int, int, int]


class Keep(DynamicSink[Row], StatelessSinkPartition[Row]):
    """Keeps the rows in memory."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "Keep":
        return self

    def write_batch(self, items: list[Row]) -> None:
        self.rows.extend(items)


def main(task: work.Task) -> None:
    work.ready()
    flow = Dataflow("lamps")
    login = {name: value for name, value in task.librdkafka.items() if name != "bootstrap.servers"}
    source = KafkaSource([task.bootstrap], [task.topic], tail=False, batch_size=4_000, add_config=login)
    events = op.map("decode", op.input("read", flow, source), lambda message: work.decode(message.value))
    windowed = win.fold_window(
        "sum",
        op.key_on("key", events, lambda event: event.subject),
        win.EventClock(lambda event: event.time, wait_for_system_duration=WAIT),
        win.TumblingWindower(length=timedelta(minutes=1), align_to=EPOCH),
        lambda: (0, 0, 0),
        add,
        lambda one, two: (one[0] + two[0], one[1] + two[1], one[2] + two[2]),
    )
    keep = Keep()
    op.output("keep", op.map("row", windowed.down, row), keep)
    run_main(flow)
    work.done(sum(found[2] for found in keep.rows))
    work.write(task, keep.rows)


def add(sums: Sum, event: work.Event) -> Sum:
    return sums[0] + 1, sums[1] + event.data.power_dw, sums[2] + event.data.fault


def row(keyed: tuple[str, tuple[int, Sum]]) -> Row:
    lamp, (window, sums) = keyed
    return lamp, window * 60, *sums


if __name__ == "__main__":
    main(work.task())
