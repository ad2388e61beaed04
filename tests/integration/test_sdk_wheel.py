"""What a partner gets: the SDK's wheel alone, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import msgspec
import pytest
import yaml

from cityhub.sdk.contract import load_contracts

BUS = Path(__file__).parents[2] / "bus"
CONTRACTS = BUS / "cityhub" / "sdk" / "contracts"
USE = """
import json, pkgutil, cityhub, msgspec
from cityhub.sdk import codec, event, identity
from cityhub.sdk.contract import load_contracts
modules = sorted(module.name for module in pkgutil.iter_modules(cityhub.__path__))
print(json.dumps([modules, sorted(load_contracts())]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the tools at hand, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(BUS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_it_holds_the_sdk_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if ".dist-info/" not in name]
        metadata = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    assert files
    assert all(name.startswith("cityhub/sdk/") for name in files)
    assert "cityhub/sdk/py.typed" in files
    assert "cityhub/sdk/event.py" in files
    assert {path.relative_to(BUS).as_posix() for path in CONTRACTS.rglob("*.yaml")} <= set(files)
    assert {line for line in metadata.splitlines() if line.startswith("Requires-Dist")} == {
        "Requires-Dist: httpx>=0.28",
        "Requires-Dist: kafka-python[crc32c]>=3.0; extra == 'kafka'",
        "Requires-Dist: msgspec>=0.22",
        "Requires-Dist: pyyaml>=6.0",
    }


def test_it_installs_alone_and_works(wheel: Path, tmp_path: Path) -> None:
    """Its two dependencies are lent by a path file that shows this folder alone: a network is not needed."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    lent = tmp_path / "lent"
    lent.mkdir()
    for dependency in (msgspec, yaml):
        (lent / dependency.__name__).symlink_to(Path(str(dependency.__file__)).parent)
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "lent.pth").write_text(f"{lent}\n")
    modules, types = json.loads(run(python, "-I", "-c", USE))
    assert modules == ["sdk"]
    assert types == sorted(load_contracts())
    assert {path.name for path in (site / "cityhub").iterdir()} == {"sdk"}


def run(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
