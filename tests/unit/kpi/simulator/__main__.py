"""Replay one seed and say what happens: `python -m tests.unit.kpi.simulator SEED [--mutant NAME]`."""

from __future__ import annotations

import argparse

from tests.unit.kpi.simulator.run import play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    found = play(parser.parse_args().seed, print)
    print("\n".join(found) or "right")
    return bool(found)


raise SystemExit(main())
