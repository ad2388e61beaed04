"""Cells: what a KPI must remember of an entity, so that its number depends on the set of its events only.

CellKind
├── TimelineCell
│   ├── StateCell       how long something held: time-weighted states
│   ├── LatestCell      what holds now: last states, sums of changes
│   └── JoinCell        the time between two events of a case
├── DistinctCell        one of the values that are told apart
└── CorrectableCell     the highest version of an entity
PairsCell               entities that are near each other: one cell of many rows

The delta of a batch is contributions(merge(state, observations)) − contributions(state); `change` gives it at once. Of
pairs, `cell_pairs.Ground` gives it.
"""

from __future__ import annotations

from cityhub.kpi.kernel.cell_correctable import CorrectableCell
from cityhub.kpi.kernel.cell_distinct import DistinctCell
from cityhub.kpi.kernel.cell_join import JoinCell
from cityhub.kpi.kernel.cell_kind import CellKind, Change, Observation
from cityhub.kpi.kernel.cell_latest import LatestCell
from cityhub.kpi.kernel.cell_pairs import PairsCell
from cityhub.kpi.kernel.cell_state import StateCell

__all__ = [
    "CellKind",
    "Change",
    "CorrectableCell",
    "DistinctCell",
    "JoinCell",
    "LatestCell",
    "Observation",
    "PairsCell",
    "StateCell",
]
