"""What each process is asked, before the servers beside it run: every check answers soon, and says what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from cityhub.bus import reach
from cityhub.bus.access import KafkaAccess
from cityhub.bus.vitals import Vitals
from cityhub.hub import collectors
from cityhub.hub.identity.session_store import Grant, Session, SessionStore, count_sessions
from cityhub.hub.processes import own
from cityhub.hub.readiness import Readiness
from cityhub.hub.run.probed import checks, registry_of
from cityhub.hub.run.runner import PROCESSES
from cityhub.hub.secrets import load_or_create
from cityhub.hub.settings import Settings, parse
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database
from cityhub.sdk.principal import Principal

PAGE = (Path(__file__).parents[3] / "docs" / "observability.md").read_text()
STAY = [name for name in PROCESSES if name not in {"topics", "realm", "city", "rooms"}]
"""Those that need a server; the others are ready once they have started."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse({}, {"data": str(tmp_path), "kafka_port": "9"})


@pytest.mark.parametrize("name", STAY)
def test_a_process_without_its_servers_is_not_ready_and_says_what_to_do(name: str, settings: Settings) -> None:
    asked = Readiness(checks(name, settings, load_or_create(settings.data), Vitals()), limit_s=60)
    found = asked.look()
    asked.close()
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name} | ")]
    assert len(found) >= 2
    for check, said in found.items():
        assert f"`{check}`" in row
        if check != "outbox":  # no feed was asked yet: nothing is wrong with it
            assert not said.ready
            assert len(said.reason) > 10
            assert len(said.remedy) > 20


def test_the_store_is_ready_once_a_writer_has_made_its_tables(settings: Settings) -> None:
    asked = {check.name: check.ask for check in checks("web", settings, load_or_create(settings.data), Vitals())}
    assert "does not exist yet" in str(asked["store"]())
    sqlite3.connect(settings.data / "store.db").close()
    assert "has no tables yet" in str(asked["store"]())
    Database(settings.data / "store.db").close()
    assert asked["store"]() is None
    (settings.data / "store.db").write_bytes(b"no database" * 500)
    assert "no database" in str(asked["store"]())


def test_every_address_of_an_external_kafka_is_tried() -> None:
    access = KafkaAccess(bootstrap="127.0.0.1:9,127.0.0.1:10,nonsense", username="u", password="p")
    told = str(reach.unready(access))
    assert "127.0.0.1:9 " in told
    assert "127.0.0.1:10 " in told
    assert "nonsense" in told


def test_under_the_supervisor_each_process_has_a_port_of_its_own() -> None:
    given = [one.env.get("CITYHUB_PROBE_PORT") for one in own(parse({"CITYHUB_PROBE_PORT": "9400"}), {})]
    assert given == [str(9400 + number) for number in range(11)]
    assert all(not one.env for one in own(parse({}), {}))


def test_figures_that_cannot_be_read_are_left_out(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    def unreadable() -> list[object]:
        raise StoreUnavailable("disk full")

    shown = generate_latest(collectors.registry_of("bookkeeper", unreadable)).decode()  # type: ignore[arg-type]
    assert "cityhub_build_info" in shown
    assert "cityhub_stream_age_seconds" not in shown
    (settings.data / "adapters.db").write_bytes(b"no database" * 500)
    assert "cityhub_source" not in generate_latest(registry_of("adapters", settings)).decode()
    assert "figures_unreadable" in capsys.readouterr().out


def test_sessions_are_counted(settings: Settings) -> None:
    path = settings.data / "web.db"
    assert count_sessions(path) == 0
    with closing(SessionStore(path)) as store:
        store.put("x", Session(Grant(principal=Principal(subject="p"), sid="s", refresh_token="r", granted_at=0), 0, 0))
        assert count_sessions(path) == 1
    path.write_bytes(b"no database" * 500)
    with pytest.raises(StoreUnavailable, match=r"web\.db.*no database"):
        count_sessions(path)
