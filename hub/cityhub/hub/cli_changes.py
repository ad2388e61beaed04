"""The part of the command line that compares: versions of a definition, and looks at a number."""

from __future__ import annotations

from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, kpi_app, settings_of
from cityhub.hub.cli_proof import Archive, Window

Version = Annotated[str, typer.Argument(help="A version's number, or the file of a draft.")]


@kpi_app.command("diff")
def diff(
    kpi_id: str,
    old: Version,
    new: Version,
    *,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="Day after the last.")],
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """Windows that would differ by another version; nothing live is touched. Exit code 1 when none does."""
    from cityhub.hub.commands import changes
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    raise typer.Exit(changes.differences(load_catalogue(), place, kpi_id, (old, new), (start, end), as_json=as_json))


@kpi_app.command("recompute")
def recompute(
    kpi_id: str,
    *,
    window: Window = "",
    day: Annotated[str, typer.Option("--day", metavar="DATE", help="Windows of one day; all when not given.")] = "",
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """Numbers from the archive alone, without store or server; exit code 1 when there are none."""
    from cityhub.hub.commands import recompute as commands
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    raise typer.Exit(commands.recomputed(load_catalogue(), place, kpi_id, window=window, day=day, as_json=as_json))


@kpi_app.command("changes")
def what_changed(
    kpi_id: str,
    *,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="An instant of the window that was looked at.")],
    known: Annotated[str, typer.Option("--known", metavar="TIME", help="When it was looked at.")],
    and_at: Annotated[str, typer.Option("--and-at", metavar="TIME", help="Of the second window; the same.")] = "",
    then_known: Annotated[str, typer.Option("--then-known", metavar="TIME", help="The second look; now.")] = "",
    window: Window = "",
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """What changed between two looks at a number, by cause; the parts add up."""
    from cityhub.hub.commands import changes
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    second = (and_at or at, then_known or changes.now())
    raise typer.Exit(
        changes.looks(
            load_catalogue(),
            place,
            kpi_id,
            window,
            at=(at, second[0]),
            known=(known, second[1]),
            as_json=as_json,
        )
    )
