"""What the chart is tested with: programs and schemas, Go modules of pinned versions and hashes. Run it to have them.

    python -m tests.unit.helm.tools

Go proves what it fetches by its sum database; that the pinned hash is the one of the version is proved here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

BIN = Path(sys.executable).parent
"""Of the test environment: `make clean` removes it with all that is in it."""


class Module(NamedTuple):
    """A Go module. Attributes: sum: hash of its content, as go.sum has it; program: package that is built, if any."""

    path: str
    version: str
    sum: str
    program: str = ""


HELM = Module("helm.sh/helm/v4", "v4.3.1", "h1:UndCoLe9UPmNoL7IvWzaUXveL7T5t/ijoorEmgJdI9g=", "cmd/helm")
KUBECONFORM = Module(
    "github.com/yannh/kubeconform", "v0.8.0", "h1:loDYd3a3spjIFrauqW67CDKF55Oo9R6uvC8AvpVd4ug=", "cmd/kubeconform"
)
KUBERNETES = Module("k8s.io/kubernetes", "v1.37.2", "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE=")
KEDA = Module("github.com/kedacore/keda/v2", "v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=")
PROMETHEUS_OPERATOR = Module(
    "github.com/prometheus-operator/prometheus-operator",
    "v0.85.0",
    "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
)


class Unavailable(Exception):  # noqa: N818 - a state of the world
    """A tool cannot be had here; the message says why."""


def folder(module: Module) -> Path:
    """Where the module's files lie; fetched when they are not there yet.

    Raises:
        Unavailable: there is no Go, it cannot be fetched, or it is not the pinned one.
    """
    if shutil.which("go") is None:
        raise Unavailable("the chart's tests need Go 1.26 or newer (https://go.dev): the program `go` was not found")
    done = _go("mod", "download", "-json", f"{module.path}@{module.version}")
    found = json.loads(done.stdout or "{}")
    if done.returncode:
        raise Unavailable(f"{module.path} {module.version} cannot be fetched: {found.get('Error') or done.stderr}")
    if found["Sum"] != module.sum:
        raise Unavailable(f"{module.path} {module.version} has the hash {found['Sum']}, pinned is {module.sum}")
    return Path(found["Dir"])


def install() -> None:
    """Build the programs where they are not there yet, and fetch the schemas. Raises: Unavailable."""
    for module in (KUBERNETES, KEDA, PROMETHEUS_OPERATOR):
        folder(module)
    for module in (HELM, KUBECONFORM):
        if built(module):
            continue
        folder(module)
        print(f"building {module.path} {module.version} for the chart's tests, this takes some minutes")
        done = _go("install", f"{module.path}/{module.program}@{module.version}")
        if done.returncode:
            raise Unavailable(f"{module.path} cannot be built: {done.stderr}")


def built(module: Module) -> bool:
    """Whether the program is there, built from the pinned content."""
    program = BIN / Path(module.program).name
    made_of = f"{module.path}\t{module.version}\t{module.sum}"
    return program.exists() and made_of in _go("version", "-m", str(program)).stdout


def _go(*arguments: str) -> subprocess.CompletedProcess[str]:
    settings = {"GOBIN": str(BIN), "GOWORK": "off"}
    return subprocess.run(
        ["go", *arguments], cwd=BIN, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    try:
        install()
    except Unavailable as why:
        print(f"the chart cannot be tested here: {why}", file=sys.stderr)  # its tests are skipped, and say the same
