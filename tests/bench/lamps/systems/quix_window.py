"""Quix Streams: tumbling window of a minute with `current()`, state in RocksDB with its changelog topic."""

import work
from quixstreams import Application
from quixstreams.dataframe.windows import Count, Sum
from quixstreams.kafka import ConnectionConfig
from quixstreams.models import Deserializer, SerializationContext

GRACE_MS = 900_000
"""Longer than any event of the input is late, so that none is dropped."""


class Lamp(Deserializer):
    """One record, decoded as in every other script."""

    def __call__(self, value: bytes, ctx: SerializationContext) -> dict[str, object]:
        event = work.decode(value)
        return {
            "lamp": event.subject,
            "ms": int(event.time.timestamp()) * 1000,
            "power_dw": event.data.power_dw,
            "fault": int(event.data.fault),
        }


def main(task: work.Task) -> None:
    work.ready()
    login = ConnectionConfig(
        bootstrap_servers=task.bootstrap,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_username=task.username,
        sasl_password=task.password,
    )
    app = Application(
        login, consumer_group=task.group, auto_offset_reset="earliest", state_dir=task.scratch, loglevel="WARNING"
    )
    topic = app.topic(
        task.topic,
        key_deserializer="str",
        value_deserializer=Lamp(),
        timestamp_extractor=lambda value, headers, timestamp, kind: value["ms"],
    )
    found: dict[tuple[str, int], tuple[int, int, int]] = {}

    def keep(window: dict[str, int], key: str, timestamp: int, headers: object) -> None:
        found[key, window["start"] // 1000] = window["n"], window["power_dw"], window["faults"]

    window = app.dataframe(topic).tumbling_window(60_000, grace_ms=GRACE_MS)
    sums = window.agg(n=Count(), power_dw=Sum("power_dw"), faults=Sum("fault")).current()
    sums.update(keep, metadata=True)
    app.run(count=task.events)
    work.done(task.events)
    work.write(task, [(lamp, minute, *sums) for (lamp, minute), sums in found.items()])


if __name__ == "__main__":
    main(work.task())
