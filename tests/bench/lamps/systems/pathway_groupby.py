"""Pathway: `groupby` over its own JSON reader, static mode (it reads what the topic holds, then ends), one thread."""

import os

os.environ["PATHWAY_THREADS"] = "1"

import pathway as pw
import work


class Record(pw.Schema):
    lamp: str
    time: str
    power_dw: int
    fault: bool


def main(task: work.Task) -> None:
    work.ready()
    settings = {**task.librdkafka, "group.id": task.group, "auto.offset.reset": "earliest"}
    paths = {"lamp": "/subject", "time": "/time", "power_dw": "/data/power_dw", "fault": "/data/fault"}
    read = pw.io.kafka.read(settings, task.topic, schema=Record, format="json", mode="static", json_field_paths=paths)
    second = pw.this.time.dt.strptime("%Y-%m-%dT%H:%M:%SZ").dt.timestamp("s")
    timed = read.select(pw.this.lamp, pw.this.power_dw, pw.this.fault, minute=pw.cast(int, second) // 60 * 60)
    sums = timed.groupby(pw.this.lamp, pw.this.minute).reduce(
        pw.this.lamp,
        pw.this.minute,
        n=pw.reducers.count(),
        power_dw=pw.reducers.sum(pw.this.power_dw),
        faults=pw.reducers.sum(pw.cast(int, pw.this.fault)),
    )
    found: dict[tuple[str, int], tuple[int, int, int]] = {}

    def keep(key: object, row: dict[str, int], time: int, is_addition: bool) -> None:
        if is_addition:
            found[row["lamp"], row["minute"]] = row["n"], row["power_dw"], row["faults"]

    pw.io.subscribe(sums, on_change=keep)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
    work.done(sum(sums[0] for sums in found.values()))
    work.write(task, [(lamp, minute, *sums) for (lamp, minute), sums in found.items()])


if __name__ == "__main__":
    main(work.task())
