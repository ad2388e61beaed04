"""`cityhub adapter`: the list, the page, and the files of a new adapter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cityhub.adapters.catalogue import SOURCES
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.scaffold import CannotScaffold, scaffold
from cityhub.adapters.tabular.form import shipped
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import UnknownContract
from tests.unit.adapters.test_outbox import effects
from tests.unit.hub.commands import code_and_words

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "adapters"
CLEANED = "de.duisburg.wbd.sewer.cleaned.v1"


def test_the_page_of_adapters_is_the_one_that_is_generated() -> None:
    code, words = code_and_words("adapter", "catalogue")
    assert code == 0
    assert words == (DOCS / "README.md").read_text("utf-8"), (
        "write it anew: cityhub adapter catalogue > docs/adapters/README.md"
    )


@pytest.mark.parametrize("feed", sorted(SOURCES))
def test_every_source_has_a_page_that_names_each_field_of_its_contracts(feed: str) -> None:
    text = (DOCS / f"{feed.replace('.', '-')}.md").read_text("utf-8")
    contracts = load_contracts()
    for type_ in SOURCES[feed].event_types:
        assert ".".join(type_.split(".")[3:-1]) in text
        missing = [name for name in contracts[type_].fields if f"`{name}`" not in text]
        assert missing == [], f"{feed}: {type_}"


def test_pages_of_tables_are_written_where_one_says(tmp_path: Path) -> None:
    code, words = code_and_words("adapter", "tables", str(tmp_path / "pages"))
    assert (code, words) == (0, f"{len(shipped())} pages in {tmp_path / 'pages'}\n")
    assert (tmp_path / "pages" / "imd-bim.md").read_text("utf-8") == (DOCS / "imd-bim.md").read_text("utf-8")


def test_the_list_has_all_sources() -> None:
    code, words = code_and_words("adapter", "list")
    assert code == 0
    assert [line.split()[0] for line in words.splitlines()[1:]] == sorted(SOURCES)


def test_a_new_adapter_is_good_code_with_todos(tmp_path: Path) -> None:
    code, words = code_and_words("adapter", "new", "wbd.sewer-works", CLEANED, "--into", str(tmp_path))
    assert code == 0
    assert "pytest tests/unit/adapters/conformance -k wbd.sewer-works" in words
    made = sorted(path for path in tmp_path.rglob("*.py"))
    assert [path.name for path in made] == ["__init__.py", "client.py", "mapping.py", "source.py", "wire.py"]
    rules = ["--config", str(ROOT / "pyproject.toml"), "--ignore", "I001"]
    check = [sys.executable, "-m", "ruff", "check", *rules, *map(str, made)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "docs/adapters/wbd-sewer-works.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in load_contracts()[CLEANED].fields)
    again, words = code_and_words("adapter", "new", "wbd.sewer-works", CLEANED, "--into", str(tmp_path))
    assert (again, "there already" in words) == (2, True)


@pytest.mark.parametrize(
    ("feed", "type_", "message"),
    [
        ("wbd", CLEANED, "write it as <partner>.<source>"),
        ("wbd.Bins", CLEANED, "write it as <partner>.<source>"),
        ("wbd.../x", CLEANED, "write it as <partner>.<source>"),
        ("dvv.sewers", CLEANED, "is of wbd, dvv.sewers of dvv"),
    ],
)
def test_names_that_cannot_be_are_refused(feed: str, type_: str, message: str) -> None:
    with pytest.raises(CannotScaffold, match=message):
        scaffold(feed, [type_], load_contracts())


def test_a_type_without_contract_is_named() -> None:
    with pytest.raises(UnknownContract, match="no contract for event type"):
        scaffold("wbd.sewer-works", ["de.duisburg.wbd.sewer.washed.v1"], load_contracts())


def test_what_was_refused_is_listed_and_an_unknown_source_is_named(tmp_path: Path) -> None:
    assert code_and_words("adapter", "rejects", "--data", str(tmp_path)) == (0, "nothing was refused\n")
    with Outbox(tmp_path / "adapters.db") as outbox:
        step = outbox.open(DVV_TRANSIT, "http://one").step
        outbox.commit(DVV_TRANSIT, step, replace(effects(), rejects=[Reject("schema", "IstFahrt[3]", "no number")]))
    code, words = code_and_words("adapter", "rejects", "dvv.transit", "--data", str(tmp_path))
    assert code == 0
    assert words.splitlines()[1].split(maxsplit=5)[2:] == ["dvv.transit", "schema", "IstFahrt[3]", "no number"]
    code, words = code_and_words("adapter", "rejects", "dvv.transits", "--data", str(tmp_path))
    assert (code, "did you mean dvv.transit?" in words) == (2, True)
