"""The shipped contracts: complete, on few topics, and known to the commands whether a KPI reads them or not."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

import cityhub.sdk
from cityhub.bus.topics import PARTNERS
from cityhub.hub.run.topics import wanted
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC
from cityhub.kpi.store.decisions import Choice
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.door import HUB
from tests.unit.hub.commands import code_and_words

SHIPPED = Path(cityhub.sdk.__file__).parent / "contracts"
STREAMS = Path(__file__).parents[3] / "docs" / "catalogue" / "streams.md"
CATALOGUE = load_catalogue()
READ = {source.type for kpi in CATALOGUE for one in CATALOGUE.versions(kpi.id) for source in one.sources.values()}


def test_every_one_lints_clean() -> None:
    code, words = code_and_words("contract", "lint", *map(str, sorted(SHIPPED.glob("*/*.yaml"))))
    assert [line for line in words.splitlines() if not line.endswith(": good")] == []
    assert code == 0


def test_lint_asks_who_answers_for_a_stream_and_what_it_is_for(tmp_path: Path) -> None:
    file = tmp_path / "bin.yaml"
    whole = (SHIPPED / "wbd/bin.emptied.v1.yaml").read_text("utf-8")
    file.write_text(
        "\n".join(line for line in whole.splitlines() if not line.startswith(("owner", "purpose"))), "utf-8"
    )
    code, words = code_and_words("contract", "lint", str(file))
    assert code == 1
    assert words.splitlines() == [
        f"{file}: owner: missing; write which organisation or unit answers for the stream",
        f"{file}: purpose: missing; write in a sentence what it is sent for, in both languages",
    ]


def test_topics_are_few_and_of_a_known_partner() -> None:
    contracts = load_contracts().values()
    assert {one.partner for one in contracts} <= {*PARTNERS, HUB}
    assert {one.topic.split(".")[2] for one in contracts if one.topic.split(".")[2] != one.partner} == set()
    events = [spec for spec in wanted() if spec.name.startswith("du.evt.")]
    assert len(events) <= 31
    assert sum(spec.partitions for spec in wanted()) <= 31 * 8 + 26


def test_the_worker_reads_no_topic_that_no_kpi_reads() -> None:
    read = {CATALOGUE.contracts[type_].topic for type_ in READ}
    assert set(Choice(CATALOGUE).topics) == read | {REFERENCE_TOPIC}
    assert len(read) < len({one.topic for one in CATALOGUE.contracts.values()})


def test_a_name_means_the_same_in_every_type_of_a_topic() -> None:
    """One kind and unit for it: a join or a measure over several of them is possible."""
    seen = defaultdict(set)
    for contract in load_contracts().values():
        for name, field in contract.fields.items():
            seen[contract.topic, name].add((field.type, field.unit, field.scale))
    assert {where: kinds for where, kinds in seen.items() if len(kinds) > 1} == {}


@pytest.mark.parametrize("type_", sorted(set(load_contracts()) - READ))
def test_what_no_kpi_reads_is_read_by_nobody(type_: str) -> None:
    assert code_and_words("contract", "impact", type_) == (0, "no KPI reads it\n")


def test_the_page_of_streams_is_the_one_that_is_generated() -> None:
    code, words = code_and_words("contract", "catalogue")
    assert code == 0
    assert words == STREAMS.read_text("utf-8"), "write it anew: cityhub contract catalogue > docs/catalogue/streams.md"
