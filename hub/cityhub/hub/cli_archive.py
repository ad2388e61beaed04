"""The part of the command line that looks after the archive; without a command `cityhub archive` is the process."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app, settings_of
from cityhub.hub.cli_proof import Archive
from cityhub.hub.run.runner import PROCESSES, run

archive_app = typer.Typer(
    name="archive",
    help=f"Run one process: {PROCESSES['archive']}; or look after the archive.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(archive_app)


@archive_app.callback()
def process(context: typer.Context, data: Data = None) -> None:
    """Run the process, unless a command is given."""
    if context.invoked_subcommand is None:
        run("archive", settings_of(data=data))


@archive_app.command("status")
def status(data: Data = None, archive: Archive = "", as_json: Json = False) -> None:
    """What is archived; exit code 1 when nothing is."""
    from cityhub.hub.commands import archive as commands

    raise typer.Exit(commands.status(archive or settings_of(data=data).archive, as_json=as_json))


@archive_app.command("check")
def check(data: Data = None, archive: Archive = "") -> None:
    """Check every byte, file and record; exit code 1 when something is not as it was written."""
    from cityhub.hub.commands import archive as commands

    raise typer.Exit(commands.check(archive or settings_of(data=data).archive))


@archive_app.command("compact")
def compact(data: Data = None, archive: Archive = "") -> None:
    """Merge small files and delete what is not needed; the process does so daily."""
    from cityhub.hub.commands import archive as commands

    raise typer.Exit(commands.tidy(archive or settings_of(data=data).archive))


@archive_app.command("retain")
def retain(
    days: Annotated[int, typer.Option("--days", metavar="N", help="Days of events that are kept.")],
    data: Data = None,
    archive: Archive = "",
) -> None:
    """Let go of older days; the process does so daily with CITYHUB_ARCHIVE_KEEP."""
    from cityhub.hub.commands import archive as commands

    raise typer.Exit(commands.let_go(archive or settings_of(data=data).archive, days))


@archive_app.command("erase")
def erase(
    subject: Annotated[str, typer.Argument(help="The subject, as events name it.")],
    who: Annotated[str, typer.Option("--by", metavar="NAME", help="Who erases.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; it is kept.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; without a terminal nothing is asked.")] = False,
    data: Data = None,
    archive: Archive = "",
) -> None:
    """Erase a subject; sums, states and numbers of different values stay. Exit code 1 when it is nowhere."""
    from cityhub.hub.commands import archive as commands

    if sys.stdin.isatty() and not yes:
        typer.confirm("Erased for good, nothing brings it back. Go on?", abort=True)
    raise typer.Exit(commands.erase(archive or settings_of(data=data).archive, subject, who=who, why=why))
