"""`cityhub-sdk` as a shell sees it: what it prints, and with which code it ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.sdk import codec
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.cli import main
from cityhub.sdk.client.lines import read
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event
from tests.unit.adapters.doors.world import LEVEL, event
from tests.unit.sdk.client.local_hub import CLIENT, SECRET, LocalHub

LINE = {"subject": "bin-1", "time": "2026-11-25T11:00:00Z", "natural_key": ["bin-1", "7"], "version": 1}


class Run:
    """Runs commands; `code`, `out` and `err` of the last."""

    def __init__(self, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
        self.environment = {"CITYHUB_URL": account.url, "CITYHUB_CLIENT": CLIENT, "CITYHUB_SECRET": SECRET}
        self._capsys = capsys
        self.code = -1
        self.out = self.err = ""

    def __call__(self, *arguments: str, given: bytes = b"") -> int:
        self.code = main(arguments, self.environment, io.BytesIO(given))
        self.out, self.err = self._capsys.readouterr()
        return self.code

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(hub: LocalHub, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(hub.account(), capsys)


def lines(*events: Event | dict[str, Any]) -> bytes:
    return b"\n".join(codec.encode(one) if isinstance(one, Event) else json.dumps(one).encode() for one in events)


def test_send_tells_what_was_refused_by_line(run: Run, hub: LocalHub, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines(event(1)) + b"\n\n{]\n" + lines(event(2, fill=7), event(3)))
    assert run("send", str(file)) == 1
    first, *rest = run.out.splitlines()
    assert first.startswith("line 3: rejected parse: the body is not one JSON object in UTF-8: JSON is malformed")
    assert rest == [
        "line 4: rejected contract /data/fill: data.fill: 7 is more than 1; check value and unit (1)",
        "2 accepted, 2 rejected",
    ]
    assert hub.written() == [event(1).id, event(3).id]
    assert run("send", "--json", "-", given=lines(event(4))) == 0
    assert run.documents == [
        {
            "line": 1,
            "id": event(4).id,
            "status": "accepted",
            "topic": "du.evt.wbd.bin.v1",
            "partition": 0,
            "offset": 2,
        }
    ]


def test_typed_data_become_events(run: Run, hub: LocalHub) -> None:
    good, bad, none = {**LINE, "data": {"fill": 0.5}}, {**LINE, "data": {"fil": 0.5}}, {"data": {}, "fill": 1}
    given = lines(good, bad, none)
    assert run("send", "--type", LEVEL, "--source", "//wbd.example/t", "--synthetic", "-", given=given) == 1
    assert "line 2: rejected unnamed_field /data/fil: data.fil: no field of" in run.out
    assert "line 3: rejected envelope: Object contains unknown field `fill`; a line of typed data has" in run.out
    (written,) = hub.world.broker.events("du.evt.wbd.bin.v1")
    assert (written.data, written.synthetic, written.subject) == ({"fill": 0.5}, True, "bin-1")
    assert run("send", "--type", LEVEL, "-") == 2
    assert "give --source" in run.err
    assert run("send", "--type", "de.duisburg.wbd.bin.level.v1", "--source", "//a", "-") == 2
    assert "or de.duisburg.wbd.bin.level-observed.v1" in run.err


def test_validate_asks_the_hub_only_when_told(run: Run, hub: LocalHub) -> None:
    given = lines(event(1), event(2, fill=7))
    assert run("validate", "-", given=given) == 1
    assert run.out.splitlines()[-1] == "1 valid, 1 rejected"
    assert (hub.asked, hub.tokens) == ([], 0)
    assert run("validate", "--at-hub", "--json", "-", given=given) == 1
    assert [one["status"] for one in run.documents] == ["valid", "rejected"]
    assert (len(hub.asked), hub.written(), hub.world.broker.letters()) == (1, [], [])
    run.environment.clear()
    assert run("validate", "-", given=lines(event(1))) == 0  # needs no account


def test_without_a_hub_events_wait_in_the_spool(run: Run, hub: LocalHub, tmp_path: Path) -> None:
    run.environment["CITYHUB_SPOOL"] = str(tmp_path / "spool.db")
    hub.away = True
    given = lines(event(1), event(2, fill=7), event(3))
    assert run("send", "--deadline", "0.1", "-", given=given) == 1  # line 2 was refused; the others are safe
    assert "line 2: rejected contract /data/fill" in run.out
    assert "2 events wait in the spool" in run.out
    assert run("spool", "drain", "--deadline", "0.1") == 3
    assert run("spool", "status", "--json") == 0
    (status,) = run.documents
    assert (status["waiting"], status["refused"], len(status["producer"])) == (2, 0, 32)
    hub.away = False
    assert run("spool", "drain") == 0
    assert run.out == "2 accepted, 0 rejected, 0 waiting\n"
    assert hub.written() == [event(1).id, event(3).id]


def test_refused_events_are_listed_until_they_are_forgotten(run: Run, hub: LocalHub, tmp_path: Path) -> None:
    from cityhub.sdk.client.spool import Spool

    path = tmp_path / "spool.db"
    with Spool(path) as spool:
        spool.put_all([event(1, fill=7), event(2)])
    assert run("spool", "drain", "--spool", str(path)) == 1
    assert run.out == "1 accepted, 1 rejected, 0 waiting; `spool refused` tells why\n"
    assert run("spool", "refused", "--spool", str(path), "--json", "--forget") == 0
    (refused,) = run.documents
    assert (refused["number"], refused["result"]["reason"], refused["event"]["id"]) == (0, "contract", event(1).id)
    assert run("spool", "refused", "--spool", str(path)) == 0
    assert run.out == ""
    assert hub.written() == [event(2).id]


def test_the_hubs_pages_are_shown_whatever_members_they_have(run: Run, hub: LocalHub) -> None:
    rows = [{"type": LEVEL, "accepted": 3}, {"type": "other", "rejected": {"contract": 1}, "note": None}]
    hub.pages["/v1/partner/ledger"] = {"partner": "wbd", "streams": rows}
    hub.pages["/v1/partner/dead-letters"] = []
    hub.pages["/v1/partner/trace/a%2Fb"] = {"id": "a/b", "steps": [{"at": "gate"}]}
    assert run("ledger") == 0
    assert run.out.splitlines() == [
        "partner: wbd",
        "",
        "streams:",
        "TYPE                                   ACCEPTED  REJECTED        NOTE",
        f"{LEVEL}  3         –               –",
        'other                                  –         {"contract":1}  –',
    ]
    assert run("dead-letters") == 0
    assert run.out == "none\n"
    assert run("trace", "a/b", "--json") == 0
    assert run.documents == [hub.pages["/v1/partner/trace/a%2Fb"]]
    assert run("trace", "unknown") == 1
    assert run.out == "the hub knows nothing at /v1/partner/trace/unknown\n"


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("spool", "status"), "which spool? Give --spool FILE, or set CITYHUB_SPOOL", 2),
        (("send", "nowhere.jsonl"), "No such file or directory: 'nowhere.jsonl'", 2),
        (("spool", "status", "--spool", "/dev/null/x"), "name a file that may be written", 3),
    ],
)
def test_what_is_missing_is_said_in_a_line(run: Run, arguments: tuple[str, ...], said: str, code: int) -> None:
    assert run(*arguments) == code
    assert run.err.startswith("cityhub-sdk: ")
    assert said in run.err
    assert run.err.count("\n") == 1


def test_what_is_not_set_is_named(run: Run) -> None:
    run.environment.clear()
    assert run("doctor") == 2
    assert "not set in the environment: CITYHUB_URL, CITYHUB_CLIENT, CITYHUB_SECRET" in run.err


def test_no_answer_is_told_line_by_line_and_by_the_exit_code(run: Run, hub: LocalHub) -> None:
    hub.away = True
    assert run("send", "--deadline", "0.1", "-", given=lines(event(1), event(2, fill=7))) == 3
    assert run.out.splitlines()[0].startswith("line 1: unknown")
    assert run.out.splitlines()[1].startswith("line 2: rejected contract")
    assert "send the same again later" in run.err


def test_lines_are_read_in_bounded_memory() -> None:
    long = b"x" * 300_000
    found = list(read(io.BytesIO(long + b"\n" + lines(event(1)) + b"\n" + long)))
    assert [line.number for line in found] == [1, 2, 3]
    assert [line.found.reason if isinstance(line.found, RejectedEvent) else "" for line in found] == [
        "size",
        "",
        "size",
    ]
    exact = codec.encode(msgspec.structs.replace(event(1), correlationid=""))
    assert [line.number for line in read(io.BytesIO(exact + b"\r\n\r\n" + exact))] == [1, 3]


def test_it_runs_as_a_module_and_bears_a_reader_that_stops() -> None:
    command = f"yes '{{}}' | head -20000 | {sys.executable} -m cityhub.sdk validate --json - | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)["reason"] == "envelope"
    assert done.stderr == ""


def test_the_clock_of_typed_lines_is_now(run: Run) -> None:
    late = {**LINE, "time": datetime.now(UTC).replace(year=2100).isoformat(), "data": {"fill": 0.5}}
    assert run("validate", "--type", LEVEL, "--source", "//wbd.example/t", "-", given=lines(late)) == 1
    assert "time_in_future" in run.out


def test_a_preview_names_the_windows_that_would_change(run: Run, hub: LocalHub) -> None:
    change = {"kpi": "I11", "window": "day", "start": "2026-11-24T23:00:00Z", "end": "2026-11-25T23:00:00Z"}
    hub.pages["/v1/partner/preview"] = {"id": "x", "changes": [{**change, "dimensions": [["line", "901"]]}]}
    assert run("preview", "-", given=lines(event(1), event(2))) == 0
    assert run.out == "I11 day 2026-11-24T23:00:00+00:00 to 2026-11-25T23:00:00+00:00 city line=901\n"
    headers, body = hub.asked[-1]
    assert (headers["content-type"], len(json.loads(body))) == (codec.BATCH, 2)
    assert run("preview", "--json", "-", given=lines(event(1))) == 0
    assert run.documents == [{**change, "scope": "city", "dimensions": [["line", "901"]]}]
    assert hub.asked[-1][0]["content-type"] == codec.STRUCTURED
    hub.pages["/v1/partner/preview"] = {"id": "x", "changes": []}
    assert run("preview", "-", given=lines(event(1))) == 0
    assert run.out == "no number would change\n"
    assert hub.written() == []


def test_a_preview_of_what_the_hub_does_not_take(run: Run, hub: LocalHub) -> None:
    hub.pages["/v1/partner/preview"] = {"detail": "beyond_horizon: too old"}
    assert run("preview", "-", given=lines(event(1))) == 3
    assert "beyond_horizon: too old" in run.err
    assert run("preview", "-", given=b"{") == 1
    assert run("preview", "-", given=b"") == 2
    assert "no events: give one" in run.err
    assert run("preview", "-", given=lines(event(1), event(2), event(3))) == 2
