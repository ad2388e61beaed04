"""Plans compiled to Python: one function per definition and event type, run over a whole batch.

A generated loop does in one pass what closures would do in a call per node and event. Nothing a user wrote reaches the
source text: expressions come from the typed tree (`kernel.expression`), names are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from cityhub.kpi.kernel import expression, histogram, windows
from cityhub.kpi.kernel.bucket import FIRST_SLOT, Vector
from cityhub.kpi.kernel.cells import Observation
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.plan import Fill, Input, Plan
from cityhub.kpi.kernel.record import Row
from cityhub.kpi.kernel.windows import Grain

Key = tuple[Any, ...]
"""A bucket of one definition: (start, scope, *dims)."""
BinKey = tuple[Any, ...]
"""A bin of such a bucket: (histogram, bin, start, scope, *dims)."""

_STEP_S = {Grain.MINUTE: 60, Grain.FIVE_MINUTES: 300, Grain.QUARTER_HOUR: 900, Grain.HOUR: 3600}


class Sums:
    """What a batch adds to the base buckets of one definition."""

    __slots__ = ("bins", "vectors")

    def __init__(self) -> None:
        self.vectors: dict[Key, Vector] = {}
        self.bins: dict[BinKey, int] = {}


class Sighting(NamedTuple):
    """An observation on its way to its cell."""

    key: tuple[Any, ...]
    clock_ms: int
    observation: Observation


Fold = Callable[[Iterable[Row], Sums], None]
Observe = Callable[[Iterable[Row], list[Sighting]], None]


def compile_fold(plan: Plan, source: str) -> Fold:
    """The additive contributions of one source's events."""
    fills = plan.fills[source]
    code = _Code()
    code.line("def run(rows, sums):")
    code.line("    vectors, bins = sums.vectors, sums.bins")
    code.line("    get, get_bin = vectors.get, bins.get")
    code.line("    for _, _, e, t, _, _, h, a in rows:")
    code.line("        d = e.data")
    _conditions(code, fills)
    code.line(f"        key = ({_place(plan, source)},)")
    code.line("        v = get(key)")
    slots = ", 0" * plan.width
    code.line(f"        if v is None: v = vectors[key] = [0, 0, 0, a, a{slots}]")
    code.line("        v[0] += 1")
    code.line("        if e.synthetic: v[1] += 1")
    code.line("        v[2] += h")
    code.line("        v[4] = a")
    for number, fill in enumerate(fills):
        _add(code, number, fill)
    fold: Fold = code.function()
    return fold


def _conditions(code: _Code, fills: Sequence[Fill]) -> None:
    """Evaluate each different `where` once; leave the event out when none holds."""
    everything = False
    names = []
    for number, fill in enumerate(fills):
        value = fill.part.value
        if value is not None:
            code.line(f"        x{number} = {value.code}")
        tests = [f"({fill.part.where.holds})"] if fill.part.where is not None else []
        if value is not None and value.type.nullable:
            tests.append(f"x{number} is not None")
        if tests:
            code.line(f"        w{number} = {' and '.join(tests)}")
            names.append(f"w{number}")
        else:
            everything = True
    if not everything:
        code.line(f"        if not ({' or '.join(names)}): continue")


def _add(code: _Code, number: int, fill: Fill) -> None:
    value = fill.part.value
    guarded = fill.part.where is not None or (value is not None and value.type.nullable)
    indent = "        " + ("    " if guarded else "")
    if guarded:
        code.line(f"        if w{number}:")
    if fill.histogram is None:
        code.line(f"{indent}v[{FIRST_SLOT + (fill.slot or 0)}] += {'1' if value is None else f'x{number}'}")
    else:
        code.line(f"{indent}at = ({fill.histogram}, bin_of(x{number}), *key)")
        code.line(f"{indent}bins[at] = get_bin(at, 0) + 1")


def _place(plan: Plan, source: str) -> str:
    """Source text of start, scope and dimensions of an event's bucket."""
    grain = plan.definition.grain
    step = _STEP_S.get(grain)
    start = f"t // {step * 1000} * {step}" if step else f"grain_start(GRAIN_{grain.name}, t)"
    return ", ".join([start, *_where(plan, source)])


def _where(plan: Plan, source: str) -> list[str]:
    definition = plan.definition
    scope = "e.borough" if "borough" in definition.scopes else "''"
    dims = [_dimension(paths.get(source)) for paths in definition.dimensions.values()]
    return [scope, *dims]


def _dimension(value: Expression | None) -> str:
    if value is None:
        return "''"
    return f"dim({value.code})" if value.type.nullable or value.type.kind != expression.Kind.TEXT else value.code


def dimension_text(value: object) -> str:
    """A dimension's value as it is stored; "" = unknown."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def compile_observe(plan: Plan, given: Input, fills: Sequence[Fill]) -> Observe:
    """The observations of one input of a family of cells."""
    source = given.part.source
    code = _Code()
    code.line("def run(rows, out):")
    code.line("    add = out.append")
    code.line("    for _, _, e, t, _, _, h, a in rows:")
    code.line("        d = e.data")
    if given.part.where is not None:
        code.line(f"        if not ({given.part.where.holds}): continue")
    code.line(f"        key = ({''.join(part.code + ', ' for part in given.key)})")
    if any(part.type.nullable for part in given.key):
        code.line("        if None in key: continue")
    terms = ["None" if term is None else term.code for term in given.terms]
    if fills:
        terms.append(_contribution(plan, fills))
    scope, *dims = _where(plan, source)
    code.line(f"        dims = ({''.join(dim + ', ' for dim in dims)})")
    code.line(f"        terms = ({''.join(term + ', ' for term in terms)})")
    code.line(f"        add(Sighting(key, a, Observation({given.role!r}, t, h, e.synthetic, {scope}, dims, terms)))")
    observe: Observe = code.function()
    return observe


def _contribution(plan: Plan, fills: Sequence[Fill]) -> str:
    """Source text of what one version of an entity adds: slot values (None = nothing), then (histogram, bin) pairs."""
    slots: list[list[str]] = [[] for _ in range(plan.width)]
    bins: list[str] = []
    for fill in fills:
        value, where = fill.part.value, fill.part.where
        text = "1" if value is None else f"({value.code})"
        if fill.histogram is not None:
            text = f"binned({fill.histogram}, {text})"
        text = text if where is None else f"({text} if ({where.holds}) else None)"
        (bins if fill.slot is None else slots[fill.slot]).append(text)
    sums = ["None" if not texts else texts[0] if len(texts) == 1 else f"total({', '.join(texts)})" for texts in slots]
    return f"(({''.join(text + ', ' for text in sums)}), present({', '.join(bins)}))"


def _binned(index: int, value: int | None) -> tuple[int, int] | None:
    return None if value is None else (index, histogram.bin_of(value))


def _present(*bins: tuple[int, int] | None) -> tuple[tuple[int, int], ...]:
    return tuple(found for found in bins if found is not None)


def _total(*values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


class _Code:
    """Source text under way."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        self._lines.append(text)

    def function(self) -> Any:
        names: dict[str, Any] = {
            **expression.NAMESPACE,
            **{f"GRAIN_{grain.name}": grain for grain in Grain},
            "grain_start": windows.grain_start,
            "bin_of": histogram.bin_of,
            "dim": dimension_text,
            "binned": _binned,
            "present": _present,
            "total": _total,
            "Sighting": Sighting,
            "Observation": Observation,
        }
        exec(compile("\n".join(self._lines), "<definition>", "exec"), names)  # noqa: S102 - our own text, see above
        return names["run"]
