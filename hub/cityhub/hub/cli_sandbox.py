"""The part of the command line that speaks with the sandbox, as its operator."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app
from cityhub.hub.cli_partner import running

sandbox_app = typer.Typer(
    name="sandbox", help="Tenants of the sandbox and their rooms.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(sandbox_app)

KeyDays = Annotated[int | None, typer.Option(help="Until its key is taken away; as long as the tenant when not given.")]
Tenant = Annotated[str, typer.Argument(help="Name of the tenant.")]
File = Annotated[Path, typer.Argument(help="A YAML file; - reads from standard input.", allow_dash=True)]


@sandbox_app.command("create")
def create(
    tenant: Tenant,
    *,
    organisation: Annotated[str, typer.Option(help="Startup that it is for, as in its people's accounts.")],
    days: Annotated[int, typer.Option(help="Until it is deleted.")] = 30,
    key_days: KeyDays = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a tenant and its key, which is shown once; one that is there lives longer."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.create(running(data), tenant, organisation, days, key_days, as_json=as_json))


@sandbox_app.command("rotate")
def rotate(tenant: Tenant, *, key_days: KeyDays = None, data: Data = None, as_json: Json = False) -> None:
    """Give a tenant another key, which is shown once; the old one ends at once."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.rotate(running(data), tenant, key_days, as_json=as_json))


@sandbox_app.command("list")
def listing(data: Data = None, as_json: Json = False) -> None:
    """All tenants, and how long their keys are good."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.listing(running(data), as_json=as_json))


@sandbox_app.command("show")
def show(tenant: Tenant, data: Data = None, as_json: Json = False) -> None:
    """Clock, replay, injects and own KPIs of a tenant, and the digests of its log and numbers."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.show_room(running(data), tenant, as_json=as_json))


@sandbox_app.command("replay")
def replay(
    tenant: Tenant,
    day: Annotated[datetime, typer.Argument(help="Day of the simulated city.", formats=["%Y-%m-%d"])],
    *,
    speed: Annotated[float, typer.Option(help="Virtual seconds per second, 0 to 1000.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 2026,
    stream: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Again when it is over.")] = False,
    archived: Annotated[
        bool, typer.Option("--archived", help="A day of the archive, not of the simulated city.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Begin a day anew; what the tenant's log held is gone."""
    from cityhub.hub.commands import sandbox

    wanted = sandbox.Replay(
        day=day.date(),
        source="archived" if archived else "simulated",
        seed=seed,
        streams=tuple(stream or ()),
        loop=loop,
        speed=speed,
    )
    raise typer.Exit(sandbox.ask(running(data), tenant, wanted, as_json=as_json))


@sandbox_app.command("clock")
def clock(
    tenant: Tenant,
    *,
    speed: Annotated[float | None, typer.Option(help="Virtual seconds per second; 0 freezes.")] = None,
    advance: Annotated[str, typer.Option(metavar="TIME", help="As fast as possible to an instant, also back.")] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Set a tenant's clock."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.set_clock(running(data), tenant, speed, advance, as_json=as_json))


@sandbox_app.command("inject")
def inject(tenant: Tenant, file: File, data: Data = None, as_json: Json = False) -> None:
    """Let something go wrong: one inject, such as `{kind: silent, where: {subjects: [lamp-0017]}}`."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.inject(running(data), tenant, file, as_json=as_json))


@sandbox_app.command("scenario")
def scenario(tenant: Tenant, file: File, data: Data = None, as_json: Json = False) -> None:
    """Play a scenario: a day with its injects."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.ask_text(running(data), tenant, file, sandbox.Scenario, as_json=as_json))


@sandbox_app.command("spec")
def spec(tenant: Tenant, file: File, data: Data = None, as_json: Json = False) -> None:
    """Give a tenant a KPI of its own, in the city's language."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.ask_text(running(data), tenant, file, sandbox.PutKpi, as_json=as_json))


@sandbox_app.command("compare")
def compare(
    tenant: Tenant,
    own: Annotated[str, typer.Argument(help="KPI of the tenant's own.")],
    city: Annotated[str, typer.Argument(help="KPI of the city.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Windows in which an own KPI differs from one of the city's."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.compare(running(data), tenant, own, city, as_json=as_json))


@sandbox_app.command("kafka")
def kafka(
    tenant: Tenant,
    *,
    close: Annotated[bool, typer.Option("--close", help="Close it; topics, rules and groups are gone.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Open a tenant's Kafka door, and show it: its key then reads the room's topics and writes one of its own."""
    from cityhub.hub.commands import sandbox_kafka

    raise typer.Exit(sandbox_kafka.door(running(data), tenant, wanted=not close, as_json=as_json))


@sandbox_app.command("reset")
def reset(tenant: Tenant, data: Data = None, as_json: Json = False) -> None:
    """Everything in a tenant's room is gone; the tenant and its key stay."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.ask(running(data), tenant, sandbox.Reset(), as_json=as_json))


@sandbox_app.command("delete")
def delete(tenant: Tenant, data: Data = None) -> None:
    """Delete a tenant with its key; nothing is left of it."""
    from cityhub.hub.commands import sandbox

    raise typer.Exit(sandbox.delete(running(data), tenant))
