"""Stock Faust, one event at a time into a `Table` with its changelog topic."""

import asyncio

import work
from faust_app import app_of


async def main(task: work.Task) -> None:
    work.ready()
    app = app_of(task)
    table = app.Table("lamp-minutes", default=lambda: [0, 0, 0], partitions=8)
    finished = asyncio.Event()
    records = 0

    @app.agent(app.topic(task.topic, value_serializer="raw", value_type=bytes), name="lamps")
    async def lamps(stream: object) -> None:
        nonlocal records
        async for value in stream:
            event = work.decode(value)
            second = int(event.time.timestamp())
            key = f"{event.subject}|{second - second % 60}"
            n, power_dw, faults = table[key]
            table[key] = [n + 1, power_dw + event.data.power_dw, faults + event.data.fault]
            records += 1
            if records == task.events:
                finished.set()

    await app.start()
    await finished.wait()
    work.done(records)
    keyed = ((key.split("|"), sums) for key, sums in table.items())
    work.write(task, [(lamp, int(minute), *map(int, sums)) for (lamp, minute), sums in keyed])
    await app.stop()


if __name__ == "__main__":
    asyncio.run(main(work.task()))
