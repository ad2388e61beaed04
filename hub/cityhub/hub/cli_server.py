"""The part of the command line that prepares an installation on servers (docs/helm.md)."""

from __future__ import annotations

import msgspec
import typer

from cityhub.hub.cli_app import Data, app, settings_of
from cityhub.hub.commands.narrator import show

store_app = typer.Typer(name="store", help="The database of KPI values.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(store_app)


@store_app.command("migrate")
def migrate(data: Data = None) -> None:
    """Make the store's tables, or bring them up to this version; exit code 3 when it cannot be used."""
    from cityhub.kpi.store import schema
    from cityhub.kpi.store.database import Database

    database = Database(settings_of(data=data).store)
    database.close()
    show(f"{database.address} is at schema {schema.REVISION}")


@app.command("secrets")
def secrets() -> None:
    """Print secrets for another installation, as the file secrets.json holds them."""
    from cityhub.hub.secrets import generate

    show(msgspec.json.encode(generate()).decode())
