"""Stock Faust's settings for both of its scripts: what its documentation shows, and nothing of the hub's."""

import faust
import work


def app_of(task: work.Task) -> faust.App:
    login = faust.SASLCredentials(username=task.username, password=task.password, mechanism="PLAIN")
    return faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        broker_credentials=login,
        broker_max_poll_records=4_000,
        store="memory://",
        datadir=task.scratch,
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=8,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
    )
