"""The form of a definition file as JSON Schema 2020-12, for editors; loading tells more."""

from __future__ import annotations

from typing import Any

import msgspec

from cityhub.kpi import definition_form as form

_MEASURES: dict[str, type[msgspec.Struct]] = {
    "sum": form.SumForm,
    "ratio": form.RatioForm,
    "quantile": form.QuantileForm,
    "state": form.StateForm,
    "latest": form.LatestForm,
    "distinct": form.DistinctForm,
    "join": form.JoinForm,
    "pairs": form.PairsForm,
}


def definition_schema() -> dict[str, Any]:
    """The schema; it knows no other keys than the loader does."""
    kinds = [form.DefinitionForm, form.SourceForm, form.CountForm, *_MEASURES.values()]
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for part in parts.values():
        if part.get("type") == "object":
            part["additionalProperties"] = False
    verbs = [
        {"type": "object", "properties": {verb: _ref(kind)}, "required": [verb], "additionalProperties": False}
        for verb, kind in _MEASURES.items()
    ]
    properties = parts["DefinitionForm"]["properties"]
    properties["measure"] = {"oneOf": [_ref(form.CountForm), *verbs]}
    properties["sources"] = {"type": "object", "minProperties": 1, "additionalProperties": _ref(form.SourceForm)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition of a KPI",
        **_ref(form.DefinitionForm),
        "$defs": parts,
    }


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/$defs/{kind.__name__}"}
