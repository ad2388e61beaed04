"""Whatever stands in a definition, it is read or refused as a definition; no other error escapes."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cityhub.kpi.definition import parse_definition
from cityhub.kpi.errors import DefinitionError
from cityhub.sdk.contract import load_contracts
from tests.unit.kpi.language.test_guide import EXAMPLES

CONTRACTS = load_contracts()

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["", "$", "@", "$fill", "@time", "@elapsed", "6h", "{", "elapsed", "1/0", "departed", "%", "kW..h"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["count", "of", "eq", "if", "scaled", "sum", "latest", "reference"]), inner)
    ),
    max_leaves=4,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(EXAMPLES), JUNK)
def test_junk_is_refused_as_a_definition(data: st.DataObject, example: dict[str, Any], junk: Any) -> None:
    tree = copy.deepcopy({**EXAMPLES[0], "dimensions": [], "beside": {}, **example})
    *outer, last = data.draw(st.sampled_from(places(tree)[1:]))
    holder = tree
    for key in outer:
        holder = holder[key]
    holder[last] = junk
    with suppress(DefinitionError):
        assert parse_definition(json.dumps(tree), "junk.yaml", CONTRACTS).hash
