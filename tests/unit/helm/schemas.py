"""Strict JSON Schemas of Kubernetes' and the operators' objects, made of what they publish themselves.

Kubernetes: the OpenAPI document in its module. KEDA, Prometheus: their definitions of custom resources. Strimzi: in no
registry; `strimzi.yaml` holds, by hand, what of version 1.2 the chart uses, and nothing else is let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.unit.helm import tools

Schema = dict[str, Any]

NAMED = "{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json"
"""How kubeconform finds a schema; it takes the version for the group of a kind that has none."""

CORE = (
    "v1.ConfigMap",
    "v1.PersistentVolumeClaim",
    "v1.Pod",
    "v1.Service",
    "v1.ServiceAccount",
    "apps.v1.Deployment",
    "batch.v1.Job",
    "networking.k8s.io.v1.Ingress",
    "networking.k8s.io.v1.NetworkPolicy",
    "policy.v1.PodDisruptionBudget",
)
_REF = "#/definitions/"
_KEDA, _PROMETHEUS = "config/crd/bases", "example/prometheus-operator-crd"


def write(place: Path) -> None:
    """Write a schema per kind, as `NAMED`. Raises: tools.Unavailable."""
    for name, schema in _all():
        (place / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")


def _all() -> Iterator[tuple[str, Schema]]:
    yield from _kubernetes()
    keda, prometheus = tools.folder(tools.KEDA) / _KEDA, tools.folder(tools.PROMETHEUS_OPERATOR) / _PROMETHEUS
    for file in (
        keda / "keda.sh_scaledobjects.yaml",
        keda / "keda.sh_triggerauthentications.yaml",
        prometheus / "monitoring.coreos.com_podmonitors.yaml",
        prometheus / "monitoring.coreos.com_prometheusrules.yaml",
    ):
        yield from _custom(yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader))
    yield from yaml.safe_load(Path(__file__).with_name("strimzi.yaml").read_text("utf-8")).items()


def _kubernetes() -> Iterator[tuple[str, Schema]]:
    file = tools.folder(tools.KUBERNETES) / "api" / "openapi-spec" / "swagger.json"
    published = json.loads(file.read_text("utf-8"))["definitions"]
    published["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    for name, one in published.items():
        for kind in one.get("x-kubernetes-group-version-kind", ()):
            if ".".join(filter(None, (kind["group"], kind["version"], kind["kind"]))) in CORE:
                needed: Schema = {}
                _gather(name, published, needed)
                schema = {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": _REF + name}
                yield _file(**kind), schema | {"definitions": needed}


def _gather(name: str, published: Mapping[str, Schema], needed: Schema) -> None:
    """Add the definition of that name, and those that it refers to."""
    if name in needed:
        return
    needed[name] = _strict(published[name])
    for other in re.findall(rf'"{_REF}([^"]+)"', json.dumps(published[name])):
        _gather(other, published, needed)


def _custom(definition: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        yield _file(group=spec["group"], version=version["name"], kind=spec["names"]["kind"]), schema


def _file(*, group: str, version: str, kind: str) -> str:
    return f"{group or version}_{version}_{kind}".lower()


def _strict(schema: Schema) -> Schema:
    """The same, but what is not described is refused, unless Kubernetes itself keeps unknown fields there."""
    made = dict(schema)
    if schema.get("format") == "int-or-string" or schema.get("x-kubernetes-int-or-string"):
        made.pop("format", None)
        made["type"] = ["string", "integer"]
    if "properties" in schema:
        made["properties"] = {name: _strict(one) for name, one in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            made[inner] = _strict(schema[inner])
    return made
