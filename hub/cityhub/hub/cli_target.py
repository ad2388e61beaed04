"""The part of the command line that sets targets and shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, kpi_app, reader_of, settings_of


@kpi_app.command("target")
def target(
    kpi_id: str,
    *,
    who: Annotated[str, typer.Option("--by", metavar="NAME", help="Who sets it.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for those who read it later.")],
    value: Annotated[float | None, typer.Option("--value", metavar="X", help="What is to be reached.")] = None,
    low: Annotated[float | None, typer.Option("--low", metavar="X", help="Of a band, its lower limit.")] = None,
    high: Annotated[float | None, typer.Option("--high", metavar="X", help="Of a band, its upper limit.")] = None,
    watch: Annotated[
        float | None, typer.Option("--watch", metavar="X", help="How far from it a value is watched, not missed yet.")
    ] = None,
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where it was decided.")] = "",
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First day on which it holds.")] = "",
    retract: Annotated[
        int | None, typer.Option("--retract", metavar="N", help="Take record N back instead of setting a target.")
    ] = None,
    data: Data = None,
) -> None:
    """Set a target from a day on, or take a record back; records are appended, never changed."""
    from cityhub.hub.commands import targets
    from cityhub.kpi.definition import load_catalogue

    given = targets.Given(value, low, high, watch, source, since, retract)
    raise typer.Exit(targets.change(settings_of(data=data).store, load_catalogue(), kpi_id, given, who=who, why=why))


@kpi_app.command("targets")
def listing(kpi_id: str, data: Data = None, as_json: Json = False) -> None:
    """Everything that was recorded about a KPI's target."""
    from cityhub.hub.commands import targets

    raise typer.Exit(targets.listing(reader_of(settings_of(data=data)), kpi_id, as_json=as_json))
