"""What the slots of a definition are called where people see what an event adds."""

from __future__ import annotations

from collections.abc import Iterator

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.readout import Coverage, MeanAge, QuantileOf, Quotient, Readout, Slot


def parts_of(plan: Plan) -> dict[str, str]:
    """Names of what events add: column of `Evidence.contributions` → name.

    `numerator` and `denominator` are the main value's, others are named by what stands beside it that is made of them.
    """
    found: dict[str, str] = {}
    for name, slot in _read_by(plan):
        if slot is not None:
            found.setdefault(f"{'u' if slot.prefix else 'w'}{slot.index}", name)
    return found


def _read_by(plan: Plan) -> Iterator[tuple[str, Slot | None]]:
    yield from _operands(plan.main, "numerator", "denominator")
    for name, readout in plan.beside.items():
        yield from _operands(readout, name, f"{name} denominator")
    if plan.coverage is not None:
        yield from _operands(plan.coverage, "observed_ms", "entities")


def _operands(readout: Readout, of: str, over: str) -> Iterator[tuple[str, Slot | None]]:
    match readout:
        case Quotient():
            yield of, readout.of if isinstance(readout.of, Slot) else None
            yield over, readout.over if isinstance(readout.over, Slot) else None
        case MeanAge():
            yield f"{of} count", readout.count
            yield f"{of} since_s", readout.since_s
        case Coverage():
            yield of, readout.of_ms
            yield over, readout.entities
        case QuantileOf():
            return
