"""What a window says: its value, what stands beside it, and the integers they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.readout import MeanAge, Quotient, Readout, Slot, Sums, read
from cityhub.kpi.store.windows import Job, Totals, digest_of, slots


class Figures(NamedTuple):
    """The numbers of a `KpiValue`; attributes as there."""

    value: float | None
    numerator: int
    denominator: int
    beside: dict[str, int]
    named: dict[str, float | None]
    coverage: float | None
    references: dict[str, int]
    n: int
    synthetic_n: int
    digest: str


def figures(plan: Plan, job: Job, totals: Totals, clock_s: int, references: Mapping[str, int | None]) -> Figures:
    """Read a window's sums.

    Args:
        clock_s: how far the record has come.
        references: the denominators that apply; None = unknown.
    """
    sums = Sums(
        window=job.window,
        clock_s=clock_s,
        slots=slots(totals.vector),
        prefix=slots(totals.prefix),
        bins=totals.bins,
        references=references,
    )
    main = read(plan.main, sums)
    readings = {name: read(readout, sums) for name, readout in plan.beside.items()}
    counts = {name for name, readout in plan.beside.items() if is_count(readout)}
    counted = totals.prefix if is_cumulative(plan.main) else totals.vector
    return Figures(
        value=main.value,
        numerator=main.numerator,
        denominator=main.denominator,
        beside={name: reading.numerator for name, reading in readings.items() if name in counts},
        named={name: reading.value for name, reading in readings.items() if name not in counts},
        coverage=read(plan.coverage, sums).value if plan.coverage is not None else None,
        references={name: value for name, value in references.items() if value is not None},
        n=counted[0],
        synthetic_n=counted[1],
        digest=digest_of(counted),
    )


def is_count(readout: Readout) -> bool:
    """Whether a readout is a sum as it stands."""
    return isinstance(readout, Quotient) and readout == Quotient(readout.of) and isinstance(readout.of, Slot)


def moves_with_clock(plan: Plan) -> bool:
    """Whether a running window's value changes while nothing happens."""
    readouts = (plan.main, *plan.beside.values())
    hourly = any(isinstance(readout, Quotient) and readout.per_hour for readout in readouts)
    return plan.coverage is not None or hourly or any(isinstance(readout, MeanAge) for readout in readouts)


def is_cumulative(readout: Readout) -> bool:
    """Whether the value is made of everything up to the window's end."""
    operands = (readout.of, readout.over) if isinstance(readout, Quotient) else ()
    return any(isinstance(operand, Slot) and operand.prefix for operand in operands)
