"""Raw kafka-python: `poll` and a dictionary."""

import work
from kafka import KafkaConsumer


def main(task: work.Task) -> None:
    sums = work.Sums()
    work.ready()
    consumer = KafkaConsumer(task.topic, **task.python_client)
    while sums.records < task.events:
        for batch in consumer.poll(timeout_ms=500).values():
            for record in batch:
                sums.add(record.value)
    work.done(sums.records)
    work.write(task, sums.rows())
    consumer.close()


if __name__ == "__main__":
    main(work.task())
