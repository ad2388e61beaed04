"""`cityhub status`: what is running and how old the data are, looked up now and not only in the supervisor's notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from cityhub.hub.commands.narrator import show
from cityhub.hub.commands.running import settings_of_running
from cityhub.hub.commands.text import age, megabytes, table
from cityhub.hub.probes import probes
from cityhub.hub.process import Probe
from cityhub.hub.secrets import load
from cityhub.hub.settings import Settings
from cityhub.hub.supervisor import leftovers, lock, state
from cityhub.hub.supervisor.state import Phase, ProcessState
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import StreamState

_ALIVE = {Phase.STARTING, Phase.READY, Phase.UNREADY}


class Seen(ProcessState, kw_only=True):
    """A process as it is found now; `memory_bytes` counts its own processes too (resident)."""

    memory_bytes: int


class Report(Struct, kw_only=True):
    """The answer of `status`.

    Attributes:
        supervisor: its process id, None when nothing runs.
        leftovers: processes that an interrupted run has left.
        missing: events without a verdict, by partner whose ledger does not balance.
    """

    ready: bool
    data: Path
    address: str
    supervisor: int | None
    supervisor_memory_bytes: int
    since: datetime | None
    leftovers: int
    processes: Sequence[Seen]
    streams: Sequence[StreamState] = ()
    feeds: Sequence[FeedStatus] = ()
    missing: Mapping[str, int] = {}


def status(settings: Settings, *, as_json: bool) -> int:
    """Print the report. Returns: 0 when everything is ready, else 1."""
    running = settings_of_running(settings)
    reader = SqlReader(settings.store, load_catalogue())
    report = look(settings.data, lambda started: probes(running, load(settings.data), started))
    report.streams = reader.streams()
    report.missing = LedgerReader(settings.store).differences()
    report.feeds = AdapterStatusReader(settings.data / "adapters.db").all()
    if as_json:
        show(msgspec.json.format(msgspec.json.encode(report, enc_hook=str)).decode())
    else:
        tell(report, datetime.now(UTC))
    return 0 if report.ready else 1


def look(data: Path, asked: Callable[[datetime], Mapping[str, Probe]]) -> Report:
    """Look at every process now.

    Args:
        asked: gives the probes by process name for a hub that was started then.
    """
    pid = lock.holder(data)
    running = state.read(data) if pid else None
    if pid is None or running is None or running.pid != pid:
        left = len(leftovers.find(data)) if pid is None else 0
        return Report(
            ready=False,
            data=data,
            address="",
            supervisor=pid,
            supervisor_memory_bytes=0,
            since=None,
            leftovers=left,
            processes=[],
        )
    by_name = asked(running.started)
    with ThreadPoolExecutor(max_workers=len(running.processes) or 1) as pool:
        seen = list(pool.map(lambda process: _see(process, data, by_name.get(process.name)), running.processes))
    return Report(
        ready=all(process.good for process in seen if process.essential),
        data=data,
        address=running.settings["CITYHUB_PUBLIC_URL"],
        supervisor=pid,
        supervisor_memory_bytes=_memory(psutil.Process(pid)),
        since=running.started,
        leftovers=0,
        processes=seen,
    )


def _see(noted: ProcessState, data: Path, probe: Probe | None) -> Seen:
    seen = Seen(**msgspec.structs.asdict(noted), memory_bytes=0)
    if noted.phase not in _ALIVE or noted.pid is None:
        return seen
    process = leftovers.supervised(noted.pid, data)
    if process is None:
        seen.phase, seen.reason = Phase.UNREADY, f"process {noted.pid} is gone, the supervisor is about to notice"
        return seen
    seen.memory_bytes = sum(_memory(one) for one in [process, *process.children(recursive=True)])
    if probe is not None:
        reason = probe()
        seen.phase = (
            Phase.READY if reason is None else (Phase.STARTING if noted.phase is Phase.STARTING else Phase.UNREADY)
        )
        seen.reason = reason or ""
    return seen


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def tell(report: Report, now: datetime) -> None:
    """Print the report for people."""
    if report.supervisor is None:
        show(f"cityhub is not running on {report.data}; start it with `cityhub up`")
        if report.leftovers:
            show(f"{report.leftovers} processes of an interrupted run are left: `cityhub down` ends them")
        return
    if report.since is None:
        show(f"cityhub is being started on {report.data} (process {report.supervisor})")
        return
    word = "ready" if report.ready else "NOT READY"
    supervisor = f"supervisor {report.supervisor}, {megabytes(report.supervisor_memory_bytes)}"
    show(f"cityhub is {word} at {report.address} (data in {report.data}; {supervisor}; {age(now - report.since)})\n")
    heads = ("PROCESS", "STATE", "PID", "RESTARTS", "MEMORY", "SINCE")
    show(table(heads, [_row(one, now) for one in report.processes]))
    for one in report.processes:
        if one.reason:
            show(f"{one.name}: {one.reason}")
    if report.feeds:
        show(
            "\n"
            + table(
                ("FEED", "STATE", "DATA", "WAITING", "REJECTED", "PARTNER"), [_feed(one, now) for one in report.feeds]
            )
        )
    if report.streams:
        show("\n" + table(("STREAM", "RECORDS", "REJECTED", "NEWEST"), [_stream(one, now) for one in report.streams]))

    for partner, count in report.missing.items():
        show(f"\nLEDGER DIFFERS: {count:,} events of {partner} have no verdict; `cityhub ledger {partner}` names them")


def _feed(feed: FeedStatus, now: datetime) -> tuple[str, ...]:
    data = "never" if feed.data_at is None else f"{age(now - feed.data_at)} ago"
    mark = " (simulation)" if feed.synthetic else ""
    return (
        feed.feed + mark,
        feed.state(now),
        data,
        f"{feed.waiting:,}",
        f"{sum(feed.rejected.values()):,}",
        feed.error or "answers",
    )


def _row(one: Seen, now: datetime) -> tuple[str, ...]:
    memory = megabytes(one.memory_bytes)
    return one.name, one.phase.value, str(one.pid or ""), str(one.restarts), memory, age(now - one.since)


def _stream(stream: StreamState, now: datetime) -> tuple[str, ...]:
    newest = "never" if stream.newest_append is None else f"{age(now - stream.newest_append)} ago"
    mark = " (simulation)" if stream.synthetic else ""
    return stream.topic + mark, f"{stream.records:,}", f"{stream.rejected:,}", newest
