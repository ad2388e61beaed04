"""Worked examples of the KPIs: a few events and the number that they make, with the arithmetic beside it.

A file per action field, and one for the platform. What their keys mean is told where they are tested:
`tests/unit/kpi/catalogue`.
"""

from __future__ import annotations

import re
from importlib.resources import files

_BEGIN = re.compile(r"^- kpi: (\S+)$", re.MULTILINE)


def examples() -> dict[str, str]:
    """By KPI its examples as they are written, YAML."""
    found: dict[str, str] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        text = file.read_text("utf-8")
        begins = list(_BEGIN.finditer(text))
        ends = [begin.start() for begin in begins[1:]] + [len(text)]
        for begin, end in zip(begins, ends, strict=True):
            found[begin[1]] = found.get(begin[1], "") + text[begin.start() : end].rstrip() + "\n"
    return found
