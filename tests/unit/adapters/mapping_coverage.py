"""Which lines of the mappings the adapters' tests have run. What Python runs at import is not asked for: other tests
may have imported a mapping before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from coverage import Coverage

_FOLDER = Path(__file__).parents[3] / "adapters" / "cityhub" / "adapters"
MAPPINGS = sorted(_FOLDER.rglob("mapping.py"))


def watch() -> Coverage:
    """To be started and stopped; it keeps what it sees in memory."""
    return Coverage(data_file=None, config_file=False, include=[str(_FOLDER / "**" / "mapping.py")], messages=False)


def missed(seen: Coverage) -> list[str]:
    """Lines within functions that were not run, `dvv/charging/mapping.py:47`."""
    found = []
    for path in MAPPINGS:
        within = set(_within_functions(path))
        _, _, _, missing, _ = seen.analysis2(str(path))
        found += [f"{path.relative_to(_FOLDER)}:{line}" for line in missing if line in within]
    return found


def _within_functions(path: Path) -> Iterator[int]:
    """Without functions whose answer is kept: whoever asked first, asked before all this was looked at."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_kept(node):
            yield from range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)


def _is_kept(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "cache" for one in node.decorator_list)
