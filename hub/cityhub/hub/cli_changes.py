"""The part of the command line that compares: versions of a definition, and looks at a number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, kpi_app, settings_of
from cityhub.hub.cli_proof import Archive, Dimension, Scope, Window

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
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="An instant of the windows; all when not given.")
    ] = "",
    day: Annotated[str, typer.Option("--day", metavar="DATE", help="Windows of one day; all when not given.")] = "",
    scope: Annotated[str, typer.Option("--scope", metavar="ID", help="city or a borough; all when not given.")] = "",
    work: Annotated[
        Path | None, typer.Option("--work", metavar="DIR", help="Keep what days come to, and go on from there.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Processes that compute days.")] = 1,
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """Numbers from the archive alone, without store or server; exit code 1 when there are none."""
    from cityhub.hub.commands import recompute as commands
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    asked = commands.Asked(kpi_id, window, at, day, scope, work, jobs)
    raise typer.Exit(commands.recomputed(load_catalogue(), place, asked, as_json=as_json))


@kpi_app.command("changes")
def what_changed(
    kpi_id: str,
    *,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="An instant of the window that was looked at.")] = "",
    known: Annotated[str, typer.Option("--known", metavar="TIME", help="When it was looked at.")] = "",
    version: Annotated[str, typer.Option("--by", metavar="VERSION", help="Of the definition; the catalogue's.")] = "",
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="The first look, instead of all the others.")
    ] = None,
    and_at: Annotated[str, typer.Option("--and-at", metavar="TIME", help="Of the second window; the same.")] = "",
    then_known: Annotated[str, typer.Option("--then-known", metavar="TIME", help="The second look; now.")] = "",
    then_version: Annotated[str, typer.Option("--then-by", metavar="VERSION", help="The second look; the same.")] = "",
    window: Window = "",
    scope: Scope = "city",
    dimension: Dimension = None,
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """What changed between two looks at a number, by cause; the parts add up. Exit code 1 when one is unknown."""
    from cityhub.hub.commands import changes
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    asked = changes.Asked(
        kpi=kpi_id,
        window=window,
        at=(at, and_at),
        known=(known, then_known),
        scope=scope,
        dimensions=dimension or [],
        versions=(version, then_version),
        receipt=receipt,
    )
    raise typer.Exit(changes.looks(load_catalogue(), place, asked, as_json=as_json))
