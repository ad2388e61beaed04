"""Virtual environments of the peers: their dependencies contradict each other and the hub's.

Each is built from `requirements/bench*.txt` when it is first asked for, under `.venv-bench/`, hash-checked.
`python -m tests.bench.environments` writes the locks anew (needs `uv` on the path).
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-bench"
HUB = "hub"
"""The environment this runs in: faust-streaming, aiokafka and kafka-python in the versions that the hub uses."""
WANTED = {
    "bench": ("confluent-kafka>=2.16", "duckdb>=2.0", "msgspec>=0.22"),
    "bench-quix": ("msgspec>=0.22", "quixstreams>=3.28"),
    "bench-bytewax": ("bytewax[kafka]>=0.21.1", "msgspec>=0.22"),
    "bench-pathway": ("msgspec>=0.22", "pathway>=0.33"),
}
"""Environment = lock file's name → what it is for."""
_COMPILE = ("uv", "pip", "compile", "-", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url")


class NotInstallable(Exception):  # noqa: N818 - a result of the benchmark, not a defect of it
    """An environment cannot be built on this machine; the text says why."""


def python_of(name: str) -> Path:
    """The interpreter of an environment, building it where it is missing or older than its lock.

    Raises:
        NotInstallable: pip's last words.
    """
    if name == HUB:
        return Path(sys.executable)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    with (FOLDER / f"{name}.lock").open("w") as building:
        fcntl.flock(building, fcntl.LOCK_EX)
        return _built(name)


def _built(name: str) -> Path:
    folder, lock = FOLDER / name, lock_of(name)
    stamp, python = folder / "lock.sha256", folder / "bin" / "python"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == digest):
        print(f"building {folder.relative_to(ROOT)}, this takes a minute or two")
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], name)
        _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], name)
        stamp.write_text(digest)
    return python


def lock_of(name: str) -> Path:
    """The locked requirements of an environment."""
    return ROOT / "requirements" / f"{name}.txt"


def lock() -> None:
    """Pin the newest versions, with hashes and without index addresses."""
    if shutil.which("uv") is None:
        sys.exit("uv is not on the path; install it to write the locks anew")
    for name, wanted in WANTED.items():
        argv = [*_COMPILE, "--no-header", "--quiet", "--upgrade", "-o", str(lock_of(name))]
        subprocess.run(argv, input="\n".join(wanted), text=True, check=True)


def _run(argv: list[str], name: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=1_200)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        said = re.sub(
            r"\S+://\S+", "…", " | ".join(words[-3:])
        )  # an address is of this machine, and goes into the report
        raise NotInstallable(f"{name}: {said[:300]}")


if __name__ == "__main__":
    lock()
