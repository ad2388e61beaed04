"""The pages of the KPIs are those that their definitions give."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cityhub.hub.cli import app
from cityhub.hub.commands.kpi_pages import pages
from cityhub.kpi.definition import load_catalogue

DOCS = Path(__file__).parents[3] / "docs" / "kpi"


def test_the_pages_are_up_to_date() -> None:
    """Whoever changes a definition, a contract or an example writes them anew: `cityhub kpi pages docs/kpi`."""
    assert {path.name: path.read_text("utf-8") for path in DOCS.glob("*.md")} == pages(load_catalogue())


def test_pages_of_kpis_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "Z99.md").write_text("gone", "utf-8")
    done = CliRunner().invoke(app, ["kpi", "pages", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(pages(load_catalogue()))
    page = (tmp_path / "E02.md").read_text("utf-8")
    assert "*On-site wait*" in page
    assert "| smallest group shown | 5 |" in page
    assert "at: 05 08:55" in page
