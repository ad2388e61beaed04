"""The part of the command line that looks after adapters; it needs no running hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Json, app

adapter_app = typer.Typer(
    name="adapter", help="Adapters of partners' systems.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(adapter_app)


@adapter_app.command("list")
def listing(as_json: Json = False) -> None:
    """All sources: what they speak and what they tell."""
    from cityhub.hub.commands import adapters

    raise typer.Exit(adapters.listing(as_json=as_json))


@adapter_app.command("catalogue")
def catalogue() -> None:
    """All sources as a page in Markdown, docs/adapters/README.md."""
    from cityhub.hub.commands import adapters

    raise typer.Exit(adapters.page())


@adapter_app.command("tables")
def tables(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where pages go: docs/adapters.")]) -> None:
    """Check the mapping files of sources that send tables, and write a page of each."""
    from cityhub.hub.commands import adapters

    raise typer.Exit(adapters.tables(folder))


@adapter_app.command("new")
def new(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="Its name, <partner>.<source>.")],
    types: Annotated[list[str], typer.Argument(metavar="TYPE…", help="Event types it is to emit, de.duisburg.…")],
    into: Annotated[Path, typer.Option("--into", metavar="FOLDER", help="Root of the project.")] = Path(),
) -> None:
    """Write the files of a new adapter; what only you can say stays a TODO in them."""
    from cityhub.hub.commands import adapters

    raise typer.Exit(adapters.new(feed, types, into))
