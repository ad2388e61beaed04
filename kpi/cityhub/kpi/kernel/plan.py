"""What the engine makes of a definition: slots in buckets, what fills them, and how they are read.

All classes come down to two kinds of contribution, additive and cell, and to four ways of reading sums.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.cells import CellKind, PairsCell
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.measure import Part
from cityhub.kpi.kernel.readout import Readout
from cityhub.kpi.values import WindowKind


class Fill(NamedTuple):
    """An additive contribution of one source: `where` true → slot += value, or its bin of a histogram counts one."""

    slot: int | None
    histogram: int | None
    part: Part


class Input(NamedTuple):
    """What a family of cells observes of one source.

    Attributes:
        role: handed to the cell as the observation's source: `first` and `then` of a join, else the source's name.
        part: which events (`where`); its `value` is not used.
        key: what tells the family's cells apart; an unknown key observes nothing. Empty: the family is one cell.
        terms: the values handed to the cell, in the order its kind documents.
    """

    role: str
    part: Part
    key: tuple[Expression, ...]
    terms: tuple[Expression | None, ...] = ()


class CellPlan(Struct, frozen=True):
    """One family of cells of a definition.

    Attributes:
        fills: for a correctable stream, the additive contributions that the highest version makes.
        owned: each cell belongs to one partition, because its key is the partition key, and forgets by its clock;
            others forget by the slowest clock of all partitions of their topics.
    """

    kind: CellKind[Any] | PairsCell
    inputs: tuple[Input, ...]
    fills: tuple[Fill, ...] = ()
    owned: bool = False


class Plan(Struct, frozen=True):
    """Attributes:
    width: slots of its buckets; histograms: how many each bucket has.
    layers: window kinds whose buckets are kept per window, because they cannot be merged (`distinct`).
    has_prefix: some value at an instant is the sum of all changes up to it.
    fills: additive contributions by source name, of sources that are not correctable.
    coverage: the share of time that was observed, for time-weighted values.
    references: names of the versioned denominators.
    """

    definition: KpiDefinition
    width: int
    histograms: int
    layers: tuple[WindowKind, ...]
    has_prefix: bool
    fills: dict[str, tuple[Fill, ...]]
    cells: tuple[CellPlan, ...]
    main: Readout
    beside: dict[str, Readout]
    coverage: Readout | None
    references: tuple[str, ...]
