"""Raw aiokafka: `getmany` and a dictionary. The anchor of every ratio."""

import asyncio

import work
from aiokafka import AIOKafkaConsumer


async def main(task: work.Task) -> None:
    sums = work.Sums()
    work.ready()
    consumer = AIOKafkaConsumer(task.topic, **task.python_client)
    await consumer.start()
    while sums.records < task.events:
        for batch in (await consumer.getmany(timeout_ms=500)).values():
            for record in batch:
                sums.add(record.value)
    work.done(sums.records)
    work.write(task, sums.rows())
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(main(work.task()))
