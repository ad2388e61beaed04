"""Raw confluent-kafka (librdkafka): `consume` and a dictionary."""

import work
from confluent_kafka import Consumer


def main(task: work.Task) -> None:
    sums = work.Sums()
    work.ready()
    settings = {"group.id": task.group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**task.librdkafka, **settings})
    consumer.subscribe([task.topic])
    while sums.records < task.events:
        for message in consumer.consume(4_000, timeout=0.5):
            if message.error():
                raise RuntimeError(message.error())
            sums.add(message.value())
    work.done(sums.records)
    work.write(task, sums.rows())
    consumer.close()


if __name__ == "__main__":
    main(work.task())
