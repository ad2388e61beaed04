"""What every part of the command line shares: the program, its groups, common options, and the settings they give."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cityhub.hub.settings import Settings, parse
from cityhub.kpi.reader import KpiReader

app = typer.Typer(
    name="cityhub",
    help="cityhub – Innovation Hub Duisburg. Settings: CITYHUB_* in the environment, see docs/operating.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
kpi_app = typer.Typer(name="kpi", help="The KPI catalogue and its values.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(kpi_app)
masterplan_app = typer.Typer(
    name="masterplan", help="Goals, programmes and their measures.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(masterplan_app)

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data directory [CITYHUB_DATA, ./var]")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def settings_of(**options: Any) -> Settings:
    """Settings from the environment and the options that were given."""
    return parse(os.environ, {name: value for name, value in options.items() if value is not None})


def reader_of(settings: Settings) -> KpiReader:
    """The read service over the store."""
    from cityhub.kpi.definition import load_catalogue
    from cityhub.kpi.store.sql_reader import SqlReader

    return SqlReader(settings.store, load_catalogue())
