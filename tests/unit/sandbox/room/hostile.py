"""KPIs and scenarios of somebody who means harm, or has slipped: made from a seed, each different."""

from __future__ import annotations

import random
from collections.abc import Iterator

import yaml

from tests.unit.sandbox.room.rooms import OWN

_GOOD = yaml.safe_load(OWN)
_NASTY = (
    *(None, True, -1, 0, 10**400, float("nan"), float("inf"), "", " ", "\0", "ä" * 3_000, "y" * 1_900),
    *("$slot", "$nothing", "@subject", "2026-02-30", "__import__('os').system('true')", "{{7*7}}"),
    *("'; drop table value; --", "../../../etc/passwd", ["$slot"] * 40, [], {}, [[]]),
    *({"eq": []}, {"all": []}, {"not": {"not": {"not": {}}}}, {"exists": "$occupied"}),
)
_SCENARIO = {
    "day": "2026-11-24",
    "speed": 60,
    "streams": ["gauge"],
    "injects": [{"kind": "late", "by": "30min", "share": 0.5}],
}


def specs(count: int, seed: int) -> Iterator[str]:
    """Texts of KPIs; few of them are right."""
    chance = random.Random(seed)  # noqa: S311 - must repeat
    for number in range(count):
        yield _KINDS[number % len(_KINDS)](chance)


def scenarios(count: int, seed: int) -> Iterator[str]:
    """Texts of scenarios; few of them are right."""
    chance = random.Random(seed)  # noqa: S311 - must repeat
    for number in range(count):
        if number % 4 == 0:
            yield _torn(chance, yaml.safe_dump(_SCENARIO))
        else:
            yield _dumped(_spoilt(chance, _SCENARIO))


def _dumped(tree: object) -> str:
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


def _spoilt(chance: random.Random, tree: object) -> object:
    """Something in a tree is something else."""
    if chance.random() < 0.12 or not isinstance(tree, dict | list) or not tree:
        return chance.choice(_NASTY)
    if isinstance(tree, list):
        place = chance.randrange(len(tree))
        return [*tree[:place], _spoilt(chance, tree[place]), *tree[place + 1 :]]
    key = chance.choice(list(tree))
    name = key if chance.random() < 0.9 else f"{key}_"
    return {name if one == key else one: _spoilt(chance, value) if one == key else value for one, value in tree.items()}


def _replaced(chance: random.Random) -> str:
    return _dumped(_spoilt(chance, _GOOD))


def _torn(chance: random.Random, text: str = OWN) -> str:
    return text[: chance.randrange(len(text))]


def _flipped(chance: random.Random) -> str:
    place = chance.randrange(len(OWN))
    return OWN[:place] + chr(chance.randrange(1, 0x2FFF)) + OWN[place + 1 :]


def _deep(chance: random.Random) -> str:
    depth = chance.choice((5, 15, 200, 2_000))
    return OWN.replace("{eq: [$occupied, true]}", "{not: " * depth + "{eq: [$occupied, true]}" + "}" * depth)


def _wide(chance: random.Random) -> str:
    many = ", ".join(["{eq: [$occupied, true]}"] * chance.choice((10, 25, 60, 150)))
    return OWN.replace("{eq: [$occupied, true]}", f"{{any: [{many}]}}")


def _bomb(chance: random.Random) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, chance.choice((3, 9, 12)))]
    return "\n".join(lines)


def _huge(chance: random.Random) -> str:
    return OWN + "# " + "x" * chance.choice((7_000, 9_000, 60_000, 900_000))


_KINDS = (_replaced, _torn, _flipped, _deep, _wide, _bomb, _replaced, _huge, _replaced, _replaced)
