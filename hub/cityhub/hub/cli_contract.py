"""The part of the command line that looks after contracts; it needs no running hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cityhub.hub.cli_app import Json, app
from cityhub.sdk.contract import load_contracts

contract_app = typer.Typer(name="contract", help="Contracts of events.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(contract_app)

Type = Annotated[str, typer.Argument(metavar="TYPE", help="Event type, de.duisburg.…")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A contract's file.")]


@contract_app.command("list")
def listing(as_json: Json = False) -> None:
    """All contracts, and the KPIs that read them."""
    from cityhub.hub.commands import contract
    from cityhub.kpi.definition import load_catalogue

    raise typer.Exit(contract.listing(load_catalogue(), as_json=as_json))


@contract_app.command("catalogue")
def catalogue() -> None:
    """All contracts as a page in Markdown, docs/catalogue/streams.md."""
    from cityhub.hub.commands import contract
    from cityhub.kpi.definition import load_catalogue

    raise typer.Exit(contract.streams(load_catalogue()))


@contract_app.command("lint")
def lint(files: Annotated[list[Path], typer.Argument(metavar="FILE…")], as_json: Json = False) -> None:
    """Every problem of contract files; exit code 1 when there is one."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.lint(files, as_json=as_json))


@contract_app.command("check")
def check(file: File, as_json: Json = False) -> None:
    """Whether a changed contract may take the shipped one's place; exit code 1 when it breaks something."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.check(file, load_contracts(), as_json=as_json))


@contract_app.command("impact")
def impact(
    what: Annotated[str, typer.Argument(metavar="TYPE|FILE", help="Event type, or a contract's file.")],
    as_json: Json = False,
) -> None:
    """KPIs that read a contract; exit code 1 when the one in the file breaks a KPI."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.reading(what, load_contracts(), as_json=as_json))


@contract_app.command("schema")
def schema(type_: Type) -> None:
    """JSON Schema of a type's data."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.schema(type_, load_contracts()))


@contract_app.command("draft")
def draft(
    samples: Annotated[Path, typer.Argument(metavar="SAMPLES", help="JSON array, JSON lines, or CloudEvents.")],
    type_: Annotated[str, typer.Option("--type", metavar="TYPE", help="Event type; CloudEvents name it.")] = "",
) -> None:
    """Propose a contract; what samples cannot tell is marked TODO."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.drafted(samples, type_))


@contract_app.command("odcs")
def odcs(type_: Type, as_json: Json = False) -> None:
    """A contract in the Open Data Contract Standard, YAML."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.data_contract(type_, load_contracts(), as_json=as_json))


@contract_app.command("asyncapi")
def asyncapi(as_json: Json = False) -> None:
    """All topics of the hub as an AsyncAPI document, YAML."""
    from cityhub.hub.commands import contract

    raise typer.Exit(contract.channels(load_contracts(), as_json=as_json))
