"""`cityhub up` with small Python processes instead of the hub's own: run as a program by the tests beside it.

Usage: python small_hub.py PLAN.json [--fresh]; settings come from the environment, as always. A process of the plan is
ready when the file `<data>/run/<name>.ready` exists; `prepare` is Python to run before it can be started.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cityhub.hub.cli import exit_code
from cityhub.hub.commands.up import attach, up
from cityhub.hub.errors import ArtefactDamaged, HubError  # noqa: F401 - for plans
from cityhub.hub.process import Probe, ProcessSpec
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings, parse
from cityhub.hub.supervisor.child import Planned
from cityhub.hub.supervisor.lock import AlreadyRunning


def probe(path: Path) -> Probe:
    return lambda: None if path.exists() else f"{path.name} is missing"


def main(plan_file: Path, *flags: str) -> int:
    settings = parse(os.environ)

    def planned(one: dict[str, Any]) -> ProcessSpec | Planned:
        name, argv, prepare = one["name"], (sys.executable, "-c", one.pop("code")), one.pop("prepare", None)
        spec = ProcessSpec(argv=argv, probe=probe(settings.data / "run" / f"{name}.ready"), **one)

        def prepared() -> ProcessSpec:
            exec(prepare, globals())  # noqa: S102 - the test beside wrote it
            return spec

        return Planned(name=name, prepare=prepared) if prepare else spec

    def plan(_: Settings, __: Secrets, ___: Callable[[str], None]) -> Sequence[ProcessSpec | Planned]:
        return [planned(one) for one in json.loads(plan_file.read_text())]

    try:
        return up(settings, plan, fresh="--fresh" in flags)
    except AlreadyRunning as running:
        return attach(settings, running.pid, fresh="--fresh" in flags)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
    except HubError as error:
        print(f"cityhub: {error}", file=sys.stderr)
        sys.exit(exit_code(error))
