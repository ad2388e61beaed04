"""Replay one seed and say what happens."""

from __future__ import annotations

import argparse

from tests.unit.kpi.simulator.mutants import MUTANTS, mutated
from tests.unit.kpi.simulator.play import play


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.unit.kpi.simulator", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--mutant", choices=MUTANTS, help="an engine that is wrong on purpose")
    given = parser.parse_args()
    with mutated(given.mutant):
        found = play(given.seed, print)
    print("\n".join(found) or "right")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
