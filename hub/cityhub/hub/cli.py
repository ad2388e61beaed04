"""The command line `cityhub`: reads settings, calls one command, turns errors into one message and an exit code."""

from __future__ import annotations

import errno
import logging
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cityhub.adapters.errors import AdapterError, WrongMapping
from cityhub.adapters.scaffold import CannotScaffold
from cityhub.bus.errors import ArchiveDamaged, ArchiveMissing, BusError
from cityhub.hub import (  # noqa: F401 - their commands
    cli_adapter,
    cli_archive,
    cli_changes,
    cli_contract,
    cli_ledger,
    cli_letters,
    cli_masterplan,
    cli_partner,
    cli_proof,
    cli_realm,
    cli_sandbox,
    cli_server,
    cli_target,
)
from cityhub.hub.cli_app import Data, Json, app, kpi_app, reader_of, settings_of
from cityhub.hub.errors import HubError, Misconfigured
from cityhub.hub.run.runner import PROCESSES, run
from cityhub.kpi.errors import (
    BatchError,
    DefinitionError,
    MasterplanError,
    NotActivated,
    NotAsJudged,
    ReceiptInvalid,
    StoreUnavailable,
    TargetRefused,
    UnknownKpi,
    Withheld,
)
from cityhub.kpi.values import WindowKind
from cityhub.sandbox.errors import SpecRefused, TooMuch, UnknownTenant, UnknownThing
from cityhub.sdk.errors import ContractError, SamplesUnusable, UnknownContract

INTERNAL = HubError.exit_code
_ANSWERED_NO = (
    UnknownKpi,
    UnknownContract,
    NotActivated,
    ReceiptInvalid,
    NotAsJudged,
    Withheld,
    BatchError,
    ArchiveMissing,
    ArchiveDamaged,
    UnknownTenant,
    UnknownThing,
)
_WRONG_INPUT = (
    CannotScaffold,
    WrongMapping,
    DefinitionError,
    ContractError,
    MasterplanError,
    SamplesUnusable,
    TargetRefused,
    SpecRefused,
    TooMuch,
)
_TROUBLE_OF_THE_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EMFILE,
}


@app.command()
def up(
    data: Data = None,
    port: Annotated[
        str | None, typer.Option(metavar="N", help="Port of dashboard and API [CITYHUB_PORT, 8000]")
    ] = None,
    city: Annotated[bool | None, typer.Option("--city/--no-city", help="Run the simulated city [CITYHUB_CITY]")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget everything in the data directory first.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Go on in the background once all is ready.")] = False,
) -> None:
    """Run everything on this machine until Ctrl-C or `cityhub down`."""
    from cityhub.hub.commands.up import attach, up, up_detached
    from cityhub.hub.processes import plan
    from cityhub.hub.supervisor.lock import AlreadyRunning

    settings = settings_of(data=data, port=port, city=city)
    try:
        code = up_detached(settings, fresh=fresh) if detach else up(settings, plan, fresh=fresh)
    except AlreadyRunning as running:
        code = attach(settings, running.pid, fresh=fresh)
    raise typer.Exit(code)


@app.command()
def down(data: Data = None) -> None:
    """End everything that runs on the data directory."""
    from cityhub.hub.commands.down import down

    raise typer.Exit(down(settings_of(data=data).data))


@app.command()
def status(data: Data = None, as_json: Json = False) -> None:
    """Processes and age of the data; exit code 0 only when everything is ready."""
    from cityhub.hub.commands.status import status

    raise typer.Exit(status(settings_of(data=data), as_json=as_json))


@app.command()
def token(
    data: Data = None,
    client: Annotated[str, typer.Option(metavar="NAME", help="Machine client.")] = "startup-demo",
    user: Annotated[str, typer.Option(metavar="NAME", help="Log in as a person, with a browser.")] = "",
) -> None:
    """Print an access token for the API."""
    from cityhub.hub.access import realm
    from cityhub.hub.commands import token
    from cityhub.hub.commands.narrator import show
    from cityhub.hub.commands.running import settings_of_running
    from cityhub.hub.secrets import load

    settings = settings_of_running(settings_of(data=data))
    where = realm(settings)
    show(token.of_person(where, user) if user else token.of_client(where, settings, load(settings.data), client))


@kpi_app.command("list")
def kpi_list(data: Data = None, as_json: Json = False) -> None:
    """All KPIs."""
    from cityhub.hub.commands import kpi

    raise typer.Exit(kpi.listing(reader_of(settings_of(data=data)), datetime.now(UTC), as_json=as_json))


@kpi_app.command("show")
def kpi_show(kpi_id: str, data: Data = None, as_json: Json = False) -> None:
    """One KPI's definition."""
    from cityhub.hub.commands import kpi

    raise typer.Exit(kpi.definition(reader_of(settings_of(data=data)), kpi_id, datetime.now(UTC), as_json=as_json))


@kpi_app.command("value")
def kpi_value(
    kpi_id: str,
    *,
    data: Data = None,
    window: Annotated[WindowKind | None, typer.Option(help="Kind of window; the KPI's own when not given.")] = None,
    version: Annotated[int | None, typer.Option(help="Of the definition; the one that counts when not given.")] = None,
    as_of: Annotated[str, typer.Option(metavar="TIME", help="What was shown at an instant, and now beside it.")] = "",
    as_json: Json = False,
) -> None:
    """The newest value; exit code 1 when nothing was counted yet."""
    from cityhub.hub.commands import kpi

    reader, now = reader_of(settings_of(data=data)), datetime.now(UTC)
    if as_of:
        from cityhub.hub.commands.proof import instant_of

        if version is not None:
            raise Misconfigured(f"--version {version}: --as-of shows the version that counted then; leave one out")
        at = instant_of("--as-of", as_of)
        raise typer.Exit(kpi.value_as_of(reader, kpi_id, at, now, window=window, as_json=as_json))
    raise typer.Exit(kpi.value(reader, kpi_id, now, window=window, version=version, as_json=as_json))


@kpi_app.command("pages")
def kpi_pages(folder: Path) -> None:
    """Write a page of each KPI and an index, Markdown."""
    from cityhub.hub.commands import kpi_pages as pages
    from cityhub.kpi.definition import load_catalogue

    raise typer.Exit(pages.write(folder, load_catalogue()))


@kpi_app.command("schema")
def kpi_schema() -> None:
    """JSON Schema of a definition file, for editors."""
    from cityhub.hub.commands import kpi

    raise typer.Exit(kpi.schema())


@kpi_app.command("versions")
def kpi_versions(kpi_id: str, data: Data = None, as_json: Json = False) -> None:
    """A KPI's versions: which one counts, since when, who wanted it so, and why."""
    from cityhub.hub.commands import versions

    raise typer.Exit(versions.listing(reader_of(settings_of(data=data)), kpi_id, as_json=as_json))


@kpi_app.command("activate")
def kpi_activate(
    kpi_id: str,
    version: int,
    who: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for those who read the series.")],
    data: Data = None,
) -> None:
    """Let another version count from now on; exit code 1 when it cannot."""
    from cityhub.hub.commands import versions
    from cityhub.kpi.definition import load_catalogue

    store = settings_of(data=data).store
    raise typer.Exit(versions.activate(store, load_catalogue(), kpi_id, version, who=who, why=why))


def _one_process(name: str, purpose: str) -> None:
    @app.command(name, help=f"Run one process: {purpose}")
    def process(data: Data = None) -> None:
        run(name, settings_of(data=data))


for _name, _purpose in PROCESSES.items():
    if _name not in {"archive", "realm"}:  # groups, which run the process when they are given no command
        _one_process(_name, _purpose)


def main() -> NoReturn:
    """The program `cityhub`: 0 good, 1 the answer is no, 2 wrong usage, 3 something is missing, 70 our fault."""
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # a command says itself what is wrong, and once
    try:
        app()
    except KeyboardInterrupt:
        _end("interrupted", 130)
    except Exception as error:  # noqa: BLE001 - the outermost frame: nothing below may show a traceback
        code = exit_code(error)
        if code == INTERNAL:
            _end(f"a mistake of the hub: {error!r}; please report it with {_keep_traceback()}", INTERNAL)
        _end(str(error), code)
    raise AssertionError("the command line ends by itself")


def exit_code(error: Exception) -> int:
    """What an error means for whoever called the command."""
    if isinstance(error, HubError):
        return error.exit_code
    if isinstance(error, _ANSWERED_NO):
        return 1
    if isinstance(error, _WRONG_INPUT):
        return 2
    missing = isinstance(error, StoreUnavailable | BusError | AdapterError)
    if missing or (isinstance(error, OSError) and error.errno in _TROUBLE_OF_THE_MACHINE):
        return 3
    return INTERNAL


def _keep_traceback() -> str:
    with tempfile.NamedTemporaryFile("w", prefix="cityhub-", suffix=".log", delete=False) as file:
        traceback.print_exc(file=file)
    return file.name


def _end(message: str, code: int) -> NoReturn:
    print(f"cityhub: {message}", file=sys.stderr)  # noqa: T201 - a command's one message
    sys.exit(code)
