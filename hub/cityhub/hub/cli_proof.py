"""The part of the command line that proves numbers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cityhub.hub.cli_app import Data, Json, app, kpi_app, reader_of, settings_of
from cityhub.hub.settings import Settings

if TYPE_CHECKING:
    from cityhub.kpi.proof.service import ProofReader

Archive = Annotated[
    str, typer.Option("--archive", metavar="DIR", help="Archive [CITYHUB_ARCHIVE, archive in the data]")
]
Window = Annotated[str, typer.Option("--window", metavar="KIND", help="Kind of window; the KPI's own when not given.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="An instant of the window; the newest when not given.")]
Scope = Annotated[str, typer.Option("--scope", metavar="ID", help="city or a borough such as STB05.")]
Dimension = Annotated[list[str] | None, typer.Option("--dimension", metavar="NAME=VALUE", help="Such as line=901.")]

receipt_app = typer.Typer(
    name="receipt", help="Receipts: numbers that anyone can check.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(receipt_app)


@kpi_app.command("explain")
def explain(
    kpi_id: str,
    *,
    data: Data = None,
    window: Window = "",
    at: At = "",
    scope: Scope = "city",
    dimension: Dimension = None,
    excluded: Annotated[bool, typer.Option("--excluded", help="What does not count, with the reason.")] = False,
    first: Annotated[int, typer.Option(min=0, help="Row to begin with.")] = 0,
    size: Annotated[int, typer.Option(min=1, max=1000, help="Rows.")] = 50,
    as_json: Json = False,
) -> None:
    """The events behind a number, and what each adds."""
    from cityhub.hub.commands import proof

    settings = settings_of(data=data)
    asked = proof.wanted(reader_of(settings), kpi_id, window, at, scope=scope, dimensions=dimension or [])
    proofs = _proofs(settings)
    raise typer.Exit(proof.explain(proofs, asked, first=first, size=size, excluded=excluded, as_json=as_json))


@kpi_app.command("audit")
def audit(
    kpi_ids: Annotated[list[str] | None, typer.Argument(help="All when not given.")] = None,
    data: Data = None,
    archive: Archive = "",
    as_json: Json = False,
) -> None:
    """Compare the stream's buckets with the archive, bit for bit; exit code 1 when they differ."""
    from cityhub.hub.commands import proof

    settings = settings_of(data=data)
    place, catalogue = archive or settings.archive, reader_of(settings).catalogue
    raise typer.Exit(proof.audit(settings.store, place, catalogue, kpi_ids or [], as_json=as_json))


@kpi_app.command("rebuild")
def rebuild(data: Data = None, archive: Archive = "") -> None:
    """Make a lost store anew from the archive, while no worker runs; may be interrupted and repeated."""
    from cityhub.hub.commands import proof
    from cityhub.kpi.definition import load_catalogue

    settings = settings_of(data=data)
    raise typer.Exit(proof.restore(settings.store, archive or settings.archive, load_catalogue()))


@receipt_app.command("issue")
def issue(
    kpi_id: str,
    *,
    data: Data = None,
    window: Window = "",
    at: At = "",
    scope: Scope = "city",
    dimension: Dimension = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to; the screen when not given.")] = None,
) -> None:
    """A number's receipt."""
    from cityhub.hub.commands import proof

    settings = settings_of(data=data)
    asked = proof.wanted(reader_of(settings), kpi_id, window, at, scope=scope, dimensions=dimension or [])
    raise typer.Exit(proof.issue(_proofs(settings), asked, out))


@receipt_app.command("verify")
def verify(
    file: Path,
    data: Data = None,
    archive: Archive = "",
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Public key that must have signed it.")] = None,
) -> None:
    """Compute a receipt's number again from archive files alone; exit code 1 when it does not hold."""
    from cityhub.hub.commands import proof
    from cityhub.kpi.definition import load_catalogue

    place = archive or settings_of(data=data).archive
    raise typer.Exit(proof.check(file, place, load_catalogue(), key))


def _proofs(settings: Settings) -> ProofReader:
    from cityhub.hub.access import kafka_access
    from cityhub.hub.commands.running import settings_of_running
    from cityhub.hub.secrets import load
    from cityhub.kpi.definition import load_catalogue
    from cityhub.kpi.proof.service import Proofs

    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns of every connection to this machine
    settings = settings_of_running(settings)
    secrets = load(settings.data)
    access = kafka_access(settings, secrets)
    return Proofs(settings.store, settings.archive, load_catalogue(), access=access, key=secrets.receipt_key)


@receipt_app.command("key")
def key(data: Data = None) -> None:
    """The public key to what this hub signs, PEM; give it to those who check receipts."""
    from cityhub.hub.commands.narrator import show
    from cityhub.hub.secrets import load_or_create
    from cityhub.kpi.proof.signature import public_key

    show(public_key(load_or_create(settings_of(data=data).data).receipt_key).rstrip())
