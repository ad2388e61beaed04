"""The part of the command line that lets partners in, and out again."""

from __future__ import annotations

from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app, settings_of
from cityhub.hub.settings import Settings

partner_app = typer.Typer(
    name="partner", help="Partners that send events.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(partner_app)

Partner = Annotated[str, typer.Argument(help="Short name, as in event types: de.duisburg.NAME.…")]


def running(data: Data) -> Settings:
    from cityhub.hub.commands.running import settings_of_running

    return settings_of_running(settings_of(data=data))


@partner_app.command("onboard")
def onboard(
    partner: Partner,
    *,
    contracts: Annotated[
        str, typer.Option(metavar="PATTERN", help="Event types it will send; all of its own when not given.")
    ] = "",
    stream: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further topic du.in.PARTNER.NAME; may be repeated.")
    ] = None,
    may_redrive: Annotated[
        bool | None,
        typer.Option(
            "--may-redrive/--may-not-redrive",
            help="Its client, with --person only that person, may drive dead letters in again; at first neither may.",
        ),
    ] = None,
    person: Annotated[
        str, typer.Option(metavar="NAME", help="Somebody of the partner who gets an account, or is let in again.")
    ] = "",
    new_password: Annotated[bool, typer.Option("--new-password", help="The person gets another password.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make client, topics, rules and quota where missing, and print how the partner begins."""
    from cityhub.hub.commands import partner as commands

    settings = running(data)
    raise typer.Exit(
        commands.onboard(
            settings,
            partner,
            contracts,
            stream or [],
            may_redrive=may_redrive,
            person=person,
            new_password=new_password,
            as_json=as_json,
        )
    )


@partner_app.command("list")
def listing(data: Data = None, as_json: Json = False) -> None:
    """Partners that have a client."""
    from cityhub.hub.commands import partner as commands

    raise typer.Exit(commands.listing(running(data), as_json=as_json))


@partner_app.command("revoke")
def revoke(partner: Partner, data: Data = None) -> None:
    """No new tokens, no access to Kafka and no log-in of its people; topics and data stay."""
    from cityhub.hub.commands import partner as commands

    raise typer.Exit(commands.revoke(running(data), partner))


@partner_app.command("secret")
def secret(
    partner: Partner,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make another one; the old one ends at once.")] = False,
    data: Data = None,
) -> None:
    """Print the client's secret."""
    from cityhub.hub.commands import partner as commands

    raise typer.Exit(commands.secret(running(data), partner, rotate=rotate))
