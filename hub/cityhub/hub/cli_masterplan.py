"""The part of the command line that shows the masterplan and takes in its measures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, masterplan_app, reader_of, settings_of


@masterplan_app.command("show")
def masterplan_show(data: Data = None, as_json: Json = False) -> None:
    """Fields, goals and KPIs, then every programme's measures."""
    from cityhub.hub.commands import masterplan

    raise typer.Exit(masterplan.listing(reader_of(settings_of(data=data)), as_json=as_json))


@masterplan_app.command("import")
def masterplan_import(
    file: Path,
    who: Annotated[str, typer.Option("--by", metavar="NAME", help="Who imports it.")],
    programme: Annotated[
        str, typer.Option("--programme", metavar="ID", help="Of a CSV file: masterplan or quarters.")
    ] = "masterplan",
    data: Data = None,
) -> None:
    """Take a programme's measures from a YAML or CSV file, in place of those that were there."""
    from cityhub.hub.commands import masterplan
    from cityhub.kpi.definition import load_catalogue

    raise typer.Exit(masterplan.take_in(settings_of(data=data).store, load_catalogue(), file, programme, who=who))
