"""The part of the command line that says what became of events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app, settings_of


@app.command()
def ledger(
    partner: Annotated[str, typer.Argument(help="Only this one's.")] = "",
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Local day; default: all.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """What was sent, accepted, rejected and counted, by partner, stream and day; exit 1 when events are missing."""
    from cityhub.hub.commands import ledger as commands

    day = since.date() if since else None
    raise typer.Exit(commands.ledger(settings_of(data=data), partner, day, as_json=as_json))


@app.command()
def trace(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Of the event.")],
    partner: Annotated[str, typer.Option(metavar="NAME", help="Only this one's; default: every partner's.")] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Where is my event: received, accepted where, counted in which KPI and window, or refused and why."""
    from cityhub.hub.commands import ledger as commands
    from cityhub.hub.commands.running import settings_of_running

    raise typer.Exit(commands.trace(settings_of_running(settings_of(data=data)), id_, partner, as_json=as_json))
