"""A contract to spoil. What it describes is invented."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import msgspec
import yaml

from cityhub.sdk.contract import Contract, parse_contract

GOOD = """
type: de.duisburg.wbd.skip.weighed.v1
title: {de: Mulde ist gewogen, en: A skip was weighed}
topic: du.evt.wbd.skip.v1
key: $skip
cadence: 30s
lateness: 10min
horizon: 6h
correctable: {entity: [$skip, "@subject"], version: $revision, retracted: $void}
fields:
  skip: {type: text, meaning: {de: Mulde, en: skip}}
  revision: {type: integer, min: 1, meaning: {de: Stand, en: revision}}
  void: {type: boolean, optional: true, meaning: {de: ungültig, en: void}}
  mass_t: {type: decimal, scale: 3, unit: t, min: 0, max: 12.5, meaning: {de: Masse, en: mass}}
  waste: {type: text, values: [paper, glass], meaning: {de: Abfallart, en: kind of waste}}
  depot: {type: text, distinct_at_most: 9, optional: true, meaning: {de: Hof, en: depot}}
  driver: {type: text, personal: true, optional: true, meaning: {de: Fahrer, en: driver}}
  weighed_at: {type: instant, meaning: {de: gewogen um, en: weighed at}}
"""
_TREE = yaml.safe_load(GOOD)


def changed(path: str, value: Any) -> str:
    """The good contract with another value at a path; `UNSET` takes the key away."""
    tree = deepcopy(_TREE)
    *way, last = path.split(".")
    place = tree
    for step in way:
        place = place[step]
    if value is msgspec.UNSET:
        del place[last]
    else:
        place[last] = value
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


def contract(path: str = "key", value: Any = "$skip") -> Contract:
    return parse_contract(changed(path, value), "skip.yaml")
