"""What a rendering says of its pods, as far as it can be followed without Kubernetes; the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.unit.helm.chart import CHART, Document, documents, golden

EXTERNAL = golden(CHART / "examples" / "external.yaml")
_HOOK = "helm.sh/hook"
_FOLLOWED = {"name", "command", "args", "workingDir", "envFrom", "env", "volumeMounts", "ports"}
_PROBES = {"startupProbe", "livenessProbe", "readinessProbe"}
_SET_ASIDE = {"image", "imagePullPolicy", "securityContext", "resources", "lifecycle"}
_PLAIN = {"ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy", "PodDisruptionBudget", "Service"}


class NotHere(Exception):  # noqa: N818 - a finding
    """The rendering asks for something that this machine cannot do as Kubernetes would; the message names it."""


class Template(Struct, frozen=True):
    """Pods of one kind.

    Attributes:
        component: `web`, `worker`, …
        spec: of the pod, in Kubernetes' words.
    """

    component: str
    labels: Mapping[str, str]
    replicas: int
    spec: Mapping[str, Any]


class Release:
    """What `helm install` would send.

    Raises:
        NotHere: there is a kind of object, container, probe or volume that is not followed here.
    """

    def __init__(self, rendering: Path) -> None:
        self._found = documents(rendering.read_text("utf-8"))
        self.maps: Mapping[str, Mapping[str, str]] = {
            one["metadata"]["name"]: one["data"] for one in self._of("ConfigMap")
        }
        self.services = [(one["metadata"]["name"], one["spec"]) for one in self._of("Service")]
        self.templates = [_template(one, one["spec"]["replicas"]) for one in self._of("Deployment")]
        known = {*_PLAIN, "Deployment", "Job", "Pod"}
        if others := {one["kind"] for one in self._found} - known:
            raise NotHere(f"{rendering.name} has objects that nothing here follows: {', '.join(sorted(others))}")

    def hooks(self, kind: str) -> Iterator[Template]:
        """Pods that Helm runs to their end: `pre-install`, `test`."""
        for one in self._found:
            if kind in one["metadata"].get("annotations", {}).get(_HOOK, "").split(","):
                yield _template(one, 1)

    def _of(self, kind: str) -> Sequence[Document]:
        return [one for one in self._found if one["kind"] == kind]


def _template(one: Document, replicas: int) -> Template:
    template = one if one["kind"] == "Pod" else one["spec"]["template"]
    labels = template["metadata"]["labels"]
    spec = template["spec"]
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        if others := set(container) - _FOLLOWED - _PROBES - _SET_ASIDE:
            raise NotHere(f"container {container['name']} has {', '.join(sorted(others))}, which nothing here follows")
        for name in _PROBES & set(container):
            if "httpGet" not in container[name]:
                raise NotHere(f"{name} of {container['name']} is no httpGet")
    return Template(labels["app.kubernetes.io/component"], labels, replicas, spec)
