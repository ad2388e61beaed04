"""The page of metrics and alerts, against the code: names, labels, meanings, and words of rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from cityhub.adapters.kit.status import FeedStatus
from cityhub.bus import metrics
from cityhub.hub import collectors
from cityhub.hub.run.runner import PROCESSES
from cityhub.kpi.values import StreamState

PAGE = (Path(__file__).parents[3] / "docs" / "observability.md").read_text()
NOW = datetime.now(UTC)
FEED = FeedStatus(
    feed="wbd.bins",
    partner="wbd",
    source="//wbd",
    synthetic=True,
    interval_s=60,
    succeeded_at=NOW,
    data_at=NOW,
    checkpoint_at=None,
    failed_at=None,
    error="",
    delivery_error="",
    last_reject="",
    waiting=0,
    accepted={"a": 1},
    rejected={"b": 1},
    noted={},
)
STREAM = StreamState(
    topic="du.evt.wbd.bin.v1",
    partner="wbd",
    records=1,
    rejected=0,
    duplicates=0,
    newest_append=NOW,
    newest_event=NOW,
    synthetic=True,
)


def states() -> list[Metric]:
    found = [*collectors.feeds(lambda: [FEED]), *collectors.streams(lambda: [STREAM]), *collectors.sessions(lambda: 1)]
    return [*found, *collectors._Fixed("web").collect()]


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code() -> dict[str, tuple[list[str], str]]:
    """Name as Prometheus shows it → labels and meaning."""
    found = {}
    for one in set(metrics.REGISTRY._names_to_collectors.values()):
        family = next(iter(one.collect()))
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = list(getattr(one, "_labelnames", ())), family.documentation
    for family in states():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = list(getattr(family, "_labelnames", ())), family.documentation
    return found


def test_the_page_lists_every_metric_with_its_labels_and_its_meaning() -> None:
    told = {name.strip("`"): (labels.split(", ") if labels else [], says) for name, labels, _, says in rows("Metrics")}
    assert told == code()


def test_every_metric_is_of_processes_that_there_are() -> None:
    for name, _, of, _ in rows("Metrics"):
        assert set(of.split(", ")) <= {*PROCESSES, "all"}, name


def test_alerts_ask_for_metrics_and_labels_that_there_are() -> None:
    known = code()
    suffixes = re.compile("_(bucket|count|sum)$")
    alerts = rows("Alerts")
    assert len(alerts) >= 12
    for name, expression, lasts, severity, remedy in alerts:
        names = set(re.findall(r"\bcityhub_\w+", expression))
        for one in names:
            assert (suffixes.sub("", one)) in known, (name, one)
        labels = {label for one in names for label in known[suffixes.sub("", one)][0]} | {"le"}
        asked = set(re.findall(r"(\w+)=~?\"", expression))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            asked |= set(group.split(", "))
        assert asked <= labels, name
        assert re.fullmatch(r"\d+[mh]", lasts), name
        assert severity in {"critical", "warning", "info"}, name
        assert len(remedy) > 20, name


def test_what_is_shown_can_be_read_by_prometheus() -> None:
    registry = collectors.registry_of("adapters", lambda: collectors.feeds(lambda: [FEED]))
    shown = {one.name: one for one in text_string_to_metric_families(generate_latest(registry).decode())}
    assert shown["cityhub_adapter_events"].samples[0].value == 1
    assert shown["cityhub_build_info"].samples[0].labels["process"] == "adapters"
    assert "process_start_time_seconds" in shown or "python_info" in shown
