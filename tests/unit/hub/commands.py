"""The command line as it is typed."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from cityhub.hub import cli


def said(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"CITYHUB_DATA": ""})


def code_and_words(*arguments: str) -> tuple[int, str]:
    """As the program ends: an exception is a message and a code."""
    result = said(*arguments)
    if result.exception is None or isinstance(result.exception, SystemExit):
        return result.exit_code, result.output
    assert isinstance(result.exception, Exception)
    return cli.exit_code(result.exception), str(result.exception)


def issued(data: Path, file: Path, kpi: str = "M01") -> Path:
    assert said("receipt", "issue", kpi, "--data", str(data), "--out", str(file)).exit_code == 0
    return file
