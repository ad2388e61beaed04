"""The part of the command line that prepares an external realm; without a command `cityhub realm` is the process."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, app, settings_of
from cityhub.hub.commands.narrator import show
from cityhub.hub.run.runner import PROCESSES, run

realm_app = typer.Typer(
    name="realm",
    help=f"Run one process: {PROCESSES['realm']}; or prepare an external Keycloak.",
    invoke_without_command=True,
    rich_markup_mode=None,
)
app.add_typer(realm_app)


@realm_app.callback()
def process(context: typer.Context, data: Data = None) -> None:
    """Run the process, unless a command is given."""
    if context.invoked_subcommand is None:
        run("realm", settings_of(data=data))


@realm_app.command("prepare")
def prepare(
    *,
    admin: Annotated[str, typer.Option(metavar="NAME", help="Administrator in the realm master.")],
    web: Annotated[str, typer.Option(metavar="URL", help="Where Keycloak tells the web server of log-outs.")],
    data: Data = None,
) -> None:
    """Make or correct the realm of an external Keycloak; its administrator's password is read from standard input."""
    from cityhub.hub.identity import provision
    from cityhub.hub.identity.administration import ADMIN_CLIENT, may_administer
    from cityhub.hub.secrets import load

    settings = settings_of(data=data)
    secrets = load(settings.data)
    asks = sys.stdin.isatty()
    password = typer.prompt(f"Password of {admin}", hide_input=True, err=True) if asks else sys.stdin.readline()
    provision.prepare(settings, secrets, admin, password.rstrip("\n"), web)
    show(f"the realm of {settings.keycloak_url} is as this version wants it, for {settings.public_url}")
    if not may_administer(settings):
        show(f"{ADMIN_CLIENT} was left alone: without CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE the hub administers nothing")
