"""Literals of the KPI language. Numbers, durations and instants take their unit from what stands beside them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from cityhub.kpi.kernel.expression_problems import near, refuse, shown
from cityhub.kpi.kernel.expression_type import Kind, Type
from cityhub.sdk import duration
from cityhub.sdk.errors import ContractError

MAX_SCALE = 9
"""Decimals a literal may carry; as many as a contract's decimal."""
LARGEST = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def is_literal(tree: Any) -> bool:
    """Whether a tree is a constant, whose type may depend on its neighbours."""
    if isinstance(tree, str):
        return not tree.startswith(("$", "@"))
    return isinstance(tree, bool | int | float) or (isinstance(tree, dict) and set(tree) == {"scaled"})


def read_literal(tree: Any, beside: Type | None) -> tuple[Any, Type, int | str | bool]:
    """Canonical tree, type and value of a constant that stands beside a term of type `beside`.

    Raises:
        Problems: it is not a constant of that kind.
    """
    if isinstance(tree, bool):
        return tree, Type(kind=Kind.BOOLEAN, distinct_at_most=2), tree
    if isinstance(tree, str):
        return _text(tree, beside)
    if beside is not None and beside.kind is Kind.DURATION:
        raise refuse(f"{tree!r} has no unit; write a duration such as 30s, 10min, 48h or 2d")
    if beside is not None and beside.kind is Kind.INSTANT:
        raise refuse(f'{tree!r} is no instant; write it as "2026-01-01T00:00:00Z"')
    return _number(tree, beside)


def ms_of(moment: datetime) -> int:
    """Epoch milliseconds of an aware instant, rounded down."""
    return (moment - _EPOCH) // _MS


def duration_ms(text: Any) -> int:
    """`48h` → milliseconds.

    Raises:
        Problems: not a duration.
    """
    try:
        return duration.seconds(text if isinstance(text, str) else str(text)) * 1000
    except ContractError as error:
        raise refuse(str(error)) from error


def _text(text: str, beside: Type | None) -> tuple[Any, Type, int | str]:
    kind = Kind.TEXT if beside is None else beside.kind
    if kind is Kind.DURATION:
        length = duration_ms(text)
        return f"{length // 1000}s", Type(kind=kind, low=length, high=length, unit="ms"), length
    if kind is Kind.INSTANT:
        at = ms_of(_instant(text))
        written = (_EPOCH + at * _MS).isoformat(timespec="milliseconds")
        return written, Type(kind=kind, low=at, high=at), at
    if beside is not None and beside.values is not None and text not in beside.values:
        raise refuse(f"{text!r} is not among the values of the field; {near(text, beside.values)}")
    return text, Type(kind=Kind.TEXT, values=(text,), distinct_at_most=1), text


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse(f'{text!r} is not an instant with an offset; write it as "2026-01-01T00:00:00Z"')
    return moment


def _number(tree: Any, beside: Type | None) -> tuple[Any, Type, int]:
    unit = beside.unit if beside is not None and beside.kind is Kind.INTEGER else "1"
    if isinstance(tree, int):
        scale, value = 0, tree
        canonical: Any = tree
    else:
        written, scale = _decimal(tree)
        value = int(written.scaleb(scale))
        canonical = value if scale == 0 else {"scaled": [format(written, "f"), scale]}
    if abs(value) > LARGEST:
        raise refuse(f"{shown(tree)} is beyond 64 bits; write a smaller number")
    return canonical, Type(kind=Kind.INTEGER, low=value, high=value, unit=unit, scale=scale, distinct_at_most=1), value


def _decimal(tree: Any) -> tuple[Decimal, int]:
    """A decimal and how many decimals it carries: as many as written, or as `scaled` says."""
    stated: int | None = None
    if isinstance(tree, dict):
        pair = tree["scaled"]
        if not isinstance(pair, list) or len(pair) != 2 or not _is_scale(pair[1]):  # noqa: PLR2004
            raise refuse(
                f"scaled: needs a decimal and its decimals (0 to {MAX_SCALE}), such as [0.25, 2]; got {pair!r}"
            )
        tree, stated = pair
    if isinstance(tree, bool) or not isinstance(tree, int | float | str) or not math.isfinite(_float(tree)):
        raise refuse(f"{shown(tree)} is not a decimal; write a number such as 0.25")
    number = Decimal(str(tree)).normalize()
    decimals = max(0, -int(number.as_tuple().exponent))
    scale = decimals if stated is None else stated
    if decimals > scale or scale > MAX_SCALE:
        raise refuse(f"{tree} has {decimals} decimals; at most {min(scale, MAX_SCALE)} are carried here")
    return number, scale


def _is_scale(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SCALE


def _float(value: float | str) -> float:
    try:
        return float(Decimal(value))
    except (InvalidOperation, OverflowError):
        return math.nan
