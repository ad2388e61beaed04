"""The part of the command line that looks after dead letters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app
from cityhub.hub.cli_partner import Partner, running

letters_app = typer.Typer(
    name="dead-letters",
    help="Refused records: look at them, mend them, drive them in again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(letters_app)

Since = Annotated[str, typer.Option("--since", metavar="TIME", help="Refused then or later.")]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Refused before.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WORD", help="Refused for this, see docs/events.md.")]
Type = Annotated[str, typer.Option("--type", metavar="TYPE", help="Of events of this type.")]
Letter = Annotated[str, typer.Argument(metavar="LETTER", help="As `list` prints it: PART/OFFSET.")]


@letters_app.command("list")
def listing(
    partner: Partner,
    *,
    since: Since = "",
    until: Until = "",
    reason: Reason = "",
    type_: Type = "",
    first: Annotated[int, typer.Option("--first", min=1, max=500, metavar="N", help="How many are shown.")] = 20,
    before: Annotated[
        int | None, typer.Option("--before", min=0, metavar="OFFSET", help="The next page: older than this letter.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """A partner's dead letters, newest first, and how many there are of which kind."""
    from cityhub.hub.commands import letters as commands

    asked = commands.listing_of(since, until, reason, type_, first=first, before=before)
    raise typer.Exit(commands.listing(running(data), partner, asked, as_json=as_json))


@letters_app.command("show")
def show(partner: Partner, letter: Letter, data: Data = None, as_json: Json = False) -> None:
    """One letter with its event, and what the contract of today says of it; exit code 1 when there is none."""
    from cityhub.hub.commands import letters as commands

    raise typer.Exit(commands.show_one(running(data), partner, letter, as_json=as_json))


@letters_app.command("redrive")
def redrive(
    partner: Partner,
    letter: Annotated[list[str] | None, typer.Argument(metavar="[LETTER]…", help="As `list` prints them.")] = None,
    *,
    who: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    since: Since = "",
    until: Until = "",
    reason: Reason = "",
    type_: Type = "",
    most: Annotated[int, typer.Option("--max", min=1, max=1_000, metavar="N", help="Events that are driven in.")] = 100,
    edit: Annotated[
        Path | None, typer.Option("--edit", metavar="FILE", help='{"merge": …} or {"data": …}, for one letter.')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of each.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Drive events in again, with the same ids, oldest first; exit code 1 when none was or would be."""
    from cityhub.hub.commands import letters as commands

    asked = commands.redriving_of(letter or [], since, until, reason, type_, most=most, edit=edit, dry_run=dry_run)
    raise typer.Exit(commands.redrive(running(data), partner, asked, who=who, as_json=as_json))
