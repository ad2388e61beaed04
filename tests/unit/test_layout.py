"""Traps of the layout that tools do not see: names that shadow, files that break the namespace, size, machine paths."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTIONS = {
    "adapters": ("adapters",),
    "bus": ("bus", "sdk"),
    "dashboard": ("dashboard",),
    "graphql": ("api",),
    "hub": ("hub",),
    "kpi": ("kpi",),
    "sandbox": ("sandbox",),
}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
_HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("maven", "org"), ("crates", "io"))
REGISTRIES = re.compile("|".join(r"\.".join(parts) for parts in (*_HOSTS, ("proxy", "golang"))), re.I)
HOMES = re.compile(r"/(home|Users|root|work)/[a-z]")


def sources() -> Iterator[Path]:
    for folder in (*PORTIONS, "tests"):
        yield from (path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def tracked() -> list[Path]:
    """Files under version control, or that would be."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("folder", PORTIONS)
def test_nothing_turns_the_shared_namespace_into_a_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()
    assert not (ROOT / folder / "cityhub" / "__init__.py").exists()


@pytest.mark.parametrize("folder", PORTIONS)
def test_a_folder_holds_its_own_portions_only(folder: str) -> None:
    found = {path.name for path in (ROOT / folder / "cityhub").iterdir() if path.name != "__pycache__"}
    assert found == set(PORTIONS[folder])
    for portion in PORTIONS[folder]:
        assert (ROOT / folder / "cityhub" / portion / "py.typed").exists()


def test_graphql_is_the_library() -> None:
    library = importlib.util.find_spec("graphql")
    assert library is not None
    assert library.origin is not None
    assert Path(library.origin).is_relative_to(sysconfig.get_path("purelib"))


def test_no_module_is_reached_through_its_folder() -> None:
    through = re.compile(rf"\b({'|'.join(PORTIONS)})\.cityhub\b")
    own = Path(__file__)
    assert [str(path) for path in sources() if path != own and through.search(path.read_text("utf-8"))] == []
    assert not [name for name in sys.modules if through.match(name)]


def test_files_are_short() -> None:
    long = {str(path.relative_to(ROOT)): count for path in sources() if (count := lines(path)) > MAX_FILE_LINES}
    assert long == {}


def test_functions_are_short() -> None:
    long = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = length
    assert long == {}


def test_the_sdk_needs_little_beside_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "msgspec", "yaml", "cityhub.sdk"}
    more = {"client": {"httpx"}, "kafka.py": {"kafka"}}  # by folder and by file
    foreign = {
        f"{path.name}: {name}"
        for path in (ROOT / "bus" / "cityhub" / "sdk").rglob("*.py")
        for name in imported(path)
        if not any(
            name == one or name.startswith(f"{one}.")
            for one in allowed.union(more.get(path.parent.name, ()), more.get(path.name, ()))
        )
    }
    assert foreign == set()


@pytest.mark.parametrize("trap", [REGISTRIES, HOMES], ids=["registries", "homes"])
def test_no_file_names_a_registry_or_a_machine(trap: re.Pattern[str]) -> None:
    own = Path(__file__)
    found = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path in tracked()
        if path != own and (hit := trap.search(path.read_bytes().decode("utf-8", "replace")))
    ]
    assert found == []


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
